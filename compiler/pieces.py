"""The pieces of a text that the grammar takes: words, literals and signs, with the comments between them."""

import re
from collections.abc import Iterator

import attrs

_PIECE = re.compile(
    r"[ \t]*(?:(?P<line_ends>(?:\r?\n[ \t]*)+)"
    r"|(?P<comment>\#[^\n]*)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<number>-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"
    r'|(?P<block>(?P<run>"{3,})[ \t]*\r?\n(?:[^\n]*\n)*?[ \t]*(?P=run)(?!"))'
    r'|(?P<plain>"(?!"")[^"\\\r\n]*(?:\\[^\r\n][^"\\\r\n]*)*")'
    r"|(?P<sign>->|[=!<>]=|[^ \t\r\n])"
    r"|(?P<end>\Z))"
)


@attrs.frozen
class Comment:
    """A comment, without the blanks around it.

    Attributes:
        own_line: Whether nothing stands before it on its line.
        blank: Whether a blank line stands before it.
    """

    text: str
    own_line: bool
    blank: bool


@attrs.frozen
class Piece:
    """A word, a literal or a sign.

    Attributes:
        kind: `word`, `number`, `block` (of text), `plain` (a string of one line), the sign itself, or `end`
            for the end of the text.
        comments: Those that stand before it and behind the piece before.
        new_line: Whether it is the first on its line.
        blank: Whether a blank line stands before it, behind its comments.
    """

    kind: str
    text: str
    comments: tuple[Comment, ...]
    new_line: bool
    blank: bool


def pieces(text: str) -> Iterator[Piece]:
    """The pieces of a text that has no syntax errors, in order; the last one is its end."""
    comments: list[Comment] = []
    position, lines = 0, 1
    for match in _PIECE.finditer(text):
        assert match.start() == position, f"nothing can be read at offset {position}"
        position, kind = match.end(), match.lastgroup or ""
        if kind == "line_ends":
            lines += match.group().count("\n")
        elif kind == "comment":
            comments.append(Comment(match["comment"].rstrip(" \t\r"), lines > 0, lines > 1))
            lines = 0
        else:
            written = match[kind]
            yield Piece(written if kind == "sign" else kind, written, tuple(comments), lines > 0, lines > 1)
            if kind == "end":
                # Behind blanks the pattern would find the end a second time.
                return
            comments, lines = [], 0
