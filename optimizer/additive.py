"""A guess at the best choices from all that was scored, as if each learnable counted for itself."""

from collections.abc import Iterable

import numpy as np

from agraph.compiler import ir
from agraph.optimizer.candidates import Candidate, flipped
from agraph.optimizer.options import NONE, by_option
from agraph.optimizer.policy import Policy
from agraph.optimizer.scoreboard import Floats, Scoreboard

DOUBT = 1.0
"""How strongly effects are held to zero, in realizations."""


def guesses(
    graph: ir.Graph, policy: Policy, known: Iterable[Candidate], origin: Candidate, board: Scoreboard
) -> tuple[Candidate, ...]:
    """The origin with every choice turned round that seems better so, and with the better half of those.

    The effects come from a ridge regression of paired differences of score on differences of choice. Few
    realizations are the sum of their parts; but where many learnables count a little, such a guess is far
    ahead of any flip.
    """
    learnable = policy.learnable.nonzero()[0]
    apart, gains = [], []
    own = np.array(origin.choices, np.float64)
    for each in known:
        differences = board.differences(each.realization, origin.realization)
        if len(differences):
            certainty = np.sqrt(len(differences))
            apart.append(certainty * (np.array(each.choices, np.float64) - own)[learnable])
            gains.append(certainty * differences.mean())
    matrix, gained = np.array(apart), np.array(gains)
    if not matrix.any():
        return ()
    doubt = DOUBT * float((matrix**2).mean())
    # With more learnables than realizations the dual form is the smaller system.
    weights = np.linalg.solve(matrix @ matrix.T + doubt * np.eye(len(gained)), gained)
    effects = np.zeros(len(own))
    effects[learnable] = matrix.T @ weights
    flip_gains = _flip_gains(policy, effects, own)[learnable]
    better = learnable[np.argsort(-flip_gains, kind="stable")][: int((flip_gains > 0).sum())].tolist()
    parts = (better, better[: (len(better) + 1) // 2])
    return tuple(flipped(graph, origin, part) for part in parts if part)


def _flip_gains(policy: Policy, effects: Floats, own: Floats) -> Floats:
    """(parameters,) what turning each round gains; of the options of a choice the best alone gains anything.

    Args:
        policy: Says which are options.
        effects: (parameters,) of each being there or taken.
        own: (parameters,) 1 where it is, else 0.
    """
    gains = effects * (1 - 2 * own)
    rows, there = policy.options, policy.options != NONE
    gains[rows[there]] = 0.0
    if len(rows):
        worth = by_option(np.where(policy.learnable, effects, -np.inf), rows)
        best = rows[np.arange(len(rows)), worth.argmax(axis=1)]
        taken = (np.append(effects * own, 0.0)[rows] * there).sum(axis=1)
        gains[best] = np.where(np.isfinite(worth.max(axis=1)), worth.max(axis=1) - taken, 0.0)
    return gains
