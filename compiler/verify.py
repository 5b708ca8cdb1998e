"""What a legal graph of the IR is, written once; run after lowering and after every rewrite."""

from collections.abc import Iterator
from itertools import pairwise
from math import inf, prod

from agraph.compiler.components import components
from agraph.compiler.ir import (
    FIXED,
    Apply,
    Compare,
    Enter,
    Expression,
    FieldOf,
    Graph,
    MakeList,
    MakeRecord,
    Message,
    Messages,
    ModelCall,
    Node,
    Slot,
    Template,
)
from agraph.compiler.source import Span


class IllegalGraph(AssertionError):  # noqa: N818
    """A pass made a graph that breaks a rule; a bug in agraph, never a mistake of an author."""


def verify(graph: Graph) -> None:
    """Hold a graph against the rules.

    Raises:
        IllegalGraph: It breaks one; the message names it.
    """
    for broken in _broken_rules(graph):
        raise IllegalGraph(f"graph `{graph.name}`: {broken}")


def _broken_rules(graph: Graph) -> Iterator[str]:
    count, edges = len(graph.nodes), graph.edges
    if len({node.name for node in graph.nodes}) != count:
        yield "two nodes have one name"
    if not len(edges.senders) == len(edges.receivers) == len(edges.parameters) == len(edges.by_name):
        yield "the edge arrays differ in length"
    ends = list(zip(edges.senders, edges.receivers, strict=True))
    if not all(0 <= sender < count and 0 <= receiver < count for sender, receiver in ends):
        yield "an edge ends at no node"
    if len(set(ends)) != len(ends):
        yield "two edges join the same nodes"
    if any(sender == receiver for sender, receiver in ends):
        yield "an edge joins a node to itself"
    fixed = [pair for pair, parameter in zip(ends, edges.parameters, strict=True) if parameter == FIXED]
    if len(set(components(count, fixed))) != count:
        yield "fixed edges form a cycle"
    yield from _broken_learnables(graph)
    if not graph.output or not all(0 <= node < count for node in graph.output):
        yield "the output is no node"
    elif not graph.output_many and any(graph.nodes[node].gate is not None for node in graph.output):
        yield "an output has a gate"
    joined = {pair for pair, parameter in zip(ends, edges.parameters, strict=True) if parameter == FIXED}
    for index, node in enumerate(graph.nodes):
        if node.instance is not None and (node.instance, index) not in joined:
            yield f"`{node.name}` is not joined to the instance around it"
        if node.instance is not None and node.instance >= index:
            yield f"`{node.name}` comes before the instance around it"
        yield from _broken_node(node, graph)


def _broken_learnables(graph: Graph) -> Iterator[str]:
    offset = 0
    for learnable in graph.probabilities:
        if learnable.offset != offset or len(learnable.values) != prod(learnable.shape):
            yield f"`{learnable.name}` has other values than its shape"
        if learnable.element_spans and len(learnable.element_spans) != len(learnable.values):
            yield f"`{learnable.name}` has other places than values"
        most = inf if learnable.kind == "weight" else 1
        if not all(0 <= value <= most for value in learnable.values):
            yield f"`{learnable.name}` is no probability"
        offset += len(learnable.values)
    used = [parameter for parameter in graph.edges.parameters if parameter != FIXED]
    used += [node.gate for node in graph.nodes if node.gate is not None]
    used += [parameter for _, choice in graph.choices for parameter in choice.parameters]
    if any(not 0 <= parameter < offset for parameter in used):
        yield "a parameter has no value"
    if len(set(used)) != len(used):
        yield "two places share one parameter"
    places = [each.span for each in graph.probabilities] + [each.span for each in graph.prompts]
    places += [each.span for each in graph.demonstrations]
    # Pairs of numbers are compared many times faster than spans.
    spans = sorted((place.start, place.end) for place in places if isinstance(place, Span))
    if any(left[1] > right[0] for left, right in pairwise(spans)):
        yield "two learnables overlap in the file"
    if graph.task and graph.task.proposer is not None and graph.task.proposer >= len(graph.models):
        yield "the proposer is no model"


def _broken_node(node: Node, graph: Graph) -> Iterator[str]:
    expressions: list[Expression] = [] if node.when is None else [node.when]
    if isinstance(node.work, ModelCall):
        if not 0 <= node.work.model < len(graph.models):
            yield f"`{node.name}` has no model"
        if any(not 0 <= tool < len(graph.tools) for tool in node.work.tools):
            yield f"`{node.name}` has an unknown tool"
        expressions += [*_slots(node.work.prompt), *_slots(node.work.system or ())]
        for choice in node.work.choices:
            options = choice.models or choice.tools or choice.prompts
            if not len(options) == len(choice.parameters) == len(choice.names) > 0:
                yield f"`{node.name}` has a choice with other weights than options"
            if any(not 0 <= model < len(graph.models) for model in choice.models):
                yield f"`{node.name}` can choose no model"
            if any(not 0 <= tool < len(graph.tools) for option in choice.tools for tool in option):
                yield f"`{node.name}` can choose an unknown tool"
            expressions += [value for prompt in choice.prompts for value in _slots(prompt)]
    else:
        expressions.append(node.work)
    for expression in expressions:
        for part in _parts(expression):
            if isinstance(part, Apply) and len(part.arguments) != len(graph.tools[part.tool].parameters):
                yield f"`{node.name}` calls `{graph.tools[part.tool].name}` with too few or many arguments"
            senders = (
                (part.sender,) if isinstance(part, Message)
                else part.senders if isinstance(part, Messages) else ()
            )  # fmt: skip
            if any(not 0 <= sender < len(graph.nodes) for sender in senders):
                yield f"`{node.name}` hears no node"


def _slots(template: Template) -> Iterator[Expression]:
    return (part.value for part in template if isinstance(part, Slot))


def _parts(expression: Expression) -> Iterator[Expression]:
    """The expression and all those inside it."""
    yield expression
    inside: tuple[Expression, ...] = ()
    match expression:
        case FieldOf(value):
            inside = (value,)
        case MakeList(items):
            inside = items
        case MakeRecord(entries) | Enter(entries):
            inside = tuple(value for _, value in entries)
        case Apply(_, arguments):
            inside = arguments
        case Compare(left, _, right):
            inside = (left, right)
    for part in inside:
        yield from _parts(part)
