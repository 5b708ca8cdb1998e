"""Splitting rows once into those to learn from, those to choose by, and those to judge by."""

from collections.abc import Sequence

import attrs

from agraph.optimizer.rows import DataRow
from agraph.runtime.errors import DataError

_FEWEST = 8


@attrs.frozen
class Split:
    """The parts of a data set, as indices of its rows in an order that depends on their content alone.

    Attributes:
        train: A half, to learn from.
        validation: A quarter, to choose among what was learned.
        held_out: A quarter, to judge the choice by, once.
    """

    train: tuple[int, ...]
    validation: tuple[int, ...]
    held_out: tuple[int, ...]


def split(rows: Sequence[DataRow]) -> Split:
    """The three parts, of the same rows in whatever order the file has them.

    A row's key begins with a hash of its content, so rows of one content stand side by side in the order
    of keys, and at most those at a boundary fall into two parts.

    Raises:
        DataError: There are too few rows.
    """
    if len(rows) < _FEWEST:
        raise DataError(
            f"{len(rows)} rows are too few to learn from: at least {_FEWEST} are needed, since half of them"
            " are learned from, a quarter chooses, and a quarter judges the result"
        )
    order = sorted(range(len(rows)), key=lambda index: rows[index].key)
    quarter = len(rows) // 4
    half = len(rows) - 2 * quarter
    return Split(tuple(order[:half]), tuple(order[half:-quarter]), tuple(order[-quarter:]))
