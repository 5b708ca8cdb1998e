"""A guess at the best choices from all that was scored, as if each learnable counted for itself."""

from collections.abc import Iterable

import numpy as np

from agraph.compiler import ir
from agraph.optimizer.candidates import Candidate, flipped
from agraph.optimizer.policy import Policy
from agraph.optimizer.scoreboard import Scoreboard

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
    flip_gains = (matrix.T @ weights) * (1 - 2 * own[learnable])
    better = learnable[np.argsort(-flip_gains, kind="stable")][: int((flip_gains > 0).sum())].tolist()
    parts = (better, better[: (len(better) + 1) // 2])
    return tuple(flipped(graph, origin, part) for part in parts if part)
