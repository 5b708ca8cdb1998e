"""Warnings that the author has switched off by a comment on their line: `# allow AG0414`."""

import re
from collections.abc import Iterable, Iterator

import attrs

from agraph.compiler.brackets import STRINGS
from agraph.compiler.diagnostics import Diagnostic
from agraph.compiler.source import Source, Span

_COMMENT = re.compile(rf"(?P<comment>\#[^\r\n]*)|{STRINGS}")
_ALLOWS = re.compile(r"#[ \t]*allow[ \t]+AG\d{4}(?:[ \t]*,[ \t]*AG\d{4})*")
_CODE = re.compile(r"AG\d{4}")


@attrs.frozen
class Allowance:
    """One code that a comment allows on its line."""

    code: str
    line: int
    span: Span


def allowances(source: Source) -> Iterator[Allowance]:
    """What the comments of a file allow, in order."""
    if "allow" not in source.text:
        return
    for comment in _COMMENT.finditer(source.text):
        allows = _ALLOWS.search(comment["comment"] or "")
        if allows is None:
            continue
        line, _ = source.position(comment.start())
        for code in _CODE.finditer(allows.group()):
            start = comment.start() + allows.start() + code.start()
            yield Allowance(code.group(), line, Span(start, start + len(code.group())))


def divided(
    found: Iterable[Diagnostic], source: Source
) -> tuple[tuple[Diagnostic, ...], tuple[Diagnostic, ...]]:
    """The findings that are told, and the warnings of the file that its comments allow.

    A comment counts on the first line of what it is about, and on the last: none fits behind the quotes that
    open a block of text.
    """
    allowed = {(each.code, each.line) for each in allowances(source)}
    told: list[Diagnostic] = []
    hidden: list[Diagnostic] = []
    for diagnostic in found:
        is_allowed = (
            bool(allowed)
            and diagnostic.severity == "warning"
            and diagnostic.source is source
            and any((diagnostic.code, line) in allowed for line in lines_of(diagnostic))
        )
        (hidden if is_allowed else told).append(diagnostic)
    return tuple(told), tuple(hidden)


def lines_of(diagnostic: Diagnostic) -> tuple[int, int]:
    """The first line of what a finding is about, and the last."""
    first, _ = diagnostic.source.position(diagnostic.span.start)
    last, _ = diagnostic.source.position(max(diagnostic.span.start, diagnostic.span.end - 1))
    return first, last
