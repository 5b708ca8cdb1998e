"""Taking texts apart and joining them: the functions behind `std.text`."""

import math
import re
from collections.abc import Sequence

_NUMBER = re.compile(
    r"""
    (?P<sign> (?<! [\w)\]%] ) [$€£]? [-−–] )?    # a dash right behind a number or a word is no sign
    [$€£]?
    (?:
      (?<! [\d/.,] ) (?P<numerator> \d+ ) / (?P<denominator> (?= \d* [1-9] ) \d+ )
        (?! [\d/] | [.,]\d )                     # 3/4 is a number, 24/12/2025 is not
    | (?P<decimal>
        (?: (?: \d{1,3} (?: ,\d{3} )+ (?! \d ) | \d+ ) (?: \.\d+ )? | (?<! \d ) \.\d+ )
        (?: [eE] [-+]? \d+ )?
      )
    )
    """,
    re.VERBOSE,
)

_FENCED = re.compile(r"^```[^\n`]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def last_number(text: str) -> float | None:
    """The last number that stands in the text, or `None` where there is none.

    Thousands separators, currency signs, scientific notation, simple fractions and the minus signs of
    typography are understood; a percent sign is passed over.

    >>> last_number("It costs $1,234.50."), last_number("A: 3/4"), last_number("5-3"), last_number("none")
    (1234.5, 0.75, 3.0, None)
    """
    for match in reversed(list(_NUMBER.finditer(text))):
        number = _value(match)
        if math.isfinite(number):
            return number
    return None


def lines(text: str) -> list[str]:
    """The lines that are not blank, without their ends and the space before those."""
    return [line.rstrip() for line in re.split(r"\r\n|\r|\n", text) if line.strip()]


def first_line(text: str) -> str | None:
    """The first line that is not blank, without the space around it, or `None` where all are blank."""
    return next((line.strip() for line in lines(text)), None)


def last_line(text: str) -> str | None:
    """The last line that is not blank, without the space around it, or `None` where all are blank."""
    return next((line.strip() for line in reversed(lines(text))), None)


def after(text: str, marker: str) -> str | None:
    """What stands behind the last `marker`, without the space around it, or `None` without a marker."""
    _, found, rest = text.rpartition(marker)
    return rest.strip() if found else None


def code(text: str) -> str:
    """The last block of code in the text, fenced as in Markdown, or the whole text where there is none."""
    blocks = _FENCED.findall(text)
    return blocks[-1].rstrip() if blocks else text.strip()


def part(text: str, number: int, count: int) -> str | None:
    """One of `count` parts of about equal length, counted from 0, or `None` where the text has no such part.

    It ends where a paragraph does, else a line, else a word; put together, the parts are the text.

    >>> [part("one two three", number, 2) for number in range(2)]
    ['one ', 'two three']

    Raises:
        ValueError: There is no part of that number among so many.
    """
    if not 0 <= number < count:
        raise ValueError(f"{count} parts have no part number {number}")
    start = end = 0
    for parts in range(1, number + 2):
        start, end = end, _cut(text, end, len(text) * parts // count)
    return text[start:end] or None


def strip(text: str) -> str:
    """The text without the space around it."""
    return text.strip()


def lower(text: str) -> str:
    """The text in small letters."""
    return text.lower()


def join(parts: Sequence[str], separator: str) -> str:
    """The texts in one, with `separator` between them."""
    return separator.join(parts)


def _cut(text: str, start: int, end: int) -> int:
    """The last good place to end a part that starts at `start`, up to `end`."""
    if end == len(text):
        return end
    # A paragraph or a line that ends early in the part would make it much shorter than the others.
    middle = (start + end) // 2
    for pause, earliest in (("\n\n", middle), ("\n", middle), (" ", start)):
        found = text.rfind(pause, earliest, end)
        if found >= 0:
            return found + len(pause)
    return end


def _value(match: re.Match[str]) -> float:
    sign = -1.0 if match["sign"] else 1.0
    if match["decimal"] is not None:
        return sign * float(match["decimal"].replace(",", ""))
    # Floats, since Python refuses to read integers of more than 4,300 digits.
    return sign * float(match["numerator"]) / float(match["denominator"])
