"""Which learnables have settled: so probable, or so improbable, that they may as well be fixed."""

from collections.abc import Mapping, Sequence

from agraph.compiler.deployment import without_cycles
from agraph.compiler.ir import FIXED, Graph, ParameterIndex
from agraph.runtime.plan import deployed

_ROUNDING = 1e-9
"""What 1 - 0.9 and 0.1 may differ by."""


def settled(probability: float, threshold: float) -> bool | None:
    """What a probability comes to: `True` from the threshold on, `False` as near to 0; else `None`."""
    if probability >= threshold - _ROUNDING:
        return True
    return False if 1 - probability >= threshold - _ROUNDING else None


def favourite(weights: Sequence[float], threshold: float) -> int | None:
    """The option of the largest weight, the first of equals, or `None` where its share is too small."""
    best, total = max(range(len(weights)), key=weights.__getitem__), sum(weights)
    share = weights[best] / total if total else 1 / len(weights)
    return best if share >= threshold - _ROUNDING else None


def settled_edges(graph: Graph, threshold: float) -> Mapping[ParameterIndex, bool | None]:
    """What each candidate edge comes to: there, not there, or `None` where it is open.

    Settled edges are there where the file deploys them. One whose end is off at the moment is there where
    it closes no cycle with those; one that lost to a cycle is not. An edge that is deployed, and as a fixed
    one would close a cycle through nodes that are off, is open.
    """
    realization = deployed(graph)
    edges = list(zip(graph.edges.senders, graph.edges.receivers, graph.edges.parameters, strict=True))
    found: dict[ParameterIndex, bool | None] = {}
    sure: list[int] = []
    for index, (_, _, parameter) in enumerate(edges):
        if parameter != FIXED:
            found[parameter] = settled(graph.priors[parameter], threshold)
            if found[parameter]:
                sure.append(index)
    sure.sort(key=lambda index: (not realization.edges[index], -graph.priors[edges[index][2]], index))
    fixed = [index for index, (_, _, parameter) in enumerate(edges) if parameter == FIXED]
    ends = [(sender, receiver) for sender, receiver, _ in edges]
    acyclic = set(without_cycles(len(graph.nodes), ends, fixed, sure))
    for index in sure:
        sender, receiver, parameter = edges[index]
        both = realization.nodes[sender] and realization.nodes[receiver]
        if index not in acyclic or (both and not realization.edges[index]):
            found[parameter] = None if realization.edges[index] else False
    return found
