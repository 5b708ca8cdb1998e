"""Expressions of a node, resolved to what they read and typed.

A name means something else in each member of a family, so an expression is resolved once for each; mistakes
are reported for the first only, since they are the same for all.
"""

from collections.abc import Callable, Mapping

import attrs

from agraph.compiler import ir, kinds, syntax, types
from agraph.compiler.diagnostics import Findings, listed, nearest
from agraph.compiler.layout import Family, Layout, find_member
from agraph.compiler.literals import describe, report_repeated_keys
from agraph.compiler.names import Module, not_imported
from agraph.compiler.reads import Inbox
from agraph.compiler.type_names import ANY

Typed = tuple[ir.Expression, types.Type]
NOTHING: Typed = ir.Constant(None), ANY
"""What stands for an expression that could not be understood."""


@attrs.define
class Tools:
    """The tools that a graph uses, numbered as they are met."""

    found: list[ir.Tool] = attrs.field(factory=list)
    _numbers: dict[str, ir.ToolIndex] = attrs.field(factory=dict)

    def index(self, tool: ir.Tool) -> ir.ToolIndex:
        """The index of a tool in the graph."""
        if tool.name not in self._numbers:
            self._numbers[tool.name] = ir.ToolIndex(len(self.found))
            self.found.append(tool)
        return self._numbers[tool.name]


@attrs.frozen
class Scope:
    """What an expression of one node, or of a metric, can name.

    Attributes:
        inputs: The types of the graph's inputs.
        node_type: The type of the message of a node, by its declared name.
        layout: The nodes and edges around.
        family: The node that reads, or `None` in a metric.
        member: Its number in its family, or `None`.
        inbox: What comes to the node unnamed.
        extra: Names with a meaning of their own, such as `output` in a metric.
    """

    module: Module
    findings: Findings
    tools: Tools
    inputs: Mapping[str, types.Type] = {}
    node_type: Callable[[str], types.Type] = lambda _: ANY
    layout: Layout | None = None
    family: Family | None = None
    member: int | None = None
    inbox: Inbox = attrs.field(factory=Inbox)
    extra: Mapping[str, Typed] = {}


def resolve_expression(expression: syntax.Expression, scope: Scope) -> Typed:
    """What an expression computes, and its type."""
    match expression:
        case syntax.String(value):
            return ir.Constant(value), types.LiteralUnion((value,))
        case syntax.Boolean(value):
            return ir.Constant(value), types.BOOL
        case syntax.Number(value):
            return ir.Constant(value), types.INT if isinstance(value, int) else types.FLOAT
        case syntax.NullValue():
            return ir.Constant(None), types.NULL
        case syntax.ListValue(items):
            return _list(items, scope, expression)
        case syntax.RecordValue(entries):
            report_repeated_keys(entries, scope.findings)
            typed = [(entry.key.text, *resolve_expression(entry.value, scope)) for entry in entries]
            fields = tuple((key, type_) for key, _, type_ in typed)
            return ir.MakeRecord(tuple((key, value) for key, value, _ in typed)), types.Record("", fields)
        case syntax.Reference(name):
            return _reference(name, scope)
        case syntax.Field(syntax.Reference(syntax.Name("inbox")), syntax.Name("named")):
            return ir.Inbox(named=True), types.ListOf(types.STR)
        case syntax.Field(syntax.Reference(syntax.Name("row")), name) if "row" in scope.extra:
            return ir.Column(name.text), ANY
        case syntax.Field(value, name):
            return _field(value, name, scope)
        case syntax.Brackets(syntax.Reference(name), (syntax.Argument(None, syntax.Number() as number),)):
            return _member(name, number, scope)
        case syntax.Call():
            return _call(expression, scope)
        case syntax.Brackets(syntax.Reference(name)):
            hint = (
                f"a member is named by its number, `{name.text}[0]`; "
                f"over `[i]` edges `{name.text}` alone means the one that is joined"
            )
            scope.findings.add(kinds.BAD_EXPRESSION, expression.span, found="this path", hint=hint)
            return NOTHING
        case _:
            scope.findings.add(kinds.BAD_EXPRESSION, expression.span, found=describe(expression))
            return NOTHING


def _list(items: tuple[syntax.Expression, ...], scope: Scope, whole: syntax.Expression) -> Typed:
    typed = [resolve_expression(item, scope) for item in items]
    joined = types.join(type_ for _, type_ in typed)
    if joined is None:
        shown = ", ".join(f"`{types.show(type_)}`" for _, type_ in typed)
        scope.findings.add(kinds.MIXED_LIST, whole.span, what="this list", types=shown)
        joined = ANY
    return ir.MakeList(tuple(value for value, _ in typed)), types.ListOf(joined)


# Names.


def _reference(name: syntax.Name, scope: Scope) -> Typed:
    if name.text in scope.extra:
        if name.text == "row":
            hint = "name one of its columns, as in `row.answer`"
            scope.findings.add(kinds.BAD_EXPRESSION, name.span, found="the whole row", hint=hint)
        return scope.extra[name.text]
    if name.text == "inbox" and scope.family is not None:
        return ir.Inbox(named=False), types.ListOf(_inbox_item(name, scope))
    if name.text == "index" and scope.family is not None:
        if scope.family.size is None:
            scope.findings.add(kinds.INDEX_OUTSIDE_FAMILY, name.span, node=scope.family.name)
            return NOTHING
        return ir.Constant(scope.member), types.INT
    if name.text in scope.inputs:
        return ir.Input(name.text), scope.inputs[name.text]
    sender = _sender(name, scope)
    if sender is None or scope.layout is None or scope.family is None:
        return NOTHING
    type_ = scope.node_type(sender.name)
    if scope.layout.is_indexed(sender.name, scope.family.name):
        receiver = ir.NodeIndex(scope.family.first + (scope.member or 0))
        node = scope.layout.indexed_sender(sender.name, receiver)
        return (ir.Constant(None) if node is None else ir.Message(node)), type_
    if sender.size is None:
        return ir.Message(sender.first), type_
    return ir.Messages(tuple(ir.NodeIndex(node) for node in sender.nodes)), types.ListOf(
        types.optional(type_)
    )


def _sender(name: syntax.Name, scope: Scope) -> Family | None:
    """The family of a name that the node can read, or `None` with the reason reported."""
    families = {} if scope.layout is None else scope.layout.families
    if name.text not in families or scope.family is None or scope.layout is None:
        readable = [*scope.extra, *scope.inputs]
        if scope.family is not None and scope.layout is not None:
            readable += [*scope.layout.sender_families.get(scope.family.name, ()), "inbox"]
        hint = nearest(name.text, [*readable, *families])
        scope.findings.add(kinds.UNKNOWN_NAME, name.span, name=name.text, known=listed(readable), hint=hint)
        return None
    if (name.text, scope.family.name) not in scope.layout.links:
        kind = kinds.READS_ITSELF if name.text == scope.family.name else kinds.NAME_NEEDS_EDGE
        scope.findings.add(kind, name.span, name=name.text, node=scope.family.name)
        return None
    return families[name.text]


def _member(name: syntax.Name, number: syntax.Number, scope: Scope) -> Typed:
    sender = _sender(name, scope)
    if sender is None:
        return NOTHING
    if sender.size is None:
        scope.findings.add(kinds.NOT_A_FAMILY, name.span, name=name.text)
        return NOTHING
    member = find_member(sender, number, scope.findings)
    if member is None:
        return NOTHING
    node = ir.NodeIndex(sender.first + member)
    assert scope.layout is not None
    assert scope.family is not None
    if not scope.layout.hears(scope.family.name, node):
        written = sender.node_name(member)
        scope.findings.add(kinds.NAME_NEEDS_EDGE, name.span, name=written, node=scope.family.name)
    return ir.Message(node), scope.node_type(sender.name)


def _inbox_item(name: syntax.Name, scope: Scope) -> types.Type:
    """The type of the messages in the inbox."""
    found = [scope.node_type(sender) for sender in scope.inbox.senders]
    joined = types.join(found) if found else ANY
    if joined is None:
        shown = ", ".join(
            f"`{sender}: {types.show(type_)}`"
            for sender, type_ in zip(scope.inbox.senders, found, strict=True)
        )
        scope.findings.add(kinds.MIXED_LIST, name.span, what="the inbox", types=shown)
        return ANY
    return joined


# Fields and calls.


def _field(value: syntax.Expression, name: syntax.Name, scope: Scope) -> Typed:
    expression, type_ = resolve_expression(value, scope)
    return ir.FieldOf(expression, name.text), _field_type(type_, name, scope)


def _field_type(type_: types.Type, name: syntax.Name, scope: Scope) -> types.Type:
    match type_:
        case types.Variable() | types.Null():
            return ANY
        case types.Optional(item):
            return types.optional(_field_type(item, name, scope))
        case types.ListOf(item):
            return types.ListOf(_field_type(item, name, scope))
        case types.Record() if (field := type_.field(name.text)) is not None:
            return field
    hint = None
    if isinstance(type_, types.Record) and type_.fields:
        fields = [field for field, _ in type_.fields]
        hint = nearest(name.text, fields) or f"its fields are {listed(fields)}"
    scope.findings.add(kinds.NO_SUCH_FIELD, name.span, type=types.show(type_), name=name.text, hint=hint)
    return ANY


def _call(call: syntax.Call, scope: Scope) -> Typed:
    tool = find_tool(call.callee, scope)
    arguments = [(argument, *resolve_expression(argument.value, scope)) for argument in call.arguments]
    if tool is None:
        return NOTHING
    placed = _place(tool, arguments, call, scope)
    bound: dict[str, types.Type] = {}
    values: list[ir.Expression] = []
    mapped: list[int] = []
    for position, ((parameter, wanted), found) in enumerate(zip(tool.parameters, placed, strict=True)):
        if found is None:
            if not isinstance(wanted, types.Optional):
                shown = types.show(wanted)
                scope.findings.add(
                    kinds.MISSING_ARGUMENT, call.span, name=tool.name, parameter=parameter, type=shown
                )
            values.append(ir.Constant(None))
            continue
        argument, value, given = found
        values.append(value)
        if maps_over(given, wanted):
            mapped.append(position)
        elif not types.fits(given, wanted, bound):
            scope.findings.add(
                kinds.TYPE_MISMATCH, argument.value.span, what=f"`{parameter}` of `{tool.name}`",
                given=types.show(given), wanted=types.show(types.substitute(wanted, bound)),
            )  # fmt: skip
    returns = types.substitute(tool.returns, bound)
    if mapped:
        returns = types.ListOf(types.optional(returns))
    return ir.Apply(scope.tools.index(tool), tuple(values), tuple(mapped)), returns


def maps_over(given: types.Type, wanted: types.Type) -> bool:
    """Whether a function that takes one value is applied to each item of a list instead."""
    listed = types.required(given)
    one = types.required(wanted)
    return (
        isinstance(listed, types.ListOf)
        and not isinstance(one, types.Variable | types.ListOf)
        and types.fits(listed.item, one)
    )


def find_tool(callee: syntax.Expression, scope: Scope) -> ir.Tool | None:
    """The tool that a call calls, or `None` with the reason reported."""
    found = scope.module.tool_or_graph(callee)
    if isinstance(found, ir.Tool):
        return found
    bare = callee.value if isinstance(callee, syntax.Brackets) else callee
    if found is not None or isinstance(scope.module.tool_or_graph(bare), syntax.GraphDeclaration):
        name = scope.findings.source.slice(bare.span)
        scope.findings.add(kinds.NO_INSTANCES, callee.span, name=name)
        return None
    match callee:
        case syntax.Field(syntax.Reference(alias), member):
            not_imported(alias, member, "tool", scope.module, scope.findings)
        case syntax.Reference(unknown):
            hint = nearest(unknown.text, scope.module.callable_names)
            scope.findings.add(kinds.UNKNOWN_TOOL, unknown.span, name=unknown.text, hint=hint)
        case _:
            scope.findings.add(kinds.BAD_EXPRESSION, callee.span, found=describe(callee))
    return None


Given = tuple[syntax.Argument, ir.Expression, types.Type]


def _place(tool: ir.Tool, arguments: list[Given], call: syntax.Call, scope: Scope) -> list[Given | None]:
    """The arguments in the order of the tool's parameters, `None` where there is none."""
    names = [name for name, _ in tool.parameters]
    placed: list[Given | None] = [None] * len(names)
    position = 0
    for given in arguments:
        argument = given[0]
        if argument.name is None:
            slot = position
            position += 1
            if slot >= len(names):
                wanted = "one argument" if len(names) == 1 else f"{len(names) or 'no'} arguments"
                scope.findings.add(kinds.TOO_MANY_ARGUMENTS, argument.span, name=tool.name,
                                   wanted=wanted, given=len(call.arguments))  # fmt: skip
                break
        elif argument.name.text in names:
            slot = names.index(argument.name.text)
        else:
            hint = nearest(argument.name.text, names)
            scope.findings.add(kinds.UNKNOWN_ARGUMENT, argument.name.span, name=tool.name,
                               argument=argument.name.text, hint=hint)  # fmt: skip
            continue
        if placed[slot] is not None:
            scope.findings.add(kinds.ARGUMENT_TWICE, argument.span, argument=names[slot])
        placed[slot] = given
    return placed


def resolve_comparison(expression: syntax.Expression, name: str, scope: Scope) -> ir.Compare | None:
    """The comparison after `when`, or `None` with the reason reported."""
    if not isinstance(expression, syntax.Comparison):
        scope.findings.add(kinds.NOT_A_COMPARISON, expression.span, name=name)
        return None
    left, left_type = resolve_expression(expression.left, scope)
    right, right_type = resolve_expression(expression.right, scope)
    if not (types.fits(left_type, right_type) or types.fits(right_type, left_type)):
        scope.findings.add(
            kinds.TYPE_MISMATCH, expression.right.span, what="the right side of the comparison",
            given=types.show(right_type), wanted=types.show(left_type),
        )  # fmt: skip
    return ir.Compare(left, expression.operator, right)
