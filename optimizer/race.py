"""A race of proposals against what they would replace: on the same rows, until they fall behind."""

from collections.abc import Sequence
from math import fsum

import attrs
import numpy as np

from agraph.optimizer.version import Version, score_all
from agraph.optimizer.written import chance_of_better

LAPS = (4, 13, 23, 33, 43, 50)
"""How many rows have been run after each lap."""

DROPPED_BELOW = 0.2
"""A proposal leaves the race when its chance of being better falls under this."""


@attrs.frozen(eq=False)
class Raced:
    """How a proposal did.

    Attributes:
        rows: On how many rows it was compared.
        gain: The mean of its scores less the incumbent's on them.
        chance: Of its being better, by what was seen.
        finished: Whether it was in the race to the end.
    """

    version: Version
    rows: int
    gain: float
    chance: float
    finished: bool


async def race(incumbent: Version, proposals: Sequence[Version], rows: Sequence[int]) -> tuple[Raced, ...]:
    """Run proposals beside the incumbent; after each lap those that fall behind stop.

    Args:
        incumbent: What they are compared with.
        proposals: Versions with other values.
        rows: The indices of examples, the first ones first.
    """
    running = list(range(len(proposals)))
    raced = [Raced(version, 0, 0.0, 0.5, finished=True) for version in proposals]
    for lap in LAPS:
        part = rows[:lap]
        await score_all([incumbent, *(proposals[each] for each in running)], part)
        for each in running:
            raced[each] = _standing(incumbent, proposals[each], part)
        running = [each for each in running if raced[each].finished]
        if not running or lap >= len(rows):
            break
    return tuple(raced)


def runs_of_race(proposals: int) -> int:
    """The most runs that a race of so many proposals makes, those of the incumbent included."""
    return LAPS[-1] * (proposals + 1)


def _standing(incumbent: Version, version: Version, rows: Sequence[int]) -> Raced:
    differences = version.differences(incumbent, rows)
    chance = chance_of_better(np.array(differences, np.float64))
    # Sums of equal scores in another order may differ in their last bits; that is no difference.
    gain = round(fsum(differences) / len(rows), 9)
    return Raced(version, len(rows), gain, chance, finished=chance >= DROPPED_BELOW)


def winner(raced: Sequence[Raced]) -> Raced | None:
    """The one that gained the most of those that finished and are better than the incumbent."""
    better = [each for each in raced if each.finished and each.gain > 0]
    return max(better, key=lambda each: each.gain, default=None)
