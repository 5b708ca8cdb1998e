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
from agraph.runtime.apply import apply
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
    """

    tools: Mapping[ToolIndex, OpenTool]
    heard: frozenset[NodeIndex]
    inbox: tuple[tuple[NodeIndex, str], ...]


def compiled(expression: Expression, scope: Scope) -> Evaluation:
    """The expression as a closure."""
    match expression:
        case Apply():
            arguments = [compiled(argument, scope) for argument in expression.arguments]
            full = [isinstance(argument, Inbox) for argument in expression.arguments]
            return apply(scope.tools[expression.tool], arguments, full, expression.mapped)
        case FieldOf(value, name):
            return combined([compiled(value, scope)], lambda values: _field(values[0], name))
        case MakeList(items):
            return combined([compiled(item, scope) for item in items], list)
        case MakeRecord(entries):
            names = [name for name, _ in entries]
            values = [compiled(value, scope) for _, value in entries]
            return combined(values, lambda made: dict(zip(names, made, strict=True)))
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
            return lambda frame: frame.inputs[name]
        case Message(sender):
            return (lambda frame: frame.values[sender]) if sender in scope.heard else lambda frame: None
        case Messages(senders):
            return _messages(senders, scope.heard)
        case Inbox(named):
            return _named_inbox(scope.inbox) if named else _inbox(scope.inbox)
        case Output():
            return lambda frame: frame.output
        case Column(name):
            return lambda frame: frame.columns.get(name)
        case _:
            assert_never(expression)


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


def _field(value: Json, name: str) -> Json:
    if isinstance(value, dict):
        return value.get(name)
    return [_field(item, name) for item in value] if isinstance(value, list) else None


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
