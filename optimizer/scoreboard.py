"""What realizations scored on which rows, so that any two can be compared on rows that both have seen."""

import math
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

import attrs
import numpy as np
import numpy.typing as npt

from agraph.runtime.plan import Realization

Floats = npt.NDArray[np.float64]


@attrs.frozen
class Score:
    """One realization on one row.

    Attributes:
        value: Higher is better; 0 where the run failed or gave no answer.
        cost: What running it takes, such as its calls, whether or not they were shared, as `cost.py` counts
            them; infinite where it gave no answer.
        price: What is taken from the value where cost counts: the trade's weight times the cost in its unit.
        usd: What it costs in US dollars, or `None` where that is unknown.
    """

    value: float
    cost: float
    price: float = 0.0
    usd: float | None = None

    @property
    def worth(self) -> float:
        """The value less the price."""
        return self.value - self.price


Evaluate = Callable[[Sequence[tuple[Realization, int]]], Awaitable[Sequence[Score]]]
"""Scores each pair of a realization and the index of a row, in the order given."""

Replay = Callable[[Realization, int, Sequence[Realization]], Awaitable[Sequence[Score]]]
"""Scores, on a row, realizations that differ from the first only behind the last model calls: that is run
once, with all that they may hear, and they follow from it."""


class SpentError(Exception):
    """As many runs were scored as may be; never leaves the search."""


@attrs.define(eq=False)
class Scoreboard:
    """The scores so far; each pair is evaluated at most once.

    Attributes:
        evaluate: Scores what is not known yet.
        most: How many runs may be scored, or `None` without a limit.
    """

    evaluate: Evaluate
    most: int | None = None
    _scores: dict[Realization, dict[int, Score]] = attrs.field(factory=dict, init=False)

    @property
    def known(self) -> tuple[Realization, ...]:
        """All that was scored."""
        return tuple(self._scores)

    async def fill(self, realizations: Iterable[Realization], rows: Sequence[int]) -> None:
        """Score every realization on every row.

        Raises:
            SpentError: That would be more runs than may be scored; none of them was made.
        """
        missing = [
            (realization, row)
            for realization in dict.fromkeys(realizations)
            for row in dict.fromkeys(rows)
            if row not in self._scores.get(realization, {})
        ]
        if not missing:
            return
        if self.most is not None and self.runs + len(missing) > self.most:
            raise SpentError
        for (realization, row), score in zip(missing, await self.evaluate(missing), strict=True):
            self._scores.setdefault(realization, {})[row] = score

    @property
    def runs(self) -> int:
        """How many runs were scored."""
        return sum(map(len, self._scores.values()))

    def rows(self, realization: Realization) -> tuple[int, ...]:
        """The rows that a realization was scored on."""
        return tuple(self._scores.get(realization, {}))

    def values(self, realization: Realization, rows: Iterable[int]) -> Floats:
        """(rows,) the scores of a realization on rows that it was scored on."""
        scores = self._scores[realization]
        return np.array([scores[row].worth for row in rows], np.float64)

    def standing(self, realization: Realization, rows: Sequence[int]) -> tuple[float, float]:
        """Mean score and, negated, mean cost on rows that it was scored on: the greater the better.

        Of two that score alike, the cheaper stands higher.
        """
        scores = self._scores[realization]
        if not rows:
            return 0.0, 0.0
        value = math.fsum(scores[row].worth for row in rows) / len(rows)
        cost = math.fsum(scores[row].cost for row in rows) / len(rows)
        # Sums of equal scores in another order may differ in their last bits; that is no difference.
        return round(value, 9), -round(cost, 12)

    def of(self, realization: Realization) -> Mapping[int, Score]:
        """The scores of a realization by row."""
        return self._scores.get(realization, {})

    def differences(self, first: Realization, second: Realization) -> Floats:
        """(rows,) the first's score less the second's, on all rows that both were scored on."""
        ours, theirs = self._scores.get(first, {}), self._scores.get(second, {})
        return np.array([ours[row].worth - theirs[row].worth for row in ours if row in theirs], np.float64)
