"""The candidates worth a look at which no one has looked yet."""

from collections.abc import Iterator, Sequence
from functools import partial

import attrs
import numpy as np

from agraph.compiler import ir
from agraph.optimizer.additive import guesses
from agraph.optimizer.candidates import Candidate, alone, flipped, pairs
from agraph.optimizer.options import NONE
from agraph.optimizer.policy import Policy
from agraph.optimizer.scoreboard import Scoreboard
from agraph.runtime.plan import Realization


@attrs.define(eq=False)
class Frontier:
    """What is known of the space of realizations, and what lies next to it.

    Attributes:
        graph: The graph.
        known: Every candidate that was proposed or drawn, by what lives of it.
    """

    graph: ir.Graph
    known: dict[Realization, Candidate]
    _alone: Iterator[Candidate]
    _waiting: dict[Realization, Iterator[Candidate]] = attrs.field(factory=dict, init=False)
    _paired: set[Realization] = attrs.field(factory=set, init=False)

    def add(self, found: Candidate) -> None:
        """Remember a candidate; the first choices that led to a realization stand for it."""
        self.known.setdefault(found.realization, found)

    def propose(
        self,
        count: int,
        ranking: Sequence[Realization],
        policy: Policy,
        board: Scoreboard,
        generator: np.random.Generator,
    ) -> tuple[Candidate, ...]:
        """Candidates that were not known, at most `count`; none where all near the ranking are known.

        First each edge and gate by itself. Then guesses from all that was scored; and the flips of the best,
        once they are scored the pairs of its flips, and so on with the next best.

        Args:
            count: The most to propose.
            ranking: Known realizations, the best first.
            policy: Flips that it would rather see go first.
            board: Pairs of flips that did well alone go first.
            generator: Breaks ties.
        """
        proposed = self._unknown(self._alone, count)
        if proposed or not ranking:
            return tuple(proposed)
        origin = self.known[ranking[0]]
        guessed = guesses(self.graph, policy, tuple(self.known.values()), origin, board)
        proposed = self._unknown(iter(guessed), count)
        if len(proposed) == count:
            return tuple(proposed)
        return (*proposed, *self._nearby(count - len(proposed), ranking, policy, board, generator))

    def _nearby(
        self,
        count: int,
        ranking: Sequence[Realization],
        policy: Policy,
        board: Scoreboard,
        generator: np.random.Generator,
    ) -> list[Candidate]:
        """Flips of the first in the ranking that has any left, or pairs of them."""
        for best in ranking:
            origin = self.known[best]
            if best not in self._waiting:
                order = _likeliest_first(policy, origin, generator)
                self._waiting[best] = map(partial(flipped, self.graph, origin), zip(order, strict=True))
            found = self._unknown(self._waiting[best], count)
            if not found and best not in self._paired:
                self._paired.add(best)
                order = _likeliest_first(policy, origin, generator)
                both = pairs(order, self._promise(policy, origin, board))
                self._waiting[best] = map(partial(flipped, self.graph, origin), both)
                found = self._unknown(self._waiting[best], count)
            if found:
                return found
        return []

    def _unknown(self, waiting: Iterator[Candidate], count: int) -> list[Candidate]:
        found: list[Candidate] = []
        while len(found) < count and (each := next(waiting, None)):
            if each.realization not in self.known:
                self.add(each)
                found.append(each)
        return found

    def _promise(self, policy: Policy, origin: Candidate, board: Scoreboard) -> list[float]:
        """For each parameter what flipping it alone gained, 0 where that is not known."""
        promise = [0.0] * len(origin.choices)
        for parameter in policy.learnable.nonzero()[0].tolist():
            flip = flipped(self.graph, origin, (parameter,)).realization
            differences = board.differences(flip, origin.realization)
            promise[parameter] = float(differences.mean()) if len(differences) else 0.0
        return promise


def open_frontier(
    graph: ir.Graph, policy: Policy, alone_at_most: int, generator: np.random.Generator
) -> Frontier:
    """The frontier before anything is known.

    Args:
        graph: The graph.
        policy: Of the graph.
        alone_at_most: How many edges and gates are looked at by themselves.
        generator: Says which, where there are more.
    """
    shuffled: list[int] = generator.permutation(policy.learnable.nonzero()[0]).tolist()
    switches = [parameter for parameter in shuffled if parameter not in graph.rivals]
    return Frontier(graph, {}, alone(graph, switches[:alone_at_most]))


def _likeliest_first(policy: Policy, origin: Candidate, generator: np.random.Generator) -> list[int]:
    """What can be turned round, that first which the policy would most rather have so."""
    chance = policy.probabilities
    against = np.where(origin.choices, 1 - chance, chance)
    taken = np.zeros(len(chance), np.bool_)
    weights = policy.options[policy.options != NONE]
    taken[weights] = np.array(origin.choices, np.bool_)[weights]
    shuffled = generator.permutation((policy.learnable & ~taken).nonzero()[0])
    order: list[int] = shuffled[np.argsort(-against[shuffled], kind="stable")].tolist()
    return order
