"""Running realizations on examples and scoring what comes out."""

import asyncio
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

import attrs

from agraph.compiler.ir import Graph, Json
from agraph.optimizer.cost import cost_of
from agraph.optimizer.grade import Grade, Scorer
from agraph.optimizer.scoreboard import Score
from agraph.optimizer.task import Example
from agraph.runtime.budget import UNBOUNDED, Amount, larger, used_of
from agraph.runtime.errors import BudgetError, RunError
from agraph.runtime.execute import telling
from agraph.runtime.models.protocol import Usage
from agraph.runtime.plan import Realization
from agraph.runtime.session import Outcome, Session

GIVE_WAY_S = 0.01
"""How long rows that wait for nothing keep the event loop at most, give or take a row."""


@attrs.frozen
class Scored:
    """One realization on one example.

    Attributes:
        value: The metric's score; 0 where the run failed or gave no answer.
        output: The answer, or `None`.
        failure: Why there is no answer, or `None`.
        cost: What the run takes, as `cost.py` counts it. Infinite where there is no answer: of two that score
            alike, the one without an answer is never the better.
        usage: What the run would have used alone.
        values: The value of each node, null where there is none; empty where there is no answer.
        feedback: What a Python metric said in words, or `None`.
        price: What is taken from the value where cost counts.
    """

    value: float
    output: Json
    failure: RunError | None
    cost: float
    usage: Usage
    values: tuple[Json, ...] = ()
    feedback: str | None = None
    price: float = 0.0


Keep = Callable[[int, Example, Scored], None]


@attrs.define(eq=False)
class Evaluator:
    """Scores realizations of an open session's graph on examples.

    Attributes:
        concurrency: How many runs may be under way at once.
        done: Told of each score as it comes, for progress.
        price: What is taken from a score for what a run uses.
        before: Told of itself before it runs anything.
        answered: How many runs gave an answer so far.
        largest: The most that a run used of each unit so far, or `None` before the first.
    """

    session: Session
    examples: Sequence[Example]
    scorer: Scorer
    concurrency: int
    done: Callable[[Scored], None] = lambda _: None
    price: Callable[[Usage], float] = lambda _: 0.0
    before: "Callable[[Evaluator], None]" = lambda _: None
    answered: int = attrs.field(default=0, init=False)
    largest: Amount | None = attrs.field(default=None, init=False)
    _gave_way_s: float = attrs.field(default=0.0, init=False)

    def largest_times(self, runs: int) -> Amount:
        """What so many runs will use at most by what the largest used; unbounded before the first."""
        if self.largest is None:
            return UNBOUNDED
        usd = self.largest.usd
        return Amount(
            runs * self.largest.calls, runs * self.largest.tokens, None if usd is None else runs * usd
        )

    @property
    def fitting(self) -> float:
        """How many runs still fit the budget, by the most that one used; infinite where nothing tells."""
        budget, largest = self.session.budget, self.largest
        return math.inf if budget is None or largest is None else budget.fitting(largest)

    def variant(self, graph: Graph) -> "Evaluator":
        """What scores the graph with other texts; see `Session.variant`."""
        other = attrs.evolve(self, session=self.session.variant(graph))
        other.answered, other.largest = self.answered, self.largest
        return other

    async def scores(self, pairs: Sequence[tuple[Realization, int]]) -> list[Score]:
        """Scores as the search wants them; see `all`."""
        return [
            Score(scored.value, scored.cost, scored.price, scored.usage.cost_usd)
            for scored in await self.all(pairs)
        ]

    def scored(self, outcome: Outcome, example: Example) -> Score:
        """The score of what a run gave."""
        grade = self.grade(outcome, example)
        usage = outcome.usage
        return Score(grade.value, _cost(outcome), self.price(usage), usage.cost_usd)

    async def all(self, pairs: Sequence[tuple[Realization, int]]) -> list[Scored]:
        """The score of each pair of a realization and the index of an example, in the order given.

        Raises:
            BudgetError: The budget does not suffice for all of them.
            RunError: Every run so far failed at a node, so that nothing can be learned from the scores.
            DataError: A row lacks what the metric reads.
        """
        self.before(self)
        results: list[Scored | None] = [None] * len(pairs)

        def keep(place: int, _: Example, scored: Scored) -> None:
            results[place] = scored

        await self.each(((realization, self.examples[index]) for realization, index in pairs), keep)
        scored = [result for result in results if result is not None]
        failed = [result.failure for result in scored if result.failure and result.failure.node]
        if failed and not self.answered:
            raise failed[0]
        return scored

    async def each(self, jobs: Iterable[tuple[Realization, Example]], keep: Keep) -> None:
        """Score realizations on examples, and hold no more of them than are under way.

        Args:
            jobs: What is scored, taken when there is room.
            keep: Is given each score with its example and its place among the jobs, as they come.

        Raises:
            BudgetError: The budget does not suffice for all of them.
            DataError: A row lacks what the metric reads.
        """
        spent: list[BudgetError] = []
        waiting = iter(enumerate(jobs))
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self.concurrency):
                    group.create_task(self._work(waiting, keep, spent))
        except ExceptionGroup as failures:
            raise telling(failures) from None
        if spent:
            raise spent[0]

    async def _work(
        self,
        waiting: Iterator[tuple[int, tuple[Realization, Example]]],
        keep: Keep,
        spent: list[BudgetError],
    ) -> None:
        """Take jobs until none is left; several workers share one iterator."""
        for place, (realization, example) in waiting:
            if spent:
                return
            try:
                scored = await self._one(realization, example)
            except BudgetError as error:
                # What others have under way is paid for: they bring it to its end.
                spent.append(error)
                return
            keep(place, example, scored)
            self.done(scored)
            await self.give_way()

    async def give_way(self) -> None:
        """Let others have the event loop now and then.

        A graph of plain functions never waits, and whoever interrupts it is heard between two rows. Not after
        each of them: workers in step with one another free their garbage in bursts, which costs.
        """
        if (now_s := time.monotonic()) - self._gave_way_s > GIVE_WAY_S:
            self._gave_way_s = now_s
            await asyncio.sleep(0)

    def ran(self, usage: Usage) -> None:
        """Count a run that came to its end, and what it used."""
        self.answered += 1
        self.largest = larger(self.largest, used_of(usage, UNBOUNDED))

    async def _one(self, realization: Realization, example: Example) -> Scored:
        try:
            outcome = await self.session.run(realization, example.row)
        except RunError as error:
            return Scored(0.0, None, error, math.inf, Usage())
        self.ran(outcome.usage)
        grade = self.grade(outcome, example)
        return Scored(
            grade.value, outcome.value, None, _cost(outcome), outcome.usage, outcome.values, grade.feedback,
            self.price(outcome.usage),
        )  # fmt: skip

    def grade(self, outcome: Outcome, example: Example) -> Grade:
        """What the metric says of what a run gave."""
        return self.scorer(outcome.value, example.source, self._trace(outcome))

    def _trace(self, outcome: Outcome) -> dict[str, Json]:
        """The value of each node that ran, by its name."""
        nodes = zip(self.session.graph.nodes, outcome.values, outcome.ran, strict=True)
        return {node.name: value for node, value, ran in nodes if ran}


def _cost(outcome: Outcome) -> float:
    return cost_of(outcome.usage.calls, sum(outcome.ran))
