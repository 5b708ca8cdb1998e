"""One state of what is learned, ready to be scored: values, their graph, and what it gave so far."""

import asyncio
from collections.abc import Iterable, Sequence
from math import fsum

import attrs

from agraph.compiler.ir import Graph
from agraph.optimizer.candidates import living
from agraph.optimizer.evaluate import Evaluator, Scored
from agraph.optimizer.manuscript import Manuscript
from agraph.optimizer.rewrite import Values
from agraph.runtime.errors import BudgetError
from agraph.runtime.execute import telling
from agraph.runtime.plan import Plan, Realization, deployed, plan


@attrs.frozen(eq=False)
class Version:
    """The values of a file, compiled and open.

    Attributes:
        graph: As the file with these values compiles.
        realization: What lives of the graph that the file deploys.
        scored: By the index of an example, what it gave.
    """

    values: Values
    graph: Graph
    evaluator: Evaluator
    realization: Realization
    scored: dict[int, Scored] = attrs.field(factory=dict)

    @property
    def plan(self) -> Plan:
        """What runs of it."""
        return plan(self.graph, self.realization)

    def mean(self, rows: Sequence[int]) -> float:
        """The mean score on rows that it was scored on."""
        return fsum(self.worth(row) for row in rows) / max(1, len(rows))

    def worth(self, row: int) -> float:
        """Its score on a row that it was scored on, less the price of the run."""
        scored = self.scored[row]
        return scored.value - scored.price

    def sorted_out(self, rows: Iterable[int]) -> tuple[list[int], list[int]]:
        """The rows that it failed on and those that it got right, of those that it was scored on.

        Right is the best score that was seen, where scores differ or it is 1 or more.
        """
        known = [row for row in rows if row in self.scored]
        values = [self.scored[row].value for row in known]
        top = max(values, default=0.0)
        clear = top >= 1 or top > min(values, default=0.0)
        right = [row for row in known if clear and self.scored[row].value == top and self.scored[row].values]
        return [row for row in known if row not in set(right)], right

    def differences(self, other: "Version", rows: Iterable[int]) -> list[float]:
        """Its scores less the other's, on rows that both were scored on."""
        return [self.worth(row) - other.worth(row) for row in rows]

    def differs(self, other: "Version") -> bool:
        """Whether it runs differently; learned numbers may differ where what is deployed does not."""
        return (self.realization, self.values.prompts, self.values.demonstrations) != (
            other.realization, other.values.prompts, other.values.demonstrations,
        )  # fmt: skip

    async def score(self, rows: Iterable[int]) -> None:
        """Run it on the rows that it was not run on."""
        missing = [row for row in dict.fromkeys(rows) if row not in self.scored]
        if missing:
            found = await self.evaluator.all([(self.realization, row) for row in missing])
            self.scored.update(zip(missing, found, strict=True))


def first_version(graph: Graph, values: Values, evaluator: Evaluator) -> Version:
    """The version of a graph as it is."""
    return Version(values, graph, evaluator, living(graph, deployed(graph)))


def other_version(version: Version, values: Values, manuscript: Manuscript) -> Version | str:
    """The version with other values, or why there is none."""
    graph = manuscript.compiled(values)
    if isinstance(graph, str):
        return graph
    return first_version(graph, values, version.evaluator.variant(graph))


async def score_all(versions: Iterable[Version], rows: Sequence[int]) -> None:
    """Score several versions on the same rows at once.

    Raises:
        BudgetError: The budget does not suffice for all of them.
    """
    spent: list[BudgetError] = []

    async def score(version: Version) -> None:
        try:
            await version.score(rows)
        except BudgetError as error:
            # What others have under way is paid for: they bring it to its end.
            spent.append(error)

    try:
        async with asyncio.TaskGroup() as group:
            for version in versions:
                group.create_task(score(version))
    except ExceptionGroup as failures:
        raise telling(failures) from None
    if spent:
        raise spent[0]
