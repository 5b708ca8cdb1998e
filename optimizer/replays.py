"""Scoring many realizations on a row from one run, where they differ only behind the last model calls."""

import asyncio
import math
from collections.abc import Mapping, Sequence

import attrs

from agraph.compiler.ir import Graph
from agraph.optimizer.evaluate import Evaluator
from agraph.optimizer.scoreboard import Score
from agraph.runtime.errors import RunError
from agraph.runtime.models.protocol import Usage
from agraph.runtime.plan import Realization
from agraph.runtime.session import Outcome

HOPELESS = 4
"""After so many draws without any answer it is no use to go on."""


@attrs.frozen(eq=False)
class _Known:
    """What was run once.

    Attributes:
        outcome: The values of all nodes before the cut.
        upstream: (nodes,) for each node a set, as bits, of it and all whose messages reached it.
        taken: By the nodes that are reached which of those before the cut ran, and what they used.
    """

    outcome: Outcome
    upstream: tuple[int, ...]
    taken: dict[int, tuple[tuple[bool, ...], Usage]] = attrs.field(factory=dict)


@attrs.define(eq=False)
class Replays:
    """Replays realizations on the examples of an evaluator.

    Attributes:
        evaluator: Scores what cannot be replayed.
    """

    evaluator: Evaluator
    _failures: list[RunError] = attrs.field(factory=list)
    _answered: bool = False
    _known: "dict[tuple[Realization, int], asyncio.Task[_Known | None]]" = attrs.field(factory=dict)

    async def scores(self, drawn: Realization, row: int, settings: Sequence[Realization]) -> list[Score]:
        """See `scoreboard.Replay`; a draw of which a node fails is scored setting by setting.

        Raises:
            BudgetError: It is spent.
            RunError: The first draws all failed at a node, so that nothing can be learned from them.
        """
        session = self.evaluator.session
        self.evaluator.before(self.evaluator)
        key = session.cut.source(drawn), row
        if key not in self._known:
            self._known[key] = asyncio.ensure_future(self._run(drawn, row))
        try:
            known = await self._known[key]
        except BaseException:
            self._known.pop(key, None)
            raise
        if known is None:
            self._require_hope()
            return await self.evaluator.scores([(each, row) for each in settings])
        scores = []
        for each in settings:
            scores.append(await self._replayed(each, row, known))
            await self.evaluator.give_way()
        self._require_hope()
        return scores

    def _require_hope(self) -> None:
        if not self._answered and len(self._known) >= HOPELESS and self._failures:
            raise self._failures[0]

    async def _run(self, drawn: Realization, row: int) -> _Known | None:
        session = self.evaluator.session
        try:
            outcome = await session.run_up_to_cut(drawn, self.evaluator.examples[row].row)
        except RunError as error:
            self._failures.append(error)
            return None
        self.evaluator.ran(outcome.usage)
        return _Known(outcome, upstream(session.cut.first, session.cut.source(drawn)))

    async def _replayed(self, realization: Realization, row: int, known: _Known) -> Score:
        evaluator = self.evaluator
        try:
            outcome = await evaluator.session.run_behind_cut(
                realization, evaluator.examples[row].row, known.outcome
            )
        except RunError as error:
            if error.node is not None:
                self._failures.append(error)
            return Score(0.0, math.inf)
        self._answered = True
        ran, usage = self._taken(outcome, known)
        return evaluator.scored(attrs.evolve(outcome, ran=ran, usage=usage), evaluator.examples[row])

    def _taken(self, outcome: Outcome, known: _Known) -> tuple[tuple[bool, ...], Usage]:
        """Which nodes a full run would have run, and what it would have used."""
        reached = 0
        for node, ran in enumerate(outcome.ran):
            if ran:
                reached |= known.upstream[node]
        session = self.evaluator.session
        if reached not in known.taken:
            before = tuple(bool(reached >> node & 1) and was for node, was in enumerate(known.outcome.ran))
            names = [node.name for node in session.graph.nodes]
            known.taken[reached] = before, used(names, before, known.outcome.usage_by_node)
        before, usage = known.taken[reached]
        pairs = zip(session.cut.behind, outcome.ran, before, strict=True)
        return tuple(now if behind else then for behind, now, then in pairs), usage


def used(names: Sequence[str], ran: Sequence[bool], usage: Mapping[str, Usage]) -> Usage:
    """What the nodes that ran used."""
    total = Usage()
    for name, there in zip(names, ran, strict=True):
        if there and name in usage:
            total += usage[name]
    return total


def upstream(graph: Graph, realization: Realization) -> tuple[int, ...]:
    """For each node the set, as bits, of it and all from which a path of the realization leads to it."""
    reached = [1 << node for node in range(len(graph.nodes))]
    ends = [
        (sender, receiver)
        for sender, receiver, there in zip(
            graph.edges.senders, graph.edges.receivers, realization.edges, strict=True
        )
        if there
    ]
    grown = True
    while grown:
        grown = False
        for sender, receiver in ends:
            if reached[sender] & ~reached[receiver]:
                reached[receiver] |= reached[sender]
                grown = True
    return tuple(reached)
