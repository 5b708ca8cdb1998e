"""REINFORCE as graph optimizers publish it, to be compared with: no or a constant baseline, no shared calls.

Each of four graphs a step answers a row of its own; Adam at 0.1 takes 200 steps; what is then at 0.5 or more
is deployed, whether or not it was ever seen.

Source:
    GPTSwarm: Zhuge et al. 2024, "Language Agents as Optimizable Graphs".
"""

from collections.abc import Sequence

import attrs
import numpy as np

from agraph.compiler import ir
from agraph.optimizer.candidates import candidate
from agraph.optimizer.estimators import Baseline, Floats, Momentum, adam, reinforce
from agraph.optimizer.options import normalized
from agraph.optimizer.policy import Policy, policy_of, realizations, sample, score
from agraph.optimizer.progress import Learned, Log
from agraph.optimizer.scoreboard import Evaluate
from agraph.optimizer.settings import Settings
from agraph.runtime.errors import BudgetError

GRAPHS, STEPS = 4, 200


def uncached(graph: ir.Graph) -> ir.Graph:
    """The graph with no call shared between runs, as the published method makes them."""
    return attrs.evolve(graph, nodes=tuple(attrs.evolve(node, cache=False) for node in graph.nodes))


async def published(
    graph: ir.Graph,
    evaluate: Evaluate,
    rows: Sequence[int],
    settings: Settings,
    baseline: Baseline,
    generator: np.random.Generator,
    log: Log,
) -> Learned:
    """Learn as published.

    Args:
        graph: With the values of the author's file.
        evaluate: Scores runs; nothing is kept of them.
        rows: The rows to learn from, over and over.
        settings: Its runs and rate count; more than 200 steps are not made.
        baseline: `none` or `constant`.
        generator: The only source of randomness.
        log: Told of each step.
    """
    policy = policy_of(graph)
    momentum = Momentum.none(len(policy.logits))
    rewards = np.zeros(0)
    runs, stopped = 0, None
    while runs + GRAPHS <= settings.runs and runs < GRAPHS * STEPS and policy.learnable.any():
        draws = sample(policy, GRAPHS, generator)
        shown = [rows[(runs + place) % len(rows)] for place in range(GRAPHS)]
        try:
            scores = await evaluate(list(zip(realizations(draws), shown, strict=True)))
        except BudgetError as error:
            stopped = str(error)
            break
        runs += GRAPHS
        rewards = np.array([each.worth for each in scores])
        gradient = np.mean(
            [
                reinforce(score(policy, draws)[[place]], rewards[place].reshape(1, 1), baseline)
                for place in range(GRAPHS)
            ],
            axis=0,
        )
        momentum, step = adam(momentum, gradient, settings.rate)
        policy = moved(policy, step)
        log.add(runs, float(rewards.mean()), candidate(graph, policy.probabilities.tolist()).realization)
    best = candidate(graph, policy.probabilities.tolist())
    chances = policy.probabilities

    def better(parameter: int, _flip: object) -> float:
        chance = float(chances[parameter])
        return chance if best.choices[parameter] else 1 - chance

    return Learned(best, better, {}, (), stopped)


def moved(policy: Policy, step: Floats) -> Policy:
    """The policy one step further, without limits; what the author fixed stays."""
    logits = np.where(policy.learnable, policy.logits + step, policy.logits)
    return attrs.evolve(policy, logits=normalized(logits, policy.options))
