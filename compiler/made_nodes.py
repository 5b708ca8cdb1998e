"""The nodes of one use of a graph as the IR has them, made of what their site says of them."""

from collections.abc import Iterator
from typing import Any

import attrs

from agraph.compiler import attributes, ir, kinds, syntax, types
from agraph.compiler.attributes import Said, Settings
from agraph.compiler.comparisons import resolve_comparison
from agraph.compiler.diagnostics import Findings
from agraph.compiler.examples import read_examples
from agraph.compiler.expressions import Scope, resolve_entry, resolve_expression
from agraph.compiler.ir import NodeIndex
from agraph.compiler.mismatch import report_mismatch
from agraph.compiler.prompts import resolve_template
from agraph.compiler.reads import Inbox, NameRead, names_read
from agraph.compiler.site_nodes import SiteNodes, works_of
from agraph.compiler.sites import Family
from agraph.compiler.type_names import resolve_type

MAX_TURNS = 8
"""How many replies a model node with tools may give, unless its author says otherwise."""


def made_nodes(nodes: SiteNodes) -> Iterator[tuple[NodeIndex, ir.Node]]:
    """Every node of the site and of its instances' entries and exits, once learnables are numbered."""
    for family in nodes.site.families.values():
        if family.broken:
            continue
        yield from _family(nodes, family)


def _family(nodes: SiteNodes, family: Family) -> Iterator[tuple[NodeIndex, ir.Node]]:
    settings, type_ = nodes.settings[family.name], _value_type(nodes, family)
    description = family.declaration.description
    on, gate = settings.get("on"), nodes.gates.get(family.name)
    shared = ir.Node(
        name="", family=family.name, member=None,
        description=None if description is None else description.value,
        type=type_, work=ir.Constant(None),
        on=attributes.boolean(None if on is None or on.learnable else on, True),
        instance=nodes.site.entry,
        retries=attributes.whole_number(settings.get("retries"), 0, 0),
        timeout_s=attributes.seconds(settings.get("timeout")),
        on_error=attributes.error_policy(settings.get("on_error"), type_),
        cache=attributes.boolean(settings.get("cache"), True),
    )  # fmt: skip
    requires = attributes.whole_number(settings.get("requires"), 0, 0)
    call = _model_call(nodes, family, settings, type_) if works_of(family) == "model" else None
    for number, member in enumerate(family.members):
        index = family.receivers[number]
        # What is wrong with one member is wrong with all, and is reported once.
        reported = nodes.findings if number == 0 else Findings(nodes.findings.source)
        scope = nodes.scope(family, member, reported)
        own: dict[str, Any] = {
            "name": nodes.shared.names[index],
            "member": member,
            "when": _when(nodes, family, index, scope),
            "requires": requires if index in nodes.heard or index in nodes.shared.heard_from_outside else 0,
        }
        if gate is not None and gate.draft is None:
            own["on"] = gate.values[number] >= 0.5
        elif gate is not None:
            own["gate"] = gate.parameter(number)
        if call is not None:
            own["work"] = _with_texts(nodes, call, family, settings, scope, number)
        elif not family.sites:
            own["work"] = _function(nodes, family, type_, scope)
        # One copy a member: a large graph has many.
        node = attrs.evolve(shared, **own)
        if family.sites:
            yield from _instance(nodes, node, family, number, scope)
        else:
            yield index, node


def _when(nodes: SiteNodes, family: Family, index: NodeIndex, scope: Scope) -> ir.Compare | None:
    """The condition of one member; one that reads what no `[i]` edge brings to it does not bind it."""
    when = nodes.settings[family.name].get("when")
    if when is None:
        return None
    site = nodes.site
    comparison = resolve_comparison(when.value, "when", _where(nodes, when, scope))
    unheard = any(
        read.is_whole
        and site.is_indexed(read.name, family.name)
        and site.indexed_sender(read.name, index) is None
        for read in names_read(when.value)
    )
    return None if unheard else comparison


def _value_type(nodes: SiteNodes, family: Family) -> types.Type:
    """The type of what a node makes; only a model has to know that null is an answer too."""
    declared = family.declaration.type
    if declared is not None:
        type_ = resolve_type(declared, nodes.site.place.module.type_scope, nodes.findings)
        if works_of(family) != "model":
            return types.required(type_)
        if types.holds_files(type_):
            what = f"the message of `{family.name}`"
            nodes.findings.add(
                kinds.FILE_FROM_MODEL, family.declaration.name.span, what=what, type=types.show(type_)
            )
        return type_
    return types.required(nodes.node_types[family.name])


def _function(nodes: SiteNodes, family: Family, type_: types.Type, scope: Scope) -> ir.Expression:
    assert family.declaration.value is not None
    value, given = resolve_expression(family.declaration.value, scope)
    if not types.fits(given, type_):
        report_mismatch(
            f"the right side of `{family.name}`", given, type_, family.declaration.value.span, scope.findings
        )
    return value


def _instance(
    nodes: SiteNodes, node: ir.Node, family: Family, number: int, scope: Scope
) -> Iterator[tuple[NodeIndex, ir.Node]]:
    """The entry of an instance, and its exit where it answers a list."""
    inner = nodes.shared.sites[id(family.sites[number])]
    call = family.declaration.value
    assert isinstance(call, syntax.Call)
    graph, entry = inner.site.declaration.name.text, family.receivers[number]
    if not types.fits(inner.answer, node.type):
        report_mismatch(f"the answer of `{graph}`", inner.answer, node.type, call.span, scope.findings)
    fields = tuple(inner.inputs.items())
    yield entry, attrs.evolve(
        node, type=types.Record("", fields),
        work=resolve_entry(call, graph, inner.inputs, scope)[0],
    )  # fmt: skip
    output = inner.site.output
    if output is not None and output.many:
        nulls = isinstance(inner.answer, types.ListOf) and isinstance(inner.answer.item, types.Optional)
        leaving = family.senders[number]
        yield leaving, ir.Node(
            name=nodes.shared.names[leaving], family=family.name, member=node.member,
            description=node.description, type=node.type,
            work=ir.Messages(output.nodes, nulls), instance=entry, requires=1,
        )  # fmt: skip


# Model nodes.


def _model_call(nodes: SiteNodes, family: Family, settings: Settings, type_: types.Type) -> ir.ModelCall:
    """The call of a model node, its texts still to be resolved for each member."""
    said = settings.get("model")
    chosen = {choice.kind for choice in nodes.choices.get(family.name, ())}
    model = None
    if said is not None and not (said.learnable and isinstance(said.value, syntax.RecordValue)):
        model = attributes.model(said.value, said)
    if settings.mentions("prompt") and not settings.mentions("model"):
        nodes.findings.add(kinds.NO_MODEL, family.declaration.name.span, node=family.name)
    tools = settings.get("tools")
    attributes.text(settings.get("system"))
    prompt = settings.get("prompt")
    if prompt is not None and not (prompt.learnable and isinstance(prompt.value, syntax.RecordValue)):
        attributes.text(prompt)
    _check_inbox_is_read(nodes, family, settings)
    examples, shown = read_examples(settings, family.name, type_, nodes.inputs), settings.get("examples")
    if shown is not None and shown.learnable:
        rank = nodes.rank(family.name, "examples")
        nodes.shared.learnables.note_examples(
            nodes.site, family.name, family.receivers, examples, shown, rank
        )
    return ir.ModelCall(
        model=ir.ModelIndex(0) if model is None else nodes.shared.model(model),
        prompt=(), learnable=nodes.prompts.get(family.name), system=None,
        tools=() if "tools" in chosen or tools is None or tools.learnable
        else tuple(map(nodes.shared.tools.index, attributes.tools(tools))),
        max_turns=attributes.whole_number(settings.get("max_turns"), 1, MAX_TURNS),
        examples=examples,
    )  # fmt: skip


def _check_inbox_is_read(nodes: SiteNodes, family: Family, settings: Settings) -> None:
    reads_inbox = NameRead("inbox") in nodes.reads[family.name]
    prompt = settings.get("prompt")
    if prompt is not None and nodes.inboxes.get(family.name, Inbox()).has_candidates and not reads_inbox:
        prompt.findings.add(kinds.IGNORED_INBOX, prompt.value.span, node=family.name)


def _with_texts(
    nodes: SiteNodes, call: ir.ModelCall, family: Family, settings: Settings, scope: Scope, number: int
) -> ir.ModelCall:
    """The call with its prompts for one member, and the choices that are still open."""
    call = attrs.evolve(
        call,
        prompt=_template(nodes, settings.get("prompt"), scope),
        system=None
        if settings.get("system") is None
        else _template(nodes, settings.get("system"), scope, system=True),
    )
    for choice in nodes.choices.get(family.name, ()):
        models = tuple(nodes.shared.model(model) for model in choice.models)
        tools = tuple(tuple(map(nodes.shared.tools.index, option)) for option in choice.tools)
        prompts = tuple(_template(nodes, option, scope) for _, option in choice.prompts)
        settled = choice.settled(number)
        option = settled or 0
        if models:
            call = attrs.evolve(call, model=models[option])
        elif tools:
            call = attrs.evolve(call, tools=tools[option])
        else:
            call = attrs.evolve(call, prompt=prompts[option])
        if settled is None:
            parameters = tuple(slot.parameter(number) for slot in choice.slots)
            open_ = ir.Choice(choice.kind, choice.names, parameters, models, tools, prompts)
            call = attrs.evolve(call, choices=(*call.choices, open_))
    return call


def _template(nodes: SiteNodes, said: Said | None, scope: Scope, *, system: bool = False) -> ir.Template:
    if said is None or not isinstance(said.value, syntax.String):
        return ()
    return resolve_template(said.value, _where(nodes, said, scope), system=system)


def _where(nodes: SiteNodes, said: Said, scope: Scope) -> Scope:
    """The scope of a setting: that of a block reads the names inside, and stands in the file of the block."""
    found = scope.findings.found if scope.findings is nodes.findings else []
    return attrs.evolve(scope, findings=Findings(said.findings.source, found))
