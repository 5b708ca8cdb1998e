"""From a realization to what runs: which nodes live, in which order, along which edges. Pure."""

from collections.abc import Iterable, Sequence

import attrs

from agraph.compiler.components import components
from agraph.compiler.ir import FIXED, Graph, NodeIndex


@attrs.frozen(cache_hash=True)
class Realization:
    """One concrete graph: every learnable choice made.

    Attributes:
        nodes: Whether each node is there.
        edges: Whether each edge is there; one whose end is off is out whatever stands here.
    """

    nodes: tuple[bool, ...]
    edges: tuple[bool, ...]


@attrs.frozen(eq=False)
class Plan:
    """What runs of a realization; everything by node is as long as the graph's nodes.

    Attributes:
        order: The live nodes, each after those that it hears.
        live: Whether each node runs unless others give it too little.
        edges: The indices of the edges between live nodes.
        senders: The live nodes that each live node hears, by index.
        receivers: The live nodes that hear each live node, by index.
        spare: How many messages each live node can miss before it has fewer than it requires.
        outputs: The live nodes whose values are the answer.
    """

    order: tuple[NodeIndex, ...]
    live: tuple[bool, ...]
    edges: tuple[int, ...]
    senders: tuple[tuple[NodeIndex, ...], ...]
    receivers: tuple[tuple[NodeIndex, ...], ...]
    spare: tuple[int, ...]
    outputs: tuple[NodeIndex, ...]


def plan(graph: Graph, realization: Realization) -> Plan:
    """What runs of a realization.

    Forwards, a node that would get fewer messages than it requires is off. Then backwards, a node from
    which no path leads to the output is dead.

    Raises:
        ValueError: The realization does not fit the graph or has a cycle.
    """
    count = len(graph.nodes)
    if len(realization.nodes) != count or len(realization.edges) != len(graph.edges):
        raise ValueError(f"the realization does not fit the graph `{graph.name}`")
    present = [there and node.on for there, node in zip(realization.nodes, graph.nodes, strict=True)]
    edges = list(zip(graph.edges.senders, graph.edges.receivers, strict=True))
    active = [i for i, (a, b) in enumerate(edges) if realization.edges[i] and present[a] and present[b]]
    senders: list[list[NodeIndex]] = [[] for _ in range(count)]
    receivers: list[list[NodeIndex]] = [[] for _ in range(count)]
    for index in active:
        sender, receiver = edges[index]
        senders[receiver].append(sender)
        receivers[sender].append(receiver)
    order = _topological_order(present, senders, receivers, graph)
    for node in order:
        present[node] = sum(present[sender] for sender in senders[node]) >= graph.nodes[node].requires
    live = [False] * count
    for node in graph.output:
        live[node] = present[node]
    for node in reversed(order):
        live[node] = present[node] and (live[node] or any(live[receiver] for receiver in receivers[node]))

    def among_live(node: int, neighbours: list[NodeIndex]) -> tuple[NodeIndex, ...]:
        return tuple(sorted(other for other in neighbours if live[other])) if live[node] else ()

    heard = tuple(among_live(node, senders[node]) for node in range(count))
    return Plan(
        order=tuple(node for node in order if live[node]),
        live=tuple(live),
        edges=tuple(i for i in active if live[edges[i][0]] and live[edges[i][1]]),
        senders=heard,
        receivers=tuple(among_live(node, receivers[node]) for node in range(count)),
        spare=tuple(len(heard[i]) - node.requires for i, node in enumerate(graph.nodes)),
        outputs=tuple(node for node in graph.output if live[node]),
    )


def _topological_order(
    present: Sequence[bool],
    senders: Sequence[Sequence[NodeIndex]],
    receivers: Sequence[Sequence[NodeIndex]],
    graph: Graph,
) -> list[NodeIndex]:
    waiting = [len(heard) for heard in senders]
    order = [NodeIndex(i) for i, there in enumerate(present) if there and not waiting[i]]
    for node in order:  # grows as it is read
        for receiver in receivers[node]:
            waiting[receiver] -= 1
            if not waiting[receiver]:
                order.append(receiver)
    if len(order) != sum(present):
        stuck = ", ".join(f"`{node.name}`" for node, left in zip(graph.nodes, waiting, strict=True) if left)
        raise ValueError(f"the realization of `{graph.name}` has a cycle through or before {stuck}")
    return order


def deployed(graph: Graph, probabilities: Sequence[float] | None = None) -> Realization:
    """The one realization that `run` executes.

    Gates at 0.5 or more; then edges at 0.5 or more from the most probable down, leaving out those that
    would close a cycle; of equals the first declared. Fixed edges are always there.

    Args:
        graph: The graph.
        probabilities: The value of each parameter; those of the file where `None`.
    """
    values = graph.priors if probabilities is None else probabilities
    nodes = tuple(
        node.on and (node.gate is None or values[node.gate] >= 0.5) for node in graph.nodes
    )  # fmt: skip
    edges = list(zip(graph.edges.senders, graph.edges.receivers, graph.edges.parameters, strict=True))
    fixed: list[int] = []
    wanted: list[int] = []
    for index, (sender, receiver, parameter) in enumerate(edges):
        if nodes[sender] and nodes[receiver]:
            if parameter == FIXED:
                fixed.append(index)
            elif values[parameter] >= 0.5:
                wanted.append(index)
    wanted.sort(key=lambda index: (-values[edges[index][2]], index))
    ends = [(sender, receiver) for sender, receiver, _ in edges]
    kept = {*fixed, *_without_cycles(len(nodes), ends, fixed, wanted)}
    return Realization(nodes, tuple(index in kept for index in range(len(edges))))


def _without_cycles(
    count: int, ends: Sequence[tuple[int, int]], fixed: Sequence[int], wanted: Sequence[int]
) -> Iterable[int]:
    """Those of the wanted edges, taken in order, that close no cycle with the fixed ones and those before."""
    component = components(count, [ends[index] for index in (*fixed, *wanted)])
    # Only inside a strongly connected component can an edge close a cycle, so an acyclic graph costs nothing.
    reach: dict[int, int] = {}
    members: dict[int, list[int]] = {}
    for node, name in enumerate(component):
        members.setdefault(name, []).append(node)

    def add(sender: int, receiver: int) -> bool:
        gained = reach.get(receiver, 0) | 1 << receiver
        if gained >> sender & 1:
            return False
        if reach.get(sender, 0) >> receiver & 1:
            return True
        for node in members[component[sender]]:
            if node == sender or reach.get(node, 0) >> sender & 1:
                reach[node] = reach.get(node, 0) | gained
        return True

    for index in fixed:
        sender, receiver = ends[index]
        if component[sender] == component[receiver]:
            add(sender, receiver)
    return [i for i in wanted if component[ends[i][0]] != component[ends[i][1]] or add(*ends[i])]
