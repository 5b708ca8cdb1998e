"""Changes to a text, span by span, so that everything outside them stays as it is."""

from collections.abc import Iterable

import attrs

from agraph.compiler.source import Span


@attrs.frozen
class Edit:
    """A stretch of a text and what shall stand there instead."""

    span: Span
    text: str


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits made at once; their spans are those of the text as given.

    Raises:
        ValueError: Two edits overlap, or one lies outside the text.
    """
    parts: list[str] = []
    position = 0
    for edit in sorted(edits, key=lambda edit: (edit.span.start, edit.span.end)):
        if not position <= edit.span.start <= edit.span.end <= len(text):
            raise ValueError(f"the edit at {edit.span.start} overlaps another or lies outside the text")
        parts += text[position : edit.span.start], edit.text
        position = edit.span.end
    return "".join((*parts, text[position:]))
