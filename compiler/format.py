"""The one form of a file: `grammar/README.md` describes it under “The form of a file”.

The words of a file and its comments are written again in their order, with other blanks and line ends
between them. A line end behind an opening bracket puts its items on lines of their own; the rest of the form
follows from the words alone. So a text that was written once is written the same again.
"""

import attrs

from agraph.compiler.diagnostics import Diagnostic, has_errors
from agraph.compiler.groups import Group, Item, first_piece, grouped
from agraph.compiler.parser import parse
from agraph.compiler.pieces import Comment, Piece
from agraph.compiler.source import Source
from agraph.compiler.strings import reindented

STEP = "  "
"""One step of indentation."""

_BYTE_ORDER_MARK = "\ufeff"
_NO_BLANK_BEFORE = frozenset({".", "?", ":"})
_BLANK_BEFORE_PARENTHESIS = frozenset({"->", ":", "|"})
_NO_BLANK_BEFORE_BRACKET = frozenset({"word", "]", ")"})
_LIST_FOLLOWS = frozenset({"edge", "output", "expect"})


def formatted(source: Source) -> str | tuple[Diagnostic, ...]:
    """The text of a file in the one form, or what is wrong with its syntax.

    Names need not be known, nor types fit. All line ends are as the first one; a byte order mark stays.
    """
    _, diagnostics = parse(source)
    if has_errors(diagnostics):
        return diagnostics
    text = source.text.removeprefix(_BYTE_ORDER_MARK)
    mark = source.text[: len(source.text) - len(text)]
    newline = "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"
    writer = _Writer(newline)
    writer.lines(grouped(text))
    return mark + "".join(writer.out) + newline


@attrs.define
class _Writer:
    """Writes what stands in a file, in order.

    Attributes:
        newline: The line end.
        indentation: That of the statement or the item that is being written.
        out: What was written so far.
    """

    newline: str
    indentation: str = ""
    out: list[str] = attrs.field(factory=list)

    def lines(self, group: Group) -> None:
        """Write the items of a group on lines of their own."""
        separator = "," if group.form == "list" else ""
        for number, item in enumerate(group.items):
            piece = first_piece(item)
            follows = self._comments(piece.comments, number > 0)
            self._line(piece.blank and follows)
            self._item(item, group)
            self.out.append(separator)
        self._comments(group.closing.comments, bool(group.items))

    def _comments(self, comments: tuple[Comment, ...], follows: bool) -> bool:
        """Write the comments between two items.

        Args:
            comments: In their order.
            follows: Whether a line of the group stands before them, so that a blank one may come between.

        Returns:
            Whether one stands before what comes now.
        """
        for comment in comments:
            if comment.own_line:
                self._line(comment.blank and follows)
                follows = True
            else:
                self.out.append("  ")
            self.out.append(comment.text)
        return follows

    def _line(self, blank: bool) -> None:
        """Begin a line, the first one of a file excepted."""
        if self.out:
            self.out.append(self.newline * (1 + blank))
        self.out.append(self.indentation)

    def _item(self, item: Item, group: Group) -> None:
        before: Piece | None = None
        for part in item:
            piece = part.opening if isinstance(part, Group) else part
            if before is None:
                pass
            elif piece.comments:
                self._interrupted(piece)
            elif _with_blank(before, piece, before is item[0] and group.form == "body"):
                self.out.append(" ")
            if isinstance(part, Group):
                self._group(part)
                before = part.closing
            else:
                self.out.append(self._text(part))
                before = part

    def _interrupted(self, piece: Piece) -> None:
        """Write comments that stand amid an item; the item goes on in a line that is indented further."""
        outer = self.indentation
        self.indentation = outer + STEP
        self._comments(piece.comments, False)
        self._line(False)
        self.indentation = outer

    def _group(self, group: Group) -> None:
        self.out.append(group.opening.text)
        outer = self.indentation
        if group.broken:
            self.indentation = outer + STEP
            self.lines(group)
            self.indentation = outer
            self._line(False)
        elif group.items:
            margin = " " if group.opening.kind == "{" else ""
            for number, item in enumerate(group.items):
                self.out.append(", " if number else margin)
                self._item(item, group)
            self.out.append(margin)
        self.out.append(group.closing.text)

    def _text(self, piece: Piece) -> str:
        if piece.kind == "block":
            return reindented(piece.text, self.indentation + STEP, self.newline)
        return piece.text


def _with_blank(before: Piece, piece: Piece, after_statement_word: bool) -> bool:
    """Whether a blank stands between two pieces of an item.

    Args:
        before: The first of the two.
        piece: The second.
        after_statement_word: Whether the first one begins a statement.
    """
    match piece.kind:
        case "(":
            return before.kind in _BLANK_BEFORE_PARENTHESIS
        case "[":
            is_list = after_statement_word and before.text in _LIST_FOLLOWS
            return is_list or before.kind not in _NO_BLANK_BEFORE_BRACKET
    return piece.kind not in _NO_BLANK_BEFORE and before.kind != "."
