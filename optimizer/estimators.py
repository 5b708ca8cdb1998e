"""Which way to move the policy: estimates of the gradient of the expected reward, from arrays alone."""

from typing import Literal

import attrs
import numpy as np
import numpy.typing as npt

from agraph.optimizer.options import NONE, by_option, normalized
from agraph.optimizer.policy import Draws, Policy, reaching_output

Booleans = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

Baseline = Literal["leave-one-out", "constant", "none"]

CONSTANT = 0.5
"""The constant baseline: half of what a metric gives for a right answer."""

LOG_ODDS_LIMIT = 4.0
"""Learned log-odds stay within plus and minus this, so that nothing is ever given up for good; likewise those
of an option against another."""


def reinforce(scores: Floats, rewards: Floats, baseline: Baseline = "leave-one-out") -> Floats:
    """Estimate d E[reward] / d logits from draws that were scored on the same rows.

    Args:
        scores: (samples, parameters) gradient of the log-probability of each draw.
        rewards: (samples, rows) reward of each draw on each row; higher is better.
        baseline: What is taken from a reward: the mean of the other draws on the same row, `CONSTANT`, or
            nothing.

    Returns:
        (parameters,) direction of ascent, in reward per nat.

    Raises:
        ValueError: Fewer than two samples, so that there are no others to compare with; or no rows.

    Source:
        REINFORCE: Williams 1992. Leave-one-out baseline: Kool et al. 2019.
    """
    samples, rows = rewards.shape
    if not rows or not samples:
        raise ValueError("an estimate needs at least one draw and one row")
    match baseline:
        case "none":
            gains = rewards
        case "constant":
            gains = rewards - CONSTANT
        case "leave-one-out":
            if samples < 2:
                raise ValueError("the leave-one-out baseline needs at least two samples")
            gains = (rewards - rewards.mean(axis=0)) * (samples / (samples - 1))
    estimate: Floats = scores.T @ gains.mean(axis=1) / samples
    return estimate


def could_matter(policy: Policy, draws: Draws) -> Booleans:
    """(samples, parameters) `False` where a coin had no part in the reward, so that its score may be dropped.

    That is an edge into a node from which no path leads to an output in that draw, or a choice of such a
    node: whichever way its coin fell, the same graph runs. The estimate stays unbiased, for what makes the
    node dead lies behind it. For edges inside a strongly connected component it would not: there an edge
    that is drawn keeps others out. Nor does it hold for gates, whose coin also decides which edges are drawn
    at all.
    """
    matters = np.ones((len(draws), len(policy.logits)), np.bool_)
    acyclic = policy.parameters >= 0
    for edges in policy.components:
        acyclic[edges] = False
    alive = reaching_output(policy, draws)
    matters[:, policy.parameters[acyclic]] = alive[:, policy.receivers[acyclic]]
    there = policy.options != NONE
    matters[:, policy.options[there]] = alive[:, policy.choosers[np.nonzero(there)[0]]]
    return matters


@attrs.frozen(eq=False)
class Momentum:
    """What Adam remembers of the gradients so far.

    Attributes:
        mean: (parameters,) decaying mean of the gradients.
        square: (parameters,) decaying mean of their squares.
        steps: How many there were.
    """

    mean: Floats
    square: Floats
    steps: int = 0

    @classmethod
    def none(cls, parameters: int) -> "Momentum":
        """The state before the first gradient."""
        return cls(np.zeros(parameters), np.zeros(parameters))


def adam(
    momentum: Momentum,
    gradient: Floats,
    rate: float = 0.1,
    mean_decay: float = 0.9,
    square_decay: float = 0.999,
    floor: float = 1e-8,
) -> tuple[Momentum, Floats]:
    """The next state, and the (parameters,) step to add for ascent.

    Source:
        Kingma and Ba 2015, algorithm 1.
    """
    steps = momentum.steps + 1
    mean = mean_decay * momentum.mean + (1 - mean_decay) * gradient
    square = square_decay * momentum.square + (1 - square_decay) * gradient**2
    unbiased_mean = mean / (1 - mean_decay**steps)
    unbiased_square = square / (1 - square_decay**steps)
    return Momentum(mean, square, steps), rate * unbiased_mean / (np.sqrt(unbiased_square) + floor)


def climbed(policy: Policy, step: Floats) -> Policy:
    """The policy one step further, within the limits; what the author fixed stays, bit by bit.

    A prior that lies beyond the limit may come back, not go further.
    """
    learnable = policy.learnable
    bound = np.maximum(LOG_ODDS_LIMIT, np.abs(np.where(learnable, policy.logits, 0.0)))
    moved = np.clip(np.where(learnable, policy.logits, 0.0) + step, -bound, bound)
    there = policy.options != NONE
    weights = policy.options[there]
    before = _behind_the_best(policy.logits, policy.options)[there]
    stepped = _behind_the_best(np.where(learnable, policy.logits + step, policy.logits), policy.options)
    moved[weights] = np.maximum(stepped[there], np.minimum(-LOG_ODDS_LIMIT, before))
    logits = np.where(learnable, moved, policy.logits)
    open_ = np.append(learnable, False)[policy.options].any(axis=1)
    return attrs.evolve(policy, logits=normalized(logits, policy.options[open_]))


def _behind_the_best(logits: Floats, options: Integers) -> Floats:
    """(choices, most options) the log-odds of each option against the likeliest of its choice."""
    values = by_option(logits, options)
    behind: Floats = values - values.max(axis=1, keepdims=True, initial=-np.inf)
    return behind


def entropy(policy: Policy) -> float:
    """The mean entropy of what can be learned, in nats, a choice counting once; 0 where there is nothing."""
    learnable, chance = policy.learnable, policy.probabilities
    weights = policy.options[policy.options != NONE]
    coins = learnable.copy()
    coins[weights] = False
    likely = chance[coins]
    found = -(likely * np.log(likely) + (1 - likely) * np.log1p(-likely))
    open_ = np.append(learnable, False)[policy.options]
    shares = np.where(open_, np.append(chance, 1.0)[policy.options], 1.0)
    chosen = -(shares * np.log(shares)).sum(axis=1)[open_.any(axis=1)]
    every = np.concatenate([found, chosen])
    return float(every.mean()) if len(every) else 0.0
