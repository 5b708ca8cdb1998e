"""Realizations as choices, one for each parameter, and the ones that lie a flip or two away."""

from collections.abc import Iterable, Iterator, Sequence

import attrs

from agraph.compiler import ir
from agraph.optimizer.policy import Draws, Policy
from agraph.runtime.plan import Realization, deployed, plan

PAIRED = 64
"""How many of the most promising flips are tried in pairs."""


@attrs.frozen
class Candidate:
    """A realization and the choices that lead to it.

    Attributes:
        choices: For each parameter whether its edge or node is wanted; what is dead keeps its choice too.
        realization: What lives of it, so that candidates that run alike have equal ones.
    """

    choices: tuple[bool, ...]
    realization: Realization


def living(graph: ir.Graph, realization: Realization) -> Realization:
    """What runs of a realization, and nothing else."""
    planned = plan(graph, realization)
    edges = [False] * len(graph.edges)
    for edge in planned.edges:
        edges[edge] = True
    return Realization(planned.live, tuple(edges))


def candidate(graph: ir.Graph, probabilities: Sequence[float]) -> Candidate:
    """The realization that these values of the parameters would deploy."""
    realization = deployed(graph, probabilities)
    choices = [value >= 0.5 for value in probabilities]
    _settle(graph, realization, choices)
    return Candidate(tuple(choices), living(graph, realization))


def chosen(graph: ir.Graph, choices: Sequence[bool], first: Iterable[int] = ()) -> Candidate:
    """The realization of some choices; what the author fixed stays.

    Args:
        graph: The graph.
        choices: Whether each parameter's edge or node is wanted.
        first: The parameters that go before others where edges would close a cycle.
    """
    values = [
        prior if prior in (0, 1) else 0.75 if wanted else 0.25
        for prior, wanted in zip(graph.priors, choices, strict=True)
    ]
    for parameter in first:
        if choices[parameter] and values[parameter] == 0.75:
            values[parameter] = 0.9
    return candidate(graph, values)


def drawn(graph: ir.Graph, policy: Policy, draws: Draws) -> tuple[Candidate, ...]:
    """The draws as candidates; what no coin decided is as the policy would rather have it."""
    likely = (policy.probabilities >= 0.5).tolist()
    made = []
    for nodes, edges in zip(draws.nodes.tolist(), draws.edges.tolist(), strict=True):
        choices = list(likely)
        realization = Realization(tuple(nodes), tuple(edges))
        _settle(graph, realization, choices)
        made.append(Candidate(tuple(choices), living(graph, realization)))
    return tuple(made)


def deployable(graph: ir.Graph, found: Candidate) -> bool:
    """Whether a file can deploy the candidate: a draw may leave out an edge that the author made certain."""
    return chosen(graph, found.choices).realization == found.realization


def flipped(graph: ir.Graph, origin: Candidate, parameters: Sequence[int]) -> Candidate:
    """The candidate with some choices turned round, those turned on going before others."""
    choices = list(origin.choices)
    for parameter in parameters:
        choices[parameter] = not choices[parameter]
    return chosen(graph, choices, parameters)


def alone(graph: ir.Graph, learnable: Sequence[int]) -> Iterator[Candidate]:
    """Nothing that can be learned, everything, and each learnable by itself."""
    nothing = [False] * len(graph.priors)
    yield chosen(graph, nothing)
    yield chosen(graph, [True] * len(graph.priors))
    for parameter in learnable:
        yield chosen(graph, [each == parameter for each in range(len(nothing))], [parameter])


def pairs(order: Sequence[int], promise: Sequence[float]) -> list[tuple[int, int]]:
    """Pairs of the parameters that promise most, the best sum first.

    Args:
        order: Parameters; the earlier goes first among equals.
        promise: (parameters,) what flipping each alone gained.
    """
    likely = sorted(order, key=lambda parameter: -promise[parameter])[:PAIRED]
    both = [(first, second) for place, first in enumerate(likely) for second in likely[place + 1 :]]
    return sorted(both, key=lambda pair: -(promise[pair[0]] + promise[pair[1]]))


def _settle(graph: ir.Graph, realization: Realization, choices: list[bool]) -> None:
    """Write into the choices what a realization decided: gates, and edges whose ends are there."""
    for node, there in zip(graph.nodes, realization.nodes, strict=True):
        if node.gate is not None and node.on:
            choices[node.gate] = there
    edges = graph.edges
    for sender, receiver, parameter, there in zip(
        edges.senders, edges.receivers, edges.parameters, realization.edges, strict=True
    ):
        if parameter >= 0 and realization.nodes[sender] and realization.nodes[receiver]:
            choices[parameter] = there
