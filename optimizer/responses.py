"""What each node makes of what it hears: from whom, and whether what was said was worth anything.

How good a message was is known of every node that is heard behind the cut: what the answer is worth where it
alone is heard. What a receiver is credited with is fitted by who was heard, by the sum of the worths of what
was heard, and by their products in pairs, for a second good message seldom adds what the first did. So what
was seen of one sender tells of all that say things as good. And what a draw would have given with other edges
can be reckoned: what the fit does not explain of it stays as it was.

Source:
    Counterfactuals of structural equation models: Pearl, "Causality", 2009, chapter 7.
"""

from collections.abc import Iterator, Sequence

import attrs
import numpy as np

from agraph.compiler import ir
from agraph.optimizer.credit import Belief, Floats, Integers

ROUNDS = 4
"""Along so many edges a change is followed."""


@attrs.frozen(eq=False)
class Prospect:
    """How good messages are where the mode is drawn.

    Attributes:
        wanted: (effects,) 1 for what the mode wants.
        told: (nodes,) the mean worth of what each says.
        both: (nodes, nodes) the mean product of the worths of two.
    """

    wanted: Floats
    told: Floats
    both: Floats


@attrs.frozen(eq=False)
class Responses:
    """The responses of all nodes, as they are believed to be.

    Attributes:
        senders: (effects,) as in `Upstream`.
        receivers: (effects,) as in `Upstream`.
        belief: Of (effects + 2 · nodes): the effects of who is heard, then for each node what the worths of
            what it hears add, and then what their products add.
        susceptible: (nodes,) the chance that what enters each makes any difference to it.
    """

    senders: Integers
    receivers: Integers
    belief: Belief
    susceptible: Floats

    @property
    def _nodes(self) -> int:
        return len(self.susceptible)

    def prospect(self, features: Floats, standings: Floats, wanted: Floats) -> Prospect:
        """How good messages would have been, had the mode been drawn each time.

        Args:
            features: (draws, effects) 1 for what was drawn.
            standings: (draws, nodes) the worth of what each said.
            wanted: (effects,) 1 for what the mode wants.
        """
        seen = dict(self._heard(features, standings))
        carried = standings
        for _ in range(ROUNDS):
            moved = standings.copy()
            for node, heard in self._heard(wanted[None, :], carried):
                moved[:, node] += self.susceptible[node] * (heard - seen[node])
            carried = np.clip(moved, standings.min(), standings.max())
        return Prospect(wanted, carried.mean(axis=0), carried.T @ carried / len(carried))

    def _heard(self, there: Floats, worths: Floats) -> Iterator[tuple[int, Floats]]:
        """For each node what all that is there adds to its credit: (draws,)."""
        effects, told, paired = self._parts(self.belief.mean)
        for node, edges in self._entering():
            each = there[:, edges] * worths[:, self.senders[edges]]
            total, pairs = total_and_pairs(each)
            yield node, there[:, edges] @ effects[edges] + told[node] * total + paired[node] * pairs

    def _entering(self) -> Iterator[tuple[int, Integers]]:
        edges = np.flatnonzero(self.senders >= 0)
        for node in np.unique(self.receivers[edges]).tolist():
            yield node, edges[self.receivers[edges] == node]

    def _parts(self, whole: Floats) -> tuple[Floats, Floats, Floats]:
        count = len(self.senders)
        return whole[:count], whole[count : count + self._nodes], whole[count + self._nodes :]

    def at(self, prospect: Prospect) -> Belief:
        """What each learnable does to its receiver where all else is as the mode has it."""
        count = len(self.senders)
        edges = np.flatnonzero(self.senders >= 0)
        turn = np.zeros((count, count + 2 * self._nodes))
        turn[:, :count] = np.eye(count)
        turn[edges, count + self.receivers[edges]] = prospect.told[self.senders[edges]]
        turn[edges, count + self._nodes + self.receivers[edges]] = self._beside(prospect)[edges]
        turn *= self._susceptible[:, None]
        return Belief(turn @ self.belief.mean, turn @ self.belief.covariance @ turn.T, self.belief.scale)

    @property
    def _susceptible(self) -> Floats:
        """(effects,) of the receiver of each; all that is credited with the whole is."""
        return np.where(self.receivers >= 0, self.susceptible[self.receivers], 1.0)

    def _beside(self, prospect: Prospect) -> Floats:
        """(effects,) the products of what a sender says with all else that its receiver hears in the mode."""
        products = np.zeros(len(self.senders))
        for _, edges in self._entering():
            both = prospect.both[np.ix_(self.senders[edges], self.senders[edges])]
            products[edges] = (both - np.diag(np.diagonal(both))) @ prospect.wanted[edges]
        return products

    def passed_on(self, prospect: Prospect) -> Floats:
        """(effects,) how much of what a sender is worth more its receiver is worth more, in the mode."""
        _, told, paired = self._parts(self.belief.mean)
        edges = np.flatnonzero(self.senders >= 0)
        passed = np.zeros(len(self.senders))
        beside, by = self._beside(prospect)[edges], prospect.told[self.senders[edges]]
        others = np.divide(beside, by, out=np.zeros(len(edges)), where=np.abs(by) > 1e-9)
        slopes = told[self.receivers[edges]] + paired[self.receivers[edges]] * others
        passed[edges] = self._susceptible[edges] * slopes
        return passed

    def planned(
        self, whole: Floats, prospect: Prospect, importance: Floats, bonus: Floats, reach: "Reach"
    ) -> Floats:
        """(effects,) weights by which what gains most goes first, each given those that went before.

        Args:
            whole: (effects + 2 · nodes,) believed, or drawn from what is believed.
            prospect: Of the mode.
            importance: (effects,) how much an effect on its receiver is one on the whole.
            bonus: (effects,) added to the effects of edges.
            reach: Of the edges that are there whatever is planned; those planned are added.
        """
        effects, told, paired = self._parts(whole)
        counts = importance * self._susceptible
        weights = counts * effects
        edges = np.flatnonzero(self.senders >= 0)
        weights[edges] = -1e-6
        gains = np.full(len(weights), -np.inf)
        gains[edges] = (effects + bonus)[edges] + told[self.receivers[edges]] * prospect.told[
            self.senders[edges]
        ]
        last = np.inf
        while len(edges):
            best = int(np.argmax(counts * gains))
            gain = float(counts[best] * gains[best])
            if not gain > 0:
                break
            gains[best] = -np.inf
            sender, receiver = int(self.senders[best]), int(self.receivers[best])
            if reach.closes(sender, receiver):
                continue
            last = weights[best] = min(last, gain)
            reach.add(sender, receiver)
            same = edges[self.receivers[edges] == receiver]
            gains[same] += paired[receiver] * prospect.both[self.senders[same], sender]
        return weights


def total_and_pairs(worths: Floats) -> tuple[Floats, Floats]:
    """(draws,) the sums of (draws, heard) worths, and of their products in pairs."""
    total = worths.sum(axis=1)
    return total, (total**2 - (worths**2).sum(axis=1)) / 2


class Reach:
    """Which nodes a path leads to from each, as bits; at first by edges that the author made certain."""

    def __init__(self, graph: ir.Graph) -> None:
        self._reached = [1 << node for node in range(len(graph.nodes))]
        edges = list(zip(graph.edges.senders, graph.edges.receivers, graph.edges.parameters, strict=True))
        for sender, receiver, parameter in edges:
            if parameter == ir.FIXED:
                self.add(sender, receiver)
        for sender, receiver, parameter in edges:
            if parameter != ir.FIXED and graph.priors[parameter] == 1 and not self.closes(sender, receiver):
                self.add(sender, receiver)

    def closes(self, sender: int, receiver: int) -> bool:
        """Whether an edge would close a cycle."""
        return bool(self._reached[receiver] >> sender & 1)

    def add(self, sender: int, receiver: int) -> None:
        """Add an edge."""
        gained = self._reached[receiver]
        self._reached = [each | gained if each >> sender & 1 else each for each in self._reached]


def followed(standings: Floats, worths: Floats, weights: Floats) -> Floats:
    """(voices,) how much better the answer is where each voice is better, by draws.

    Args:
        standings: (draws, voices) the worth of what each said.
        worths: (draws,) of the answer.
        weights: (draws,) how much each counts.
    """
    weights = weights / weights.sum()
    told = standings - weights @ standings
    count = told.shape[1]
    precision = (told.T * weights) @ told * len(worths) + np.eye(count)
    pull = (told.T * weights) @ (worths - weights @ worths) * len(worths) + 1 / count
    return np.clip(np.linalg.solve(precision, pull), 0.0, 1.0)


def importance(nodes: int, ends: Sequence[tuple[int, int, float]], heard: Floats) -> Floats:
    """(nodes,) how much of an effect on each is one on the whole.

    Args:
        nodes: How many there are.
        ends: Of each edge its sender, its receiver, and how much of what the sender gains the receiver does.
        heard: (nodes,) how much of what each gains the answer does, by itself.
    """
    found = heard
    for _ in range(nodes):
        grown = heard.copy()
        for sender, receiver, share in ends:
            grown[sender] += share * found[receiver]
        if np.allclose(grown, found):
            break
        found = grown
    return found
