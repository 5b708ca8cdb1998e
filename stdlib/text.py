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


def strip(text: str) -> str:
    """The text without the space around it."""
    return text.strip()


def lower(text: str) -> str:
    """The text in small letters."""
    return text.lower()


def join(parts: Sequence[str], separator: str) -> str:
    """The texts in one, with `separator` between them."""
    return separator.join(parts)


def _value(match: re.Match[str]) -> float:
    sign = -1.0 if match["sign"] else 1.0
    if match["decimal"] is not None:
        return sign * float(match["decimal"].replace(",", ""))
    # Floats, since Python refuses to read integers of more than 4,300 digits.
    return sign * float(match["numerator"]) / float(match["denominator"])
