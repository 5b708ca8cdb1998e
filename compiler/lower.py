"""From a graph's tree to the IR: families laid out, names resolved, types checked, learnables gathered."""

from collections.abc import Iterator, Mapping
from functools import cached_property

import attrs

from agraph.compiler import attributes, ir, kinds, syntax, types
from agraph.compiler.diagnostics import Findings
from agraph.compiler.expressions import Scope, Tools, resolve_comparison, resolve_expression
from agraph.compiler.layout import Family, Layout, find_family, find_member, lay_out
from agraph.compiler.names import Module
from agraph.compiler.priors import read_prior
from agraph.compiler.prompts import prompt_reads, resolve_template
from agraph.compiler.reads import Inbox, NameRead, inboxes, is_read_by_name, names_read
from agraph.compiler.tasks import lower_task
from agraph.compiler.type_names import ANY, resolve_type, typed_names

TARGET = "target"
"""The name under which a test gives the expected answer, so that no input has it."""

MAX_TURNS = 8
"""How many replies a model node with tools may give, unless its author says otherwise."""


@attrs.frozen
class Lowered:
    """A graph's IR and where its parts were written.

    Attributes:
        layout: The nodes and edges by declaration.
    """

    graph: ir.Graph
    layout: Layout


def lower(declaration: syntax.GraphDeclaration, module: Module, findings: Findings) -> Lowered | None:
    """The IR of a graph; it means something only where no error was found.

    Args:
        declaration: The graph.
        module: The file that declares it.
        findings: Where mistakes are noted.

    Returns:
        `None` where the graph has compile-time parameters, which this version refuses.
    """
    if declaration.parameters:
        first, last = declaration.parameters[0], declaration.parameters[-1]
        findings.add(kinds.NO_PARAMETERS, first.span.to(last.span))
        return None
    inputs = dict(typed_names(declaration.inputs, module.type_scope, findings))
    for given in declaration.inputs:
        if given.name.text == TARGET:
            findings.add(kinds.RESERVED_NAME, given.name.span, name=TARGET, what="an input")
    layout = lay_out(declaration, set(inputs), findings)
    return _Lowering(declaration, module, findings, inputs, layout).run()


@attrs.define
class _Lowering:
    """What the steps of lowering one graph share."""

    declaration: syntax.GraphDeclaration
    module: Module
    findings: Findings
    inputs: Mapping[str, types.Type]
    layout: Layout
    tools: Tools = attrs.field(factory=Tools)
    models: dict[str, ir.Model] = attrs.field(factory=dict)
    settings: dict[str, attributes.Settings] = attrs.field(factory=dict)
    reads: dict[str, frozenset[NameRead]] = attrs.field(factory=dict)
    inboxes: Mapping[str, Inbox] = {}
    node_types: dict[str, types.Type] = attrs.field(factory=dict)
    prompts: list[ir.Prompt] = attrs.field(factory=list)

    def run(self) -> Lowered:
        self._read_settings()
        self.inboxes = inboxes(self.layout, self.reads)
        self._type_nodes()
        probabilities = self._probabilities()
        gates = {learnable.name: learnable for learnable in probabilities if learnable.kind == "gate"}
        nodes = tuple(node for family in self.layout.families.values() for node in self._nodes(family, gates))
        output, output_many, type_ = self._output()
        block = self.module.optimizes.get(self.declaration.name.text)
        graph = ir.Graph(
            version=ir.VERSION,
            name=self.declaration.name.text,
            origin=self.module.source.path,
            inputs=tuple(self.inputs.items()),
            type=type_,
            models=tuple(self.models.values()),
            tools=tuple(self.tools.found),
            nodes=nodes,
            edges=self._edges(probabilities),
            output=output,
            output_many=output_many,
            output_nulls=isinstance(type_, types.ListOf) and isinstance(type_.item, types.Optional),
            probabilities=probabilities,
            prompts=tuple(self.prompts),
            task=None if block is None else lower_task(block, self.module, self.inputs, type_, self.findings),
        )
        return Lowered(graph, self.layout)

    # What each node says of itself, and what it reads.

    def _read_settings(self) -> None:
        defaults = attributes.graph_settings(self.declaration.body, self.declaration.name.text, self.findings)
        for family in self.layout.families.values():
            node = family.declaration
            is_model = node.value is None
            # The block of an instance holds settings of the nodes inside, not its own.
            is_instance = node.value is not None and self._calls_graph(node.value)
            body = () if is_instance else node.body or ()
            settings = attributes.node_settings(body, family.name, is_model, defaults, self.findings)
            self.settings[family.name] = settings
            self.reads[family.name] = frozenset(self._reads(family, settings))
            if is_model and not settings.mentions("prompt"):
                self.findings.add(kinds.NO_WORK, node.name.span, node=family.name)
            if node.learnable and node.value is not None and not is_instance:
                self.findings.add(kinds.LEARNABLE_CALL, node.value.span)

    def _calls_graph(self, value: syntax.Expression) -> bool:
        callee = value.callee if isinstance(value, syntax.Call) else value
        bare = callee.value if isinstance(callee, syntax.Brackets) else callee
        return isinstance(self.module.tool_or_graph(bare), syntax.GraphDeclaration)

    def _reads(self, family: Family, settings: attributes.Settings) -> Iterator[NameRead]:
        found: list[NameRead] = []
        if family.declaration.value is not None:
            found.extend(names_read(family.declaration.value))
        for setting in map(settings.get, ("prompt", "system", "when")):
            if setting is not None:
                value = setting.value
                found.extend(prompt_reads(value) if isinstance(value, syntax.String) else names_read(value))
        for read in found:
            size = self.layout.families[read.name].size if read.name in self.layout.families else None
            yield read if read.member is None or not size else NameRead(read.name, read.member % size)

    def _scope(self, family: Family, member: int | None, findings: Findings) -> Scope:
        return Scope(
            self.module, findings, self.tools, self.inputs, self.node_types.__getitem__,
            self.layout, family, member, self.inboxes.get(family.name, Inbox()),
        )  # fmt: skip

    # The types of messages.

    def _type_nodes(self) -> None:
        """Find the type of every node's message: those that a node's type depends on before its own.

        The walk keeps its own stack, since a chain of nodes can be as long as a file.
        """
        for first in self.layout.families:
            path = {} if first in self.node_types else {first: self._type_sources(first)}
            while path:
                name, sources = next(reversed(path.items()))
                source = next((each for each in sources if each not in self.node_types), None)
                if source is None:
                    del path[name]
                    self.node_types.setdefault(name, self._declared_type(self.layout.families[name]))
                elif source in path:
                    place = self.layout.families[source].declaration.name.span
                    self.findings.add(kinds.TYPE_UNKNOWABLE, place, node=source)
                    self.node_types[source] = ANY
                else:
                    path[source] = self._type_sources(source)

    def _type_sources(self, name: str) -> Iterator[str]:
        """The nodes whose types tell that of a node."""
        declaration = self.layout.families[name].declaration
        if declaration.type is None and declaration.value is not None:
            for read in names_read(declaration.value):
                if read.name == "inbox":
                    yield from self.inboxes.get(name, Inbox()).senders
                elif (read.name, name) in self.layout.links:
                    yield read.name

    def _declared_type(self, family: Family) -> types.Type:
        """The type that a node is declared with, or that of its right side."""
        declaration = family.declaration
        if declaration.type is not None:
            return resolve_type(declaration.type, self.module.type_scope, self.findings)
        if declaration.value is None:
            return types.STR
        scope = self._scope(family, family.members[0], Findings(self.findings.source))
        return types.required(resolve_expression(declaration.value, scope)[1])

    # Nodes.

    def _nodes(self, family: Family, gates: Mapping[str, ir.Probabilities]) -> Iterator[ir.Node]:
        settings, findings = self.settings[family.name], self.findings
        type_ = self.node_types[family.name]
        gate = gates.get(f"{family.name}.on")
        on, when = settings.get("on"), settings.get("when")
        description = family.declaration.description
        shared = ir.Node(
            name="", family=family.name, member=None,
            description=None if description is None else description.value,
            type=type_, work=ir.Constant(None),
            on=attributes.boolean(None if on is None or on.learnable else on, True, findings),
            retries=attributes.whole_number(settings.get("retries"), 0, 0, findings),
            timeout_s=attributes.seconds(settings.get("timeout"), findings),
            on_error=attributes.error_policy(settings.get("on_error"), type_, findings),
            cache=attributes.boolean(settings.get("cache"), True, findings),
        )  # fmt: skip
        requires = attributes.whole_number(settings.get("requires"), 0, 0, findings)
        model_call = self._model_call(family, settings) if family.declaration.value is None else None
        for member, index in zip(family.members, family.nodes, strict=True):
            # What is wrong with one member is wrong with all, and is reported once.
            reported = findings if index == family.first else Findings(findings.source)
            scope = self._scope(family, member, reported)
            yield attrs.evolve(
                shared, name=family.node_name(member), member=member,
                work=self._work(family, model_call, settings, scope, type_),
                gate=None if gate is None else ir.ParameterIndex(gate.offset + (member or 0)),
                when=None if when is None else resolve_comparison(when.value, "when", scope),
                requires=requires if index in self._heard else 0,
            )  # fmt: skip

    @cached_property
    def _heard(self) -> frozenset[ir.NodeIndex]:
        """The nodes that some edge statement reaches."""
        return frozenset(pair.receiver for joint in self.layout.joints for pair in joint.pairs)

    def _model_call(self, family: Family, settings: attributes.Settings) -> ir.ModelCall:
        """The call of a model node, its texts still to be resolved for each member."""
        findings, setting = self.findings, settings.get("model")
        model = None if setting is None else attributes.model(setting, self.module, findings)
        if settings.mentions("prompt") and not settings.mentions("model"):
            findings.add(kinds.NO_MODEL, family.declaration.name.span, node=family.name)
        if model is not None:
            self.models.setdefault(model.name, model)
        index = list(self.models).index(model.name) if model is not None else 0
        tools = attributes.tools(settings.get("tools"), self.module, findings)
        attributes.text(settings.get("system"), findings)
        written = settings.get("prompt")
        prompt = attributes.text(written, findings)
        learnable = None
        if written is not None and prompt is not None and written.learnable:
            if family.declaration.description is None:
                findings.add(kinds.NO_DESCRIPTION, family.declaration.name.span, node=family.name)
            learnable = len(self.prompts)
            nodes = tuple(ir.NodeIndex(node) for node in family.nodes)
            self.prompts.append(ir.Prompt(f"{family.name}.prompt", prompt.span, prompt.value, nodes))
        if prompt is not None:
            self._check_inbox_is_read(family, prompt)
        return ir.ModelCall(
            model=ir.ModelIndex(index), prompt=(), learnable=learnable, system=None,
            tools=tuple(self.tools.index(tool) for tool in tools),
            max_turns=attributes.whole_number(settings.get("max_turns"), 1, MAX_TURNS, findings),
        )  # fmt: skip

    def _check_inbox_is_read(self, family: Family, prompt: syntax.String) -> None:
        reads_inbox = NameRead("inbox", None) in self.reads[family.name]
        if self.inboxes.get(family.name, Inbox()).has_candidates and not reads_inbox:
            self.findings.add(kinds.IGNORED_INBOX, prompt.span, node=family.name)

    def _work(
        self,
        family: Family,
        call: ir.ModelCall | None,
        settings: attributes.Settings,
        scope: Scope,
        type_: types.Type,
    ) -> ir.ModelCall | ir.Expression:
        if call is not None:
            prompt, system = (
                attributes.text(settings.get(n), Findings(scope.findings.source))
                for n in ("prompt", "system")
            )
            return attrs.evolve(
                call,
                prompt=() if prompt is None else resolve_template(prompt, scope),
                system=None if system is None else resolve_template(system, scope),
            )
        assert family.declaration.value is not None
        value, given = resolve_expression(family.declaration.value, scope)
        if not types.fits(given, type_):
            scope.findings.add(
                kinds.TYPE_MISMATCH, family.declaration.value.span, what=f"the right side of `{family.name}`",
                given=types.show(given), wanted=types.show(type_),
            )  # fmt: skip
        return value

    # Learnables and edges.

    def _probabilities(self) -> tuple[ir.Probabilities, ...]:
        """The learnable probabilities in the order of the file, their parameters numbered."""
        found: list[ir.Probabilities] = []
        for joint in self.layout.joints:
            prior = joint.declaration.prior
            if prior is not None:
                ends = joint.declaration.ends
                written = self.findings.source.slice(ends[0].span.to(ends[-1].span))
                name = "edge " + " ".join(written.split())
                possible = frozenset(pair.element for pair in joint.pairs)
                found.extend(self._probability("edge", name, prior, joint.shape, possible))
        for family in self.layout.families.values():
            setting = self.settings[family.name].get("on")
            if setting is not None and setting.learnable:
                shape = () if family.size is None else (family.size,)
                possible = frozenset(range(len(family.nodes)))
                found.extend(self._probability("gate", f"{family.name}.on", setting.value, shape, possible))
        found.sort(key=lambda learnable: learnable.span)
        offset = 0
        numbered = []
        for learnable in found:
            numbered.append(attrs.evolve(learnable, offset=ir.ParameterIndex(offset)))
            offset += len(learnable.values)
        return tuple(numbered)

    def _probability(
        self, kind: str, name: str, value: syntax.Expression, shape: tuple[int, ...], possible: frozenset[int]
    ) -> Iterator[ir.Probabilities]:
        prior = read_prior(value, shape, possible, self.findings)
        if prior is not None:
            yield ir.Probabilities(
                "edge" if kind == "edge" else "gate", name, value.span, prior.element_spans,
                shape, prior.values, ir.ParameterIndex(0),
            )  # fmt: skip

    def _edges(self, probabilities: tuple[ir.Probabilities, ...]) -> ir.Edges:
        offsets = {learnable.span: learnable.offset for learnable in probabilities}
        senders, receivers, parameters, by_name = [], [], [], []
        for joint in self.layout.joints:
            prior = joint.declaration.prior
            offset = None if prior is None else offsets.get(prior.span)
            for pair in joint.pairs:
                senders.append(pair.sender)
                receivers.append(pair.receiver)
                parameters.append(ir.FIXED if offset is None else ir.ParameterIndex(offset + pair.element))
                reads = self.reads[self.layout.owners[pair.receiver].name]
                by_name.append(is_read_by_name(pair.sender, pair.receiver, reads, self.layout))
        return ir.Edges(tuple(senders), tuple(receivers), tuple(parameters), tuple(by_name))

    # The output.

    def _output(self) -> tuple[tuple[ir.NodeIndex, ...], bool, types.Type]:
        findings, declaration = self.findings, self.declaration
        type_: types.Type = ANY
        if declaration.type is not None:
            type_ = resolve_type(declaration.type, self.module.type_scope, findings)
        else:
            hint = f"write what it answers: `graph {declaration.name.text}(…) -> str {{ … }}`"
            findings.add(
                kinds.MISSING_TYPE,
                declaration.name.span,
                what=f"the graph `{declaration.name.text}`",
                hint=hint,
            )
        outputs = [
            statement for statement in declaration.body if isinstance(statement, syntax.OutputDeclaration)
        ]
        if not outputs:
            findings.add(kinds.NO_OUTPUT, declaration.name.span, graph=declaration.name.text)
            return (), False, type_
        for second in outputs[1:]:
            label = findings.label(outputs[0].span, "the first is here")
            findings.add(kinds.OUTPUT_TWICE, second.span, label, graph=declaration.name.text)
        found = self._output_nodes(outputs[0].value)
        if found is None:
            return (), False, type_
        family, nodes, many = found
        given = self.node_types[family.name]
        given = types.ListOf(types.optional(given)) if many else given
        if not types.fits(given, type_):
            member = f"name one member, as in `output {family.name}[-1]`" if many else None
            findings.add(
                kinds.TYPE_MISMATCH, outputs[0].value.span, what="the output",
                given=types.show(given), wanted=types.show(type_), hint=member,
            )  # fmt: skip
        gate = self.settings[family.name].get("on")
        if gate is not None:
            label = findings.label(gate.span, "it is switched here")
            findings.add(kinds.GATED_OUTPUT, outputs[0].value.span, label, node=family.name)
        return nodes, many, type_

    def _output_nodes(self, value: syntax.Expression) -> tuple[Family, tuple[ir.NodeIndex, ...], bool] | None:
        match value:
            case syntax.Reference(name):
                family = find_family(name, self.layout.families, self.findings)
                if family is None:
                    return None
                return family, tuple(ir.NodeIndex(node) for node in family.nodes), family.size is not None
            case syntax.Brackets(syntax.Reference(name), (syntax.Argument(None, syntax.Number() as number),)):
                family = find_family(name, self.layout.families, self.findings)
                if family is None:
                    return None
                if family.size is None:
                    self.findings.add(kinds.NOT_A_FAMILY, value.span, name=name.text)
                    return None
                member = find_member(family, number, self.findings)
                return None if member is None else (family, (ir.NodeIndex(family.first + member),), False)
        self.findings.add(kinds.BAD_OUTPUT, value.span)
        return None
