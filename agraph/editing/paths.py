"""What the words of a path such as `x.judge.winner` stand for, where a node reads it."""

from collections.abc import Iterator

import attrs

from agraph.compiler import types
from agraph.compiler.lower import Lowered
from agraph.compiler.names import Module
from agraph.editing.symbols import GraphNames, Symbol


@attrs.frozen(eq=False)
class Reader:
    """Where a path is read.

    Attributes:
        graph: Whose inputs and nodes can be named.
        name: The node that reads, or `None` where it is none: a default, or what stands after `expect`.
        lowered: The graph as the compiler lowered it, which tells types; `None` where that is not known.
        everywhere: Whether any node can be read, and `output`, as after `expect`.
    """

    graph: GraphNames
    name: str | None
    lowered: Lowered | None
    everywhere: bool = False

    def node_type(self, path: str) -> types.Type | None:
        """The type of the message of a node, or of an inner one, `x.judge`."""
        if self.lowered is None or path.partition(".")[0] not in self.lowered.nodes.site.families:
            return None
        try:
            return self.lowered.nodes.node_type(path)
        except (KeyError, IndexError):
            # An instance that could not be laid out has nothing inside.
            return None

    def input_type(self, name: str) -> types.Type | None:
        """The type of an input of the graph."""
        return None if self.lowered is None else self.lowered.nodes.inputs.get(name)

    @property
    def answer(self) -> types.Type | None:
        """The type of the graph's answer."""
        return None if self.lowered is None else self.lowered.nodes.answer


@attrs.frozen
class Step:
    """One word of a path; `symbol` is `None` where it names nothing that is declared."""

    symbol: Symbol | None
    type: types.Type | None


def resolved_path(path: tuple[str, ...], reader: Reader) -> Iterator[Step]:
    """What each word of a path stands for; it ends where a word stands for nothing that is known."""
    first, graph = path[0], reader.graph
    if first == "output" and reader.everywhere and first not in graph.nodes:
        yield Step(None, reader.answer)
        yield from _fields(path[1:], reader.answer, graph.graph.module)
    elif first in graph.constants:
        yield Step(graph.symbol("constant", first), types.INT)
    elif first in graph.inputs:
        type_ = reader.input_type(first)
        yield Step(graph.symbol("input", first), type_)
        yield from _fields(path[1:], type_, graph.graph.module)
    elif first in graph.nodes:
        inner = _inner_words(path, reader)
        at: GraphNames | None = graph
        for number in range(inner):
            assert at is not None
            yield Step(at.symbol("node", path[number]), reader.node_type(".".join(path[: number + 1])))
            at = at.inside(path[number])
        type_ = reader.node_type(".".join(path[:inner]))
        yield from _fields(path[inner:], type_, graph.graph.module)


def _inner_words(path: tuple[str, ...], reader: Reader) -> int:
    """How many words of a path name nodes; the rest are fields.

    `x.judge` is an inner node where an edge leads from it to the reader, otherwise a field of `x`.
    """
    longest, at = 0, reader.graph
    for word in path:
        if word not in at.nodes:
            break
        longest += 1
        deeper = at.inside(word)
        if deeper is None:
            break
        at = deeper
    if reader.everywhere or reader.name is None:
        return longest
    for count in range(longest, 1, -1):
        if (".".join(path[:count]), reader.name) in reader.graph.links:
            return count
    return 1 if (path[0], reader.name) in reader.graph.links else longest


def _fields(path: tuple[str, ...], type_: types.Type | None, module: Module) -> Iterator[Step]:
    for word in path:
        record = record_of(type_)
        type_ = None if record is None else record.field(word)
        if record is None or type_ is None:
            return
        home = _home(record, module)
        yield Step(None if home is None else Symbol("field", home, (record.name,), word), type_)


def record_of(type_: types.Type | None) -> types.Record | None:
    """The record that a value is, or each item of it."""
    while isinstance(type_, types.Optional | types.ListOf):
        type_ = type_.item
    return type_ if isinstance(type_, types.Record) else None


def _home(record: types.Record, module: Module) -> str | None:
    """The file that declares a record: this one, else one that it imports."""
    for each in (module, *module.imports.values()):
        if each.types.get(record.name) == record:
            return each.source.path
    return None
