"""Names that could stand somewhere, each with what it is: an editor offers them."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Literal

from agraph.compiler import syntax, types
from agraph.compiler.names import Module
from agraph.compiler.source import Span
from agraph.editing import words
from agraph.editing.paths import Reader, record_of, resolved_path
from agraph.editing.symbols import GraphNames

Kind = Literal[
    "word", "attribute", "module", "file", "type", "field", "model", "tool", "parameter", "graph", "constant",
    "input", "node", "option", "value",
]  # fmt: skip

Offer = tuple[str, Kind, str]
"""What is written, what it is, and more of that for people."""

Path = tuple[str, ...]
"""The words of a path that are complete: `x.judge.wi` has two."""


def declared(
    module: Module, path: Path, *wanted: Literal["type", "model", "tool", "graph"]
) -> Iterator[Offer]:
    """What this file declares, or after `alias.` what that one does."""
    home = module
    if path:
        if len(path) > 1 or path[0] not in home.imports:
            return
        home = home.imports[path[0]]
    for kind in wanted:
        for name in _of_kind(kind, home):
            yield name, kind, _signature(kind, name, home)
    for alias, imported in () if path else home.imports.items():
        if any(_of_kind(kind, imported) for kind in wanted):
            yield alias, "module", imported.source.path


def _of_kind(kind: Literal["type", "model", "tool", "graph"], module: Module) -> Collection[str]:
    by_kind: Mapping[str, Collection[str]] = {
        "type": module.types, "model": module.models, "tool": module.tools, "graph": module.graphs,
    }  # fmt: skip
    return by_kind[kind]


def type_names(module: Module, path: Path) -> Iterator[Offer]:
    """Types, those of the language before those of the file."""
    if not path:
        yield from worded(words.TYPES, "type")
    yield from declared(module, path, "type")


def ends(graph: GraphNames, path: Path) -> Iterator[Offer]:
    """Nodes, or after `x.` those inside."""
    for name in path:
        deeper = graph.inside(name)
        if deeper is None:
            return
        graph = deeper
    yield from ((name, "node", description(node)) for name, node in graph.nodes.items())


def readable(reader: Reader | None, path: Path) -> Iterator[Offer]:
    """What a node can read: names, or after `x.` fields and inner nodes."""
    if reader is None:
        return
    if path:
        yield from _below(reader, path)
        return
    graph = reader.graph
    yield from ((name, "input", shown(reader.input_type(name))) for name in graph.inputs)
    yield from ((name, "constant", "int") for name in graph.constants)
    if reader.everywhere:
        yield from ((name, "node", shown(reader.node_type(name))) for name in graph.nodes)
        yield "output", "word", shown(reader.answer)
        return
    senders = {
        sender.partition(".")[0] for sender, receiver in graph.links
        if receiver == reader.name or reader.name is None
    }  # fmt: skip
    yield from ((name, "node", shown(reader.node_type(name))) for name in graph.nodes if name in senders)
    yield from worded(words.READ_EVERYWHERE, "word")
    if reader.name is not None and graph.nodes[reader.name].count is not None:
        yield "index", "word", "the member's own number"


def _below(reader: Reader, path: Path) -> Iterator[Offer]:
    if path == ("inbox",):
        yield "named", "word", "the messages as texts, each with its sender's name"
        return
    steps = list(resolved_path(path, reader))
    if len(steps) < len(path):
        return
    record = record_of(steps[-1].type)
    for name, type_ in () if record is None else record.fields:
        yield name, "field", types.show(type_)
    at: GraphNames | None = reader.graph
    for word in path:
        at = None if at is None else at.inside(word)
    for name, node in {} if at is None else at.nodes.items():
        whole = ".".join((*path, name))
        if reader.everywhere or any(
            receiver == reader.name and (sender == whole or sender.startswith(f"{whole}."))
            for sender, receiver in reader.graph.links
        ):
            yield name, "node", description(node)


def parameters(callee: str, module: Module) -> Iterator[Offer]:
    """The names of what a tool or a graph takes."""
    expression = named(callee)
    tool, graph = module.tool(expression), module.graph(expression)
    for name, type_ in () if tool is None else tool.parameters:
        yield f"{name} = ", "parameter", types.show(type_)
    if graph is not None:
        for given in graph.declaration.inputs:
            yield f"{given.name.text} = ", "parameter", graph.module.source.slice(given.type.span)


def plain(names: Iterable[str], kind: Kind) -> Iterator[Offer]:
    """Names of which nothing more is said."""
    return ((name, kind, "") for name in names)


def worded(told: Mapping[str, str], kind: Kind) -> Iterator[Offer]:
    """Names with what is said of each."""
    return ((name, kind, what) for name, what in told.items())


def shown(type_: types.Type | None) -> str:
    """A type as an author writes it; nothing where it is not known."""
    return "" if type_ is None else types.show(type_)


def description(node: syntax.NodeDeclaration) -> str:
    """The description of a node, or nothing."""
    return "" if node.description is None else node.description.value


def _signature(kind: str, name: str, module: Module) -> str:
    if kind == "tool":
        tool = module.tools[name]
        parameters = ", ".join(f"{key}: {types.show(each)}" for key, each in tool.parameters)
        return f"({parameters}) -> {types.show(tool.returns)}"
    if kind == "model":
        return module.models[name].provider
    return ""


def named(path: str) -> syntax.Expression:
    """The expression of a name, or of `alias.name`."""
    nowhere = Span(0, 0)
    first, _, last = path.rpartition(".")
    name = syntax.Name(last, nowhere)
    if not first:
        return syntax.Reference(name, nowhere)
    return syntax.Field(syntax.Reference(syntax.Name(first, nowhere), nowhere), name, nowhere)
