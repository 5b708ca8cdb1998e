"""Choices among models, prompts and tools: which option is taken, and what a model node then is."""

import itertools
from collections.abc import Iterator, Mapping, Sequence

import attrs

from agraph.compiler.ir import Graph, ModelCall, NodeIndex


def heaviest(graph: Graph, values: Sequence[float]) -> tuple[int, ...]:
    """For each of the graph's choices the number of the option of the largest weight, the first of equals.

    Args:
        graph: The graph.
        values: The value of each parameter.
    """
    return tuple(
        max(range(len(choice.parameters)), key=lambda option: values[choice.parameters[option]])
        for _, choice in graph.choices
    )


def options_by_node(graph: Graph, options: Sequence[int]) -> Mapping[NodeIndex, tuple[int, ...]]:
    """The options taken at each node that has choices; nothing where no options are given."""
    taken: dict[NodeIndex, tuple[int, ...]] = {}
    if options:
        for (node, _), option in zip(graph.choices, options, strict=True):
            taken[node] = (*taken.get(node, ()), option)
    return taken


def with_options(graph: Graph, options: Sequence[int]) -> Graph:
    """The graph whose model nodes have one option taken of each of their choices."""
    nodes = list(graph.nodes)
    for index, taken in options_by_node(graph, options).items():
        work = nodes[index].work
        assert isinstance(work, ModelCall)
        nodes[index] = attrs.evolve(nodes[index], work=settled(work, taken))
    return attrs.evolve(graph, nodes=tuple(nodes))


def every_work(work: ModelCall) -> Iterator[ModelCall]:
    """The call with each combination of the options of its choices."""
    for options in itertools.product(*(range(len(choice.parameters)) for choice in work.choices)):
        yield settled(work, options)


def settled(work: ModelCall, options: Sequence[int]) -> ModelCall:
    """The call with one option taken of each of its choices."""
    for choice, option in zip(work.choices, options, strict=True):
        match choice.kind:
            case "model":
                work = attrs.evolve(work, model=choice.models[option])
            case "tools":
                work = attrs.evolve(work, tools=choice.tools[option])
            case "prompt":
                work = attrs.evolve(work, prompt=choice.prompts[option])
    return attrs.evolve(work, choices=())
