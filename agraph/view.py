"""What there is to see of a graph: nodes and edges, their probabilities, and what its deployed form runs."""

import re

import attrs

from agraph.compiler import ir, types
from agraph.runtime.options import options_by_node, settled
from agraph.runtime.plan import Realization, deployed, plan


@attrs.frozen
class ChoiceView:
    """A choice of a node.

    Attributes:
        kind: `model`, `tools` or `prompt`.
        weights: Of each option by its name, as in the file.
        taken: The option that the deployed graph takes.
    """

    kind: str
    weights: dict[str, float]
    taken: str

    def __str__(self) -> str:
        weights = ", ".join(f"{name}: {weight:g}" for name, weight in self.weights.items())
        return f"{self.kind} ~ {{ {weights} }}"


@attrs.frozen
class NodeView:
    """A node.

    Attributes:
        type: As an author writes it.
        work: What it does in the deployed graph, in a word or two: `model fast`, `vote.majority`, `value`,
            or `arguments` where it hands an instance its own.
        gate: The probability that it is there, or `None` where it always is.
        choices: Its choices.
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
    choices: tuple[ChoiceView, ...]
    idle: str | None
    output: bool

    @property
    def group(self) -> str:
        """The name that the members of its family share, that of the instance around included."""
        return re.sub(r"(\[\d+\])?(\(\))?$", "", self.name)

    @property
    def deeds(self) -> tuple[str, ...]:
        """What it does and what is learned of it; of an instance's arguments its box tells that."""
        return () if self.work == "arguments" else (self.work, *self.learned)

    @property
    def remark(self) -> str | None:
        """Its description, where no box around it tells that."""
        return self.description if self.member is None and self.work != "arguments" else None

    @property
    def learned(self) -> tuple[str, ...]:
        """What the file says after `~` of it, prompts aside."""
        gate = () if self.gate is None else (f"on ~ {self.gate}",)
        return (*gate, *map(str, self.choices))


@attrs.frozen
class EdgeView:
    """An edge.

    Attributes:
        sender: The index of a node.
        receiver: The index of a node.
        probability: Of a candidate edge; `None` where it is fixed.
        deployed: Whether a message can pass it in the deployed graph.
        message: Whether it carries one; `False` from an instance's arguments to what reads them inside.
    """

    sender: int
    receiver: int
    probability: float | None
    deployed: bool
    message: bool


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


def view(graph: ir.Graph) -> GraphView:
    """What there is to see of a graph, as its file deploys it."""
    realization = deployed(graph)
    runs = plan(graph, realization)
    idle = _idle(graph, realization)
    taken = options_by_node(graph, realization.options)
    nodes = tuple(
        NodeView(
            name=node.name,
            family=node.family,
            member=node.member,
            description=node.description,
            type=types.show(node.type),
            work=_work(node.work, taken.get(ir.NodeIndex(index), ()), graph),
            gate=None if node.gate is None else graph.priors[node.gate],
            choices=_choices(node.work, taken.get(ir.NodeIndex(index), ()), graph),
            idle=None if runs.live[index] else idle[index],
            output=index in graph.output,
        )
        for index, node in enumerate(graph.nodes)
    )
    passable = set(runs.edges)
    ends = zip(graph.edges.senders, graph.edges.receivers, graph.edges.parameters, strict=True)
    edges = tuple(
        EdgeView(
            sender,
            receiver,
            None if parameter == ir.FIXED else graph.priors[parameter],
            index in passable,
            graph.nodes[receiver].instance != sender,
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


def _work(work: "ir.ModelCall | ir.Expression", options: tuple[int, ...], graph: ir.Graph) -> str:
    match work:
        case ir.ModelCall():
            return f"model {graph.models[settled(work, options).model].name}"
        case ir.Enter():
            return "arguments"
        case ir.Apply(tool):
            return graph.tools[tool].name
        case _:
            return "value"


def _choices(
    work: "ir.ModelCall | ir.Expression", options: tuple[int, ...], graph: ir.Graph
) -> tuple[ChoiceView, ...]:
    if not isinstance(work, ir.ModelCall):
        return ()
    return tuple(
        ChoiceView(
            choice.kind,
            {
                name: graph.priors[weight]
                for name, weight in zip(choice.names, choice.parameters, strict=True)
            },
            choice.names[option],
        )
        for choice, option in zip(work.choices, options, strict=True)
    )


def _idle(graph: ir.Graph, realization: Realization) -> list[str]:
    """Of each node, why it does not run where it does not."""
    # Where every node is an output, the nodes that live are those that get what they require.
    every = tuple(ir.NodeIndex(index) for index in range(len(graph.nodes)))
    fed = plan(attrs.evolve(graph, output=every), realization).live
    heard = [0] * len(graph.nodes)
    for index, there in enumerate(realization.edges):
        sender, receiver = graph.edges.senders[index], graph.edges.receivers[index]
        if there and fed[sender] and graph.nodes[receiver].instance != sender:
            heard[receiver] += 1
    around = [None if node.instance is None or fed[node.instance] else node.instance for node in graph.nodes]
    return [
        _reason(node, graph.priors, fed[index], heard[index])
        if (entry := around[index]) is None
        else f"`{graph.nodes[entry].name}` around it does not run"
        for index, node in enumerate(graph.nodes)
    ]


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
