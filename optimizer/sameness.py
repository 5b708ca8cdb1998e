"""What a graph deploys, by names, and what of two files is the same."""

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from agraph.compiler import Compilation, ir
from agraph.compiler.diagnostics import has_errors
from agraph.compiler.parameter_names import parameter_names
from agraph.runtime.options import options_by_node, settled
from agraph.runtime.plan import deployed, plan

LONGEST_SHOWN = 60
"""More of a line is not shown."""


def why_not_the_same(old: Compilation, new: Compilation, graph: str, given_up: frozenset[str]) -> str | None:
    """Why one file cannot stand for another, or `None` where it can.

    Each graph deploys what it deployed, and nothing is learnable in it that was not, or with another value.

    Args:
        old: The file as it was.
        new: The file that shall take its place.
        graph: The graph of which only what is given up may stop being learnable.
        given_up: The learnables that may, as `learnables` names them.
    """
    if has_errors(new.diagnostics):
        first = next(each for each in new.diagnostics if each.severity == "error")
        line = first.source.line(first.source.position(first.span.start)[0]).strip()
        return f"{first.message}, in `{line if len(line) <= LONGEST_SHOWN else f'{line[:LONGEST_SHOWN]}…'}`"
    found = {each.name: each for each in new.graphs}
    for before in old.graphs:
        after = found.get(before.name)
        if after is None:
            return f"the graph `{before.name}` could not run by itself"
        difference = _difference(what_runs(before), what_runs(after))
        if difference is not None:
            return difference if before.name == graph else f"in `{before.name}` {difference}"
        known, left = learnables(before), learnables(after)
        if any(name not in known or known[name] != value for name, value in left.items()):
            return f"something else would be learnable in `{before.name}`"
        if before.name == graph:
            gone = {name for name in known if name not in left and not is_of_gone_nodes(name, after)}
            if gone - given_up:
                return f"`{min(gone - given_up)}` would no longer be learnable"
    return None


def learnables(graph: ir.Graph) -> Mapping[str, float | str | tuple[ir.Example, ...]]:
    """The value of everything that is learnable, by its name for people."""
    numbers = {name: graph.priors[parameter] for parameter, name in parameter_names(graph).items()}
    texts = {each.name: each.text for each in graph.prompts}
    return {**numbers, **texts, **{each.name: each.examples for each in graph.demonstrations}}


def is_of_gone_nodes(learnable: str, graph: ir.Graph) -> bool:
    """Whether a learnable belongs to a node that is not in the graph, or to an edge of one."""
    if " -> " in learnable:
        return any(end not in graph.node_index for end in learnable.split(" -> "))
    around = learnable.partition(": ")[0].rpartition(".")[0]
    families = {_without_numbers(name) for name in graph.node_index}
    return _without_numbers(around) not in families


def _without_numbers(name: str) -> str:
    """A node as its graph declares it: `x.member` for `x[0].member[1]`, and `x` for its entry `x()`."""
    parts = name.removesuffix("()").split("[")
    return "".join((parts[0], *(part.partition("]")[2] for part in parts[1:])))


# What runs.


@attrs.frozen
class Running:
    """All that tells the answers of a deployed graph; where it is equal every row has the same answer.

    Attributes:
        nodes: The live nodes in their order, each with what it does.
        edges: The edges between them, and whether the message is read by name.
        around: What the graph takes and gives.
    """

    nodes: Mapping[str, object]
    edges: Mapping[tuple[str, str], bool]
    around: object


def what_runs(graph: ir.Graph) -> Running:
    """What a graph deploys."""
    realization = deployed(graph)
    planned = plan(graph, realization)
    taken = options_by_node(graph, realization.options)
    nodes = {
        node.name: _node(graph, index, taken.get(ir.NodeIndex(index), ()))
        for index, node in enumerate(graph.nodes)
        if planned.live[index]
    }
    edges = graph.edges
    heard = {
        (graph.nodes[edges.senders[i]].name, graph.nodes[edges.receivers[i]].name): edges.by_name[i]
        for i in planned.edges
    }
    outputs = [graph.nodes[index].name for index in planned.outputs]
    around = graph.inputs, graph.type, outputs, graph.output_many, graph.output_nulls
    return Running(nodes, heard, around)


def _difference(old: Running, new: Running) -> str | None:
    """What would be another in a deployed graph, or `None`."""
    for name in (*old.nodes, *new.nodes):
        if name not in new.nodes:
            return f"`{name}` would not run"
        if name not in old.nodes:
            return f"`{name}` would run"
        if old.nodes[name] != new.nodes[name]:
            return f"`{name}` would work otherwise"
    for sender, receiver in (*old.edges, *new.edges):
        if old.edges.get((sender, receiver)) != new.edges.get((sender, receiver)):
            return f"`{receiver}` would hear `{sender}` otherwise"
    same = old == new and list(old.nodes) == list(new.nodes)
    return None if same else "the answer would be made otherwise"


def _node(graph: ir.Graph, index: int, options: tuple[int, ...]) -> object:
    """A live node as its run sees it: with what was chosen, and without how it came to be there."""
    node = graph.nodes[index]
    work = node.work
    if isinstance(work, ir.ModelCall):
        work = attrs.evolve(settled(work, options) if options else work, learnable=None)
    instance = None if node.instance is None else graph.nodes[node.instance].name
    plain = attrs.evolve(node, work=ir.Constant(None), instance=None, gate=None, when=None)
    return plain, instance, tuple(_by_name((node.when, work), graph))


def _by_name(value: Any, graph: ir.Graph) -> Iterator[object]:
    """A value of the IR part by part, indices replaced by what they stand for."""
    match value:
        case ir.Message(sender):
            yield "message", graph.nodes[sender].name
        case ir.Messages(senders, nulls):
            yield "messages", tuple(graph.nodes[sender].name for sender in senders), nulls
        case ir.Apply(tool, arguments, mapped):
            yield "apply", graph.tools[tool], mapped, tuple(_by_name(arguments, graph))
        case ir.ModelCall(model, _, _, _, tools):
            rest = value.prompt, value.system, value.max_turns, value.examples
            yield graph.models[model], tuple(graph.tools[tool] for tool in tools)
            yield from _by_name(rest, graph)
        case tuple():
            yield tuple(part for item in value for part in _by_name(item, graph))
        case _ if attrs.has(type(value)):
            yield type(value).__name__
            fields = (getattr(value, field.name) for field in attrs.fields(type(value)))
            yield tuple(part for field in fields for part in _by_name(field, graph))
        case _:
            yield value
