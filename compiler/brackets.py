"""Brackets and strings as an outline knows them: what opens, what closes, and how deep it may go."""

import re

from agraph.compiler.diagnostics import Diagnostic, diagnose
from agraph.compiler.kinds import TOO_DEEP
from agraph.compiler.source import Source, Span

DEEPEST = 100
CLOSERS = {"(": ")", "[": "]", "{": "}"}
STRINGS = (
    r'(?P<block>(?P<run>"{3,})[ \t]*\r?\n(?:[^\n]*\n)*?[ \t]*(?P=run)(?!"))'
    r'|(?P<plain>"(?!"")[^"\\\r\n]*(?:\\[^\r\n][^"\\\r\n]*)*")'
)
_BRACKET = re.compile(rf"\#[^\n]*|{STRINGS}|(?P<opener>[(\[{{])|(?P<closer>[)\]}}])")


def too_deep(source: Source) -> Diagnostic | None:
    """The finding that brackets are nested beyond the limit, at the first that is, or `None`."""
    text = source.text
    if sum(map(text.count, CLOSERS)) <= DEEPEST:
        return None
    depth = 0
    for match in _BRACKET.finditer(text):
        if match["opener"]:
            depth += 1
            if depth > DEEPEST:
                return diagnose(TOO_DEEP, source, Span(match.start(), match.end()), limit=DEEPEST)
        elif match["closer"]:
            depth -= 1
    return None
