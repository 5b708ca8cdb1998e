"""What a program can do about a finding: edits of the file that has it."""

import re
from typing import TYPE_CHECKING

from agraph.compiler import syntax
from agraph.compiler.diagnostics import Fix
from agraph.compiler.edit import Edit
from agraph.compiler.source import Source, Span

if TYPE_CHECKING:
    from agraph.compiler.sites import Site

_REST_OF_LINE = re.compile(r"[ \t]*(?:#[^\n]*?)?(?=\r?\n|\Z)")
_BLANKS = re.compile(r"[ \t]*")


def missing_edge(site: "Site | None", sender: str, receiver: str, source: Source) -> Fix | None:
    """The edge that brings a message that is read, below the last edge of its graph or its last node."""
    if site is None or source is not site.place.module.source:
        return None
    body = site.declaration.body
    edges = [each for each in body if isinstance(each, syntax.EdgeDeclaration)]
    nodes = [each for each in body if isinstance(each, syntax.NodeDeclaration)]
    if not (edges or nodes):
        return None
    last = (edges or nodes)[-1].span
    line_end = "\r\n" if "\r\n" in source.text else "\n"
    line_start = source.text.rfind("\n", 0, last.start) + 1
    blanks = _BLANKS.match(source.text, line_start)
    indentation = blanks.group() if blanks and blanks.end() == last.start else "  "
    rest = _REST_OF_LINE.match(source.text, last.end)
    place = rest.end() if rest else last.end
    written = f"edge {sender} -> {receiver}"
    return Fix(
        f"add `{written}`", (Edit(Span(place, place), f"{line_end}{indentation}{written}"),), safe=True
    )


def replacement(span: Span, text: str, *, safe: bool = False) -> Fix:
    """Another text in the place of what stands there."""
    return Fix(f"write `{text}`" if text.strip() else "write a plain space", (Edit(span, text),), safe)


def line_removed(span: Span, source: Source, what: str) -> Fix:
    """The statement of a span taken out, with its line where it has one of its own."""
    text = source.text
    start, rest = text.rfind("\n", 0, span.start) + 1, _REST_OF_LINE.match(text, span.end)
    if text[start : span.start].strip(" \t\ufeff") or rest is None:
        return Fix(f"remove {what}", (Edit(span, ""),), safe=True)
    start += text[start : start + 1] == "\ufeff"
    end = text.find("\n", rest.end()) + 1
    return Fix(f"remove {what}", (Edit(Span(start, end or len(text)), ""),), safe=True)
