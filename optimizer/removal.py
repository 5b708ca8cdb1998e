"""Statements taken out of a text, with their lines and what belongs to them."""

from collections.abc import Iterable, Iterator, Sequence

from agraph.compiler import syntax
from agraph.compiler.edit import Edit
from agraph.compiler.pieces import pieces
from agraph.compiler.source import Source, Span


def removal_edits(bodies: Iterable[Sequence[syntax.Statement]], gone: set[int], source: Source) -> list[Edit]:
    """The edits that take statements out: with their lines and the comments that speak of them.

    The comment lines directly above a statement go with it; those above an edge stay where another one
    follows in the next line, which they may speak of too. Of the blank lines on both sides one is left.

    Args:
        bodies: The statements of each body, in order.
        gone: The `id` of each that goes.
        source: The file.
    """
    lines: list[Span] = []
    edits: list[Edit] = []
    for body in bodies:
        for number, statement in enumerate(body):
            if id(statement) not in gone:
                continue
            whole = _lines_of(statement.span, source)
            if whole is None:
                edits.append(Edit(_between(statement.span, source), ""))
                continue
            if not isinstance(statement, syntax.EdgeDeclaration) or not _leads(body, number, gone, source):
                whole = Span(_comments_above(whole.start, source), whole.end)
            lines.append(whole)
    blanks = _merged(_without_second_blank(span, source) for span in _merged(lines))
    return [*edits, *(Edit(span, "") for span in blanks)]


def comments_of(text: str) -> list[str]:
    """The comments in a piece of a file, in order."""
    return [comment.text for piece in pieces(text) for comment in piece.comments]


def only_comment_follows(end: int, source: Source) -> bool:
    """Whether nothing but a comment stands behind a place on its line."""
    rest = source.text[end : _line_end(end, source)].strip()
    return not rest or rest.startswith("#")


def begins_line(start: int, source: Source) -> bool:
    """Whether nothing stands before a place on its line."""
    return not source.text[_line_start(start, source) : start].strip(" \t\ufeff")


def _lines_of(span: Span, source: Source) -> Span | None:
    """The whole lines of a statement, or `None` where it shares one."""
    if not begins_line(span.start, source) or not only_comment_follows(span.end, source):
        return None
    return Span(_line_start(span.start, source), _line_end(span.end, source))


def _between(span: Span, source: Source) -> Span:
    """A statement that shares its line, with the blanks on its open side."""
    if not begins_line(span.start, source):
        return Span(len(source.text[: span.start].rstrip(" \t")), span.end)
    end = span.end
    while source.text[end : end + 1] in (" ", "\t"):
        end += 1
    return Span(span.start, end)


def _leads(body: Sequence[syntax.Statement], number: int, gone: set[int], source: Source) -> bool:
    """Whether an edge that stays follows in the very next line, gone ones left out."""
    statement = body[number]
    for following in body[number + 1 :]:
        gap = source.text[statement.span.end : following.span.start]
        if gap.count("\n") != 1 or not isinstance(following, syntax.EdgeDeclaration):
            return False
        if id(following) not in gone:
            return True
        statement = following
    return False


def _comments_above(start: int, source: Source) -> int:
    while start:
        above = _line_start(start - 1, source)
        if not source.text[above:start].strip(" \t\ufeff").startswith("#"):
            break
        start = above
    return start


def _merged(spans: Iterable[Span]) -> Iterator[Span]:
    last: Span | None = None
    for span in sorted(spans):
        if last is not None and span.start <= last.end:
            last = Span(last.start, max(last.end, span.end))
            continue
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last


def _without_second_blank(span: Span, source: Source) -> Span:
    """The lines, and the blank one behind or before them where else two would meet, or one a brace."""
    above = source.text[_line_start(span.start - 1, source) : span.start].strip() if span.start else ""
    after = Span(span.end, _line_end(span.end, source))
    below = source.slice(after).strip()
    if after.end > after.start and not below and (not above or above.endswith("{")):
        return Span(span.start, after.end)
    if span.start and not above and below.startswith("}"):
        return Span(_line_start(span.start - 1, source), span.end)
    return span


def _line_start(offset: int, source: Source) -> int:
    return source.text.rfind("\n", 0, offset) + 1


def _line_end(offset: int, source: Source) -> int:
    """The place behind the end of a line."""
    found = source.text.find("\n", offset)
    return len(source.text) if found < 0 else found + 1
