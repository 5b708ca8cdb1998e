"""Medians and quartiles where some values are infinite."""

import math
from collections.abc import Sequence


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """The quartiles of a sample, each a value of it, so that infinite ones do no harm.

    >>> quartiles([4, 1, 3, 2, float("inf")])
    (2, 3, 4)
    """
    ordered = sorted(values)
    low, middle, high = (ordered[math.ceil(share * len(ordered)) - 1] for share in (0.25, 0.5, 0.75))
    return low, middle, high
