"""What an outline is made of: statements with their bodies, told by brackets and line ends."""

import re

import attrs

from agraph.compiler.diagnostics import Diagnostic

_BLANKS = re.compile(r"[ \t]*")


@attrs.frozen
class Part:
    """A statement, an item of the file, or a line of a type's fields.

    Attributes:
        start: Where it begins.
        end: Where it ends, behind what stands after its body on the same line.
        opening: The place of the brace that opens its body, or `None` without a body. Where the brace alone
            is missing, the end of the line on which it should stand.
        closing: The place of the brace that closes it, or `None` where that is missing too.
        parts: What stands in the body.
        broken: Whether a problem was found in its own text: there is no use in reading that.
    """

    start: int
    end: int
    opening: int | None
    closing: int | None
    parts: "tuple[Part, ...]"
    broken: bool


@attrs.frozen
class Outline:
    """The items of a file, and what is wrong with its strings and brackets."""

    parts: tuple[Part, ...]
    problems: tuple[Diagnostic, ...]


def contradicts(part: Part, text: str) -> bool:
    """Whether a body begins indented, and holds a line that is not: it may be over before its brace."""
    outer = indentation_at(text, part.start)
    depths = [indentation_at(text, each.start) for each in part.parts]
    if depths and depths[0] > outer >= min(depths):
        return True
    return any(contradicts(each, text) for each in part.parts)


def indentation_at(text: str, place: int) -> int:
    """How many blanks stand before the line of a place."""
    start = text.rfind("\n", 0, place) + 1
    blanks = _BLANKS.match(text, start)
    return blanks.end() - start if blanks else 0
