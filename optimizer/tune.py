"""One optimization from data to verdict: split, search, judge."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import attrs
import numpy as np

from agraph.compiler.ir import Graph, ModelCall
from agraph.optimizer.accept import Verdict, judge
from agraph.optimizer.evaluate import Evaluator
from agraph.optimizer.policy import policy_of
from agraph.optimizer.search import Report, Result, Settings, search
from agraph.optimizer.split import Split, split
from agraph.runtime.errors import BudgetError, InputError
from agraph.runtime.plan import Realization
from agraph.runtime.session import Session


@attrs.frozen
class Tuning:
    """What an optimization found.

    Attributes:
        result: Of the search; its probabilities are to be written if the verdict accepts them.
        verdict: The result against the seed on the held-out rows, or `None` where the search found
            nothing to compare: the file deploys the best already.
        split: Which rows served what.
    """

    result: Result
    verdict: Verdict | None
    split: Split

    @property
    def accepted(self) -> bool:
        """Whether there is something to write."""
        return self.verdict is not None and self.verdict.accepted


async def tune(
    graph: Graph, evaluator: Evaluator, settings: Settings, seed: int, report: Report | None = None
) -> Tuning:
    """Learn the edges, gates and choices of a graph, and judge them on rows that the search never saw.

    Args:
        graph: With the values of the author's file.
        evaluator: Runs the graph on the examples of its data set.
        settings: How much to try.
        seed: Of all randomness; the same seed gives the same result.
        report: Told of each step of the search.

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
    with _kept_back(graph, evaluator.session, len(parts.held_out)):
        result = await search(
            graph, evaluator.scores, parts.train, parts.validation, settings, generator, report
        )
    if result.incumbent == result.seed:
        return Tuning(result, None, parts)
    return Tuning(result, await _judged(result, evaluator, parts.held_out), parts)


@contextmanager
def _kept_back(graph: Graph, session: Session, held_out: int) -> Iterator[None]:
    """Keep calls back for the verdict while the search runs: two runs on each held-out row, at most half."""
    limit = session.call_limit
    if limit is not None:
        asking = sum(isinstance(node.work, ModelCall) for node in graph.nodes)
        session.call_limit = limit - min(limit // 2, 2 * held_out * asking)
    try:
        yield
    except BudgetError:
        raise BudgetError(f"the budget of {limit} calls is spent before anything was learned") from None
    finally:
        session.call_limit = limit


async def _judged(result: Result, evaluator: Evaluator, rows: Sequence[int]) -> Verdict:
    async def measured(realization: Realization) -> tuple[list[float], float]:
        scores = await evaluator.scores([(realization, row) for row in rows])
        return [score.value for score in scores], sum(score.cost for score in scores)

    seed_scores, seed_cost = await measured(result.seed)
    result_scores, result_cost = await measured(result.incumbent)
    return judge(seed_scores, result_scores, seed_cost, result_cost)
