"""Lines that an instance's block does not have yet, written into it; the block too, where it is missing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

import attrs

from agraph.compiler.edit import Edit
from agraph.compiler.ir import Missing
from agraph.compiler.source import Source, Span
from agraph.compiler.strings import encode

WIDEST_LINE = 100
"""Lists of lists that would make a longer line are written row by row."""

_BLOCK_OF_TEXT = '"""\n"""'


@attrs.frozen
class BlockLine:
    """A line to be written.

    Attributes:
        place: Where, and its beginning.
        literal: What stands after `~`, where it is no prompt.
        rows: The items of a list of lists, to be written row by row where the line would be too long.
        text: What a prompt says, where it is one.
    """

    place: Missing
    literal: str | None
    rows: tuple[str, ...] = ()
    text: str = ""


def block_edits(lines: Iterable[BlockLine], source: Source) -> Iterator[Edit]:
    """The edits that add lines to blocks, one for each block."""
    by_block: dict[tuple[int, bool], list[BlockLine]] = {}
    for line in sorted(lines, key=lambda line: line.place.order):
        by_block.setdefault((line.place.at, line.place.braces), []).append(line)
    for (at, braces), added in by_block.items():
        yield _new_block(at, added, source) if braces else _more_lines(at, added, source)


def _new_block(at: int, lines: Sequence[BlockLine], source: Source) -> Edit:
    outer, newline = indentation_at(source, lines[0].place.begins), line_end(source)
    inside = _written(lines, 0, outer + unit_of(source, outer), source)
    return Edit(Span(at, at), newline.join((" {", *inside, f"{outer}}}")))


def _more_lines(at: int, lines: Sequence[BlockLine], source: Source) -> Edit:
    """Lines before the brace at `at`: on lines of their own, also where the brace shares its line."""
    outer, newline = indentation_at(source, lines[0].place.begins), line_end(source)
    inside = newline.join(_written(lines, 0, outer + unit_of(source, outer), source))
    blanks = indentation_at(source, at)
    if source.position(at)[1] - 1 == len(blanks):
        start = at - len(blanks)
        return Edit(Span(start, start), inside + newline)
    start = len(source.text[:at].rstrip(" \t"))
    return Edit(Span(start, at), newline + inside + newline + outer)


def _written(lines: Sequence[BlockLine], depth: int, indentation: str, source: Source) -> Iterator[str]:
    """The lines in their order, those of an inner instance together in a block of its own."""
    for block, group in groupby(lines, lambda line: line.place.blocks[depth : depth + 1]):
        if block:
            yield f"{indentation}{block[0]} {{"
            yield from _written(tuple(group), depth + 1, indentation + unit_of(source, indentation), source)
            yield f"{indentation}}}"
        else:
            own: dict[str, list[BlockLine]] = {}
            for line in group:
                own.setdefault(line.place.statement, []).append(line)
            yield from _statements(own, indentation, source)


def _statements(own: Mapping[str, Sequence[BlockLine]], indentation: str, source: Source) -> Iterator[str]:
    for statement, lines in own.items():
        first = lines[0]
        if first.literal is None:
            deeper = indentation + unit_of(source, indentation)
            literal = encode(first.text, _BLOCK_OF_TEXT, deeper, line_end(source))
        elif first.place.option is None:
            literal = first.literal
            written = len(indentation) + len(statement) + len(" ~ ") + len(literal)
            if first.rows and literal.startswith("[") and written > WIDEST_LINE:
                literal = row_by_row(first.rows, indentation, source)
        else:
            options = ", ".join(f"{_key(line.place.option or '')}: {line.literal}" for line in lines)
            literal = f"{{ {options} }}"
        yield f"{indentation}{statement} ~ {literal}"


def row_by_row(rows: Sequence[str], indentation: str, source: Source) -> str:
    """A list with a line for each item."""
    newline, unit = line_end(source), unit_of(source, indentation)
    return newline.join(("[", *(f"{indentation}{unit}{row}," for row in rows), f"{indentation}]"))


def _key(option: str) -> str:
    """A key of a record: a plain name stays bare."""
    return option if option.isidentifier() else f'"{option}"'


# How the author's file is written.


def indentation_at(source: Source, offset: int) -> str:
    """The blanks at the start of the line of a place."""
    line = source.line(source.position(offset)[0])
    return line[: len(line) - len(line.lstrip(" \t"))]


def unit_of(source: Source, outer: str = "") -> str:
    """One step of indentation: that of the first line that has any, if it is made as that of a place is.

    Args:
        source: The file.
        outer: The indentation of the place.
    """
    for line in source.text.split("\n"):
        blanks = line[: len(line) - len(line.lstrip(" \t"))]
        if blanks and line.strip() and not line.lstrip().startswith("#"):
            if outer[:1] in ("", blanks[0]):
                return blanks
            break
    return "\t" if outer.startswith("\t") else "  "


def line_end(source: Source) -> str:
    """The line end of a file: that of its first line."""
    first = source.text.partition("\n")[0]
    return "\r\n" if first.endswith("\r") else "\n"
