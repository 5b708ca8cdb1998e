"""Learning what lies behind the last model calls: every setting of it is scored for nothing on every draw.

The chance of each switch moves a little way with each row to how sure the draws are that it is better on; the
mode of these damped chances is steadier than what the draws say at any moment. What no single switch leads to
is looked for now and then: on half of the draws, and taken only if the other half agrees.
"""

import math
from collections.abc import Sequence

import attrs
import numpy as np

from agraph.optimizer.effects import (
    Booleans,
    Floats,
    effects,
    left_to_gain,
    moments,
    surely_positive,
    tries,
)
from agraph.optimizer.suffix import Draw, Suffix, together

DAMPING = 0.05
"""How far a chance moves with each row."""

EDGE_PRICE = 0.005
"""What a switch that is on must gain at least."""

SURE = 0.8
"""How sure the odd draws must be of what was found on the even ones."""

CLEARLY = 0.9
"""How sure all draws must be, in the end, of what was found on all of them."""

FOUND = 0.97
"""The chances of a setting that was found are this and its complement."""

FIRST_SEARCH = 16
"""The draws at which other settings are first looked for."""

SEARCH_GROWTH = 1.6
"""How many times as many draws there are when they are looked for again."""

MOVED = 0.3
"""When a chance has moved so far effects are tried anew in settings of the new chances."""

STARTS = 3
"""From how many settings the search climbs."""

PAIRED = 8
"""Of how many of the best flips pairs are tried."""


@attrs.define(eq=False)
class Switches:
    """What is known of the switches.

    Attributes:
        chances: (switches,) of each being better on.
    """

    suffix: Suffix
    generator: np.random.Generator
    chances: Floats
    _at: Floats = attrs.field(init=False)
    _gains: list[Floats] = attrs.field(factory=list, init=False)
    _search_at: int = attrs.field(default=FIRST_SEARCH, init=False)

    @_at.default
    def _first(self) -> Floats:
        return self.chances

    @property
    def mode(self) -> Booleans:
        """(switches,) which are rather on."""
        mode: Booleans = self.chances >= 0.5
        return mode

    @property
    def left(self) -> float:
        """What turning switches round can be hoped to gain."""
        if not len(self.chances):
            return 0.0
        return float(left_to_gain(*moments(np.array(self._gains) - EDGE_PRICE)).sum()) if self._gains else 1.0

    async def learn(self, draws: Sequence[Draw], weights: Floats, fresh: int) -> None:
        """Take in draws, of which so many are new.

        Args:
            draws: All of them.
            weights: (draws,) how much each counts, at most 1.
            fresh: How many of the last are new.
        """
        if not len(self.chances):
            return
        coins = self.generator.random((tries(len(self.chances)), len(self.chances)))
        if np.abs(self.chances - self._at).max() > MOVED:
            self._restart(self.chances)
        known, chances = len(self._gains), self.chances
        self._gains += await together([effects(self.suffix, each, chances, coins) for each in draws[known:]])
        sure = surely_positive(np.array(self._gains) - EDGE_PRICE, weights)
        for _ in range(fresh):
            self.chances = self.chances + DAMPING * (sure - self.chances)
        if len(draws) >= self._search_at:
            self._search_at = math.ceil(SEARCH_GROWTH * len(draws))
            found = await self.searched(draws, weights)
            if not np.array_equal(found, self.mode):
                self._restart(np.where(found, FOUND, 1 - FOUND))

    def _restart(self, chances: Floats) -> None:
        self.chances = self._at = chances
        self._gains.clear()

    async def searched(self, draws: Sequence[Draw], weights: Floats) -> Booleans:
        """The mode, or a setting found on half of the draws that the other half finds better, and all do."""
        best, most = self.mode, 0.0
        for half in (0, 1):
            found = await climbed(self.suffix, draws[half::2], weights[half::2], self.mode)
            both = await self.suffix.table(draws, np.array([found, self.mode]))
            gains = both[:, 0] - both[:, 1] - EDGE_PRICE * (int(found.sum()) - int(self.mode.sum()))
            others = slice(1 - half, None, 2)
            gained = float(weights @ gains / weights.sum())
            if surely_positive(gains[others, None], weights[others])[0] >= SURE and gained > most:
                best, most = found, gained
        return best

    async def last(self, draws: Sequence[Draw], weights: Floats) -> Booleans:
        """The mode, or what all draws together clearly find better, now that no others will come."""
        found = await climbed(self.suffix, draws, weights, self.mode)
        both = await self.suffix.table(draws, np.array([found, self.mode]))
        gains = both[:, 0] - both[:, 1] - EDGE_PRICE * (int(found.sum()) - int(self.mode.sum()))
        return found if surely_positive(gains[:, None], weights)[0] >= CLEARLY else self.mode


async def pruned(suffix: Suffix, draws: Sequence[Draw], weights: Floats, mode: Booleans) -> list[Booleans]:
    """Settings from the mode down to nothing, each time without the switch that is missed least."""
    left = [mode]
    while left[-1].any():
        on = left[-1].nonzero()[0]
        fewer = np.array([left[-1] & (np.arange(len(mode)) != switch) for switch in on])
        table = await suffix.table(draws, fewer)
        left.append(fewer[int((weights @ table).argmax())])
    return left


async def climbed(suffix: Suffix, draws: Sequence[Draw], weights: Floats, mode: Booleans) -> Booleans:
    """The best setting that a climb from the mode or from a switch alone leads to, by these draws."""
    alone = np.eye(len(mode), dtype=np.bool_)
    starts = np.concatenate([mode[None, :], alone])
    means = await _means(suffix, draws, weights, starts)
    first = [0, *(place for place in np.argsort(-means, kind="stable").tolist() if place)][:STARTS]
    ends = [await _climb(suffix, draws, weights, starts[place], float(means[place])) for place in first]
    return max(ends, key=lambda end: round(end[1], 9))[0]


async def _climb(
    suffix: Suffix, draws: Sequence[Draw], weights: Floats, start: Booleans, mean: float
) -> tuple[Booleans, float]:
    """Turn one switch round, or where that helps no more two, as long as the mean rises."""
    alone = np.eye(len(start), dtype=np.bool_)
    here = start
    while True:
        near = here ^ alone
        means = await _means(suffix, draws, weights, near)
        if means.max() <= mean + 1e-9:
            likely = np.argsort(-means, kind="stable")[:PAIRED].tolist()
            pairs = [(a, b) for place, a in enumerate(likely) for b in likely[place + 1 :]]
            near = np.array([here ^ alone[a] ^ alone[b] for a, b in pairs] or [here])
            means = await _means(suffix, draws, weights, near)
            if means.max() <= mean + 1e-9:
                return here, mean
        here, mean = near[means.argmax()], float(means.max())


async def _means(suffix: Suffix, draws: Sequence[Draw], weights: Floats, switches: Booleans) -> Floats:
    """(settings,) the mean worth less the price of what is on."""
    table = await suffix.table(draws, switches)
    means: Floats = weights @ table / weights.sum() - EDGE_PRICE * switches.sum(axis=1)
    return means
