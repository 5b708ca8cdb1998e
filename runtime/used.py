"""Which of a graph's tools a run can call."""

from collections.abc import Iterator

from agraph.compiler.ir import (
    Apply,
    Compare,
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
            used.update(node.work.tools if isinstance(node.work, ModelCall) else _called(node.work))
    if graph.task is not None and graph.task.metric is not None:
        for argument in graph.task.metric.arguments:
            used.update(_called(argument))
    return used


def _called(expression: Expression) -> Iterator[ToolIndex]:
    match expression:
        case Apply(tool, arguments):
            yield tool
            parts: tuple[Expression, ...] = arguments
        case FieldOf(value, _):
            parts = (value,)
        case MakeList(items):
            parts = items
        case MakeRecord(entries):
            parts = tuple(value for _, value in entries)
        case Compare(left, _, right):
            parts = (left, right)
        case _:
            parts = ()
    for part in parts:
        yield from _called(part)
