"""How many nodes a graph has, told before it is laid out: a few lines can stand for more than can be held."""

from collections.abc import Mapping

import attrs

from agraph.compiler import kinds, syntax
from agraph.compiler.diagnostics import Findings
from agraph.compiler.names import Graph, called_graph
from agraph.compiler.parameters import bind_parameters
from agraph.compiler.sites import Constant, Place

MOST_NODES = 100_000
DEEPEST_INSTANCES = 50

_Key = tuple[str, str, tuple[tuple[str, Constant], ...]]


@attrs.frozen
class Extent:
    """How large a graph is.

    Attributes:
        nodes: Those inside its instances included.
        depth: How many instances lie within one another.
    """

    nodes: int
    depth: int


def fits(graph: Graph, constants: Mapping[str, Constant], findings: Findings) -> bool:
    """Whether a graph can be laid out; where it is too large the node that makes it so is reported."""
    nodes = 0
    counted: dict[_Key, Extent | None] = {}
    for statement in graph.declaration.body:
        if isinstance(statement, syntax.NodeDeclaration):
            extent = _node(statement, Place(graph.module, constants, graph.qualifier), counted, 1)
            nodes += extent.nodes
            if extent.depth > DEEPEST_INSTANCES:
                findings.add(kinds.TOO_DEEP, statement.name.span, limit=DEEPEST_INSTANCES)
                return False
            if nodes > MOST_NODES:
                findings.add(kinds.TOO_MANY_NODES, statement.name.span, limit=MOST_NODES)
                return False
    return True


def _extent(
    graph: Graph, constants: Mapping[str, Constant], counted: dict[_Key, Extent | None], depth: int
) -> Extent:
    if depth > DEEPEST_INSTANCES:
        return Extent(0, depth)
    key = graph.module.source.path, graph.declaration.name.text, tuple(constants.items())
    if key not in counted:
        counted[key] = None
        place = Place(graph.module, constants, graph.qualifier)
        inside = [
            _node(statement, place, counted, depth + 1)
            for statement in graph.declaration.body
            if isinstance(statement, syntax.NodeDeclaration)
        ]
        nodes = sum(extent.nodes for extent in inside)
        counted[key] = Extent(nodes, max((extent.depth for extent in inside), default=0))
    # A graph inside itself is an error of its own, and is not counted twice.
    return counted[key] or Extent(0, 0)


def _node(
    node: syntax.NodeDeclaration, place: Place, counted: dict[_Key, Extent | None], depth: int
) -> Extent:
    size: object = 1
    if isinstance(node.count, syntax.Number):
        size = node.count.value
    elif isinstance(node.count, syntax.Reference):
        size = place.constants.get(node.count.name.text)
    members = size if isinstance(size, int) and size > 0 else 1
    graph = called_graph(node.value, place.module)
    if graph is None or not isinstance(node.value, syntax.Call):
        return Extent(members, 0)
    unreported = Findings(place.module.source)
    brackets = node.value.callee.arguments if isinstance(node.value.callee, syntax.Brackets) else ()
    constants = bind_parameters(graph, brackets, node.value, place, unreported)
    if constants is None:
        return Extent(members, 0)
    inside = _extent(graph, constants, counted, depth)
    return Extent(members * (inside.nodes + 2), inside.depth + 1)
