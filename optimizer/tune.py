"""One optimization from data to verdict: split, search, judge."""

from collections.abc import Sequence

import attrs
import numpy as np

from agraph.compiler.ir import Graph
from agraph.optimizer.accept import Verdict, judge
from agraph.optimizer.evaluate import Evaluator
from agraph.optimizer.policy import policy_of
from agraph.optimizer.scoreboard import Score
from agraph.optimizer.search import Report, Result, Settings, search
from agraph.optimizer.split import Split, split
from agraph.runtime.budget import Amount, Budget
from agraph.runtime.errors import BudgetError, InputError
from agraph.runtime.plan import Realization


@attrs.frozen
class Tuning:
    """What an optimization found.

    Attributes:
        result: Of the search; its probabilities are to be written if the verdict accepts them.
        verdict: The result against the seed on the held-out rows, or `None` where the search found
            nothing to compare: the file deploys the best already, or the budget was spent before.
        split: Which rows served what.
        stopped: Why something ended before it was done, such as a budget that was spent, or `None`.
    """

    result: Result
    verdict: Verdict | None
    split: Split
    stopped: str | None = None

    @property
    def accepted(self) -> bool:
        """Whether there is something to write."""
        return self.verdict is not None and self.verdict.accepted


HELD_SHARE = 0.5
"""The most of a budget that is kept back from the search for the judging."""


async def tune(
    graph: Graph,
    evaluator: Evaluator,
    settings: Settings,
    seed: int,
    report: Report | None = None,
    budget: Budget | None = None,
) -> Tuning:
    """Learn the edges, gates and choices of a graph, and judge them on rows that the search never saw.

    Args:
        graph: With the values of the author's file.
        evaluator: Runs the graph on the examples of its data set.
        settings: How much to try.
        seed: Of all randomness; the same seed gives the same result.
        report: Told of each step of the search.
        budget: That of the evaluator's session, or `None`. While the search lasts, as much of it is kept back
            as the judging needs by what runs used so far, at most `HELD_SHARE`.

    Raises:
        InputError: The graph has no learnable edge, gate or choice.
        DataError: There are too few rows.
        RunError: Every run fails.
        BudgetError: It is spent before the result could be judged.
    """
    if not policy_of(graph).learnable.any():
        raise InputError(
            f"graph `{graph.name}` has no edge, gate or choice to learn: write `edge a -> b ~ 0.5`, "
            "or in a node `on ~ 0.5` or `model ~ { fast: 0.5, smart: 0.5 }`"
        )
    parts = split([example.source for example in evaluator.examples])
    generator = np.random.default_rng(seed)

    async def scores(pairs: Sequence[tuple[Realization, int]]) -> list[Score]:
        if budget is not None:
            # Seed and result are judged on each held-out row.
            budget.hold(evaluator.largest_times(2 * len(parts.held_out)), HELD_SHARE)
        return await evaluator.scores(pairs)

    result = await search(graph, scores, parts.train, parts.validation, settings, generator, report)
    if budget is not None:
        budget.hold(Amount(), 0.0)
    if result.incumbent == result.seed:
        return Tuning(result, None, parts, result.stopped)
    try:
        return Tuning(result, await _judged(result, evaluator, parts.held_out), parts, result.stopped)
    except BudgetError as error:
        return Tuning(result, None, parts, f"{error}, before the result was judged")


async def _judged(result: Result, evaluator: Evaluator, rows: Sequence[int]) -> Verdict:
    async def measured(realization: Realization) -> tuple[list[float], float]:
        scores = await evaluator.scores([(realization, row) for row in rows])
        return [score.value for score in scores], sum(score.cost for score in scores)

    seed_scores, seed_cost = await measured(result.seed)
    result_scores, result_cost = await measured(result.incumbent)
    return judge(seed_scores, result_scores, seed_cost, result_cost)
