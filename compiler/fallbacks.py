"""The models that stand in for others: their names resolved, and a graph's models completed by them."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from agraph.compiler import ir, kinds, syntax
from agraph.compiler.diagnostics import Findings, nearest

if TYPE_CHECKING:
    from agraph.compiler.names import Module


def fallback_names(value: syntax.Expression, findings: Findings) -> tuple[str, ...]:
    """The names that `fallback = […]` lists, as they are written."""
    names = [_name(item) for item in value.items] if isinstance(value, syntax.ListValue) else [None]
    if None in names:
        findings.add(kinds.BAD_FALLBACK, value.span)
    return tuple(name for name in names if name is not None)


def check_fallbacks(module: "Module", findings: Findings) -> None:
    """Hold that every fallback of a file's models is a model, and that none leads back to itself."""
    for item in module.tree.items:
        if not isinstance(item, syntax.ModelDeclaration):
            continue
        for named in _listed(item.value):
            name = _name(named)
            if name is not None and module.named_model(name) is None:
                hint = nearest(name, module.model_names)
                findings.add(kinds.UNKNOWN_MODEL, named.span, name=name, hint=hint)
        cycle = _cycle(item.name.text, module)
        if cycle is not None:
            shown = " → ".join(f"`{name}`" for name in cycle)
            findings.add(kinds.FALLBACK_CYCLE, item.name.span, name=item.name.text, cycle=shown)


def with_fallbacks(models: Iterable[ir.Model], module: "Module") -> tuple[ir.Model, ...]:
    """The models and after them all that may stand in for them, each once."""
    found = {model.name: model for model in models}
    waiting = list(found.values())
    while waiting:
        for name in waiting.pop(0).fallback:
            model = None if name in found else module.named_model(name)
            if model is not None:
                found[name] = model
                waiting.append(model)
    return tuple(found.values())


def _listed(value: syntax.Expression) -> Iterator[syntax.Expression]:
    for argument in value.arguments if isinstance(value, syntax.Call) else ():
        if argument.name is not None and argument.name.text == "fallback":
            yield from argument.value.items if isinstance(argument.value, syntax.ListValue) else ()


def _name(value: syntax.Expression) -> str | None:
    match value:
        case syntax.Reference(name):
            return name.text
        case syntax.Field(syntax.Reference(alias), name):
            return f"{alias.text}.{name.text}"
        case _:
            return None


def _cycle(start: str, module: "Module") -> tuple[str, ...] | None:
    """The way from a model over fallbacks back to itself, or `None`."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen = {start}
    while ways:
        way = ways.pop()
        model = module.models.get(way[-1])
        for name in model.fallback if model is not None else ():
            if name == start:
                return (*way, name)
            if name not in seen:
                seen.add(name)
                ways.append((*way, name))
    return None
