"""Expressions of a node, resolved to what they read and typed.

A name means something else in each member of a family, so an expression is resolved once for each; mistakes
are reported for the first only, since they are the same for all.
"""

from collections.abc import Callable, Iterator, Mapping

import attrs

from agraph.compiler import ir, kinds, syntax, types
from agraph.compiler.diagnostics import Findings, listed, nearest
from agraph.compiler.ends import find_member, resolve_end
from agraph.compiler.fixes import missing_edge
from agraph.compiler.literals import as_literal, describe, report_repeated_keys
from agraph.compiler.mismatch import report_mismatch
from agraph.compiler.names import not_imported
from agraph.compiler.parameters import ANY_TOOL
from agraph.compiler.reads import Inbox, NameRead, named, path_of
from agraph.compiler.sites import Family, Place, Site
from agraph.compiler.source import Span
from agraph.compiler.types import ANY

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


@attrs.frozen(eq=False)
class Scope:
    """What an expression of one node, or of a metric, can name.

    Attributes:
        place: Where tools and compile-time parameters are looked up.
        inputs: The types of the graph's inputs.
        node_type: The type of the message of a node, by its name, or that of an inner one, `x.judge`;
            `T?` where it may be absent.
        unsure: The names, sender and receiver, that are joined by edges which may be absent.
        site: The nodes and edges around.
        family: The node that reads, or `None` in a metric.
        member: Its number in its family, or `None`.
        inbox: What comes to the node unnamed.
        extra: Names with a meaning of their own, such as `output` in a metric.
        everywhere: Whether any node can be read, as after `expect`.
    """

    place: Place
    findings: Findings
    tools: Tools
    inputs: Mapping[str, types.Type] = {}
    node_type: Callable[[str], types.Type] = lambda _: ANY
    unsure: frozenset[tuple[str, str]] = frozenset()
    site: Site | None = None
    family: Family | None = None
    member: int | None = None
    inbox: Inbox = attrs.field(factory=Inbox)
    extra: Mapping[str, Typed] = {}
    everywhere: bool = False


def resolve_expression(expression: syntax.Expression, scope: Scope) -> Typed:
    """What an expression computes, and its type."""
    if scope.everywhere and (node := _any_node(expression, scope)):
        return node
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
        case syntax.Field(syntax.Reference(syntax.Name("inbox")), syntax.Name("named")) if scope.family:
            return ir.Inbox(named=True), types.ListOf(types.STR)
        case syntax.Field(syntax.Reference(syntax.Name("row")), name) if "row" in scope.extra:
            return ir.Column(name.text), ANY
        case syntax.Field(value, name):
            path = path_of(expression)
            inner = None if path is None else _inner(path, expression.span, scope)
            return _field(value, name, scope) if inner is None else inner
        case syntax.Brackets(syntax.Reference(name), (syntax.Argument(None, syntax.Number() as number),)):
            return _member(name, number, scope)
        case syntax.Brackets(syntax.Field()) if (path := path_of(expression)) is not None and (
            inner := _inner(path, expression.span, scope)
        ) is not None:
            return inner
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
    constant = scope.place.constants.get(name.text)
    if isinstance(constant, int):
        return ir.Constant(constant), types.INT
    if name.text in scope.inputs:
        return ir.Input(name.text), scope.inputs[name.text]
    sender = _sender(name, scope)
    return NOTHING if sender is None else _message(name.text, sender.senders, sender.size, scope)


def _message(
    name: str, nodes: tuple[ir.NodeIndex, ...], size: int | None, scope: Scope, *, whole: bool = True
) -> Typed:
    """What the name of a node or family, own or inner, stands for.

    Args:
        name: Without brackets.
        nodes: Where the values come from.
        size: How many there are, or `None` for one that is no family's.
        scope: That of the reader.
        whole: Whether no member is named, so that `[i]` edges tell which one is meant.
    """
    type_ = scope.node_type(name)
    site, family = scope.site, scope.family
    if whole and site is not None and family is not None and site.is_indexed(name, family.name):
        node = site.indexed_sender(name, family.receivers[scope.member or 0])
        if any(site.indexed_sender(name, each) is None for each in family.receivers):
            type_ = types.optional(type_)
        return (ir.Constant(None) if node is None else ir.Message(node)), _arriving(type_, name, scope)
    if size is None and len(nodes) == 1:
        return ir.Message(nodes[0]), _arriving(type_, name, scope)
    return ir.Messages(nodes), types.ListOf(types.optional(type_))


def _arriving(type_: types.Type, sender: str, scope: Scope) -> types.Type:
    """The type of what arrives of a sender's messages: it may be absent where an edge may be."""
    if scope.family is not None and (sender, scope.family.name) in scope.unsure:
        return types.optional(type_)
    return type_


def _sender(name: syntax.Name, scope: Scope) -> Family | None:
    """The family of a name that the node can read, or `None` with the reason reported."""
    families = {} if scope.site is None else scope.site.families
    if name.text not in families or scope.site is None or not (scope.family or scope.everywhere):
        readable = [*scope.extra, *scope.inputs]
        if scope.everywhere:
            readable += families
        if scope.family is not None and scope.site is not None:
            readable += [*scope.site.heard.get(scope.family.name, ()), "inbox"]
        hint = as_literal(name.text) or nearest(name.text, [*readable, *families])
        scope.findings.add(kinds.UNKNOWN_NAME, name.span, name=name.text, known=listed(readable), hint=hint)
        return None
    if scope.family is not None and (name.text, scope.family.name) not in scope.site.links:
        if name.text == scope.family.name:
            scope.findings.add(kinds.READS_ITSELF, name.span, name=name.text)
        else:
            _needs_edge(name.text, name.span, scope)
        return None
    return families[name.text]


def _needs_edge(name: str, span: Span, scope: Scope) -> None:
    assert scope.family is not None
    fix = missing_edge(scope.site, name, scope.family.name, scope.findings.source)
    scope.findings.add(kinds.NAME_NEEDS_EDGE, span, fix=fix, name=name, node=scope.family.name)


def _any_node(expression: syntax.Expression, scope: Scope) -> Typed | None:
    """What the name of any node stands for, or `None`: it is no such name."""
    if scope.site is None or not isinstance(expression, syntax.Reference | syntax.Field | syntax.Brackets):
        return None
    end = resolve_end(expression, scope.site.families, Findings(scope.findings.source))
    if end is None or end.running:
        return None
    type_, nodes = scope.node_type(end.name), tuple(end.nodes(0, sends=True))
    if end.plural:
        return ir.Messages(nodes), types.ListOf(types.optional(type_))
    return ir.Message(nodes[0]), type_


def _member(name: syntax.Name, number: syntax.Number, scope: Scope) -> Typed:
    if name.text in scope.extra or name.text in scope.inputs:
        hint = "a number in brackets names a member of a family of nodes"
        scope.findings.add(kinds.BAD_EXPRESSION, name.span, found=f"a member of `{name.text}`", hint=hint)
        return NOTHING
    sender = _sender(name, scope)
    if sender is None:
        return NOTHING
    if sender.size is None:
        scope.findings.add(kinds.NOT_A_FAMILY, name.span, name=name.text)
        return NOTHING
    member = find_member(sender, number, scope.findings)
    if member is None:
        return NOTHING
    node = sender.senders[member]
    if scope.site is not None and scope.family is not None and not scope.site.hears(scope.family.name, node):
        _needs_edge(sender.member_name(member), name.span, scope)
    return ir.Message(node), _arriving(scope.node_type(sender.name), sender.name, scope)


def _inner(path: NameRead, span: Span, scope: Scope) -> Typed | None:
    """What the path of an inner node stands for where an edge from it ends here, or `None`: it is a field."""
    first = path.name.partition(".")[0]
    if scope.site is None or first not in scope.site.families or not scope.site.families[first].sites:
        return None
    meant = named(path, scope.site)
    if meant is None:
        return None
    if scope.family is not None:
        links, reader = scope.site.links, scope.family.name
        if (path.name, reader) not in links:
            if (first, reader) in links:
                return None
            _needs_edge(path.written, span, scope)
            return NOTHING
        unheard = [node for node in meant.nodes if not scope.site.hears(reader, node)]
        if unheard and not path.is_whole:
            _needs_edge(path.written, span, scope)
    if not path.is_whole and not meant.plural:
        return ir.Message(meant.nodes[0]), _arriving(scope.node_type(path.name), path.name, scope)
    size = len(meant.nodes) if meant.plural else None
    return _message(path.name, meant.nodes, size, scope, whole=path.is_whole)


def _inbox_item(name: syntax.Name, scope: Scope) -> types.Type:
    """The type of the messages in the inbox."""
    found = [types.required(scope.node_type(sender)) for sender in scope.inbox.senders]
    joined = types.join(found) if found else ANY
    if joined is None:
        pairs = zip(scope.inbox.senders, found, strict=True)
        shown = ", ".join(f"`{sender}: {types.show(type_)}`" for sender, type_ in pairs)
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
    if tool is None or tool is ANY_TOOL:
        for argument in call.arguments:
            resolve_expression(argument.value, scope)
        return NOTHING
    bound: dict[str, types.Type] = {}
    values: list[ir.Expression] = []
    mapped: list[int] = []
    may_not_run = unknown = False
    for position, (value, given, wanted, span, parameter) in enumerate(_arguments(tool, call, scope)):
        values.append(value)
        # What could not be understood may be a list, over whose items the tool would be applied.
        unknown = unknown or value is NOTHING[0]
        may_not_run = may_not_run or lacks(given, wanted)
        if maps_over(given, wanted):
            mapped.append(position)
        elif not types.fits(given, wanted, bound):
            told = types.substitute(wanted, bound)
            report_mismatch(f"`{parameter}` of `{tool.name}`", given, told, span, scope.findings)
    returns = ANY if unknown else types.substitute(tool.returns, bound)
    if mapped:
        returns = types.ListOf(types.optional(returns))
    if may_not_run:
        returns = types.optional(returns)
    return ir.Apply(scope.tools.index(tool), tuple(values), tuple(mapped)), returns


def lacks(given: types.Type, wanted: types.Type) -> bool:
    """Whether an argument may be null where its parameter takes none: what is called then does not run."""
    return isinstance(given, types.Optional) and not isinstance(wanted, types.Optional)


def resolve_entry(
    call: syntax.Call, name: str, inputs: Mapping[str, types.Type], scope: Scope
) -> tuple[ir.Enter, bool]:
    """The arguments of an instance, and whether one that it needs may be null.

    Args:
        call: The right side of the node.
        name: That of the graph.
        inputs: The types of the graph's inputs.
        scope: That of the node.
    """
    signature = ir.Tool(name, tuple(inputs.items()), ANY, ir.PythonBinding("", ""), "")
    entries = []
    may_not_run = False
    for value, given, wanted, span, parameter in _arguments(signature, call, scope):
        entries.append((parameter, value))
        may_not_run = may_not_run or lacks(given, wanted)
        if not types.fits(given, wanted):
            report_mismatch(f"`{parameter}` of `{name}`", given, wanted, span, scope.findings)
    return ir.Enter(tuple(entries), tuple(inputs.values())), may_not_run


def _arguments(
    signature: ir.Tool, call: syntax.Call, scope: Scope
) -> Iterator[tuple[ir.Expression, types.Type, types.Type, Span, str]]:
    """For each parameter: value and type of its argument, the type wanted, the argument's place, its name."""
    given = [(argument, *resolve_expression(argument.value, scope)) for argument in call.arguments]
    for (parameter, wanted), found in zip(
        signature.parameters, _place(signature, given, call, scope), strict=True
    ):
        if found is not None:
            argument, value, type_ = found
            yield value, type_, wanted, argument.value.span, parameter
            continue
        if not isinstance(wanted, types.Optional):
            shown = types.show(wanted)
            scope.findings.add(
                kinds.MISSING_ARGUMENT, call.span, name=signature.name, parameter=parameter, type=shown
            )
        yield ir.Constant(None), types.NULL, wanted, call.span, parameter


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
    place = scope.place
    found = place.tool(callee)
    if found is not None:
        return found
    bare = callee.value if isinstance(callee, syntax.Brackets) else callee
    if place.module.graph(bare) is not None:
        name = scope.findings.source.slice(bare.span)
        scope.findings.add(kinds.NESTED_INSTANCE, callee.span, name=name)
        return None
    match callee:
        case syntax.Field(syntax.Reference(alias), member):
            not_imported(alias, member, "tool or graph", place.module, scope.findings)
        case syntax.Reference(unknown):
            hint = nearest(unknown.text, place.module.callable_names)
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
