"""What there is to see of a graph: nodes and edges, their probabilities, and what its deployed form runs."""

import attrs

from agraph.compiler import ir, types
from agraph.runtime.plan import Realization, deployed, plan


@attrs.frozen
class NodeView:
    """A node.

    Attributes:
        type: As an author writes it.
        work: What it does, in a word or two: `model fast`, `vote.majority`, `value`.
        gate: The probability that it is there, or `None` where it always is.
        idle: Why the deployed graph does not run it, or `None` where it does.
        output: Whether its value is the graph's answer, or part of it.
    """

    name: str
    family: str
    member: int | None
    description: str | None
    type: str
    work: str
    gate: float | None
    idle: str | None
    output: bool


@attrs.frozen
class EdgeView:
    """An edge.

    Attributes:
        sender: The index of a node.
        receiver: The index of a node.
        probability: Of a candidate edge; `None` where it is fixed.
        deployed: Whether a message can pass it in the deployed graph.
    """

    sender: int
    receiver: int
    probability: float | None
    deployed: bool


@attrs.frozen
class GraphView:
    """A graph.

    Attributes:
        inputs: Name and type of each.
        order: The indices of the nodes that the deployed graph runs, each after those that it hears.
    """

    name: str
    inputs: tuple[tuple[str, str], ...]
    type: str
    nodes: tuple[NodeView, ...]
    edges: tuple[EdgeView, ...]
    order: tuple[int, ...]

    @property
    def signature(self) -> str:
        """`name(input: type) -> type`."""
        inputs = ", ".join(f"{name}: {type_}" for name, type_ in self.inputs)
        return f"{self.name}({inputs}) -> {self.type}"

    @property
    def families(self) -> tuple[tuple[int, ...], ...]:
        """The indices of the nodes of each family; a node outside of any stands alone."""
        members: dict[str, list[int]] = {}
        for index, node in enumerate(self.nodes):
            members.setdefault(node.family, []).append(index)
        return tuple(map(tuple, members.values()))


def view(graph: ir.Graph) -> GraphView:
    """What there is to see of a graph, as its file deploys it."""
    realization = deployed(graph)
    runs = plan(graph, realization)
    idle = _idle(graph, realization)
    nodes = tuple(
        NodeView(
            name=node.name,
            family=node.family,
            member=node.member,
            description=node.description,
            type=types.show(node.type),
            work=_work(node.work, graph),
            gate=None if node.gate is None else graph.priors[node.gate],
            idle=None if runs.live[index] else idle[index],
            output=index in graph.output,
        )
        for index, node in enumerate(graph.nodes)
    )
    passable = set(runs.edges)
    ends = zip(graph.edges.senders, graph.edges.receivers, graph.edges.parameters, strict=True)
    edges = tuple(
        EdgeView(
            sender, receiver, None if parameter == ir.FIXED else graph.priors[parameter], index in passable
        )
        for index, (sender, receiver, parameter) in enumerate(ends)
    )
    inputs = tuple((name, types.show(type_)) for name, type_ in graph.inputs)
    return GraphView(graph.name, inputs, types.show(graph.type), nodes, edges, runs.order)


def view_json(shown: GraphView) -> ir.Json:
    """The view as JSON; edges name their ends."""
    names = [node.name for node in shown.nodes]
    return {
        "graph": shown.name,
        "inputs": [{"name": name, "type": type_} for name, type_ in shown.inputs],
        "type": shown.type,
        "nodes": [{**attrs.asdict(node), "deployed": node.idle is None} for node in shown.nodes],
        "edges": [
            {**attrs.asdict(edge), "sender": names[edge.sender], "receiver": names[edge.receiver]}
            for edge in shown.edges
        ],
        "order": [names[index] for index in shown.order],
    }


def _work(work: "ir.ModelCall | ir.Expression", graph: ir.Graph) -> str:
    match work:
        case ir.ModelCall(model):
            return f"model {graph.models[model].name}"
        case ir.Apply(tool):
            return graph.tools[tool].name
        case _:
            return "value"


def _idle(graph: ir.Graph, realization: Realization) -> list[str]:
    """Of each node, why it does not run where it does not."""
    # Where every node is an output, the nodes that live are those that get what they require.
    every = tuple(ir.NodeIndex(index) for index in range(len(graph.nodes)))
    fed = plan(attrs.evolve(graph, output=every), realization).live
    heard = [0] * len(graph.nodes)
    for index, there in enumerate(realization.edges):
        if there and fed[graph.edges.senders[index]]:
            heard[graph.edges.receivers[index]] += 1
    return [_reason(node, graph.priors, fed[index], heard[index]) for index, node in enumerate(graph.nodes)]


def _reason(node: ir.Node, priors: tuple[float, ...], fed: bool, heard: int) -> str:
    if not node.on:
        return "switched off by `on = false`"
    if node.gate is not None and priors[node.gate] < 0.5:
        return f"its gate, {priors[node.gate]}, is below 0.5"
    if not fed:
        return f"it requires {_messages(node.requires)} and can get {heard}"
    return "no path leads from it to the output"


def _messages(count: int) -> str:
    return f"{count} message" if count == 1 else f"{count} messages"
