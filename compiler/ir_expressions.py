"""Expressions of the IR: what a function node computes, a prompt's placeholder shows, a metric reads.

They are used by the names that `ir.py` gives them.
"""

from typing import Literal, NewType

import attrs

from agraph.compiler.types import Type

NodeIndex = NewType("NodeIndex", int)
ToolIndex = NewType("ToolIndex", int)

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]


@attrs.frozen
class Constant:
    """A literal value."""

    value: Json


@attrs.frozen
class Input:
    """The value of an input: of the instance that the node lies in, or of the whole graph."""

    name: str


@attrs.frozen
class Message:
    """The message of one sender, null where none arrived."""

    sender: NodeIndex


@attrs.frozen
class Messages:
    """The messages of a family's members in order, null where none arrived.

    Attributes:
        nulls: Whether nulls stand in place; else they are left out.
    """

    senders: tuple[NodeIndex, ...]
    nulls: bool = True


@attrs.frozen
class Inbox:
    """The messages that the node received and does not read by name, in declaration order of the senders.

    Attributes:
        named: As texts, the sender's name and a colon before each.
    """

    named: bool


@attrs.frozen
class Output:
    """The graph's answer; in metrics and expectations only."""


@attrs.frozen
class Column:
    """A column of the data set's row; in metrics only."""

    name: str


@attrs.frozen
class FieldOf:
    """A field of a record, null of null, mapped over a list."""

    value: "Expression"
    name: str


@attrs.frozen
class MakeList:
    """A list of values."""

    items: "tuple[Expression, ...]"


@attrs.frozen
class MakeRecord:
    """A record of values."""

    entries: "tuple[tuple[str, Expression], ...]"


@attrs.frozen
class Apply:
    """The result of a tool; null where a parameter that is not optional gets null.

    Attributes:
        arguments: One for each parameter of the tool, in its order.
        mapped: The positions of the arguments that are lists where the tool takes one value: the tool is
            applied item by item, and the result is the list of the results.
    """

    tool: ToolIndex
    arguments: "tuple[Expression, ...]"
    mapped: tuple[int, ...] = ()


@attrs.frozen
class Enter:
    """The arguments of an instance, as a record; null, so that nothing in it runs, where one is missing.

    Attributes:
        entries: Name and value of each input.
        types: That of each input; one that is not optional is required, and lists hold nulls where the
            type says so.
    """

    entries: "tuple[tuple[str, Expression], ...]"
    types: tuple[Type, ...]


@attrs.frozen
class Compare:
    """Whether a comparison holds; null equals null and is neither more nor less than anything."""

    left: "Expression"
    operator: Literal["==", "!=", "<", "<=", ">", ">="]
    right: "Expression"


Expression = (
    Constant | Input | Message | Messages | Inbox | Output | Column
    | FieldOf | MakeList | MakeRecord | Apply | Enter | Compare
)  # fmt: skip


# Templates.


@attrs.frozen
class Slot:
    """A placeholder of a template: its path as written, and what it shows."""

    path: str
    value: Expression


Template = tuple[str | Slot, ...]
"""A prompt: literal texts and placeholders in order."""
