"""Places in a text as an editor counts them: lines, and in a line the units of an encoding."""

import re
from bisect import bisect_right
from collections.abc import Iterable

from lsprotocol import types as lsp

from agraph.compiler.source import Span

_LINE_END = re.compile(r"\r\n|\r|\n")
_WIDTHS = {
    lsp.PositionEncodingKind.Utf8: lambda text: len(text.encode("utf-8", "surrogatepass")),
    lsp.PositionEncodingKind.Utf16: lambda text: len(text.encode("utf-16-le", "surrogatepass")) // 2,
    lsp.PositionEncodingKind.Utf32: len,
}


class Positions:
    """The positions of one text.

    Args:
        text: The text.
        encoding: Whose units count in a line; UTF-16 unless the editor and the server agreed on another.
    """

    def __init__(self, text: str, encoding: str = lsp.PositionEncodingKind.Utf16) -> None:
        self.text = text
        self.width = _WIDTHS[lsp.PositionEncodingKind(encoding)]
        ends = [(match.start(), match.end()) for match in _LINE_END.finditer(text)]
        self.starts = [0, *(end for _, end in ends)]
        self.ends = [*(start for start, _ in ends), len(text)]

    def offset(self, position: lsp.Position) -> int:
        """The code point at a position; one that is behind the end of its line is that end."""
        if position.line >= len(self.starts):
            return len(self.text)
        start, end = self.starts[position.line], self.ends[position.line]
        line = self.text[start:end]
        if line.isascii():
            return min(start + position.character, end)
        offset, units = start, 0
        while offset < end and units < position.character:
            units += self.width(self.text[offset])
            offset += 1
        return offset

    def position(self, offset: int) -> lsp.Position:
        """The position of a code point."""
        line = bisect_right(self.starts, offset) - 1
        start = self.starts[line]
        return lsp.Position(line, self.width(self.text[start : min(offset, self.ends[line])]))

    def range(self, span: Span) -> lsp.Range:
        """The range of a span."""
        return lsp.Range(self.position(span.start), self.position(span.end))


def changed(text: str, changes: Iterable[lsp.TextDocumentContentChangeEvent], encoding: str) -> str:
    """A text after the changes that an editor tells of, one after another."""
    for change in changes:
        if isinstance(change, lsp.TextDocumentContentChangePartial):
            positions = Positions(text, encoding)
            start, end = positions.offset(change.range.start), positions.offset(change.range.end)
            text = text[:start] + change.text + text[end:]
        else:
            text = change.text
    return text
