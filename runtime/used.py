"""Which of a graph's tools a run can call."""

from collections.abc import Iterator

from agraph.compiler.ir import (
    Apply,
    Compare,
    Enter,
    Expression,
    FieldOf,
    Graph,
    MakeList,
    MakeRecord,
    ModelCall,
    ToolIndex,
)


def used_tools(graph: Graph) -> set[ToolIndex]:
    """The tools that a run or its metric may call."""
    used: set[ToolIndex] = set()
    for node in graph.nodes:
        if node.on:
            used.update(_offered(node.work) if isinstance(node.work, ModelCall) else called_tools(node.work))
    if graph.task is not None and graph.task.metric is not None:
        for argument in graph.task.metric.arguments:
            used.update(called_tools(argument))
    return used


def _offered(work: ModelCall) -> Iterator[ToolIndex]:
    """The tools of a model node, whichever option is chosen."""
    yield from work.tools
    for choice in work.choices:
        for option in choice.tools:
            yield from option


def called_tools(expression: Expression) -> Iterator[ToolIndex]:
    """The tools that an expression calls."""
    match expression:
        case Apply(tool, arguments):
            yield tool
            parts: tuple[Expression, ...] = arguments
        case FieldOf(value, _):
            parts = (value,)
        case MakeList(items):
            parts = items
        case MakeRecord(entries) | Enter(entries):
            parts = tuple(value for _, value in entries)
        case Compare(left, _, right):
            parts = (left, right)
        case _:
            parts = ()
    for part in parts:
        yield from called_tools(part)
