"""Which of a graph's tools a run can call, and which of its models it can ask."""

from collections.abc import Iterator, Sequence

from agraph.compiler.ir import (
    Apply,
    Compare,
    Enter,
    Expression,
    FieldOf,
    Graph,
    MakeList,
    MakeRecord,
    Model,
    ModelCall,
    ModelIndex,
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


def used_models(graph: Graph, models: Sequence[Model]) -> tuple[Model, ...]:
    """Those that a run may ask, whichever options are chosen, and those that they fall back on.

    Args:
        graph: What runs.
        models: The models of the graph, replacements in their places.
    """
    places = {model.name: ModelIndex(index) for index, model in enumerate(models)}
    asked = [node.work for node in graph.nodes if node.on and isinstance(node.work, ModelCall)]
    used = dict.fromkeys(index for work in asked for index in _askable(work))
    waiting = list(used)
    while waiting:
        others = [places[name] for name in models[waiting.pop()].fallback]
        waiting += [index for index in others if index not in used]
        used.update(dict.fromkeys(others))
    return tuple(models[index] for index in used)


def _askable(work: ModelCall) -> list[ModelIndex]:
    """The models of a model node, whichever option is chosen; its own is the first option."""
    return [work.model, *(index for choice in work.choices for index in choice.models)]


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
