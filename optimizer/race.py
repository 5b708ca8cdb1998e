"""A race of proposals against what they would replace: on the same rows, few first, more for the better half.

Rows are dear and proposals are not: many short races, some of them won by luck, find more than few long ones.
"""

from collections.abc import Sequence
from math import fsum

import attrs
import numpy as np

from agraph.optimizer.version import Version, score_all
from agraph.optimizer.written import chance_of_better

LAPS = (4, 8, 16)
"""How many rows have been run after each lap."""

LONG_LAPS = (4, 13, 23, 33, 43, 50)
"""Likewise where nobody has to stop but who falls behind."""

DOUBT_ROWS = 8
"""A gain seen on as many rows counts by half: chance makes the winner look better than it is."""

DROPPED_BELOW = 0.2
"""A proposal leaves the race when its chance of being better falls under this."""


@attrs.frozen(eq=False)
class Raced:
    """How a proposal did.

    Attributes:
        rows: On how many rows it was compared.
        gain: The mean of its scores less the incumbent's on them.
        mean: Of its own scores on them.
        chance: Of its being better, by what was seen.
        finished: Whether it was in the race to the end.
    """

    version: Version
    rows: int
    gain: float
    mean: float
    chance: float
    finished: bool

    @property
    def promise(self) -> float:
        """The gain, less what luck may have in it."""
        return self.gain * self.rows / (self.rows + DOUBT_ROWS)


async def race(
    incumbent: Version, proposals: Sequence[Version], rows: Sequence[int], *, halved: bool = True
) -> tuple[Raced, ...]:
    """Run proposals beside the incumbent; after each lap those that fall behind, and the worse half, stop.

    Args:
        incumbent: What they are compared with.
        proposals: Versions with other values.
        rows: The indices of examples, the first ones first.
        halved: Whether the worse half stops: where proposals are easily had. Else the race is longer, too.
    """
    laps = LAPS if halved else LONG_LAPS
    running = list(range(len(proposals)))
    raced = [Raced(version, 0, 0.0, 0.0, 0.5, finished=True) for version in proposals]
    for lap in laps:
        part = rows[:lap]
        await score_all([incumbent, *(proposals[each] for each in running)], part)
        for each in running:
            raced[each] = _standing(incumbent, proposals[each], part)
        running = [each for each in running if raced[each].finished]
        if not running or lap >= len(rows):
            break
        if halved and lap < laps[-1]:
            running.sort(key=lambda each: -raced[each].gain)
            for each in running[(len(running) + 1) // 2 :]:
                raced[each] = attrs.evolve(raced[each], finished=False)
            running = running[: (len(running) + 1) // 2]
    return tuple(raced)


def runs_of_race(proposals: int, *, halved: bool = True) -> int:
    """The most runs that a race of so many proposals makes, those of the incumbent included."""
    laps = LAPS if halved else LONG_LAPS
    runs, before = laps[-1], 0
    for lap in laps:
        runs += proposals * (lap - before)
        proposals, before = (proposals + 1) // 2 if halved else proposals, lap
    return runs


def _standing(incumbent: Version, version: Version, rows: Sequence[int]) -> Raced:
    differences = version.differences(incumbent, rows)
    chance = chance_of_better(np.array(differences, np.float64))
    # Sums of equal scores in another order may differ in their last bits; that is no difference.
    gain = round(fsum(differences) / len(rows), 9)
    return Raced(version, len(rows), gain, version.mean(rows), chance, finished=chance >= DROPPED_BELOW)


def winner(raced: Sequence[Raced]) -> Raced | None:
    """The one that gained the most of those that finished and are better than the incumbent."""
    better = [each for each in raced if each.finished and each.gain > 0]
    return max(better, key=lambda each: each.gain, default=None)
