"""Choices among options as arrays: a row of parameters for each choice, its weights as log-probabilities."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

NONE = -1
"""Where a row of parameters is shorter than the longest."""


def option_rows(choices: Sequence[Sequence[int]]) -> Integers:
    """(choices, most options) the parameter of each option, `NONE` after the last."""
    widest = max(map(len, choices), default=0)
    rows = [[*parameters, *[NONE] * (widest - len(parameters))] for parameters in choices]
    return np.array(rows, np.intp).reshape(len(choices), widest)


def by_option(logits: Floats, rows: Integers) -> Floats:
    """(choices, most options) the values of the options, minus infinity where there is none."""
    return np.append(logits, -np.inf)[rows]


def normalized(logits: Floats, rows: Integers) -> Floats:
    """(parameters,) the logits with those of each choice made log-probabilities."""
    values = by_option(logits, rows)
    values = values - values.max(axis=1, keepdims=True, initial=-np.inf)
    values = values - np.log(np.exp(values).sum(axis=1, keepdims=True))
    moved = logits.copy()
    moved[rows[rows != NONE]] = values[rows != NONE]
    return moved


def drawn_options(probabilities: Floats, rows: Integers, coins: Floats) -> Integers:
    """(samples, choices) an option for each coin, by the probabilities.

    Args:
        probabilities: (parameters,) of which those of the options of a choice add to 1.
        rows: See `option_rows`.
        coins: (samples, choices) uniform in 0 to 1, exclusive.
    """
    upto = np.cumsum(np.append(probabilities, 0.0)[rows], axis=1)
    # So that rounding leaves no gap at the end for a coin to fall into.
    upto /= upto[:, -1:]
    return np.asarray((coins[:, :, None] >= upto).sum(axis=2), np.intp)
