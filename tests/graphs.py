"""Graphs as values, for tests of what comes after the compiler."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from agraph.compiler import ir
from agraph.compiler.source import Span
from agraph.compiler.types import STR, Type

NOWHERE = Span(0, 0)


def node(name: str, work: "ir.ModelCall | ir.Expression | None" = None, **attributes: Any) -> ir.Node:
    """A node whose value is its own name where nothing else is said."""
    family, bracket, member = name.rstrip("]").partition("[")
    settings: dict[str, Any] = {"type": STR, "description": None, **attributes}
    return ir.Node(
        name=name,
        family=family,
        member=int(member) if bracket else None,
        work=ir.Constant(name) if work is None else work,
        **settings,
    )


def tool(
    name: str,
    parameters: Mapping[str, Type],
    returns: Type,
    binding: "ir.PythonBinding | ir.RecordedBinding",
    origin: str = "graph.agraph",
) -> ir.Tool:
    return ir.Tool(name, tuple(parameters.items()), returns, binding, origin)


def model(
    name: str, provider: str, *arguments: ir.Json, origin: str = "graph.agraph", **options: ir.Json
) -> ir.Model:
    return ir.Model(name, provider, arguments, tuple(options.items()), origin)


def call(*prompt: "str | ir.Slot", **attributes: Any) -> ir.ModelCall:
    settings: dict[str, Any] = {
        "model": ir.ModelIndex(0),
        "learnable": None,
        "system": None,
        "tools": (),
        "max_turns": 10,
        **attributes,
    }
    return ir.ModelCall(prompt=prompt, **settings)


def graph(
    nodes: Sequence[ir.Node],
    edges: Iterable[tuple[int, int]] = (),
    output: Sequence[int] = (-1,),
    *,
    candidates: Mapping[tuple[int, int], float] | None = None,
    gates: Mapping[int, float] | None = None,
    choices: Mapping[int, Mapping[str, float]] | None = None,
    by_name: Iterable[tuple[int, int]] = (),
    inputs: Mapping[str, Type] | None = None,
    type_: Type = STR,
    models: Sequence[ir.Model] = (),
    tools: Sequence[ir.Tool] = (),
    output_many: bool = False,
    output_nulls: bool = False,
) -> ir.Graph:
    """A graph; `candidates` and `gates` map an edge or a node to its probability.

    `choices` map a node that calls a model to the weights of its models, by their names.
    """
    fixed = list(edges)
    likely = dict(candidates or {})
    gated = dict(gates or {})
    choosing = dict(choices or {})
    weights = {(node, name): value for node, options in choosing.items() for name, value in options.items()}
    numbers: list[tuple[tuple[int, int] | tuple[int, str] | int, float]] = [
        *likely.items(), *gated.items(), *weights.items()
    ]  # fmt: skip
    learnables = tuple(
        ir.Probabilities(
            kind="weight" if what in weights else "edge" if isinstance(what, tuple) else "gate",
            name=str(what),
            span=NOWHERE,
            element_spans=(),
            shape=(),
            values=(value,),
            offset=ir.ParameterIndex(offset),
        )
        for offset, (what, value) in enumerate(numbers)
    )
    offsets = {what: ir.ParameterIndex(offset) for offset, (what, _) in enumerate(numbers)}
    pairs = [*fixed, *likely]
    numbered = {each.name: ir.ModelIndex(index) for index, each in enumerate(models)}
    named = set(by_name)
    return ir.Graph(
        version=ir.VERSION,
        name="graph",
        origin="graph.agraph",
        inputs=tuple((inputs or {}).items()),
        type=type_,
        models=tuple(models),
        tools=tuple(tools),
        nodes=tuple(
            attrs.evolve(
                each,
                gate=offsets.get(index, each.gate),
                work=attrs.evolve(each.work, choices=(_choice(index, choosing[index], offsets, numbered),))
                if index in choosing and isinstance(each.work, ir.ModelCall)
                else each.work,
            )
            for index, each in enumerate(nodes)
        ),
        edges=ir.Edges(
            senders=tuple(ir.NodeIndex(a) for a, _ in pairs),
            receivers=tuple(ir.NodeIndex(b) for _, b in pairs),
            parameters=tuple(ir.FIXED if pair in fixed else offsets[pair] for pair in pairs),
            by_name=tuple(pair in named for pair in pairs),
        ),
        output=tuple(ir.NodeIndex(range(len(nodes))[index]) for index in output),
        output_many=output_many,
        output_nulls=output_nulls,
        probabilities=learnables,
        prompts=(),
        task=None,
    )


def _choice(
    node: int, weights: Mapping[str, float], offsets: Mapping[Any, ir.ParameterIndex],
    numbered: Mapping[str, ir.ModelIndex],
) -> ir.Choice:  # fmt: skip
    names = tuple(weights)
    return ir.Choice(
        "model", names, tuple(offsets[node, name] for name in names), tuple(numbered[name] for name in names)
    )
