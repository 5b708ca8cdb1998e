"""Choosing one value among many: the functions behind `std.vote`."""

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import TypeVar

Value = TypeVar("Value")


def majority(answers: Sequence[Value | None]) -> Value | None:
    """The answer given most often, or `None` where all are absent.

    Answers are compared by value, lists and records too: `1` equals `1.0` and is not `true`. Ties go to
    the answer that was given first, and of equal answers the first is returned.

    >>> majority([None, "b", "a", "a", "b"])
    'b'
    """
    answered: dict[Hashable, Value] = {}
    votes: Counter[Hashable] = Counter()
    for answer in answers:
        if answer is not None:
            identity = _identity(answer)
            answered.setdefault(identity, answer)
            votes[identity] += 1
    # `answered` is in order of appearance, and `max` keeps the earliest of equals.
    return answered[max(answered, key=votes.__getitem__)] if answered else None


def best_of(values: Sequence[Value | None], scores: Sequence[float | None]) -> Value | None:
    """The value with the highest score, the first of equals, or `None` where no value has a score.

    >>> best_of(["a", "b", "c"], [2.0, None, 2.0])
    'a'

    Raises:
        ValueError: There are not as many scores as values.
    """
    if len(values) != len(scores):
        raise ValueError(
            f"there are {len(values)} values and {len(scores)} scores, not one score for each value"
        )
    best, highest = None, None
    for value, score in zip(values, scores, strict=True):
        if value is not None and score is not None and (highest is None or score > highest):
            best, highest = value, score
    return best


def first(values: Sequence[Value]) -> Value | None:
    """The first of the values, or `None` where there is none."""
    return values[0] if values else None


def last(values: Sequence[Value]) -> Value | None:
    """The last of the values, or `None` where there is none."""
    return values[-1] if values else None


def _identity(value: object) -> Hashable:
    """Equal for equal JSON values, where Python alone takes `True` for `1` and cannot hash lists."""
    match value:
        case bool():
            return ("bool", value)
        case list():
            return ("list", tuple(_identity(item) for item in value))
        case dict():
            return ("record", frozenset((name, _identity(item)) for name, item in value.items()))
        case _:
            return ("plain", value)
