"""A node as the driver takes it: everything about it decided before the run."""

from collections.abc import Callable, Mapping

import attrs

from agraph.compiler.ir import (
    Apply,
    Expression,
    Graph,
    Json,
    ModelCall,
    ModelIndex,
    Node,
    NodeIndex,
    ToolIndex,
)
from agraph.compiler.types import FLOAT, ListOf, Optional, Record, Type, Variable, optional, show
from agraph.runtime.attempts import repeated
from agraph.runtime.calls import Calls
from agraph.runtime.errors import ToolCallError
from agraph.runtime.evaluation import Evaluation, Immediate, Later, Now, combined
from agraph.runtime.expressions import Scope, compiled, immediate
from agraph.runtime.node import model_node
from agraph.runtime.open_model import OpenModel
from agraph.runtime.options import settled
from agraph.runtime.tools import OpenTool, interruptible
from agraph.runtime.values import MisfitError, reader, shorten


@attrs.frozen(eq=False)
class Step:
    """A node, ready to run.

    Attributes:
        when: The node is skipped where this gives false; `None` without a condition.
        now: Its work where it needs no waiting, else `None`.
        later: Its work where it waits, else `None`.
    """

    node: Node
    when: Now | None
    now: Now | None
    later: Later | None


@attrs.frozen(eq=False)
class Workshop:
    """Makes the steps of a graph's nodes.

    Attributes:
        open_model: Gives an open model by its index.
    """

    graph: Graph
    tools: Mapping[ToolIndex, OpenTool]
    open_model: Callable[[ModelIndex], OpenModel]
    calls: Calls
    _by_name: frozenset[tuple[NodeIndex, NodeIndex]] = attrs.field(init=False)

    @_by_name.default
    def _read_by_name(self) -> frozenset[tuple[NodeIndex, NodeIndex]]:
        edges = self.graph.edges
        return frozenset(
            (sender, receiver)
            for sender, receiver, named in zip(edges.senders, edges.receivers, edges.by_name, strict=True)
            if named
        )

    def step(self, index: NodeIndex, senders: tuple[NodeIndex, ...], options: tuple[int, ...] = ()) -> Step:
        """The step of a node.

        Args:
            index: The node.
            senders: Whom it hears, in declaration order.
            options: What is taken of each of its choices; the first options where it is empty.
        """
        node = self.graph.nodes[index]
        if options and isinstance(node.work, ModelCall):
            node = attrs.evolve(node, work=settled(node.work, options))
        scope = self.scope(index, senders)
        when = None if node.when is None else immediate(node.when, scope)
        evaluation = self._evaluation(node, scope)
        if isinstance(evaluation, Immediate):
            return Step(node, when, evaluation.evaluate, None)
        return Step(node, when, None, evaluation.evaluate)

    def scope(self, index: NodeIndex, senders: tuple[NodeIndex, ...]) -> Scope:
        """What a node can read that hears these senders."""
        inbox = [sender for sender in senders if (sender, index) not in self._by_name]
        named = tuple((sender, self.graph.nodes[sender].name) for sender in inbox)
        node = self.graph.nodes[index]
        # A time limit can only end what waits.
        tools = self.tools if node.timeout_s is None else {i: interruptible(t) for i, t in self.tools.items()}
        return Scope(tools, frozenset(senders), named, node.instance)

    def _evaluation(self, node: Node, scope: Scope) -> Evaluation:
        if isinstance(node.work, ModelCall):
            return model_node(node, node.work, scope, self.open_model(node.work.model), self.calls)
        return repeated(node, self._held(node, node.work, compiled(node.work, scope)))

    def _held(self, node: Node, work: Expression, evaluation: Evaluation) -> Evaluation:
        """The evaluation held to the node's type, where what was checked before leaves room."""
        if not _leaves_room(node.type, work, self.graph):
            return evaluation
        read = reader(optional(node.type))

        def hold(values: list[Json]) -> Json:
            try:
                return read(values[0])
            except MisfitError:
                declared = f"the node is declared `{show(node.type)}`"
                raise ToolCallError(f"{declared} and its value is {shorten(values[0])}") from None

        return combined([evaluation], hold)


def known_step(graph: Graph, index: NodeIndex) -> Step:
    """The step of a node whose value is known before the run."""
    return Step(graph.nodes[index], None, lambda frame: frame.known[index], None)


def _leaves_room(type_: Type, work: Expression, graph: Graph) -> bool:
    """Whether the work's value may be of another type than the node's: a whole number, or a variable's."""
    if isinstance(work, Apply):
        returns = graph.tools[work.tool].returns
        if _mentions(returns, lambda part: isinstance(part, Variable)):
            return True
        if not work.mapped and optional(returns) == optional(type_):
            return False
    return _mentions(type_, lambda part: part == FLOAT)


def _mentions(type_: Type, wanted: Callable[[Type], bool]) -> bool:
    match type_:
        case ListOf(item) | Optional(item):
            return _mentions(item, wanted)
        case Record(_, fields):
            return any(_mentions(field, wanted) for _, field in fields)
        case _:
            return wanted(type_)
