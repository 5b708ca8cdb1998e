"""Learning by replay: draws of what lies before the last model calls, and every setting of what lies behind.

Each draw is run once, with all that may be heard behind the cut. What lies behind is then learned from exact
counterfactuals (`switches.py`), what lies before from credit by the receiver (`upstream.py`), whose posterior
proposes the next draws.
"""

from collections.abc import Mapping, Sequence
from statistics import NormalDist

import attrs
import numpy as np

from agraph.compiler import ir
from agraph.optimizer.candidates import Candidate, candidate
from agraph.optimizer.effects import moments
from agraph.optimizer.front import tried_on
from agraph.optimizer.intervals import CONFIDENCE
from agraph.optimizer.policy import policy_of
from agraph.optimizer.progress import Learned, Log, Tried
from agraph.optimizer.scoreboard import Replay
from agraph.optimizer.settings import Settings
from agraph.optimizer.suffix import Booleans, Draw, Floats, Suffix, suffix_of
from agraph.optimizer.switches import EDGE_PRICE, Switches, pruned
from agraph.optimizer.upstream import Upstream, upstream_of
from agraph.optimizer.written import Better
from agraph.runtime.cut import cut
from agraph.runtime.errors import BudgetError
from agraph.runtime.plan import Realization

TOGETHER = 4
"""How many draws are run at once: on rows of their own where voices can be told apart, else on one row."""

FIRST = 2
"""How many at first: what is clear at once is to cost little."""

GREEDY = 2
"""How many of these are what would be deployed, so that what lies behind is learned for that."""

GREEDIER, GREEDIER_AT = 3, 64
"""How many, and from how many draws on, where the order of many voices is still open."""

FEWEST = 128
"""Before so many draws nothing is settled."""

FEWEST_UNSURE = 256
"""Nor before so many where there might still be something to gain."""

FEWEST_MOVED = 640
"""Nor before so many where who hears whom clearly makes a difference: then it pays to know each edge."""

CHANGED = 0.02
"""Where the mode is believed to be better by more than this than an earlier one, it is no longer that one; in
units of `Upstream`."""

FEWEST_ROWS = 160
"""How many rows are learned from at least where nothing is drawn, and each is known once and for all."""

SHOWN = 8
"""On as many draws the settings of a graph are scored at least, to be told of."""


@attrs.define(eq=False)
class Replaying:
    """A search by replay under way."""

    graph: ir.Graph
    suffix: Suffix
    switches: Switches
    upstream: Upstream
    draws: list[Draw] = attrs.field(factory=list, init=False)
    _worths: Floats = attrs.field(factory=lambda: np.zeros(0), init=False)
    _checked: Candidate | None = attrs.field(default=None, init=False)
    _checked_at: int = attrs.field(default=0, init=False)

    @property
    def mode(self) -> Candidate:
        """What would be deployed now."""
        return self._candidate(self.upstream.weighed(), self.switches.mode)

    @property
    def weights(self) -> Floats:
        """(draws,) how much each draw tells of the mode."""
        return self._weights(self.draws)

    @property
    def score(self) -> float:
        """The mean worth of what would be deployed, when it was last learned."""
        weights = self.weights
        return float(weights @ self._worths / weights.sum())

    def _weights(self, draws: Sequence[Draw]) -> Floats:
        if not len(self.upstream.parameters):
            return np.ones(len(draws))
        # Also where a budget has ended between the run of a draw and what was to be learned from it.
        return self.upstream.weights(draws[self.upstream.learned :])

    def propose(self) -> list[Candidate]:
        """The next draws; the very first has no candidate edge before the cut."""
        everything = np.ones(len(self.suffix.parameters), np.bool_)
        drawn = [self.upstream.drawn() for _ in range(TOGETHER if self.draws else FIRST)]
        if not self.draws:
            drawn[0] = self.upstream.first()
        elif self.upstream.panelled:
            greedy = GREEDIER if self.upstream.linked and len(self.draws) >= GREEDIER_AT else GREEDY
            drawn[:greedy] = [self.upstream.weighed()] * greedy
        return [self._candidate(each, everything) for each in drawn]

    async def learn(self, candidates: Sequence[Candidate], rows: Sequence[int]) -> None:
        """Run draws, each on its row, and learn from them."""
        fresh = [Draw(each, row) for each, row in zip(candidates, rows, strict=True)]
        try:
            every = [*self.draws, *fresh]
            await self.switches.learn(every, self._weights(every), len(fresh))
            await self.upstream.learn(fresh, self.switches.mode)
        finally:
            self.draws += [each for each in fresh if each.scores]
        self._worths = (await self.suffix.table(self.draws, self.switches.mode[None, :]))[:, 0]
        self.upstream.hold(self.mode, self._worths)

    def settled(self, tolerance: float) -> bool:
        """Whether no more can be hoped for than the tolerance, or the mode has long been what it is."""
        count = len(self.draws)
        if self._checked is None or self._gained() > CHANGED:
            self._checked, self._checked_at = self.mode, count
        if not len(self.upstream.parameters):
            return count >= max(FEWEST_ROWS, 2 * self._checked_at)
        if count >= FEWEST and self.switches.left + self.upstream.left(self.mode) < tolerance:
            return True
        fewest = FEWEST_MOVED if self.upstream.moved else FEWEST_UNSURE
        return count >= max(fewest, 2 * self._checked_at)

    def _gained(self) -> float:
        """What the mode is believed to gain over the one that was last checked."""
        assert self._checked is not None
        mode = self.mode
        if any(mode.choices[p] != self._checked.choices[p] for p in self.suffix.parameters):
            return float("inf")
        changed = (
            np.array(mode.choices)[self.upstream.parameters]
            != np.array(self._checked.choices)[self.upstream.parameters]
        )
        return float((self.upstream.stakes(mode) * np.abs(self.upstream.belief.mean))[changed].sum())

    def _candidate(self, weights: Floats, switches: Booleans) -> Candidate:
        """The candidate of weights before the cut, the greatest first where edges would close a cycle."""
        values = list(self.graph.priors)
        most = float(np.abs(weights).max(initial=0.0)) or 1.0
        for parameter, weight in zip(self.upstream.parameters.tolist(), weights.tolist(), strict=True):
            values[parameter] = 0.5 + 0.49 * weight / most if weight > 0 else 0.25 + 0.24 * weight / most
        for parameter, on in zip(self.suffix.parameters, switches.tolist(), strict=True):
            values[parameter] = 0.75 if on else 0.25
        return candidate(self.graph, values)

    async def best(self) -> tuple[Candidate, tuple[Tried, ...]]:
        """The mode without what is not worth its place, and what is known of smaller ones."""
        draws = self.draws
        weights = self.weights
        if not len(self.suffix.parameters):
            return self.mode, await self._tried([self.mode], [self.switches.mode])
        left = await pruned(self.suffix, draws, weights, await self.switches.last(draws, weights))
        means = weights @ await self.suffix.table(draws, np.array(left)) / weights.sum()
        chosen = 0
        while chosen + 1 < len(left) and means[chosen + 1] >= means[chosen] - EDGE_PRICE:
            chosen += 1
        belief = self.upstream.weighed()
        found = [self._candidate(belief, each) for each in left]
        return found[chosen], await self._tried(found, left)

    async def _tried(self, found: Sequence[Candidate], settings: Sequence[Booleans]) -> tuple[Tried, ...]:
        """Candidates with their means, where draws had the same before the cut."""
        same = [each for each in self.draws if self._alike(each.candidate, found[0])]
        if len(same) < SHOWN:
            return ()
        speaking = np.ones((len(settings), len(self.suffix.voices)), np.bool_)
        every = np.concatenate([np.array(settings), speaking], axis=1)
        scores = [await self.suffix.scores(each, every) for each in same]
        return tuple(
            tried_on(one.realization, [of_draw[place] for of_draw in scores])
            for place, one in enumerate(found)
        )

    def _alike(self, first: Candidate, second: Candidate) -> bool:
        return all(first.choices[each] == second.choices[each] for each in self.upstream.parameters.tolist())


async def replayed(
    graph: ir.Graph,
    replay: Replay,
    rows: Sequence[int],
    settings: Settings,
    generator: np.random.Generator,
    log: Log,
) -> Learned:
    """The best realization found, and what is known of its flips.

    Args:
        graph: With the values of the author's file.
        replay: Scores all settings of a draw.
        rows: The rows to learn from.
        settings: How much to try.
        generator: The only source of randomness.
        log: Told of each step.
    """
    policy = policy_of(graph)
    suffix = suffix_of(graph, policy, cut(graph), replay)
    priors = np.array(graph.priors, np.float64)[list(suffix.parameters)]
    switches = Switches(suffix, generator, np.clip(priors, 0.3, 0.7))
    search = Replaying(graph, suffix, switches, upstream_of(graph, policy, suffix, generator))
    stopped = None
    try:
        while len(search.draws) + (TOGETHER if search.draws else FIRST) <= settings.runs:
            shown = _shown(search, rows)
            if not shown:
                break
            proposed = search.propose()[: len(shown)]
            await search.learn(proposed, shown[: len(proposed)])
            mode = search.mode
            log.add(len(search.draws), search.score, mode.realization)
            if search.settled(settings.tolerance):
                break
    except BudgetError as error:
        stopped = str(error)
    if not search.draws:
        return Learned(candidate(graph, graph.priors), lambda _parameter, _flip: None, {}, (), stopped)
    best, tried = await search.best()
    known = await _known(search, best)
    half = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    evidence = {
        parameter: (mean, mean - half * deviation, mean + half * deviation)
        for parameter, (mean, deviation) in known.items()
        if deviation
    }
    return Learned(best, _certainty(known), evidence, tried, stopped)


def _shown(search: Replaying, rows: Sequence[int]) -> list[int]:
    """The rows of the next draws; none where all are known and nothing before the cut can be drawn anew."""
    count = len(search.draws)
    if not len(search.upstream.parameters):
        return list(rows[count : count + TOGETHER])
    if search.upstream.panelled:
        return [rows[(count + place) % len(rows)] for place in range(TOGETHER)]
    return [rows[count // TOGETHER % len(rows)]] * TOGETHER


async def _known(search: Replaying, best: Candidate) -> dict[int, tuple[float, float]]:
    """By parameter what the best gains by it as it stands, and how uncertain that is."""
    suffix, upstream = search.suffix, search.upstream
    chosen = np.array([best.choices[parameter] for parameter in suffix.parameters], np.bool_)
    known: dict[int, tuple[float, float]] = {}
    if len(chosen):
        flips = chosen ^ np.eye(len(chosen), dtype=np.bool_)
        speaking = np.ones((len(chosen) + 1, len(suffix.voices)), np.bool_)
        settings = np.concatenate([np.concatenate([chosen[None, :], flips]), speaking], axis=1)
        scores = [await suffix.scores(each, settings) for each in search.draws]
        table = np.array([[score.worth for score in of_draw] for of_draw in scores])
        means, deviations = moments(table[:, :1] - table[:, 1:], search.weights)
        known.update(
            zip(suffix.parameters, zip(means.tolist(), deviations.tolist(), strict=True), strict=True)
        )
    for parameter in upstream.parameters.tolist():
        known[parameter] = upstream.gain(parameter, best)
    return known


def _certainty(known: Mapping[int, tuple[float, float]]) -> Better:
    def better(parameter: int, _flip: Realization) -> float | None:
        if parameter not in known:
            return None
        mean, deviation = known[parameter]
        return NormalDist().cdf(mean / deviation) if deviation else 0.5

    return better
