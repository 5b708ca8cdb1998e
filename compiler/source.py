"""The text of one file and places in it."""

from bisect import bisect_right
from functools import cached_property

import attrs


@attrs.frozen(order=True)
class Span:
    """A stretch of a file's text, in code points, the end exclusive."""

    start: int
    end: int

    def to(self, other: "Span") -> "Span":
        """The stretch from the start of this span to the end of `other`."""
        return Span(self.start, other.end)


@attrs.frozen(eq=False)
class Source:
    """A file as it was read: its name as the user gave it, and its text with the line ends it has on disk."""

    path: str
    text: str

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        start = self.text.find("\n")
        while start >= 0:
            starts.append(start + 1)
            start = self.text.find("\n", start + 1)
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """The line and the column of a code point, both counted from 1."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line counted from 1, without its end."""
        start = self._line_starts[number - 1]
        end = self._line_starts[number] if number < len(self._line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def slice(self, span: Span) -> str:
        """The text of a span."""
        return self.text[span.start : span.end]
