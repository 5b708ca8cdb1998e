"""Learning what lies before the last model calls: credit by the receiver.

Where several voices are heard behind the cut, each is credited with what it adds to panels of the others, and
what enters a node with the credit of that node and a tenth of that of all that it reaches: far less noise
than the worth of the whole graph. Elsewhere everything is credited with the worth of the whole.
"""

import math
from collections.abc import Sequence

import attrs
import numpy as np

from agraph.compiler import ir
from agraph.optimizer.candidates import Candidate
from agraph.optimizer.credit import (
    DEFAULT_SPREADS,
    Belief,
    Observed,
    believed,
    likeliest_spreads,
    normal_quantile,
    without_row_effects,
)
from agraph.optimizer.effects import (
    Booleans,
    Floats,
    contributions,
    left_to_gain,
    surely_positive,
    tries,
)
from agraph.optimizer.policy import Policy
from agraph.optimizer.suffix import Draw, Integers, Suffix, together

DOWNSTREAM = 0.1
"""Which share of a node's credit goes to what enters the nodes before it."""

TOLD_AT = 12
"""The draws from which on they tell how far effects spread."""

TOLD_GROWTH = 1.4
"""How many times as many draws there are when they are asked that again."""

CLEAR = 3.0
"""An effect is clear from so many standard deviations on."""

DAMPING = 0.05
"""How far the chance of a voice to belong to a panel moves with each draw."""

ALONE = 0.5
"""Which share of a voice's credit is what it adds where no other is heard; the rest is what it adds to
panels."""

NEAR = 0.1
"""A draw that is believed to be worth so much less than the best draw counts by 1/e."""

WHOLE = -1
"""In place of a receiver: what is credited with the worth of the whole graph."""


@attrs.define(eq=False)
class Upstream:
    """What is known of the learnables before the cut.

    Attributes:
        parameters: (effects,) those learnables.
        receivers: (effects,) the node that each enters or belongs to, or `WHOLE`.
        senders: (effects,) whose edge it is; numbers below 0 for other learnables, each its own.
        belief: Of their effects.
    """

    graph: ir.Graph
    suffix: Suffix
    generator: np.random.Generator
    parameters: Integers
    receivers: Integers
    senders: Integers
    inclination: Floats
    belief: Belief = attrs.field(init=False)
    _heard: Floats = attrs.field(init=False)
    _spreads: tuple[float, float] = attrs.field(default=DEFAULT_SPREADS, init=False)
    _told_at: int = attrs.field(default=TOLD_AT, init=False)
    _own: list[Floats] = attrs.field(factory=list, init=False)
    _credits: list[Floats] = attrs.field(factory=list, init=False)
    _features: list[Floats] = attrs.field(factory=list, init=False)
    _rows: list[int] = attrs.field(factory=list, init=False)

    @belief.default
    def _prior(self) -> Belief:
        return believed((), self.senders, self.inclination, DEFAULT_SPREADS)

    @_heard.default
    def _evenly(self) -> Floats:
        return np.full(len(self.suffix.voices), 0.5)

    @property
    def panelled(self) -> bool:
        """Whether voices can be told apart."""
        return len(self.suffix.voices) > 1

    @property
    def moved(self) -> bool:
        """Whether any of these clearly has an effect."""
        return bool((np.abs(self.belief.mean) > CLEAR * self.belief.deviation).any())

    def left(self, mode: Candidate) -> float:
        """What turning these round can be hoped to gain the mode."""
        return float(self.stakes(mode) @ left_to_gain(self.belief.mean, self.belief.deviation))

    def stakes(self, mode: Candidate) -> Floats:
        """(effects,) how much of an effect on its receiver is one on the whole.

        Of several voices each has its share; what enters nodes that do not run has none.
        """
        nodes = mode.realization.nodes
        if not self.panelled:
            return np.ones(len(self.parameters))
        voices = max(1, sum(nodes[voice] for voice in self.suffix.voices))
        return np.array([1.0 if node == WHOLE else nodes[node] / voices for node in self.receivers.tolist()])

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
        return self.belief.draw(self.generator)

    async def learn(self, draws: Sequence[Draw], chances: Floats) -> None:
        """Take in new draws.

        Args:
            draws: The new ones.
            chances: (switches,) of each switch behind the cut.
        """
        if not len(self.parameters):
            return
        panels = [self._panels() for _ in draws]
        found = await together(
            [self._credit(each, chances, heard) for each, heard in zip(draws, panels, strict=True)]
        )
        self._credits += [credit for credit, _ in found]
        self._own += [contributed for _, contributed in found]
        self._features += [self._feature(each) for each in draws]
        self._rows += [each.row for each in draws]
        observed = self._observed()
        if len(self._rows) >= self._told_at:
            self._told_at = math.ceil(TOLD_GROWTH * len(self._rows))
            self._spreads = likeliest_spreads(observed, self.senders)
        self.belief = believed(observed, self.senders, self.inclination, self._spreads)
        if self.panelled:
            helpful = surely_positive(np.array(self._own), self.weights(()))
            for _ in draws:
                self._heard = self._heard + DAMPING * (helpful - self._heard)

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
        return float(direction @ self.belief.mean), math.sqrt(max(0.0, variance))

    def weights(self, fresh: Sequence[Draw]) -> Floats:
        """(draws,) how much each draw tells of the mode: less where the best is believed to be better.

        Args:
            fresh: What follows the draws that were learned from.
        """
        features = [*self._features, *(self._feature(each) for each in fresh)]
        worths = np.array(features) @ self.belief.mean
        weights: Floats = np.exp((worths - worths.max()) / NEAR)
        return weights

    def _feature(self, draw: Draw) -> Floats:
        """(effects,) 1 for what was drawn and alive."""
        realization, choices = draw.candidate.realization, draw.candidate.choices
        feature = np.array(choices, np.float64)
        for parameter, edge in zip(self.graph.edges.parameters, realization.edges, strict=True):
            if parameter != ir.FIXED:
                feature[parameter] = edge
        for node, choice in self.graph.choices:
            if not realization.nodes[node]:
                feature[list(choice.parameters)] = 0
        return feature[self.parameters]

    def _panels(self) -> Booleans:
        """(panels, voices) who belongs to each panel: fewer or more of those that add to others."""
        voices = len(self._heard)
        count = tries(voices)
        share = self._heard * self.generator.random((count, 1))
        panels: Booleans = self.generator.random((count, voices)) < share
        return panels

    async def _credit(self, draw: Draw, chances: Floats, heard: Booleans) -> tuple[Floats, Floats]:
        """(nodes + 1,) what is credited to each node, and last to the whole; (voices,) what each adds."""
        speaking = np.ones(len(self.suffix.voices), np.bool_)
        mode = np.concatenate([chances >= 0.5, speaking])
        credit = np.zeros(len(self.graph.nodes) + 1)
        credit[WHOLE] = (await self.suffix.worths(draw, mode[None, :]))[0]
        contributed = np.zeros(len(self.suffix.voices))
        if self.panelled:
            own = np.zeros(len(self.graph.nodes))
            speakers = [_speaker(self.graph, voice) for voice in self.suffix.voices]
            contributed = await contributions(self.suffix, draw, heard)
            alone = await contributions(self.suffix, draw, np.zeros((1, len(speakers)), np.bool_))
            np.add.at(own, speakers, ALONE * alone + (1 - ALONE) * contributed)
            reach = reached(self.graph, draw.candidate.realization.edges)
            credit[:WHOLE] = own + DOWNSTREAM * (reach @ own)
        return credit, contributed

    def _observed(self) -> list[Observed]:
        features, credited = np.array(self._features), np.array(self._credits)
        observed = []
        receivers = self.receivers if self.panelled else np.full_like(self.receivers, WHOLE)
        for node in np.unique(receivers).tolist():
            columns = np.flatnonzero(receivers == node)
            seen = Observed(features[:, columns], credited[:, node], columns)
            observed.append(without_row_effects(seen, self._rows) if node == WHOLE else seen)
        return observed


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
        np.array(parameters, np.intp),
        np.array([receiver[each] for each in parameters], np.intp),
        np.array([sender[each] for each in parameters], np.intp),
        np.array(inclined, np.float64),
    )


def _speaker(graph: ir.Graph, voice: int) -> int:
    """Whose message a voice brings: that of the one node that a function hears, and so on, else its own."""
    while not isinstance(graph.nodes[voice].work, ir.ModelCall):
        heard = [a for a, b in zip(graph.edges.senders, graph.edges.receivers, strict=True) if b == voice]
        if len(heard) != 1:
            break
        voice = heard[0]
    return voice


def reached(graph: ir.Graph, there: Sequence[bool]) -> Floats:
    """(nodes, nodes) 1 where a path of these edges leads from the first to the second."""
    count = len(graph.nodes)
    reach = np.zeros((count, count))
    for sender, receiver, drawn in zip(graph.edges.senders, graph.edges.receivers, there, strict=True):
        if drawn:
            reach[sender, receiver] = 1
    while True:
        grown = np.minimum(reach + reach @ reach, 1)
        if np.array_equal(grown, reach):
            return reach
        reach = grown
