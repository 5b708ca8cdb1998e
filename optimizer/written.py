"""The probabilities to write into the file, so that it deploys the realization that won."""

import math
from collections.abc import Callable, Sequence

from agraph.compiler import ir
from agraph.optimizer.candidates import Candidate, candidate, flipped
from agraph.optimizer.policy import Policy, policy_of
from agraph.optimizer.scoreboard import Floats, Scoreboard
from agraph.runtime.plan import Realization

LOWEST, HIGHEST = 0.001, 0.999
"""What is learned is never certain: the next search may learn otherwise."""

SAME = 1e-9
"""Probabilities no further apart are the same but for rounding."""


Better = Callable[[int, Realization], float | None]
"""The chance that the winner is better than its flip of a parameter, or `None` where that was not seen."""


def written(graph: ir.Graph, policy: Policy, winner: Candidate, better: Better) -> tuple[float, ...]:
    """The value of every parameter, such that the file deploys the winner.

    A number is the chance that this learnable, as it stands in the winner, is better than its flip. Where
    that was not seen it comes from the policy. The weights of a choice stand to each other as those chances
    do. A learnable whose flip would run the same keeps its value: nothing was learned about it. So does what
    the author made certain.
    """
    values = list(graph.priors)
    learnable: list[int] = policy.learnable.nonzero()[0].tolist()
    _write_weights(graph, policy, winner, better, values)
    for parameter in learnable:
        if parameter in graph.rivals:
            continue
        flip = flipped(graph, winner, (parameter,)).realization
        if flip == winner.realization:
            continue
        wanted = winner.choices[parameter]
        chance = better(parameter, flip)
        if chance is not None:
            values[parameter] = on_side(chance if wanted else 1 - chance, wanted)
        else:
            values[parameter] = on_side(float(policy.probabilities[parameter]), wanted)
    return _deploying(graph, learnable, winner, values)


def compared(board: Scoreboard, winner: Realization) -> Better:
    """The chances by the rows that the winner and its flips were scored on."""

    def better(_parameter: int, flip: Realization) -> float | None:
        differences = board.differences(winner, flip)
        return chance_of_better(differences) if len(differences) else None

    return better


def chance_of_better(differences: Floats) -> float:
    """The chance that the first of a pair is the better one, from paired differences of score.

    For scores of 0 and 1 this is the normal form of the sign test with one win and one loss added, so that
    few rows never sound sure.
    """
    unit = float((differences**2).max(initial=0.0))
    if unit == 0:
        return 0.5
    z = float(differences.sum()) / math.sqrt(float((differences**2).sum()) + 2 * unit)
    return 0.5 * (1 + math.erf(z / math.sqrt(2)))


def on_side(value: float, wanted: bool) -> float:
    """The value with three decimals, moved no further than it takes to stand for what is wanted."""
    low, high = (0.5, HIGHEST) if wanted else (LOWEST, 0.499)
    return round(min(max(value, low), high), 3)


def _write_weights(
    graph: ir.Graph, policy: Policy, winner: Candidate, better: Better, values: list[float]
) -> None:
    """Write into the values the weights of each choice that something was learned about."""
    chances, before = policy.probabilities, policy_of(graph).probabilities
    for node, choice in graph.choices:
        options = [weight for weight in choice.parameters if policy.learnable[weight]]
        if not options or not winner.realization.nodes[node]:
            continue
        ours = next(weight for weight in options if winner.choices[weight])
        others = [weight for weight in options if weight != ours]
        learned = ours != max(options, key=lambda weight: graph.priors[weight])
        odds = []
        for other in others:
            flip = flipped(graph, winner, (other,)).realization
            chance = better(other, flip)
            if chance is not None:
                odds.append((1 - chance) / max(chance, LOWEST))
            else:
                odds.append(float(chances[other] / chances[ours]))
            learned |= chance is not None or abs(chances[other] - before[other]) > SAME
        if learned:
            for weight, share in zip((ours, *others), shares(odds), strict=True):
                values[weight] = share


def shares(odds: Sequence[float]) -> tuple[float, ...]:
    """Weights with three decimals that add to 1, the first the greatest.

    Args:
        odds: Of each other option against the first; no more than even.
    """
    even = [min(each, 1.0) for each in odds]
    total = 1 + math.fsum(even)
    others = [max(1, round(1000 * each / total)) for each in even]
    # Rounding, or what is never 0, may have left the first with too little.
    while (first := 1000 - sum(others)) <= max(others) and max(others) > 1:
        most = max(others)
        others = [min(each, most - 1) for each in others]
    return max(first, max(others) + 1) / 1000, *(each / 1000 for each in others)


def _deploying(
    graph: ir.Graph, learnable: Sequence[int], winner: Candidate, values: list[float]
) -> tuple[float, ...]:
    """The values, moved below 0.5 for what is not in the winner where else it would not be deployed.

    That is first what would come alive. Where nothing would, edges that lead nowhere close a cycle and so
    keep one of the winner's out.
    """
    aim = winner.realization
    gates, edges = [node.gate for node in graph.nodes], graph.edges.parameters
    while (found := candidate(graph, values).realization) != aim:
        alive = {
            *(
                gate
                for gate, there, wanted in zip(gates, found.nodes, aim.nodes, strict=True)
                if there > wanted
            ),
            *(
                edge
                for edge, there, wanted in zip(edges, found.edges, aim.edges, strict=True)
                if there > wanted
            ),
        }
        unwanted = {edge for edge, wanted in zip(edges, aim.edges, strict=True) if not wanted}
        moved = [
            [parameter for parameter in learnable if parameter in which and values[parameter] >= 0.5]
            for which in (alive, unwanted)
        ]
        for parameter in next(filter(None, moved)):
            values[parameter] = on_side(values[parameter], wanted=False)
    return tuple(values)
