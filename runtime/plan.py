"""From a realization to what runs: which nodes live, in which order, along which edges. Pure."""

from collections.abc import Sequence

import attrs

from agraph.compiler.deployment import without_cycles
from agraph.compiler.ir import FIXED, Graph, Node, NodeIndex
from agraph.runtime.options import heaviest


@attrs.frozen(cache_hash=True)
class Realization:
    """One concrete graph: every learnable choice made.

    Attributes:
        nodes: Whether each node is there.
        edges: Whether each edge is there; one whose end is off is out whatever stands here.
        options: The number of the option taken for each of the graph's choices; empty where there are none,
            or where each takes its first.
    """

    nodes: tuple[bool, ...]
    edges: tuple[bool, ...]
    options: tuple[int, ...] = ()


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
        instances: For each node that of the instance around, without which it does not run, or `None`.
        outputs: The live nodes whose values are the answer.
    """

    order: tuple[NodeIndex, ...]
    live: tuple[bool, ...]
    edges: tuple[int, ...]
    senders: tuple[tuple[NodeIndex, ...], ...]
    receivers: tuple[tuple[NodeIndex, ...], ...]
    spare: tuple[int, ...]
    instances: tuple[NodeIndex | None, ...]
    outputs: tuple[NodeIndex, ...]


def plan(graph: Graph, realization: Realization) -> Plan:
    """What runs of a realization.

    Forwards, a node that would get fewer messages than it requires is off. Then backwards, a node from
    which no path leads to the output is dead.

    Raises:
        ValueError: The realization does not fit the graph or has a cycle.
    """
    count = len(graph.nodes)
    fitting = (count, len(graph.edges), len(graph.choices) if realization.options else 0)
    if (len(realization.nodes), len(realization.edges), len(realization.options)) != fitting:
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
        present[node] = _may_run(graph.nodes[node], senders[node], present)
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
        spare=tuple(_messages(node, heard[i]) - node.requires for i, node in enumerate(graph.nodes)),
        instances=tuple(node.instance for node in graph.nodes),
        outputs=tuple(node for node in graph.output if live[node]),
    )


def _may_run(node: Node, senders: Sequence[NodeIndex], present: Sequence[bool]) -> bool:
    """Whether a node gets as many messages as it requires, and the instance around it is there."""
    if node.instance is not None and not present[node.instance]:
        return False
    return not node.requires or _messages(node, [s for s in senders if present[s]]) >= node.requires


def _messages(node: Node, senders: Sequence[NodeIndex]) -> int:
    """How many messages come from these senders; the arguments of the instance around are none."""
    return len(senders) - (node.instance in senders)


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

    Of each choice the option of the largest weight; gates at 0.5 or more; then edges at 0.5 or more from the
    most probable down, leaving out those that would close a cycle; of equals the first declared. Fixed edges
    are always there.

    Args:
        graph: The graph.
        probabilities: The value of each parameter; those of the file where `None`.
    """
    values = graph.priors if probabilities is None else probabilities
    nodes = _there(graph, values)
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
    kept = {*fixed, *without_cycles(len(nodes), ends, fixed, wanted)}
    return Realization(
        tuple(nodes), tuple(index in kept for index in range(len(edges))), heaviest(graph, values)
    )


def _there(graph: Graph, values: Sequence[float]) -> list[bool]:
    """Whether each node is there; what lies in an instance that is not there is not there either."""
    there: list[bool] = []
    for node in graph.nodes:
        around = node.instance is None or there[node.instance]
        there.append(around and node.on and (node.gate is None or values[node.gate] >= 0.5))
    return there
