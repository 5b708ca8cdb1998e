"""Versions with other prompts beside one another: who is run, and who is the best."""

import asyncio
from typing import cast

import attrs
import pytest

from agraph.compiler.ir import Graph
from agraph.optimizer.evaluate import Scored
from agraph.optimizer.rewrite import Values
from agraph.optimizer.standings import heat, standings
from agraph.optimizer.version import Version
from agraph.runtime.errors import BudgetError
from agraph.runtime.models.protocol import Usage
from agraph.runtime.plan import Realization


@attrs.define(eq=False)
class Paid:
    """Scores every row alike, as long as there are runs left."""

    left: list[int]
    value: float = 1.0
    foreseen: float | None = None
    asked: list[int] = attrs.field(factory=list)

    @property
    def fitting(self) -> float:
        return self.left[0] if self.foreseen is None else self.foreseen

    async def all(self, pairs: list[tuple[Realization, int]]) -> list[Scored]:
        if len(pairs) > self.left[0]:
            raise BudgetError("spent")
        self.left[0] -= len(pairs)
        self.asked += [row for _, row in pairs]
        return [Scored(self.value, "x", None, 1.0, Usage(), ("x",)) for _ in pairs]


def version(left: list[int], text: str = "", value: float = 1.0, *, on: bool = True) -> Version:
    realization = Realization((on,), ())
    evaluator = Paid(left, value)
    return Version(Values((), (text,)), cast("Graph", None), evaluator, realization)  # type: ignore[arg-type]


@pytest.mark.parametrize(("runs", "count", "stopped"), [(11, 3, None), (10, 2, "spent"), (4, 0, "spent")])
def test_as_many_are_run_as_the_budget_allows_each_on_all_rows(
    runs: int, count: int, stopped: str | None
) -> None:
    left = [runs]
    current, entrants = version(left), [version(left) for _ in range(3)]
    current.scored[0] = Scored(0.0, None, None, 1.0, Usage())
    ran, why = asyncio.run(heat(current, entrants, [0, 1, 2]))
    assert (ran, why) == (entrants[:count], stopped)
    assert sorted(current.scored) == [0, 1, 2]
    assert all(sorted(each.scored) == [0, 1, 2] for each in ran)
    assert not any(each.scored for each in entrants[count:])


def test_a_budget_for_less_than_was_foreseen_ends_it() -> None:
    left = [4]
    current, entrants = version(left), [version(left) for _ in range(3)]
    cast("Paid", current.evaluator).foreseen = 12.0
    with pytest.raises(BudgetError):
        asyncio.run(heat(current, entrants, [0, 1, 2]))


def test_the_best_is_one_that_differs_in_its_prompts_only() -> None:
    left = [1000]
    current, worse, better, elsewhere = versions = [
        version(left, "Think.", 0.5), version(left, "Look.", 0.2), version(left, "Wait.", 0.8),
        version(left, "Sing.", 1.0, on=False),
    ]  # fmt: skip
    for each in versions:
        asyncio.run(each.score(range(20)))
    found = standings(versions)
    assert found.best(current) is better
    assert found.best(elsewhere) is elsewhere
    assert found.score(worse) < found.score(current) < found.score(better)
    assert found.chance(better, current) > 0.5
    assert found.belief.parts == ((0, "Think."), (0, "Look."), (0, "Wait."), (0, "Sing."))


def test_of_equals_the_current_one_stays() -> None:
    left = [1000]
    others = [version(left, text) for text in ("Look.", "Think.", "Wait.")]
    for each in others:
        asyncio.run(each.score(range(4)))
    for current in others:
        assert standings(others).best(current) is current
