"""Whether an answer is what was expected: what the metrics of the language compare."""

import json
import sys

from agraph.compiler.ir import Json
from agraph.stdlib.text import last_number


def exact(answer: Json, expected: Json) -> bool:
    """Equality by value, where the spaces around a text do not count and a text may spell a number."""
    match answer, expected:
        case str(), str():
            return answer.strip() == expected.strip()
        case (str(), bool()) | (bool(), str()):
            return str(answer).strip().lower() == str(expected).strip().lower()
        case (str() as text, int() | float() as number) | (int() | float() as number, str() as text):
            return _spelled(text) == number
        case list(), list():
            return len(answer) == len(expected) and all(map(exact, answer, expected))
        case dict(), dict():
            return answer.keys() == expected.keys() and all(
                exact(answer[key], expected[key]) for key in answer
            )
        case _:
            return isinstance(answer, bool) == isinstance(expected, bool) and answer == expected


def contains(answer: Json, expected: Json) -> bool:
    """Whether a text stands in the answer as text, or a value among the items of a list."""
    if isinstance(answer, list):
        return any(exact(item, expected) for item in answer)
    return answer is not None and _text(expected) in _text(answer)


def one_of(answer: Json, expected: Json) -> bool:
    """Whether the answer is one of a list, or of the texts between the bars of `a|b|c`."""
    options = expected.split("|") if isinstance(expected, str) else expected
    return any(exact(answer, option) for option in options) if isinstance(options, list) else False


def near(answer: Json, expected: Json, tolerance: float) -> bool:
    """Whether two values, or the last numbers in two texts, differ by at most a tolerance.

    Args:
        answer: Anything.
        expected: Anything.
        tolerance: Absolute up to an expected 1, beyond it a share of what is expected.
    """
    number, wanted = number_in(answer), number_in(expected)
    if number is None or wanted is None:
        return False
    return abs(number - wanted) <= tolerance * max(1.0, abs(wanted))


def number_in(value: Json) -> float | None:
    """The number that a value is, or the last one that a text holds, or `None`."""
    if isinstance(value, str):
        return last_number(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # JSON has whole numbers that no float holds, and they cannot be compared within a tolerance.
    return value if abs(value) <= sys.float_info.max else None


def without_case(value: Json) -> Json:
    """The value with all its texts in small letters."""
    match value:
        case str():
            return value.casefold()
        case list():
            return [without_case(item) for item in value]
        case dict():
            return {name: without_case(item) for name, item in value.items()}
        case _:
            return value


def _spelled(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _text(value: Json) -> str:
    return value.strip() if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
