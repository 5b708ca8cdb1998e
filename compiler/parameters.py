"""Compile-time parameters: what stands in brackets after a graph's name, where declared and where given."""

from collections.abc import Mapping

from agraph.compiler import ir, kinds, syntax
from agraph.compiler.diagnostics import Findings, nearest
from agraph.compiler.literals import describe
from agraph.compiler.names import Graph, Module
from agraph.compiler.sites import Constant, Place
from agraph.compiler.types import ANY

ANY_TOOL = ir.Tool("any", (), ANY, ir.PythonBinding("", ""), "")
"""Stands for a tool parameter while its graph is checked by itself."""

_PLACEHOLDERS: Mapping[str, Constant] = {
    "int": 2,
    "model": ir.Model("any", "", (), (), ""),
    "tool": ANY_TOOL,
}


def placeholders(
    declaration: syntax.GraphDeclaration, module: Module, findings: Findings
) -> dict[str, Constant]:
    """What the parameters of a graph stand for where nobody uses it: defaults, or anything of their kind."""
    constants: dict[str, Constant] = {}
    for parameter in declaration.parameters:
        name = parameter.name
        if name.text in constants:
            findings.add(kinds.DECLARED_TWICE, name.span, name=name.text)
        kind, default = _declared(parameter, Place(module), findings)
        constants[name.text] = _PLACEHOLDERS[kind] if default is None else default
    return constants


def needs_parameters(declaration: syntax.GraphDeclaration) -> tuple[str, ...]:
    """The parameters without a default: such a graph only runs inside another."""
    return tuple(parameter.name.text for parameter in declaration.parameters if parameter.default is None)


def _declared(
    parameter: syntax.CompileParameter, place: Place, findings: Findings
) -> tuple[str, Constant | None]:
    """The kind of a parameter, `int`, `model` or `tool`, and its default."""
    default = None if parameter.default is None else constant(parameter.default, place, findings)
    if parameter.kind is None:
        return _kind_of(default), default
    if parameter.kind.text in _PLACEHOLDERS:
        if default is not None and parameter.default and _kind_of(default) != parameter.kind.text:
            findings.add(kinds.PARAMETER_KIND, parameter.default.span, name=parameter.name.text,
                         wanted=parameter.kind.text, given=_kind_of(default))  # fmt: skip
        return parameter.kind.text, default
    hint = nearest(parameter.kind.text, _PLACEHOLDERS)
    findings.add(kinds.BAD_PARAMETER_KIND, parameter.kind.span, name=parameter.kind.text, hint=hint)
    return _kind_of(default), default


def _kind_of(value: Constant | None) -> str:
    return "model" if isinstance(value, ir.Model) else "tool" if isinstance(value, ir.Tool) else "int"


def bind_parameters(
    callee: Graph, arguments: tuple[syntax.Argument, ...], call: syntax.Call, place: Place, findings: Findings
) -> dict[str, Constant] | None:
    """What the parameters of a graph stand for in one use of it, or `None` with the reason reported.

    Args:
        callee: The graph that is used; its qualifier is the whole one.
        arguments: What stands in the brackets of the use.
        call: The use, for messages.
        place: Where the arguments are looked up.
        findings: Where mistakes are noted.
    """
    given = _placed(callee.declaration, arguments, findings)
    if given is None:
        return None
    home, unreported = Place(callee.module, {}, callee.qualifier), Findings(callee.module.source)
    bound: dict[str, Constant] = {}
    for parameter in callee.declaration.parameters:
        name = parameter.name.text
        kind, value = _declared(parameter, home, unreported)
        if name in given:
            value = constant(given[name], place, findings)
            if value is not None and _kind_of(value) != kind:
                span = given[name].span
                findings.add(kinds.PARAMETER_KIND, span, name=name, wanted=kind, given=_kind_of(value))
                return None
        elif parameter.default is None:
            graph = callee.declaration.name.text
            findings.add(kinds.MISSING_ARGUMENT, call.callee.span, name=graph, parameter=name, type=kind)
            return None
        if value is None:
            return None
        bound[name] = value
    return bound


def _placed(
    declaration: syntax.GraphDeclaration, arguments: tuple[syntax.Argument, ...], findings: Findings
) -> dict[str, syntax.Expression] | None:
    """The arguments by parameter, or `None` with the reason reported."""
    graph, names = declaration.name.text, [parameter.name.text for parameter in declaration.parameters]
    given: dict[str, syntax.Expression] = {}
    position = 0
    for argument in arguments:
        if argument.name is not None and argument.name.text not in names:
            name, hint = argument.name.text, nearest(argument.name.text, names)
            findings.add(kinds.UNKNOWN_ARGUMENT, argument.span, name=graph, argument=name, hint=hint)
            return None
        if argument.name is None and position >= len(names):
            wanted = f"{len(names) or 'no'} compile-time parameter{'' if len(names) == 1 else 's'}"
            given_count = len(arguments)
            findings.add(
                kinds.TOO_MANY_ARGUMENTS, argument.span, name=graph, wanted=wanted, given=given_count
            )
            return None
        name = names[position] if argument.name is None else argument.name.text
        position += argument.name is None
        if name in given:
            findings.add(kinds.ARGUMENT_TWICE, argument.span, argument=name)
        given[name] = argument.value
    return given


def constant(expression: syntax.Expression, place: Place, findings: Findings) -> Constant | None:
    """The compile-time value of an expression, or `None` with the reason reported."""
    match expression:
        case syntax.Number(int(value)):
            return value
        case syntax.Reference(name) if name.text in place.constants:
            return place.constants[name.text]
        case syntax.Reference() | syntax.Field():
            found = place.model(expression) or place.tool(expression)
            if found is not None:
                return found
            text = findings.source.slice(expression.span)
            known = [*place.constants, *place.module.model_names, *place.module.callable_names]
            hint = nearest(text, known)
            findings.add(kinds.NOT_A_CONSTANT, expression.span, found=f"`{text}`", hint=hint)
        case _:
            findings.add(kinds.NOT_A_CONSTANT, expression.span, found=describe(expression))
    return None
