"""The policy as it learns: one REINFORCE step after another, and when there is nothing left to learn."""

import attrs
import numpy as np

from agraph.optimizer.estimators import (
    Baseline,
    Floats,
    Momentum,
    adam,
    climbed,
    could_matter,
    entropy,
    reinforce,
)
from agraph.optimizer.policy import Draws, Policy, score

CALM_STEPS = 6
"""After as many steps in which its mode stayed the same a policy of little entropy is settled."""

CALM_ENTROPY = 0.35
"""Nats; the entropy of a choice at 0.89."""

STALE_STEPS = 3
"""After as many steps without a realization that is new there is nothing left to draw."""


@attrs.frozen(eq=False)
class Learner:
    """A policy and what it remembers of its steps.

    Attributes:
        policy: As far as it has come.
        momentum: Adam's.
        calm: For how many steps its mode stayed the same.
        stale: For how many steps it drew nothing new.
    """

    policy: Policy
    momentum: Momentum
    calm: int = 0
    stale: int = 0

    @property
    def settled(self) -> bool:
        """Whether further draws are not worth their rows."""
        if not self.policy.learnable.any() or self.stale >= STALE_STEPS:
            return True
        return self.calm >= CALM_STEPS and entropy(self.policy) < CALM_ENTROPY


def learner(policy: Policy) -> Learner:
    """The state before the first step."""
    return Learner(policy, Momentum.none(len(policy.logits)))


def learned(
    before: Learner, draws: Draws, rewards: Floats, fresh: int, rate: float, baseline: Baseline
) -> Learner:
    """The state after one step.

    Args:
        before: The state before it.
        draws: Of its policy.
        rewards: (samples, rows) their scores on the same rows.
        fresh: How many of them had never been seen.
        rate: Adam's, in nats a step.
        baseline: Of the estimate.
    """
    scores = score(before.policy, draws) * could_matter(before.policy, draws)
    momentum, step = adam(before.momentum, reinforce(scores, rewards, baseline), rate)
    policy = climbed(before.policy, step)
    same = np.array_equal(policy.mode, before.policy.mode)
    return Learner(policy, momentum, before.calm + 1 if same else 0, 0 if fresh else before.stale + 1)
