"""Expressions as closures, made once before the run so that nothing is decided twice while it lasts.

An expression that calls an asynchronous tool becomes a coroutine function, any other a plain one.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, assert_never

import attrs

from agraph.compiler.ir import (
    Apply,
    Column,
    Compare,
    Constant,
    Enter,
    Expression,
    FieldOf,
    Inbox,
    Input,
    Json,
    MakeList,
    MakeRecord,
    Message,
    Messages,
    NodeIndex,
    Output,
    ToolIndex,
)
from agraph.compiler.types import Optional
from agraph.runtime.apply import apply, sifted
from agraph.runtime.evaluation import Evaluation, Immediate, Now, combined
from agraph.runtime.frame import Frame
from agraph.runtime.templates import render
from agraph.runtime.tools import OpenTool


@attrs.frozen(eq=False)
class Scope:
    """What the names in an expression stand for.

    Attributes:
        tools: The open tools by their index in the graph.
        heard: The senders whose messages arrive here; what others say reads as null.
        inbox: Those of them that are not read by name, in declaration order, each with its name.
        instance: The node that holds the arguments of the instance around, or `None` in the graph itself.
    """

    tools: Mapping[ToolIndex, OpenTool]
    heard: frozenset[NodeIndex]
    inbox: tuple[tuple[NodeIndex, str], ...]
    instance: NodeIndex | None = None


def compiled(expression: Expression, scope: Scope) -> Evaluation:
    """The expression as a closure."""
    match expression:
        case Apply():
            arguments = [compiled(argument, scope) for argument in expression.arguments]
            full = [isinstance(argument, Inbox) for argument in expression.arguments]
            return apply(scope.tools[expression.tool], arguments, full, expression.mapped)
        case FieldOf(value, name):
            return combined([compiled(value, scope)], lambda values: field_of(values[0], name))
        case MakeList(items):
            return combined([compiled(item, scope) for item in items], list)
        case MakeRecord(entries):
            names = [name for name, _ in entries]
            values = [compiled(value, scope) for _, value in entries]
            return combined(values, lambda made: dict(zip(names, made, strict=True)))
        case Enter(entries, types):
            names = [name for name, _ in entries]
            values = [
                sifted(compiled(value, scope), type_, full=isinstance(value, Inbox))
                for (_, value), type_ in zip(entries, types, strict=True)
            ]
            required = [
                name for name, type_ in zip(names, types, strict=True) if not isinstance(type_, Optional)
            ]
            return combined(values, _entering(names, required))
        case Compare(left, sign, right):
            holds = COMPARISONS[sign]
            both = [compiled(left, scope), compiled(right, scope)]
            return combined(both, lambda values: holds(values[0], values[1]))
        case _:
            return Immediate(_leaf(expression, scope))


def immediate(expression: Expression, scope: Scope) -> Now:
    """The closure of an expression that the language allows no tool call in."""
    evaluation = compiled(expression, scope)
    assert isinstance(evaluation, Immediate), "placeholders and conditions call no tools"
    return evaluation.evaluate


def _leaf(expression: Constant | Input | Message | Messages | Inbox | Output | Column, scope: Scope) -> Now:
    match expression:
        case Constant(value):
            return lambda frame: value
        case Input(name):
            return _input(name, scope.instance)
        case Message(sender):
            return (lambda frame: frame.values[sender]) if sender in scope.heard else lambda frame: None
        case Messages(senders, nulls):
            return _messages(senders, scope.heard) if nulls else _present(senders, scope.heard)
        case Inbox(named):
            return _named_inbox(scope.inbox) if named else _inbox(scope.inbox)
        case Output():
            return lambda frame: frame.output
        case Column(name):
            return lambda frame: frame.columns.get(name)
        case _:
            assert_never(expression)


def _input(name: str, instance: NodeIndex | None) -> Now:
    if instance is None:
        return lambda frame: frame.inputs[name]

    def evaluate(frame: Frame) -> Json:
        arguments = frame.values[instance]
        return arguments[name] if isinstance(arguments, dict) else None

    return evaluate


def _entering(names: Sequence[str], required: Sequence[str]) -> Callable[[list[Json]], Json]:
    def enter(values: list[Json]) -> Json:
        arguments = dict(zip(names, values, strict=True))
        return None if any(arguments[name] is None for name in required) else arguments

    return enter


def _present(senders: Sequence[NodeIndex], heard: frozenset[NodeIndex]) -> Now:
    arriving = [sender for sender in senders if sender in heard]
    return lambda frame: [message for sender in arriving if (message := frame.values[sender]) is not None]


def _messages(senders: Sequence[NodeIndex], heard: frozenset[NodeIndex]) -> Now:
    if heard.issuperset(senders):
        return lambda frame: [frame.values[sender] for sender in senders]
    return lambda frame: [frame.values[sender] if sender in heard else None for sender in senders]


def _inbox(inbox: tuple[tuple[NodeIndex, str], ...]) -> Now:
    senders = [sender for sender, _ in inbox]

    def evaluate(frame: Frame) -> Json:
        values = frame.values
        return [message for sender in senders if (message := values[sender]) is not None]

    return evaluate


def _named_inbox(inbox: tuple[tuple[NodeIndex, str], ...]) -> Now:
    def evaluate(frame: Frame) -> Json:
        values = frame.values
        return [f"{name}: {render(values[sender])}" for sender, name in inbox if values[sender] is not None]

    return evaluate


def field_of(value: Json, name: str) -> Json:
    """A field of a record, null of null, mapped over a list."""
    if isinstance(value, dict):
        return value.get(name)
    return [field_of(item, name) for item in value] if isinstance(value, list) else None


def _ordered(compare: Callable[[Any, Any], bool], *, equal: bool) -> Callable[[Json, Json], bool]:
    def holds(left: Json, right: Json) -> bool:
        if left is None or right is None:
            return equal and left is right
        return compare(left, right)

    return holds


COMPARISONS: Mapping[str, Callable[[Json, Json], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": _ordered(operator.lt, equal=False),
    "<=": _ordered(operator.le, equal=True),
    ">": _ordered(operator.gt, equal=False),
    ">=": _ordered(operator.ge, equal=True),
}
