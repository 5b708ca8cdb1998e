"""What stands between brackets, item by item: all of a text's form that the formatter needs to know."""

from typing import Literal

import attrs

from agraph.compiler.pieces import Piece, pieces

_OPENING = frozenset("([{")
_CLOSING = frozenset({")", "]", "}", "end"})
_BEFORE_GROUPED_TYPE = frozenset({"->", ":", "|"})
_BEFORE_RECORD = frozenset({"=", "~", "==", "!=", "<", "<=", ">", ">="})
_BY_LINES = frozenset({"file", "body", "fields"})

Form = Literal["file", "body", "fields", "list", "single"]
"""What is between two brackets: all items of a file (which has none), statements, the fields of a type, items
with commas between them, or one item that no comma may follow."""


@attrs.define
class Group:
    """Two brackets and the items between them; for a file, nothing and its end.

    Attributes:
        items: The pieces and the groups of each; the commas between items are left out, and their comments
            are those of the next piece.
        commented: Whether comments stand between the brackets, those between brackets further in left out.
    """

    form: Form
    opening: Piece
    items: "list[Item]" = attrs.field(factory=list)
    commented: bool = False
    closing: Piece = attrs.field(init=False)

    @property
    def broken(self) -> bool:
        """Whether each item stands on lines of its own."""
        if self.commented or (self.form == "body" and len(self.items) > 1):
            return True
        return self.form != "single" and bool(self.items) and first_piece(self.items[0]).new_line


Item = list[Piece | Group]


def first_piece(item: Item) -> Piece:
    """The piece that an item begins with."""
    return item[0].opening if isinstance(item[0], Group) else item[0]


def grouped(text: str) -> Group:
    """The items of a text that has no syntax errors."""
    file = Group("file", Piece("", "", (), True, False))
    groups, comma = [file], None
    for piece in pieces(text):
        group = groups[-1]
        group.commented |= bool(piece.comments)
        if piece.kind == ",":
            comma = piece
            continue
        if comma and comma.comments:
            piece = _with_comments_of(comma, piece)
        if piece.kind in _CLOSING:
            group.closing = piece
            groups.pop()
        else:
            if comma or not group.items or (piece.new_line and group.form in _BY_LINES):
                group.items.append([])
            groups += _added(piece, group)
        comma = None
    return file


def _added(piece: Piece, group: Group) -> list[Group]:
    """Add a piece to the last item of a group, and give the group that it opens."""
    item = group.items[-1]
    if piece.kind in _OPENING:
        inner = Group(_form(piece, item, group.form), piece)
        item.append(inner)
        return [inner]
    if (
        piece.text[0] == "-"
        and piece.kind == "number"
        and group.opening.kind == "["
        and _kind(item) == "word"
    ):
        # In `[i -1]` the sign stands between two operands, though it looks like a number's.
        item.append(attrs.evolve(piece, kind="-", text="-"))
        piece = Piece("number", piece.text[1:], (), False, False)
    item.append(piece)
    return []


def _kind(item: Item) -> str:
    """The kind of the last piece of an item, if it ends with one."""
    return item[-1].kind if item and isinstance(item[-1], Piece) else ""


def _with_comments_of(comma: Piece, piece: Piece) -> Piece:
    """The piece behind a comma, with the comments before the comma as well; a line holds one comment only."""
    own = (attrs.evolve(comment, own_line=True) for comment in piece.comments)
    return attrs.evolve(piece, comments=(*comma.comments, *own))


def _form(opening: Piece, item: Item, around: Form) -> Form:
    """What an opening bracket begins that is the next part of an item."""
    before = _kind(item)
    first = item[0].text if item and isinstance(item[0], Piece) else ""
    match opening.kind:
        case "(":
            return "single" if not item or before in _BEFORE_GROUPED_TYPE else "list"
        case "[":
            return "single" if around == "body" and first == "node" and len(item) == 2 else "list"
    if around not in ("file", "body") or before in _BEFORE_RECORD:
        return "list"
    if around == "file":
        return "fields" if first == "type" else "body"
    return "list" if first in ("output", "expect") else "body"
