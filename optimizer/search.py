"""The search for a better realization: learning by one of the estimators, then a comparison with the file."""

from collections.abc import Sequence

import attrs
import numpy as np

from agraph.compiler import ir
from agraph.optimizer.candidates import Candidate, candidate
from agraph.optimizer.climbing import climbed
from agraph.optimizer.contest import outdoes
from agraph.optimizer.front import beside, merged
from agraph.optimizer.policy import policy_of
from agraph.optimizer.progress import Evidence, Learned, Log, Report, Step, Tried
from agraph.optimizer.published import published
from agraph.optimizer.replaying import replayed
from agraph.optimizer.scoreboard import Evaluate, Replay, Scoreboard
from agraph.optimizer.settings import Estimator, Settings
from agraph.optimizer.written import written
from agraph.runtime.cut import cut
from agraph.runtime.errors import BudgetError
from agraph.runtime.plan import Realization


@attrs.frozen
class Result:
    """What a search found.

    Attributes:
        probabilities: The value of every parameter to write; they deploy the incumbent.
        incumbent: What lives of the best realization.
        seed: What lives of the realization that the file deployed before.
        estimator: What learned.
        runs: How many runs were made to learn.
        evidence: By parameter what it gains as it stands in the incumbent, against its flip; `None` where
            nothing is known.
        history: The steps.
        tried: What was scored, each realization once; first those scored on the most rows. Where rows
            differ, scores are as `front.py` puts them beside each other.
        stopped: Why the search ended before it was done, such as a budget that was spent, or `None`.
    """

    probabilities: tuple[float, ...]
    incumbent: Realization
    seed: Realization
    estimator: Estimator
    runs: int
    evidence: tuple[Evidence | None, ...]
    history: tuple[Step, ...]
    tried: tuple[Tried, ...]
    stopped: str | None


async def search(
    graph: ir.Graph,
    evaluate: Evaluate,
    replay: Replay,
    train: Sequence[int],
    validation: Sequence[int],
    settings: Settings,
    generator: np.random.Generator,
    report: Report | None = None,
) -> Result:
    """Find the realization that is worth most, and the probabilities that deploy it.

    What it finds follows from the generator and the scores alone: the same search over calls that were kept
    goes the same way as far as they reach. Where scoring ends because a budget is spent, that is the best so
    far, or else the seed.

    Args:
        graph: The graph, with the values that the file holds.
        evaluate: Scores realizations on rows.
        replay: Scores what differs only behind the last model calls.
        train: The rows to learn from.
        validation: The rows that decide between the seed and what was learned.
        settings: How much to try, and how.
        generator: The only source of randomness.
        report: Told of each step.

    Raises:
        ValueError: There are no rows to learn from.
    """
    if not train:
        raise ValueError("a search needs rows to learn from")
    rows: tuple[int, ...] = tuple(generator.permutation(train).tolist())
    seed = candidate(graph, graph.priors)
    log = Log(report)
    estimator = settings.estimator or default_estimator(graph)
    board = Scoreboard(evaluate, settings.runs)
    match estimator:
        case _ if not policy_of(graph).learnable.any():
            learned = Learned(seed, lambda _parameter, _flip: None, {}, (), None)
        case "replay":
            learned = await replayed(graph, replay, rows, settings, generator, log)
        case "reinforce-loo":
            learned = await climbed(graph, board, rows[: settings.rows], settings, generator, log)
        case "reinforce-plain":
            learned = await published(graph, evaluate, rows, settings, "none", generator, log)
        case "reinforce-constant":
            learned = await published(graph, evaluate, rows, settings, "constant", generator, log)
    board.most = None
    best, stopped = learned.best, learned.stopped
    if best.realization != seed.realization and not stopped:
        try:
            if not await outdoes(
                board, best.realization, seed.realization, validation[: settings.validation]
            ):
                best = seed
        except BudgetError as error:
            stopped = str(error)
    values = _values(graph, learned, best, seed)
    reference = learned.best.realization
    return Result(
        probabilities=values,
        incumbent=best.realization,
        seed=seed.realization,
        estimator=estimator,
        runs=log.steps[-1].runs if log.steps else 0,
        evidence=tuple(
            learned.evidence.get(parameter) if best is learned.best else None
            for parameter in range(len(graph.priors))
        ),
        history=tuple(log.steps),
        tried=merged(reference, beside(board, reference), learned.tried),
        stopped=stopped,
    )


def default_estimator(graph: ir.Graph) -> Estimator:
    """What learns where nothing else is said: replay where anything can be replayed."""
    parts, learnable = cut(graph), policy_of(graph).learnable
    free = any(learnable[parameter] for parameter in parts.free)
    panel = any(parts.behind) and len(parts.entrances) > 1
    return "replay" if free or panel else "reinforce-loo"


def _values(graph: ir.Graph, learned: Learned, best: Candidate, seed: Candidate) -> tuple[float, ...]:
    if best is seed or best.realization == seed.realization:
        return graph.priors
    return written(graph, policy_of(graph), best, learned.better)
