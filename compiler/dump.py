"""The printed forms of what the passes make: the IR as JSON and back, the tree as indented text."""

from collections.abc import Iterator
from typing import Any, cast

import attrs

from agraph.compiler import ir, syntax, types
from agraph.compiler.ir import Graph, Json
from agraph.compiler.source import Source, Span


class UnsupportedVersion(ValueError):  # noqa: N818
    """The JSON is of another version of the IR."""


def to_json(graph: Graph) -> Json:
    """The graph as JSON: an object for each value, with its class; `from_json` is the inverse."""
    return _encoded(graph)


def from_json(json: Json) -> Graph:
    """The graph that `to_json` made the JSON of.

    Raises:
        UnsupportedVersion: It is of another version of the IR.
        ValueError: It is no graph.
    """
    if not isinstance(json, dict) or json.get("class") != "Graph":
        raise ValueError("this is not a graph: an object of the class `Graph` is wanted")
    if json.get("version") != ir.VERSION:
        version = json.get("version")
        raise UnsupportedVersion(
            f"the graph is of version `{version}` of the IR, and this agraph reads version {ir.VERSION}"
        )
    return cast("Graph", _decoded(json))


_CLASSES: dict[str, Any] = {
    name: value
    for module in (ir, types)
    for name, value in vars(module).items()
    if isinstance(value, type) and attrs.has(value)
}


# The class of an object stands under `class`, the one key that no field of a Python class can have.


def _encoded(value: Any) -> Json:
    if isinstance(value, tuple):
        return [_encoded(item) for item in value]
    if attrs.has(type(value)):
        fields = {field.name: _encoded(getattr(value, field.name)) for field in attrs.fields(type(value))}
        return {"class": type(value).__name__, **fields}
    # The IR itself is made of tuples: a list or a dict is the author's, and comes back as it is.
    return {"class": "Json", "value": value} if isinstance(value, list | dict) else cast("Json", value)


def _decoded(json: Json) -> Any:
    if isinstance(json, list):
        return tuple(_decoded(item) for item in json)
    if not isinstance(json, dict):
        return json
    name = json.get("class")
    if name == "Json":
        return json.get("value")
    if not isinstance(name, str) or name not in _CLASSES:
        raise ValueError(f"this is not a graph: there is no class `{name}`")
    fields = {key: _decoded(value) for key, value in json.items() if key != "class"}
    wanted = {field.name for field in attrs.fields(_CLASSES[name])}
    if fields.keys() != wanted:
        odd = ", ".join(f"`{field}`" for field in sorted(fields.keys() ^ wanted))
        raise ValueError(f"this is not a graph: a `{name}` does not fit in {odd}")
    return _CLASSES[name](**fields)


def dump_tree(tree: "syntax.File | syntax.Item", source: Source) -> str:
    """The tree, a line for each construct with its place, what it is made of indented below.

    A place is `line:column-line:column`, counted from 1, the end exclusive.
    """
    return "\n".join(_lines("", tree, source, "")) + "\n"


def _lines(label: str, value: Any, source: Source, indentation: str) -> Iterator[str]:
    below = indentation + "  "
    match value:
        case syntax.Name(text, span):
            yield f"{indentation}{label}Name {text} {_place(span, source)}"
        case Span():
            yield f"{indentation}{label}{_place(value, source)}"
        case ():
            yield f"{indentation}{label}none"
        case tuple():
            yield f"{indentation}{label}".rstrip()
            for item in value:
                yield from _lines("", item, source, below)
        case _ if attrs.has(type(value)):
            yield f"{indentation}{label}{type(value).__name__} {_place(value.span, source)}"
            for field in attrs.fields(type(value)):
                if not field.repr:
                    continue
                child = getattr(value, field.name)
                if field.name != "span" and child is not None:
                    yield from _lines(f"{field.name}: ", child, source, below)
        case _:
            yield f"{indentation}{label}{value!r}"


def _place(span: Span, source: Source) -> str:
    (line, column), (last_line, last_column) = source.position(span.start), source.position(span.end)
    return f"{line}:{column}-{last_line}:{last_column}"
