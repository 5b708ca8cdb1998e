"""Learning what lies before the last model calls: credit by the receiver.

Where several voices are heard behind the cut, each is credited with what it adds to panels of the others, and
what enters a node with the credit of that node and a tenth of that of all that it reaches: far less noise
than the worth of the whole graph. How a node responds to what it hears is fitted (`responses.py`), so that
edges are weighed by what they do where all else is as it would be deployed. Elsewhere everything is credited
with the worth of the whole.
"""

import math
from collections.abc import Sequence

import attrs
import numpy as np

from agraph.compiler import ir
from agraph.optimizer.candidates import Candidate
from agraph.optimizer.credit import (
    Belief,
    Layout,
    Observed,
    Spreads,
    believed,
    likeliest_spreads,
    normal_quantile,
    susceptible,
    without_row_effects,
)
from agraph.optimizer.crediting import DOWNSTREAM, WHOLE, Crediting
from agraph.optimizer.effects import Booleans, Floats, left_to_gain, surely_positive
from agraph.optimizer.policy import Policy
from agraph.optimizer.responses import (
    Prospect,
    Reach,
    Responses,
    followed,
    importance,
    total_and_pairs,
)
from agraph.optimizer.suffix import Draw, Integers, Suffix

TOLD_AT = 12
"""The draws from which on they tell how far effects spread."""

TOLD_GROWTH = 1.4
"""How many times as many draws there are when they are asked that again."""

CLEAR = 3.0
"""An effect is clear from so many standard deviations on."""

NEAR = 0.1
"""A draw that is believed to be worth so much less than the best draw counts by 1/e."""

LEAST = math.exp(-50)
"""What a draw counts at least, so that any of them can be averaged."""

KEPT = 0.3
"""An edge of the mode stays there until it is believed to be worse by so many standard deviations."""

UNHEARD = 0.1
"""The least importance of a node, in shares of what one of all voices has."""


@attrs.define(eq=False)
class Upstream:
    """What is known of the learnables before the cut.

    Attributes:
        parameters: (effects,) those learnables.
        crediting: Gives each node its credit.
        receivers: (effects,) the node that each enters or belongs to, or `WHOLE`.
        senders: (effects,) whose edge it is; numbers below 0 for other learnables, each its own.
        belief: Of the effects of these, each where all else is as the mode has it; in scores, or in units
            of half the largest where that is more than 1.
        held: What would be deployed now, or `None` before anything is learned.
    """

    graph: ir.Graph
    suffix: Suffix
    generator: np.random.Generator
    crediting: Crediting
    parameters: Integers
    receivers: Integers
    senders: Integers
    inclination: Floats
    belief: Belief = attrs.field(init=False)
    held: Candidate | None = attrs.field(default=None, init=False)
    _followed: Floats = attrs.field(init=False)
    _responses: Responses | None = attrs.field(default=None, init=False)
    _prospect: Prospect | None = attrs.field(default=None, init=False)
    _spreads: Spreads = attrs.field(factory=Spreads, init=False)
    _told_at: int = attrs.field(default=TOLD_AT, init=False)
    _own: Floats = attrs.field(init=False)
    _standings: Floats = attrs.field(init=False)
    _credits: Floats = attrs.field(init=False)
    _features: Floats = attrs.field(init=False)
    _unit: float = attrs.field(default=1.0, init=False)
    _rows: list[int] = attrs.field(factory=list, init=False)

    @belief.default
    def _prior(self) -> Belief:
        layout = Layout(self.senders, 0)
        return believed((), layout, self.inclination, Spreads(), np.zeros(0))

    @_own.default
    def _no_own(self) -> Floats:
        return np.zeros((0, len(self.suffix.voices)))

    @_standings.default
    def _no_standings(self) -> Floats:
        return np.zeros((0, len(self.graph.nodes)))

    @_credits.default
    def _no_credits(self) -> Floats:
        return np.zeros((0, len(self.graph.nodes) + 1))

    @_features.default
    def _no_features(self) -> Floats:
        return np.zeros((0, len(self.parameters)))

    @_followed.default
    def _alike(self) -> Floats:
        heard = np.bincount(self.crediting.speakers, minlength=len(self.graph.nodes))
        return np.asarray(heard / max(1, len(self.suffix.voices)), np.float64)

    @property
    def learned(self) -> int:
        """From how many draws this was learned."""
        return len(self._rows)

    @property
    def panelled(self) -> bool:
        """Whether voices can be told apart."""
        return self.crediting.panelled

    @property
    def linked(self) -> bool:
        """Whether who hears whom can be learned."""
        return self.panelled and bool((self.senders >= 0).any())

    @property
    def moved(self) -> bool:
        """Whether any of these clearly has an effect, or what is heard has."""
        beliefs = [self.belief, *([self._responses.belief] if self._responses else [])]
        return any(bool((np.abs(each.mean) > CLEAR * each.deviation).any()) for each in beliefs)

    def left(self, mode: Candidate) -> float:
        """What turning these round can be hoped to gain the mode."""
        # Of a voice that is not listened to now as much may come as of any other.
        stakes = np.maximum(self.stakes(mode), 1 / max(1, len(self.suffix.voices)))
        return self._unit * float(stakes @ left_to_gain(self.belief.mean, self.belief.deviation))

    def stakes(self, mode: Candidate) -> Floats:
        """(effects,) how much of an effect on its receiver is one on the whole."""
        if not self.panelled:
            return np.ones(len(self.parameters))
        heard = np.maximum(self._followed, UNHEARD / len(self.suffix.voices))
        edges, there = self.graph.edges, mode.realization.edges
        behind, passed = self.suffix.behind, self._passed
        ends = [
            (sender, receiver, passed.get((sender, receiver), DOWNSTREAM))
            for sender, receiver, drawn in zip(edges.senders, edges.receivers, there, strict=True)
            if drawn and receiver not in behind
        ]
        found = importance(len(self.graph.nodes), ends, heard)
        return np.where(self.receivers == WHOLE, 1.0, found[self.receivers])

    def first(self) -> Floats:
        """(effects,) weights by which no candidate edge is drawn, and all else is as in the file."""
        weights = np.full(len(self.parameters), -1.0)
        for place, parameter in enumerate(self.parameters.tolist()):
            if self.senders[place] < 0:
                prior = self.graph.priors[parameter]
                weights[place] = prior if parameter in self.graph.rivals else prior - 0.5
        return weights

    def drawn(self) -> Floats:
        """(effects,) weights drawn from what is believed."""
        if self._responses is None or self.held is None:
            return self.belief.draw(self.generator)
        return self._planned(self.held, self._responses.belief.draw(self.generator), 0.0)

    def weighed(self) -> Floats:
        """(effects,) weights of what is believed to be best."""
        if self._responses is None or self.held is None:
            return self.belief.mean
        return self._planned(self.held, self._responses.belief.mean, KEPT)

    def _planned(self, held: Candidate, effects: Floats, kept: float) -> Floats:
        assert self._responses is not None
        assert self._prospect is not None
        bonus = np.where(self._feature(held) > 0, kept * self.belief.deviation, 0.0)
        return self._responses.planned(effects, self._prospect, self.stakes(held), bonus, Reach(self.graph))

    async def learn(self, draws: Sequence[Draw], mode: Booleans) -> None:
        """Take in new draws.

        Args:
            draws: The new ones.
            mode: (switches,) what would be deployed behind the cut.
        """
        if not len(self.parameters):
            return
        found = await self.crediting.credits(draws, mode)
        self._credits = np.vstack([self._credits, *(each.credited for each in found)])
        self._own = np.vstack([self._own, *(each.contributed for each in found)])
        self._standings = np.vstack([self._standings, *(each.standings for each in found)])
        self._features = np.vstack([self._features, *(self._feature(each.candidate) for each in draws)])
        self._rows += [each.row for each in draws]
        # What is thought of effects is thought of scores between 0 and 1; others are measured in units.
        largest = max(float(np.abs(each).max()) for each in (self._standings, self._credits[:, WHOLE]))
        self._unit = max(1.0, largest / 2)
        self._believe()
        if self.panelled:
            helpful = surely_positive(self._own, self.weights(()))
            self.crediting.prefer(helpful, len(draws))

    def _believe(self) -> None:
        nodes, observed = len(self.graph.nodes), self._observed()
        layout = Layout(self.senders, nodes if self.panelled else 0)
        shares = np.ones(len(observed))
        if self.panelled:
            shares = susceptible(observed, layout, self._spreads)
        if len(self._rows) >= self._told_at:
            self._told_at = math.ceil(TOLD_GROWTH * len(self._rows))
            self._spreads = likeliest_spreads(observed, layout, shares)
        self.belief = believed(observed, layout, self.inclination, self._spreads, shares)
        if self.panelled:
            by_node, receivers = np.ones(nodes + 1), np.unique(self.receivers)
            by_node[receivers] = shares
            self._responses = Responses(self.senders, self.receivers, self.belief, by_node[:WHOLE])
            self._look_ahead()

    def _look_ahead(self) -> None:
        """Reckon what there is to hear, and what each learnable does, where the mode is drawn."""
        assert self._responses is not None
        wanted = np.zeros(len(self.parameters))
        if self.held is not None:
            wanted = np.array(self.held.choices, np.float64)[self.parameters]
        self._prospect = self._responses.prospect(self._features, self._standings / self._unit, wanted)
        self.belief = self._responses.at(self._prospect)

    def hold(self, mode: Candidate, worths: Floats) -> None:
        """Take in what would be deployed now, and what it is worth behind the cut on every draw: (draws,)."""
        if self.panelled and self.learned:
            speakers = sorted(set(self.crediting.speakers))
            standings = self._standings[:, speakers] / self._unit
            self._followed[speakers] = followed(standings, worths / self._unit, self.weights(()))
        self.held = mode

    def gain(self, parameter: int, best: Candidate) -> tuple[float, float]:
        """What the best gains by a parameter as it stands, and how uncertain that is.

        Of an option that is not taken it is what the one that is taken is better by; of that one itself
        nothing is to be said, and the uncertainty is 0.
        """
        rivals = self.graph.rivals.get(parameter, ())
        direction = np.zeros(len(self.parameters))
        place = {each: number for number, each in enumerate(self.parameters.tolist())}
        if rivals:
            direction[place[parameter]] -= 1
            taken = next((each for each in rivals if best.choices[each]), None)
            if taken in place:
                direction[place[taken]] += 1
        else:
            direction[place[parameter]] = 1 if best.choices[parameter] else -1
        variance = float(direction @ self.belief.covariance @ direction)
        return self._unit * float(direction @ self.belief.mean), self._unit * math.sqrt(max(0.0, variance))

    def weights(self, fresh: Sequence[Draw]) -> Floats:
        """(draws,) how much each draw tells of the mode: less where the best is believed to be better.

        Args:
            fresh: What follows the draws that were learned from.
        """
        features = np.vstack([self._features, *(self._feature(each.candidate) for each in fresh)])
        stakes = np.ones(len(self.parameters)) if self.held is None else self.stakes(self.held)
        worths = features @ (stakes * self.belief.mean)
        weights: Floats = np.maximum(np.exp((worths - worths.max()) / NEAR), LEAST)
        return weights

    def _feature(self, candidate: Candidate) -> Floats:
        """(effects,) 1 for what is wanted and alive."""
        realization, choices = candidate.realization, candidate.choices
        feature = np.array(choices, np.float64)
        for parameter, edge in zip(self.graph.edges.parameters, realization.edges, strict=True):
            if parameter != ir.FIXED:
                feature[parameter] = edge
        for node, choice in self.graph.choices:
            if not realization.nodes[node]:
                feature[list(choice.parameters)] = 0
        return feature[self.parameters]

    def _observed(self) -> list[Observed]:
        observed = []
        receivers = self.receivers if self.panelled else np.full_like(self.receivers, WHOLE)
        for node in np.unique(receivers).tolist():
            columns = np.flatnonzero(receivers == node)
            seen = Observed(self._features[:, columns], self._credits[:, node] / self._unit, columns)
            observed.append(
                without_row_effects(seen, self._rows) if node == WHOLE else self._told(seen, node)
            )
        return observed

    def _told(self, seen: Observed, node: int) -> Observed:
        """What a node saw, and what the messages that it heard were worth."""
        edges = seen.columns[self.senders[seen.columns] >= 0]
        standings = self._standings[:, self.senders[edges]] / self._unit
        total, pairs = total_and_pairs(self._features[:, edges] * standings)
        told = len(self.parameters) + node
        return Observed(
            np.column_stack([seen.features, total, pairs]),
            seen.credits,
            np.append(seen.columns, [told, told + len(self.graph.nodes)]),
        )

    @property
    def _passed(self) -> dict[tuple[int, int], float]:
        """By sender and receiver, how much of what the one is worth more the other is."""
        if self._responses is None or self._prospect is None:
            return {}
        passed = np.clip(self._responses.passed_on(self._prospect), DOWNSTREAM, 1.0)
        ends = zip(self.senders.tolist(), self.receivers.tolist(), strict=True)
        return dict(zip(ends, passed.tolist(), strict=True))


def upstream_of(graph: ir.Graph, policy: Policy, suffix: Suffix, generator: np.random.Generator) -> Upstream:
    """What can be learned of a graph before the cut."""
    free = set(suffix.parameters)
    parameters = [each for each in policy.learnable.nonzero()[0].tolist() if each not in free]
    receiver, sender = dict.fromkeys(parameters, WHOLE), {p: -2 - p for p in parameters}
    edges = graph.edges
    for start, end, parameter in zip(edges.senders, edges.receivers, edges.parameters, strict=True):
        if parameter in receiver:
            receiver[parameter], sender[parameter] = end, start
    for node, choice in graph.choices:
        receiver.update({weight: node for weight in choice.parameters if weight in receiver})
    inclined = [
        0.0 if parameter in graph.rivals else normal_quantile(graph.priors[parameter])
        for parameter in parameters
    ]
    return Upstream(
        graph,
        suffix,
        generator,
        Crediting(graph, suffix, generator),
        np.array(parameters, np.intp),
        np.array([receiver[each] for each in parameters], np.intp),
        np.array([sender[each] for each in parameters], np.intp),
        np.array(inclined, np.float64),
    )
