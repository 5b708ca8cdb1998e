"""The nodes of one use of a graph: what each says of itself, what it reads, its type, and its work."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Literal

import attrs

from agraph.compiler import attributes, ir, kinds, syntax, types
from agraph.compiler.attributes import Said, Settings
from agraph.compiler.blocks import ends_of
from agraph.compiler.choices import ChoiceDraft, read_choice
from agraph.compiler.diagnostics import Findings
from agraph.compiler.expressions import Scope, Tools, resolve_entry, resolve_expression
from agraph.compiler.ir import NodeIndex
from agraph.compiler.learnables import Learnables, Line, Slot
from agraph.compiler.prompts import prompt_reads
from agraph.compiler.reads import Inbox, NameRead, inboxes, names_read
from agraph.compiler.sites import Family, Joint, Site
from agraph.compiler.type_names import resolve_type, typed_names
from agraph.compiler.types import ANY

TARGET = "target"
"""The name under which a test gives the expected answer, so that no input has it."""

CHOICES: tuple[Literal["model", "tools", "prompt"], ...] = ("model", "tools", "prompt")


@attrs.define(eq=False)
class Shared:
    """What the sites of one graph share.

    Attributes:
        names: The flat name of each node.
        learnables: Those gathered so far.
        tools: The graph's tools, numbered as they are met.
        models: The graph's models by name, numbered in order.
        sites: The nodes of each site, by the site's identity.
        heard_from_outside: The nodes inside instances that an edge from outside reaches.
    """

    names: tuple[str, ...]
    learnables: Learnables
    tools: Tools = attrs.field(factory=Tools)
    models: dict[str, tuple[ir.ModelIndex, ir.Model]] = attrs.field(factory=dict)
    sites: "dict[int, SiteNodes]" = attrs.field(factory=dict)
    heard_from_outside: set[NodeIndex] = attrs.field(factory=set)

    def model(self, model: ir.Model) -> ir.ModelIndex:
        """The index of a model in the graph."""
        return self.models.setdefault(model.name, (ir.ModelIndex(len(self.models)), model))[0]


@attrs.define(eq=False)
class SiteNodes:
    """The nodes of one site, in two steps: learnables are gathered, then nodes are made.

    Attributes:
        findings: Of the site's file; of members after the first they are thrown away.
        gates: The gate of each family that has one.
        choices: The choices of each family that has some.
        prompts: The number of the learnable prompt of each family that has one.
    """

    site: Site
    shared: Shared
    findings: Findings
    gates: dict[str, Slot] = attrs.field(factory=dict)
    choices: dict[str, list[ChoiceDraft]] = attrs.field(factory=dict)
    prompts: dict[str, int] = attrs.field(factory=dict)

    # What the graph says.

    @cached_property
    def inputs(self) -> Mapping[str, types.Type]:
        """The types of the graph's inputs."""
        declared = self.site.declaration.inputs
        for given in declared:
            if given.name.text == TARGET:
                self.findings.add(kinds.RESERVED_NAME, given.name.span, name=TARGET, what="an input")
        return dict(typed_names(declared, self.site.place.module.type_scope, self.findings))

    @cached_property
    def answer(self) -> types.Type:
        """The type of the graph's answer."""
        declaration = self.site.declaration
        if declaration.type is not None:
            return resolve_type(declaration.type, self.site.place.module.type_scope, self.findings)
        name = declaration.name
        hint = f"write what it answers: `graph {name.text}(…) -> str {{ … }}`"
        self.findings.add(kinds.MISSING_TYPE, name.span, what=f"the graph `{name.text}`", hint=hint)
        return ANY

    # What each node says of itself.

    @cached_property
    def settings(self) -> Mapping[str, Settings]:
        """The settings of each node, those of the blocks around included."""
        site = self.site
        defaults = attributes.graph_settings(
            site.declaration.body, site.declaration.name.text, site.place, len(site.levels), self.findings
        )
        return {name: self._settings(family, defaults) for name, family in site.families.items()}

    def _settings(self, family: Family, defaults: Settings) -> Settings:
        node, works = family.declaration, works_of(family)
        body = node.body or ()
        if works == "instance":
            body = tuple(line for line in body if isinstance(line, syntax.Setting) and len(line.path) == 1)
        level = len(self.site.levels)
        own = attributes.node_settings(
            body, family.name, works, defaults, self.site.place, level, self.findings
        )
        settings = attributes.overridden(own, self._said_around(family))
        if works == "model" and not settings.mentions("prompt"):
            self.findings.add(kinds.NO_WORK, node.name.span, node=family.name)
        value = node.value
        # What is called and not known may be a graph.
        may_be_graph = isinstance(value, syntax.Call) and self.site.place.tool(value.callee) is None
        if works == "function" and node.learnable and value is not None and not may_be_graph:
            self.findings.add(kinds.LEARNABLE_CALL, value.span)
        return settings

    def _said_around(self, family: Family) -> Iterator[Said]:
        """What the blocks of the instances around say of a node, innermost first."""
        for number, level, block in reversed(list(self.shared.learnables.blocks.around(self.site))):
            for attribute in attributes.ATTRIBUTES:
                setting = block.settings.get((family.name, attribute))
                if setting is not None:
                    findings = Findings(level.place.module.source, self.findings.found)
                    yield Said(setting, level.place, findings, number)

    # What each node reads.

    @cached_property
    def reads(self) -> Mapping[str, frozenset[NameRead]]:
        """What each node reads by name."""
        return {name: frozenset(self._reads(family)) for name, family in self.site.families.items()}

    def _reads(self, family: Family) -> Iterator[NameRead]:
        settings, found = self.settings[family.name], list[NameRead]()
        if family.declaration.value is not None:
            found.extend(names_read(family.declaration.value))
        said = [settings.get(name) for name in ("prompt", "system", "when")]
        said += [option for (attribute, _), option in settings.options.items() if attribute == "prompt"]
        for each in said:
            if each is not None and not isinstance(each.value, syntax.RecordValue):
                value = each.value
                found.extend(prompt_reads(value) if isinstance(value, syntax.String) else names_read(value))
        for read in found:
            yield read if read.is_whole else self._with_numbers(read)

    def _with_numbers(self, read: NameRead) -> NameRead:
        """The same, with the numbers of members counted from the front."""
        members: list[int | None] = []
        families: Mapping[str, Family] = self.site.families
        for word, member in zip(read.name.split("."), read.members, strict=True):
            family = families.get(word)
            size = None if family is None else family.size
            members.append(member if member is None or not size else member % size)
            families = family.sites[0].families if family is not None and family.sites else {}
        return NameRead(read.name, tuple(members))

    @cached_property
    def inboxes(self) -> Mapping[str, Inbox]:
        """What comes to each node without being read by name."""
        return inboxes(self.site, self.reads)

    def scope(self, family: Family, member: int | None, findings: Findings) -> Scope:
        """What an expression of a node can name."""
        return Scope(
            self.site.place, findings, self.shared.tools, self.inputs, self.node_type, self.unsure,
            self.site, family, member, self.inboxes.get(family.name, Inbox()),
        )  # fmt: skip

    # The types of messages.

    def node_type(self, name: str) -> types.Type:
        """The type of the message of a node, or of the inner node of a path; `T?` where it may be absent."""
        return self._type_among(name, self.node_types)

    def _type_among(self, name: str, known: Mapping[str, types.Type]) -> types.Type:
        first, _, rest = name.partition(".")
        if not rest:
            return known[first] if first in known else self.node_types[first]
        inner = self.shared.sites[id(self.site.families[first].sites[0])].node_type(rest)
        return types.optional(inner) if isinstance(known.get(first), types.Optional) else inner

    @cached_property
    def node_types(self) -> Mapping[str, types.Type]:
        """The type of every node's message: those that a node's type depends on are found before its own.

        The walk keeps its own stack, since a chain of nodes can be as long as a file.
        """
        known: dict[str, types.Type] = {}
        for first in self.site.families:
            path = {} if first in known else {first: self._type_sources(first)}
            while path:
                name, sources = next(reversed(path.items()))
                source = next((each for each in sources if each not in known), None)
                if source is None:
                    del path[name]
                    if name not in known:
                        known[name] = self._message_type(self.site.families[name], known)
                elif source in path:
                    self._break_cycle(list(path)[list(path).index(source) :], known)
                else:
                    path[source] = self._type_sources(source)
        return known

    def _break_cycle(self, cycle: list[str], known: dict[str, types.Type]) -> None:
        """Settle one type of those that depend on each other: that of a node which is declared with one."""
        for name in cycle:
            declared = self._declared_type(self.site.families[name])
            if declared is not None:
                known[name] = types.optional(declared)
                return
        place = self.site.families[cycle[0]].declaration.name.span
        self.findings.add(kinds.TYPE_UNKNOWABLE, place, node=cycle[0])
        known[cycle[0]] = ANY

    def _type_sources(self, name: str) -> Iterator[str]:
        """The nodes whose types tell that of a node, and whether its message may be absent."""
        value = self.site.families[name].declaration.value
        if value is None:
            return
        for read in names_read(value):
            first = read.name.partition(".")[0]
            if read.name == "inbox":
                senders = self.inboxes.get(name, Inbox()).senders
                yield from (sender for sender in senders if sender in self.site.families)
            elif first in self.site.families and (read.name, name) in self.site.links:
                yield first

    def _declared_type(self, family: Family) -> types.Type | None:
        """The type of a node's message where it is there; `None` where the right side has to tell it."""
        declaration = family.declaration
        if declaration.type is not None:
            return resolve_type(declaration.type, self.site.place.module.type_scope, self.findings)
        if family.sites:
            return types.required(self.shared.sites[id(family.sites[0])].answer)
        if declaration.value is None:
            return types.STR
        return ANY if family.broken else None

    def _message_type(self, family: Family, known: Mapping[str, types.Type]) -> types.Type:
        """The type of a node's message, `T?` if it may be absent, where what it depends on is known."""
        type_, absent = self._declared_type(family), self._may_be_absent(family)
        value = family.declaration.value
        if value is None or family.broken or (absent and type_ is not None):
            return _with_absence(ANY if type_ is None else type_, absent)
        scope = attrs.evolve(
            self.scope(family, family.members[0], Findings(self.findings.source)),
            node_type=lambda name: self._type_among(name, known),
        )
        if family.sites:
            assert isinstance(value, syntax.Call)
            inner = self.shared.sites[id(family.sites[0])]
            absent = resolve_entry(value, "", inner.inputs, scope)[1] or inner.answer_may_be_absent
        else:
            given = resolve_expression(value, scope)[1]
            absent = absent or isinstance(given, types.Optional | types.Null)
            if type_ is None:
                type_ = types.required(given)
            elif not types.fits(given, type_):
                # Which of the two is meant cannot be told: nothing follows from either.
                type_ = ANY
        return _with_absence(ANY if type_ is None else type_, absent)

    def _may_be_absent(self, family: Family) -> bool:
        """Whether a node says of itself that it may not run."""
        settings = self.settings[family.name]
        if settings.get("on") is not None or settings.get("when") is not None:
            return True
        on_error = settings.get("on_error")
        if (
            on_error is not None
            and isinstance(on_error.value, syntax.Reference)
            and on_error.value.name.text == "skip"
        ):
            return True
        requires = settings.get("requires")
        nothing = requires is None or (
            isinstance(requires.value, syntax.Number) and requires.value.value == 0
        )
        return not nothing and not self.heard.isdisjoint(family.receivers)

    @cached_property
    def answer_may_be_absent(self) -> bool:
        """Whether the graph may have no answer."""
        output = self.site.output
        if output is None or isinstance(self.answer, types.Optional):
            return True
        return isinstance(self.node_types[output.family.name], types.Optional)

    @cached_property
    def unsure(self) -> frozenset[tuple[str, str]]:
        """The names, sender and receiver, that are joined by edges which may be absent."""
        return frozenset(
            (pair.sender_name, pair.receiver_name)
            for joint in self.site.joints
            if not self._is_sure(joint)
            for pair in joint.pairs
        )

    def _is_sure(self, joint: Joint) -> bool:
        """Whether an edge statement is of fixed edges, those of the blocks around considered."""
        if self.site.levels:
            ends = ends_of(joint.declaration)
            for _, _, block in self.shared.learnables.blocks.around(self.site):
                if ends in block.edges:
                    return block.edges[ends].prior is None
        return joint.declaration.prior is None

    # Learnables.

    def gather(self) -> None:
        """Take note of the learnables that nodes have, and of what fixed instances settle."""
        said = (
            self.settings
        )  # Where there are no nodes, what the graph sets for them is checked all the same.
        for name, family in self.site.families.items():
            settings = said[name]
            on = settings.get("on")
            if on is not None and on.learnable:
                shape = () if family.size is None else (family.size,)
                slot = self.shared.learnables.slot(
                    "gate", self.site, (name, "on"), f"{name}.on", Line(on.level, on.value, on.findings),
                    shape, frozenset(range(len(family.receivers))), self.rank(name, "on"),
                )  # fmt: skip
                if slot is not None:
                    self.gates[name] = slot
            if works_of(family) == "model":
                self._gather_texts(family, settings)

    def rank(self, family: str, attribute: str) -> tuple[int, ...]:
        """Where a line of a block about a node's attribute stands among those about the site."""
        return 0, self._ranks[family], list(attributes.ATTRIBUTES).index(attribute)

    @cached_property
    def _ranks(self) -> Mapping[str, int]:
        return {name: rank for rank, name in enumerate(self.site.families)}

    def _gather_texts(self, family: Family, settings: Settings) -> None:
        choices = [
            read_choice(
                kind, said, settings, family, self.site, self.shared.learnables, self.rank(family.name, kind)
            )
            for kind in CHOICES
            if (said := settings.get(kind)) is not None
        ]
        self.choices[family.name] = [choice for choice in choices if choice is not None]
        prompt = settings.get("prompt")
        if prompt is not None and prompt.learnable and isinstance(prompt.value, syntax.String):
            learned = self.shared.learnables.prompt(
                self.site, family.name, family.receivers, prompt.value, prompt.level,
                self.rank(family.name, "prompt"),
            )  # fmt: skip
            if learned is not None:
                self.prompts[family.name] = learned
                if family.declaration.description is None:
                    place = family.declaration.name.span
                    self.findings.add(kinds.NO_DESCRIPTION, place, node=family.name)
        for (attribute, option), said in settings.options.items():
            chosen = next(iter(settings.beneath.get(attribute, ())), settings.get(attribute))
            if chosen is None or not chosen.learnable:
                span = said.setting.span
                said.findings.add(kinds.OPTION_WITHOUT_CHOICE, span, attribute=attribute, name=option)

    @cached_property
    def heard(self) -> frozenset[NodeIndex]:
        """The nodes of the site that some edge statement of it reaches."""
        return frozenset(pair.receiver for joint in self.site.joints for pair in joint.pairs)


def _with_absence(type_: types.Type, absent: bool) -> types.Type:
    return types.optional(type_) if absent else type_


def works_of(family: Family) -> Literal["model", "function", "instance"]:
    """What a node is."""
    if family.sites or family.broken:
        return "instance"
    return "model" if family.declaration.value is None else "function"
