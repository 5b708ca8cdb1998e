"""Prompt templates: texts and `{{ placeholders }}`."""

import re
from collections.abc import Iterator

import attrs

_BRACES = re.compile(r'\{\{([ \t]*"(?:\{\{|\}\})"[ \t]*|[^\n]*?)\}\}')
_WORD = r"[A-Za-z_]\w*(\[\s*-?\d{1,9}\s*\])?"
_PATH = re.compile(rf"{_WORD}(\.{_WORD}){{0,50}}", re.ASCII)
_BRACES_THEMSELVES = {'"{{"': "{{", '"}}"': "}}"}


@attrs.frozen
class Placeholder:
    """What stands between double braces.

    Attributes:
        path: Its text, without the blanks around it.
        valid: Whether it is a name with fields at all.
        start: Where its braces begin in the template's text.
        end: Where they end.
    """

    path: str
    valid: bool
    start: int
    end: int


@attrs.frozen
class Unclosed:
    """Double braces that nothing closes on their line."""

    start: int


def split(text: str) -> Iterator[str | Placeholder | Unclosed]:
    """The parts of a template in order; `{{ "{{" }}` is the text `{{`."""
    position = 0
    while (start := text.find("{{", position)) >= 0:
        if start > position:
            yield text[position:start]
        found = _BRACES.match(text, start)
        if found is None:
            yield Unclosed(start)
            position = start + 2
            continue
        # A brace that closes JSON right after a placeholder belongs to the text: `{"a": {{ x }}}`.
        inner, position = found.group(1).strip(), found.end()
        if inner in _BRACES_THEMSELVES:
            yield _BRACES_THEMSELVES[inner]
        else:
            yield Placeholder(inner, _PATH.fullmatch(inner) is not None, start, position)
    if position < len(text):
        yield text[position:]
