"""The structure of a file, as an editor shows it beside the text."""

from collections.abc import Iterator

import attrs

from agraph.compiler import syntax
from agraph.compiler.ends import written
from agraph.compiler.names import import_alias
from agraph.compiler.source import Span
from agraph.editing.analysis import Analysis


@attrs.frozen
class Part:
    """A declaration with what stands in it.

    Attributes:
        kind: The word that begins it, or `input` and `field`.
        detail: More of it for people, or nothing.
        span: The whole of it.
        name_span: What is shown of it when it is chosen.
    """

    name: str
    kind: str
    detail: str
    span: Span
    name_span: Span
    parts: "tuple[Part, ...]" = ()


def structure(analysis: Analysis) -> tuple[Part, ...]:
    """The items of a file in order, graphs with their nodes and edges."""
    return tuple(_item(item, analysis) for item in analysis.module.tree.items)


def _item(item: syntax.Item, analysis: Analysis) -> Part:
    match item:
        case syntax.Import():
            span = item.alias.span if item.alias else item.path_span
            return Part(import_alias(item), "import", item.path, item.span, span)
        case syntax.TypeDeclaration(name, fields):
            parts = tuple(
                Part(
                    field.name.text,
                    "field",
                    analysis.source.slice(field.type.span),
                    field.span,
                    field.name.span,
                )
                for field in fields
            )
            return Part(name.text, "type", "", item.span, name.span, parts)
        case syntax.ModelDeclaration(name, value):
            return Part(name.text, "model", analysis.source.slice(value.span), item.span, name.span)
        case syntax.ToolDeclaration(name, _, returns):
            detail = "" if returns is None else analysis.source.slice(returns.span)
            return Part(name.text, "tool", detail, item.span, name.span)
        case syntax.GraphDeclaration(name):
            parts = tuple(_statements(item.body))
            detail = "" if item.type is None else analysis.source.slice(item.type.span)
            return Part(name.text, "graph", detail, item.span, name.span, parts)
        case syntax.TestDeclaration(graph, title):
            return Part(graph.text, "test", "" if title is None else title.value, item.span, graph.span)
        case syntax.OptimizeDeclaration(graph):
            return Part(graph.text, "optimize", "", item.span, graph.span)


def _field(field: syntax.TypedName, analysis: Analysis) -> Part:
    detail = analysis.source.slice(field.type.span)
    return Part(field.name.text, "field", detail, field.span, field.name.span)


def _statements(body: tuple[syntax.Statement, ...]) -> Iterator[Part]:
    for statement in body:
        match statement:
            case syntax.NodeDeclaration(name):
                description = "" if statement.description is None else statement.description.value
                yield Part(name.text, "node", description, statement.span, name.span)
            case syntax.EdgeDeclaration(ends):
                shown = " -> ".join(map(written, ends))
                span = ends[0].span.to(ends[-1].span)
                yield Part(shown, "edge", "", statement.span, span)
