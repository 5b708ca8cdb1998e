"""What a name in a file stands for: the one thing behind its declaration and all its uses."""

import re
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from typing import Literal

import attrs

from agraph.compiler import syntax
from agraph.compiler.names import Graph, called_graph
from agraph.compiler.source import Source, Span

Kind = Literal[
    "file", "import", "type", "field", "model", "tool", "parameter", "graph", "constant", "input", "node",
    "option", "running index",
]  # fmt: skip

NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")


@attrs.frozen
class Symbol:
    """A thing with a name.

    Attributes:
        path: The file that declares it, as its `Source` is called.
        scope: What it is declared in, from the outside in: the graph of a node, the tool of a parameter.
    """

    kind: Kind
    path: str
    scope: tuple[str, ...]
    name: str


@attrs.frozen
class Occurrence:
    """A place that names a symbol.

    Attributes:
        span: Of the bare name; of an import without `as`, what stands after `import`.
        declares: Whether it is the declaration.
    """

    symbol: Symbol
    span: Span
    declares: bool = False


def path_steps(
    expression: syntax.Expression,
) -> tuple[tuple[syntax.Name, tuple[syntax.Argument, ...]], ...] | None:
    """The names of a path such as `x[0].judge`, each with what stands in its brackets, or `None`."""
    match expression:
        case syntax.Reference(name):
            return ((name, ()),)
        case syntax.Field(value, name):
            outer = path_steps(value)
            return None if outer is None else (*outer, (name, ()))
        case syntax.Brackets(value, arguments):
            outer = path_steps(value)
            return None if outer is None else (*outer[:-1], (outer[-1][0], arguments))
        case _:
            return None


def words(source: Source, name: syntax.Name) -> Iterator[tuple[str, Span]]:
    """The names of a dotted name or a key, each with its place; that is the whole where escapes tell it."""
    found = list(NAME.finditer(source.text, name.span.start, name.span.end))
    if ".".join(match.group() for match in found) == name.text:
        yield from ((match.group(), Span(match.start(), match.end())) for match in found)
    else:
        yield from ((word, name.span) for word in name.text.split("."))


@attrs.frozen(eq=False)
class GraphNames:
    """The names that one graph declares.

    Attributes:
        known: Where the names of other graphs are found.
    """

    graph: Graph
    known: "Known"

    @property
    def name(self) -> str:
        """The name of the graph."""
        return self.graph.declaration.name.text

    @cached_property
    def nodes(self) -> Mapping[str, syntax.NodeDeclaration]:
        """The nodes by name, the first of each."""
        nodes: dict[str, syntax.NodeDeclaration] = {}
        for statement in self.graph.declaration.body:
            if isinstance(statement, syntax.NodeDeclaration):
                nodes.setdefault(statement.name.text, statement)
        return nodes

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs."""
        return tuple(given.name.text for given in self.graph.declaration.inputs)

    @cached_property
    def constants(self) -> tuple[str, ...]:
        """The names of the compile-time parameters."""
        return tuple(parameter.name.text for parameter in self.graph.declaration.parameters)

    @cached_property
    def links(self) -> frozenset[tuple[str, str]]:
        """Sender and receiver of every edge statement, by name and without brackets."""
        return frozenset(
            (sender, receiver)
            for statement in self.graph.declaration.body
            if isinstance(statement, syntax.EdgeDeclaration) and len(statement.ends) > 1
            for sender in _names_of(statement.ends[0])
            for receiver in _names_of(statement.ends[1])
        )

    def inside(self, node: str) -> "GraphNames | None":
        """The graph that a node is an instance of, or `None`."""
        declaration = self.nodes.get(node)
        graph = None if declaration is None else called_graph(declaration.value, self.graph.module)
        return None if graph is None else self.known.of(graph)

    def symbol(self, kind: Literal["constant", "input", "node"], name: str) -> Symbol | None:
        """The thing of a kind and a name that the graph declares, or `None`."""
        declared: Mapping[str, Collection[str]] = {
            "constant": self.constants, "input": self.inputs, "node": self.nodes,
        }  # fmt: skip
        if name not in declared[kind]:
            return None
        return Symbol(kind, self.graph.module.source.path, (self.name,), name)

    def option(self, node: str, attribute: str, name: str) -> Symbol:
        """An option of a choice that a node has."""
        return Symbol("option", self.graph.module.source.path, (self.name, node, attribute), name)


@attrs.define(eq=False)
class Known:
    """The names of graphs, each graph's looked at once."""

    _graphs: dict[int, GraphNames] = attrs.field(factory=dict)

    def of(self, graph: Graph) -> GraphNames:
        """The names of a graph."""
        key = id(graph.declaration)
        if key not in self._graphs:
            self._graphs[key] = GraphNames(graph, self)
        return self._graphs[key]


def _names_of(end: syntax.Expression) -> Iterator[str]:
    for item in end.items if isinstance(end, syntax.ListValue) else (end,):
        steps = path_steps(item)
        if steps is not None:
            yield ".".join(name.text for name, _ in steps)
