"""Models and tools as a file declares them."""

import attrs

from agraph.compiler import ir, kinds, syntax, types
from agraph.compiler.diagnostics import Findings, nearest
from agraph.compiler.fallbacks import fallback_names
from agraph.compiler.literals import literal
from agraph.compiler.type_names import ANY, TypeScope, resolve_type, typed_names

PROVIDERS = ("anthropic", "scripted", "simulated")


def declared_model(item: syntax.ModelDeclaration, findings: Findings) -> ir.Model:
    """The model that a statement declares."""
    return model_of(item.name.text, item.value, findings)


def model_of(name: str, value: syntax.Expression, findings: Findings) -> ir.Model:
    """The model that a provider with options makes, under a name."""
    path = findings.source.path
    if not isinstance(value, syntax.Call) or not isinstance(value.callee, syntax.Reference):
        findings.add(kinds.BAD_MODEL, value.span)
        return ir.Model(name, "", (), (), path)
    provider = value.callee.name
    if provider.text not in PROVIDERS:
        known = ", ".join(f"`{known}`" for known in PROVIDERS)
        hint = nearest(provider.text, PROVIDERS)
        findings.add(kinds.UNKNOWN_PROVIDER, provider.span, name=provider.text, known=known, hint=hint)
    arguments: list[ir.Json] = []
    options: dict[str, ir.Json] = {}
    fallback: tuple[str, ...] = ()
    for argument in value.arguments:
        if argument.name is None:
            arguments.append(literal(argument.value, findings))
        elif argument.name.text == "fallback":
            fallback = fallback_names(argument.value, findings)
        elif argument.name.text in options:
            findings.add(kinds.ARGUMENT_TWICE, argument.span, argument=argument.name.text)
        else:
            options[argument.name.text] = literal(argument.value, findings)
    return ir.Model(name, provider.text, tuple(arguments), tuple(options.items()), path, fallback)


def declared_tool(item: syntax.ToolDeclaration, scope: TypeScope, findings: Findings) -> ir.Tool:
    """The tool that a statement declares."""
    scope = attrs.evolve(scope, variables=True)
    parameters = typed_names(item.parameters, scope, findings)
    returns: types.Type = ANY
    if item.returns is not None:
        returns = resolve_type(item.returns, scope, findings)
        told = frozenset[str]().union(*(types.letters(type_) for _, type_ in parameters))
        for letter in sorted(types.letters(returns) - types.letters(ANY) - told):
            findings.add(kinds.LOOSE_LETTER, item.returns.span, letter=letter)
    else:
        hint = f"write what it gives back: `tool {item.name.text}(…) -> str = …`"
        findings.add(kinds.MISSING_TYPE, item.name.span, what=f"the tool `{item.name.text}`", hint=hint)
    binding = _binding(item, findings)
    return ir.Tool(item.name.text, parameters, returns, binding, findings.source.path)


def _binding(item: syntax.ToolDeclaration, findings: Findings) -> ir.PythonBinding | ir.RecordedBinding:
    match item.value:
        case syntax.Call(
            syntax.Reference(syntax.Name("python")), (syntax.Argument(None, syntax.String(text)),)
        ):
            function = python_function(text)
            if function is not None:
                return ir.PythonBinding(*function)
        case syntax.Call(
            syntax.Reference(syntax.Name("recorded")), (syntax.Argument(None, syntax.String(path)), *rest)
        ):
            named = {
                a.name.text: a.value.value for a in rest if a.name and isinstance(a.value, syntax.String)
            }
            if len(rest) == 2 and named.keys() == {"key", "field"}:
                if len(item.parameters) != 1:
                    count = len(item.parameters)
                    findings.add(kinds.RECORDED_PARAMETERS, item.name.span, name=item.name.text, count=count)
                return ir.RecordedBinding(path, named["key"], named["field"])
        case syntax.Call(syntax.Reference(syntax.Name("mcp"))):
            findings.add(kinds.NO_MCP, item.value.span)
            return ir.PythonBinding("", "")
    findings.add(kinds.BAD_BINDING, item.value.span)
    return ir.PythonBinding("", "")


def python_function(text: str) -> tuple[str, str] | None:
    """Module and function of `module:function`, or `None` where the text is no such pair."""
    module, colon, function = text.partition(":")
    dotted = bool(module) and all(part.isidentifier() for part in module.split("."))
    return (module, function) if colon and dotted and function.isidentifier() else None
