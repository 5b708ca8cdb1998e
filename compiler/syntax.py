"""The tree of a file: one frozen class for each construct, as the author wrote it.

Every class carries the span of its text. Names in it are not resolved and nothing is checked:
the parser accepts more than the language does, so that the checker can say what is wrong.
"""

from typing import Literal

import attrs

from agraph.compiler.source import Span


@attrs.frozen
class Name:
    """A name where one is declared or used."""

    text: str
    span: Span


# Values and expressions.


@attrs.frozen
class String:
    """A string; `value` is what it means, after escapes or dedenting.

    Attributes:
        block: Whether it is written between three or more quotes, on lines of its own.
    """

    value: str
    block: bool
    span: Span


@attrs.frozen
class Number:
    """A number with its sign: an `int` where it has neither point nor exponent."""

    value: int | float
    span: Span


@attrs.frozen
class Boolean:
    """`true` or `false`."""

    value: bool
    span: Span


@attrs.frozen
class NullValue:
    """`null`."""

    span: Span


@attrs.frozen
class ListValue:
    """`[a, b]`."""

    items: "tuple[Expression, ...]"
    span: Span


@attrs.frozen
class Entry:
    """One `key: value` of a record; the key is a name or a plain string."""

    key: Name
    value: "Expression"
    span: Span


@attrs.frozen
class RecordValue:
    """`{ key: value, … }`."""

    entries: tuple[Entry, ...]
    span: Span


@attrs.frozen
class Reference:
    """A bare name in an expression."""

    name: Name
    span: Span


@attrs.frozen
class Field:
    """`value.name`."""

    value: "Expression"
    name: Name
    span: Span


@attrs.frozen
class Argument:
    """One argument of a call or of brackets; `name` is `None` for one by position."""

    name: Name | None
    value: "Expression"
    span: Span


@attrs.frozen
class Brackets:
    """`value[…]`: a member of a family, or a graph's compile-time parameters."""

    value: "Expression"
    arguments: tuple[Argument, ...]
    span: Span


@attrs.frozen
class Call:
    """`callee(…)`."""

    callee: "Expression"
    arguments: tuple[Argument, ...]
    span: Span


@attrs.frozen
class Offset:
    """`i + 1` or `i - 1`, which stand in brackets only."""

    name: Name
    amount: int
    span: Span


@attrs.frozen
class Comparison:
    """One comparison, which stands after `when` and `expect` only."""

    left: "Expression"
    operator: Literal["==", "!=", "<", "<=", ">", ">="]
    right: "Expression"
    span: Span


Expression = (
    String | Number | Boolean | NullValue | ListValue | RecordValue
    | Reference | Field | Brackets | Call | Offset | Comparison
)  # fmt: skip


# Types.


@attrs.frozen
class TypeName:
    """A type by its name; `module` is the import it comes from, or `None`."""

    module: Name | None
    name: Name
    span: Span


@attrs.frozen
class TypeLiteral:
    """`"a"` as a type."""

    value: str
    span: Span


@attrs.frozen
class TypeUnion:
    """`A | B`."""

    options: "tuple[TypeExpression, ...]"
    span: Span


@attrs.frozen
class TypeApplication:
    """`list[T]`; `name` is what stands before the bracket, known or not."""

    name: Name
    arguments: "tuple[TypeExpression, ...]"
    span: Span


@attrs.frozen
class TypeOptional:
    """`T?`."""

    item: "TypeExpression"
    span: Span


TypeExpression = TypeName | TypeLiteral | TypeUnion | TypeApplication | TypeOptional


@attrs.frozen
class TypedName:
    """`name: T`: a field of a record, an input of a graph, a parameter of a tool."""

    name: Name
    type: TypeExpression
    span: Span


# Statements inside graphs, nodes, tests and optimize blocks.


@attrs.frozen
class Setting:
    """`path = value` or `path ~ value`; with an option also `prompt short = "…"`.

    Attributes:
        path: The names before the sign, split at the dots: `propose.prompt` has two.
        option: The second word where two words stand before the sign (`tools a = …`, `model fast = …`).
        learnable: Whether the sign is `~`.
        sign: The place of the sign.
    """

    path: tuple[Name, ...]
    option: Name | None
    learnable: bool
    sign: Span
    value: Expression
    span: Span


@attrs.frozen
class NodeDeclaration:
    """`node name[count] "description" -> type …`, then one of: a body, `= value`, `~ value`; or neither.

    Attributes:
        count: What stands in the brackets after the name.
        value: The right side of a function node or an instance.
        learnable: Whether the right side stands after `~`.
        body: The statements between the braces, or `None` without braces.
    """

    name: Name
    count: Expression | None
    description: String | None
    type: TypeExpression | None
    value: Expression | None
    learnable: bool
    body: "tuple[Statement, ...] | None"
    span: Span


@attrs.frozen
class EdgeDeclaration:
    """`edge a -> b` or `edge a -> b ~ prior`; two or more ends, of which the language allows two.

    Attributes:
        ends: Each a name, a field, brackets, or a list of those.
        prior: What stands after the sign, or `None` where there is none and the edge is fixed.
        learnable: Whether the sign is `~`; `=` stands in the block of an instance only.
    """

    ends: tuple[Expression, ...]
    prior: Expression | None
    learnable: bool
    span: Span


@attrs.frozen
class OutputDeclaration:
    """`output value`."""

    value: Expression
    span: Span


@attrs.frozen
class Expectation:
    """`expect left == right`, in a test."""

    value: Expression
    span: Span


@attrs.frozen
class Block:
    """`name { … }` inside an instance's block: the values of an inner instance."""

    name: Name
    body: "tuple[Statement, ...]"
    span: Span


Statement = Setting | NodeDeclaration | EdgeDeclaration | OutputDeclaration | Expectation | Block


# Items of a file.


@attrs.frozen
class Import:
    """`import std.math`, `import "file.agraph"`, each with an optional `as name`.

    Attributes:
        path: The dotted words of a std module joined by dots, or the text of the string.
        relative: Whether it is a string: a file relative to this one.
        alias: The name after `as`.
    """

    path: str
    relative: bool
    alias: Name | None
    path_span: Span
    span: Span


@attrs.frozen
class TypeDeclaration:
    """`type Name { field: T, … }`."""

    name: Name
    fields: tuple[TypedName, ...]
    span: Span


@attrs.frozen
class ModelDeclaration:
    """`model name = provider(…)`."""

    name: Name
    value: Expression
    span: Span


@attrs.frozen
class ToolDeclaration:
    """`tool name(a: T, …) -> T = binding(…)`."""

    name: Name
    parameters: tuple[TypedName, ...]
    returns: TypeExpression | None
    value: Expression
    span: Span


@attrs.frozen
class CompileParameter:
    """A compile-time parameter of a graph: `m: model`, `branches = 3`, `k: int = 2`.

    Attributes:
        kind: The word after the colon (`model`, `tool`, `int`), or `None` where only a default tells.
    """

    name: Name
    kind: Name | None
    default: Expression | None
    span: Span


@attrs.frozen
class GraphDeclaration:
    """`graph name[parameters](inputs) -> type { … }`."""

    name: Name
    parameters: tuple[CompileParameter, ...]
    inputs: tuple[TypedName, ...]
    type: TypeExpression | None
    body: tuple[Statement, ...]
    span: Span


@attrs.frozen
class TestDeclaration:
    """`test graph "name" { … }`."""

    __test__ = False
    graph: Name
    title: String | None
    body: tuple[Statement, ...]
    span: Span


@attrs.frozen
class OptimizeDeclaration:
    """`optimize graph { … }`."""

    graph: Name
    body: tuple[Statement, ...]
    span: Span


Item = (
    Import | TypeDeclaration | ModelDeclaration | ToolDeclaration
    | GraphDeclaration | TestDeclaration | OptimizeDeclaration
)  # fmt: skip


@attrs.frozen
class File:
    """A whole file.

    Attributes:
        version: The number after `agraph` on the first line, or `None` where the header is missing.
        unread: The stretches that could not be read; what stands there may be missed elsewhere.
    """

    version: Number | None
    items: tuple[Item, ...]
    span: Span
    unread: tuple[Span, ...] = attrs.field(default=(), repr=False)
