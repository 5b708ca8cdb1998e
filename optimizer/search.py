"""The search for a better realization: a policy gradient proposes, realizations that were seen are compared.

Two things take turns. The policy draws realizations and learns from their scores (REINFORCE with a
leave-one-out baseline). And what was good so far is looked at more closely: each learnable by itself, then
the flips of the best realizations, one and two at a time. For a policy's mode may never have been good as a
whole: the best graph can lie behind graphs that are all worse than the one a gradient ends in. The incumbent
is thus always a realization that was scored, on the same rows as what it beat.
"""

from collections.abc import Callable, Sequence

import attrs
import numpy as np

from agraph.compiler import ir
from agraph.optimizer.candidates import Candidate, candidate, deployable, drawn
from agraph.optimizer.contest import decided, halved, promoted, ranking
from agraph.optimizer.estimators import Baseline, entropy
from agraph.optimizer.frontier import Frontier, open_frontier
from agraph.optimizer.learner import Learner, learned, learner
from agraph.optimizer.policy import policy_of, sample
from agraph.optimizer.replay import replayable
from agraph.optimizer.scoreboard import Evaluate, Scoreboard
from agraph.optimizer.written import written
from agraph.runtime.errors import BudgetError
from agraph.runtime.plan import Realization


@attrs.frozen
class Settings:
    """How much to try.

    Attributes:
        realizations: The most realizations to try; every draw counts, also one that was seen before.
        batch: How many are tried in a step.
        rate: Adam's, in nats a step.
        baseline: Of the policy gradient.
        block: Rows on which a realization is first scored, where each has calls of its own.
        rows: The most train rows on which realizations are compared; where they share all calls, each is
            scored on as many.
        finalists: How many are compared on the validation rows, beside the seed.
    """

    realizations: int = 200
    batch: int = 16
    rate: float = 0.1
    baseline: Baseline = "leave-one-out"
    block: int = 8
    rows: int = 256
    finalists: int = 4


@attrs.frozen
class Step:
    """Where the search stood after a step.

    Attributes:
        realizations: How many were tried so far.
        best: The incumbent's mean score on the train rows that it was scored on.
        entropy: Mean entropy of the policy's choices, in nats.
    """

    realizations: int
    best: float
    entropy: float


@attrs.frozen
class Result:
    """What a search found.

    Attributes:
        probabilities: The value of every parameter to write; they deploy the incumbent.
        incumbent: What lives of the best realization.
        seed: What lives of the realization that the file deployed before.
        realizations: How many were tried.
        history: The steps.
        stopped: Why the search ended before it was done, such as a budget that was spent, or `None`.
    """

    probabilities: tuple[float, ...]
    incumbent: Realization
    seed: Realization
    realizations: int
    history: tuple[Step, ...]
    stopped: str | None = None


@attrs.define(eq=False)
class _Standing:
    """Where a search stands, so that it can end there."""

    frontier: Frontier
    state: Learner
    incumbent: Realization
    tried: int = 1
    history: list[Step] = attrs.field(factory=list)


Report = Callable[[int, int, float, float], None]
"""Told after each step: its number, realizations tried, the incumbent's mean score, and the cost of all that
was scored had nothing been shared."""


async def search(
    graph: ir.Graph,
    evaluate: Evaluate,
    train: Sequence[int],
    validation: Sequence[int],
    settings: Settings,
    generator: np.random.Generator,
    report: Report | None = None,
) -> Result:
    """Find the realization that scores best, and the probabilities that deploy it.

    Where scoring ends because a budget is spent, that is the incumbent so far, or else the seed.

    Args:
        graph: The graph, with the values that the file holds.
        evaluate: Scores realizations on rows.
        train: The rows to learn from.
        validation: The rows that decide between the few best.
        settings: How much to try.
        generator: The only source of randomness.
        report: Told of each step.

    Raises:
        ValueError: There are no rows to learn from.
        BudgetError: It is spent before anything was scored; later the search ends with its best so far.
    """
    if not train:
        raise ValueError("a search needs rows to learn from")
    board = Scoreboard(evaluate)
    rows = tuple(generator.permutation(train)[: settings.rows].tolist())
    block = len(rows) if replayable(graph) else min(settings.block, len(rows))
    state, seed = learner(policy_of(graph)), candidate(graph, graph.priors)
    frontier = open_frontier(graph, state.policy, settings.realizations // 4, generator)
    frontier.add(seed)
    here = _Standing(frontier, state, seed.realization)
    stopped = None
    try:
        winner = await _winner(graph, here, board, rows, block, validation, settings, generator, report)
    except BudgetError as error:
        winner, stopped = here.incumbent, str(error)
    best = frontier.known[winner]
    values = graph.priors if best is seed else written(graph, here.state.policy, best, board)
    return Result(values, winner, seed.realization, here.tried, tuple(here.history), stopped)


async def _winner(
    graph: ir.Graph,
    here: _Standing,
    board: Scoreboard,
    rows: Sequence[int],
    block: int,
    validation: Sequence[int],
    settings: Settings,
    generator: np.random.Generator,
    report: Report | None,
) -> Realization:
    """The best realization; how far the search has come is told in `here` after each step."""
    frontier, state, seed = here.frontier, here.state, here.incumbent
    incumbent, tried, history = seed, here.tried, here.history
    await board.fill([incumbent], rows[:block])
    # One realization is kept back for the policy's mode.
    while (left := min(settings.batch, settings.realizations - 1 - tried)) > 0:
        shown = [rows[(len(history) * block + place) % len(rows)] for place in range(block)]
        draws = None
        proposed: tuple[Candidate, ...] = ()
        if len(history) % 2 == 0 or state.settled or left < 2:
            best_first = ranking(board, frontier.known, incumbent)
            proposed = frontier.propose(left, best_first, state.policy, board, generator)
        if not proposed:
            if state.settled or left < 2:
                break
            draws = sample(state.policy, left, generator)
            proposed = drawn(graph, state.policy, draws)
        realizations = [each.realization for each in proposed]
        await board.fill([incumbent, *realizations], shown)
        if draws is not None:
            fresh = sum(each not in frontier.known for each in realizations)
            rewards = np.array([board.values(each, shown) for each in realizations])
            state = learned(state, draws, rewards, fresh, settings.rate, settings.baseline)
        able = [each for each in proposed if deployable(graph, each)]
        for each in able:
            frontier.add(each)
        tried += len(proposed)
        incumbent = await promoted(board, incumbent, [each.realization for each in able], shown, rows)
        mean = board.standing(incumbent, board.rows(incumbent))[0]
        history.append(Step(tried, mean, entropy(state.policy)))
        here.state, here.incumbent, here.tried = state, incumbent, tried
        if report:
            report(len(history), tried, mean, board.cost)
    mode = candidate(graph, state.policy.probabilities.tolist())
    here.tried += mode.realization not in frontier.known
    frontier.add(mode)
    entrants = [incumbent, mode.realization, *ranking(board, frontier.known, incumbent)]
    finalists = await halved(board, entrants[: 4 * settings.finalists], rows, block, settings.finalists)
    return await decided(board, finalists, seed, rows, validation)
