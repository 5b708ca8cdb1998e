"""Realizations as choices, one for each parameter, and the ones that lie a flip or two away."""

from collections.abc import Iterable, Iterator, Sequence

import attrs

from agraph.compiler import ir
from agraph.optimizer.policy import Draws, Policy, realizations
from agraph.runtime.plan import Realization, deployed, plan

PAIRED = 64
"""How many of the most promising flips are tried in pairs."""


@attrs.frozen
class Candidate:
    """A realization and the choices that lead to it.

    Attributes:
        choices: For each parameter whether its edge, node or option is wanted; of the options of a choice one
            is. What is dead keeps its choice too.
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
    options = tuple(
        option if planned.live[node] else 0
        for (node, _), option in zip(graph.choices, realization.options, strict=True)
    )
    return Realization(planned.live, tuple(edges), options)


def candidate(graph: ir.Graph, probabilities: Sequence[float]) -> Candidate:
    """The realization that these values of the parameters would deploy."""
    realization = deployed(graph, probabilities)
    choices = [value >= 0.5 for value in probabilities]
    for (_, choice), option in zip(graph.choices, realization.options, strict=True):
        _take(graph, choice.parameters[option], choices)
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
        prior if prior == 0 or (prior == 1 and parameter not in graph.rivals) else 0.75 if wanted else 0.25
        for parameter, (prior, wanted) in enumerate(zip(graph.priors, choices, strict=True))
    ]
    for parameter in first:
        if choices[parameter] and values[parameter] == 0.75:
            values[parameter] = 0.9
    return candidate(graph, values)


def drawn(graph: ir.Graph, policy: Policy, draws: Draws) -> tuple[Candidate, ...]:
    """The draws as candidates; what no coin decided is as the policy would rather have it."""
    likely = policy.mode.tolist()
    made = []
    for realization in realizations(draws):
        choices = list(likely)
        _settle(graph, realization, choices)
        made.append(Candidate(tuple(choices), living(graph, realization)))
    return tuple(made)


def deployable(graph: ir.Graph, found: Candidate) -> bool:
    """Whether a file can deploy the candidate: a draw may leave out an edge that the author made certain."""
    return chosen(graph, found.choices).realization == found.realization


def flipped(graph: ir.Graph, origin: Candidate, parameters: Sequence[int]) -> Candidate:
    """The candidate with some choices turned round, those turned on going before others.

    To turn an option round is to take it; for the one that is taken nothing changes.
    """
    choices = list(origin.choices)
    for parameter in parameters:
        if parameter in graph.rivals:
            _take(graph, parameter, choices)
        else:
            choices[parameter] = not choices[parameter]
    return chosen(graph, choices, parameters)


def alone(graph: ir.Graph, learnable: Sequence[int]) -> Iterator[Candidate]:
    """Nothing that can be learned, everything, and each learnable by itself.

    Args:
        graph: The graph; of its choices the options are taken that its file deploys.
        learnable: Parameters of edges and gates.
    """
    taken = candidate(graph, graph.priors).choices
    nothing = [wanted and parameter in graph.rivals for parameter, wanted in enumerate(taken)]
    yield chosen(graph, nothing)
    yield chosen(graph, [wanted or parameter not in graph.rivals for parameter, wanted in enumerate(taken)])
    for parameter in learnable:
        choices = list(nothing)
        choices[parameter] = True
        yield chosen(graph, choices, [parameter])


def pairs(order: Sequence[int], promise: Sequence[float]) -> list[tuple[int, int]]:
    """Pairs of the parameters that promise most, the best sum first.

    Args:
        order: Parameters; the earlier goes first among equals.
        promise: (parameters,) what flipping each alone gained.
    """
    likely = sorted(order, key=lambda parameter: -promise[parameter])[:PAIRED]
    both = [(first, second) for place, first in enumerate(likely) for second in likely[place + 1 :]]
    return sorted(both, key=lambda pair: -(promise[pair[0]] + promise[pair[1]]))


def _take(graph: ir.Graph, weight: int, choices: list[bool]) -> None:
    """Take an option, and no other of its choice."""
    for rival in graph.rivals[weight]:
        choices[rival] = rival == weight


def _settle(graph: ir.Graph, realization: Realization, choices: list[bool]) -> None:
    """Write into the choices what a realization decided.

    Those are the options and gates of what is there, and the edges whose ends are there.
    """
    for (chooser, choice), option in zip(graph.choices, realization.options, strict=True):
        if realization.nodes[chooser]:
            _take(graph, choice.parameters[option], choices)
    for node, there in zip(graph.nodes, realization.nodes, strict=True):
        around = node.instance is None or realization.nodes[node.instance]
        if node.gate is not None and node.on and around:
            choices[node.gate] = there
    edges = graph.edges
    for sender, receiver, parameter, there in zip(
        edges.senders, edges.receivers, edges.parameters, realization.edges, strict=True
    ):
        if parameter >= 0 and realization.nodes[sender] and realization.nodes[receiver]:
            choices[parameter] = there
