"""A graph cut in two behind its last model calls: what lies behind can be run again from known values.

Behind the cut are the nodes that call no model and from which no path of possible edges leads to one: a vote,
functions, lookups. What they give follows from the values of the nodes before the cut, so that other settings
of the edges into them cost no call.
"""

from collections.abc import Iterable, Iterator, Sequence
from operator import and_

import attrs

from agraph.compiler import ir
from agraph.runtime.plan import Realization


@attrs.frozen(eq=False)
class Cut:
    """A graph in two parts, whose nodes and edges keep their numbers.

    Attributes:
        behind: (nodes,) whether each node lies behind the cut.
        entering: (edges,) whether each leads to a node behind the cut.
        entrances: The nodes before the cut that nodes behind it may hear, or that are part of the answer.
        free: The parameters that change nothing before the cut: of edges behind it, and of gates of nodes
            that are heard behind it only.
        first: The graph up to the cut; its answer is the values of the entrances.
        second: The graph from the cut on, for realizations without edges before it.
    """

    behind: tuple[bool, ...]
    entering: tuple[bool, ...]
    entrances: tuple[ir.NodeIndex, ...]
    free: frozenset[int]
    first: ir.Graph
    second: ir.Graph

    def source(self, realization: Realization) -> Realization:
        """The realization with all that is free there, and no edge behind the cut: what is to be run once."""
        nodes, edges = self.first.nodes, self.first.edges
        there: list[bool] = []
        for index, node in enumerate(nodes):
            around = node.instance is None or there[node.instance]
            free = node.gate is not None and node.gate in self.free
            there.append(around and node.on and (free or realization.nodes[index]))
        kept = tuple(
            there_ and not self.behind[receiver]
            for there_, receiver in zip(realization.edges, edges.receivers, strict=True)
        )
        return Realization(tuple(there), kept, realization.options)

    def rest(self, realization: Realization) -> Realization:
        """The realization without the edges before the cut: what is to be run again."""
        # This is asked for every setting that is replayed.
        return Realization(realization.nodes, tuple(map(and_, realization.edges, self.entering)))


def cut(graph: ir.Graph) -> Cut:
    """The graph, cut behind its last model calls."""
    edges = graph.edges
    last = _not_leading_to([isinstance(node.work, ir.ModelCall) for node in graph.nodes], edges)
    gates = {gate: governed for gate, governed in _gates(graph) if _heard_there_only(graph, governed, last)}
    behind = _varying(graph, last, gates.values())
    crossing = {a for a, b in zip(edges.senders, edges.receivers, strict=True) if behind[b] and not behind[a]}
    crossing |= {node for node in graph.output if not behind[node]}
    entrances = tuple(sorted(crossing))
    first = attrs.evolve(graph, output=entrances, output_many=True, output_nulls=True)
    second = attrs.evolve(
        graph,
        nodes=tuple(
            node if behind[index] else attrs.evolve(node, work=ir.Constant(None), requires=0, when=None)
            for index, node in enumerate(graph.nodes)
        ),
    )
    free = {p for p, receiver in zip(edges.parameters, edges.receivers, strict=True) if behind[receiver]}
    entering = tuple(behind[receiver] for receiver in edges.receivers)
    return Cut(tuple(behind), entering, entrances, frozenset((free | set(gates)) - {ir.FIXED}), first, second)


def _not_leading_to(asking: Sequence[bool], edges: ir.Edges) -> list[bool]:
    heard: list[list[int]] = [[] for _ in asking]
    for sender, receiver in zip(edges.senders, edges.receivers, strict=True):
        heard[receiver].append(sender)
    leading = list(asking)
    waiting = [node for node, asks in enumerate(asking) if asks]
    while waiting:
        for other in heard[waiting.pop()]:
            if not leading[other]:
                leading[other] = True
                waiting.append(other)
    return [not leads for leads in leading]


def _gates(graph: ir.Graph) -> Iterator[tuple[int, list[bool]]]:
    """Each gate with what is not there where it is off."""
    for gate in {node.gate: None for node in graph.nodes if node.gate is not None}:
        governed: list[bool] = []
        for node in graph.nodes:
            around = node.instance is not None and governed[node.instance]
            governed.append(around or node.gate == gate)
        yield gate, governed


def _heard_there_only(graph: ir.Graph, governed: Sequence[bool], last: Sequence[bool]) -> bool:
    """Whether what a gate takes away is heard by nodes behind all models only."""
    return all(
        last[receiver] or governed[receiver]
        for sender, receiver in zip(graph.edges.senders, graph.edges.receivers, strict=True)
        if governed[sender]
    )


def _varying(graph: ir.Graph, last: Sequence[bool], gates: Iterable[Sequence[bool]]) -> list[bool]:
    """Which of the last nodes may hear one thing or another from values that are known."""
    edges = list(zip(graph.edges.senders, graph.edges.receivers, graph.edges.parameters, strict=True))
    heard: dict[int, set[int]] = {}
    varying = [False] * len(last)
    for sender, receiver, parameter in edges:
        if sender != graph.nodes[receiver].instance:
            heard.setdefault(receiver, set()).add(sender)
        doubtful = any(governed[sender] and not governed[receiver] for governed in gates)
        if last[receiver] and (parameter != ir.FIXED or doubtful or len(heard.get(receiver, ())) > 1):
            varying[receiver] = True
    grown = True
    while grown:
        grown = False
        for sender, receiver, _ in edges:
            if varying[sender] and not varying[receiver]:
                varying[receiver] = grown = True
    return varying
