"""Choices of a node: options by name, each with a weight."""

from collections.abc import Mapping
from typing import Literal

import attrs

from agraph.compiler import attributes, ir, kinds, syntax
from agraph.compiler.attributes import Said, Settings
from agraph.compiler.diagnostics import nearest
from agraph.compiler.learnables import Learnables, Line, Slot
from agraph.compiler.sites import Family, Site

Kind = Literal["model", "tools", "prompt"]


@attrs.frozen(eq=False)
class ChoiceDraft:
    """A choice before its parameters are numbered.

    Attributes:
        slots: The weights of each option, member by member.
        models: The options of a choice of model.
        tools: The options of a choice of tools.
        prompts: The options of a choice of prompt, as written, and where.
    """

    kind: Kind
    names: tuple[str, ...]
    slots: tuple[Slot, ...]
    models: tuple[ir.Model, ...] = ()
    tools: tuple[tuple[ir.Tool, ...], ...] = ()
    prompts: tuple[tuple[syntax.String, Said], ...] = ()

    def settled(self, member: int) -> int | None:
        """The option of a member that a fixed instance around settles, or `None` where it is learned."""
        if all(slot.draft is not None for slot in self.slots):
            return None
        weights = [slot.values[member] for slot in self.slots]
        return weights.index(max(weights))


def read_choice(
    kind: Kind,
    said: Said,
    settings: Settings,
    family: Family,
    site: Site,
    learnables: Learnables,
    rank: tuple[int, ...],
) -> ChoiceDraft | None:
    """The choice that a setting says, or `None` where it is none or is refused, with the reason reported."""
    if not said.learnable or not isinstance(said.value, syntax.RecordValue):
        return None
    if not said.value.entries:
        said.findings.add(kinds.NOT_A_CHOICE, said.value.span, name=kind)
        return None
    names: list[str] = []
    slots: list[Slot] = []
    shape = () if family.size is None else (family.size,)
    possible = frozenset(range(len(family.receivers)))
    for number, entry in enumerate(said.value.entries):
        key = entry.key.text
        if key in names:
            said.findings.add(kinds.ARGUMENT_TWICE, entry.key.span, argument=key)
            continue
        line = Line(said.level, entry.value, said.findings)
        statement = f"{family.name}.{kind}"
        slot = learnables.slot(
            "weight", site, (family.name, kind, key), statement, line, shape, possible, (*rank, number), key
        )
        if slot is None:
            return None
        names.append(key)
        slots.append(slot)
    draft = ChoiceDraft(kind, tuple(names), tuple(slots))
    return _with_options(draft, said, said.value, settings)


def _with_options(
    draft: ChoiceDraft, said: Said, record: syntax.RecordValue, settings: Settings
) -> ChoiceDraft | None:
    """The choice with what its names stand for."""
    keys = {entry.key.text: entry.key for entry in record.entries}
    if draft.kind == "model":
        models = [_model(keys[name], said, settings.beneath.get("model", ())) for name in draft.names]
        found = tuple(model for model in models if model is not None)
        return attrs.evolve(draft, models=found) if len(found) == len(models) else None
    options = _options(draft.kind, keys, said, settings)
    if options is None:
        return None
    if draft.kind == "tools":
        return attrs.evolve(draft, tools=tuple(attributes.tools(option) for option in options))
    prompts = [(attributes.text(option), option) for option in options]
    written = tuple((text, option) for text, option in prompts if text is not None)
    return attrs.evolve(draft, prompts=written) if len(written) == len(prompts) else None


def _options(
    kind: Kind, keys: Mapping[str, syntax.Name], said: Said, settings: Settings
) -> list[Said] | None:
    known = {name: option for (attribute, name), option in settings.options.items() if attribute == kind}
    for name, key in keys.items():
        if name not in known:
            hint = nearest(name, known) or f"name it in the node: `{kind} {name} = …`"
            said.findings.add(kinds.UNKNOWN_OPTION, key.span, kind=kind, name=name, hint=hint)
            return None
    return [known[name] for name in keys]


def _model(key: syntax.Name, said: Said, beneath: tuple[Said, ...]) -> ir.Model | None:
    """The model of an option: in a block first what the option of that name is inside."""
    for number, inner in reversed(list(enumerate(beneath))):
        if isinstance(inner.value, syntax.RecordValue):
            for entry in inner.value.entries:
                if entry.key.text == key.text:
                    return _model(entry.key, inner, beneath[:number])
    return attributes.model(_path(key), said)


def _path(key: syntax.Name) -> syntax.Expression:
    """The expression that a key such as `agents.fast` means."""
    first, *rest = key.text.split(".")
    expression: syntax.Expression = syntax.Reference(syntax.Name(first, key.span), key.span)
    for name in rest:
        expression = syntax.Field(expression, syntax.Name(name, key.span), key.span)
    return expression
