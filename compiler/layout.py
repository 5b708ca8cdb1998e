"""Laying out a graph: its nodes numbered, instances inside out, its edges pair by pair."""

from collections.abc import Mapping

import attrs

from agraph.compiler import kinds, syntax
from agraph.compiler.counting import fits
from agraph.compiler.diagnostics import Diagnostic, Findings
from agraph.compiler.ends import find_family, find_member
from agraph.compiler.ir import NodeIndex
from agraph.compiler.joints import Ends, lay_out_edges
from agraph.compiler.names import Graph, called_graph
from agraph.compiler.parameters import bind_parameters
from agraph.compiler.sites import Constant, Family, Level, Output, Place, Site

LARGEST_FAMILY = 10_000


def lay_out(
    graph: Graph, constants: Mapping[str, Constant], findings: Findings
) -> tuple[Site, tuple[str, ...]]:
    """The nodes and edges of a graph, and the flat name of each node; what cannot be laid out is reported.

    Args:
        graph: The graph.
        constants: What its compile-time parameters stand for.
        findings: Where mistakes are noted, those in imported files included.
    """
    if not fits(graph, constants, findings):
        return Site(graph.declaration, Place(graph.module, constants, graph.qualifier), (), {}, (), None), ()
    layout = _Layout(findings.found)
    key = graph.module.source.path, graph.declaration.name.text
    return layout.site(graph, constants, "", (), (key,)), tuple(layout.names)


@attrs.define
class _Layout:
    """What the sites of one graph share.

    Attributes:
        found: Diagnostics of all files.
        names: The flat name of each node so far.
        inside: The pairs that are joined inside the instances so far.
    """

    found: list[Diagnostic]
    names: list[str] = attrs.field(factory=list)
    inside: dict[Ends, None] = attrs.field(factory=dict)

    def site(
        self,
        graph: Graph,
        constants: Mapping[str, Constant],
        prefix: str,
        levels: tuple[Level, ...],
        stack: tuple[tuple[str, str], ...],
    ) -> Site:
        findings = Findings(graph.module.source, self.found)
        place = Place(graph.module, constants, graph.qualifier)
        families: dict[str, Family] = {}
        taken = {
            **{given.name.text: "an input" for given in graph.declaration.inputs},
            **dict.fromkeys(constants, "a compile-time parameter"),
        }
        for statement in graph.declaration.body:
            if isinstance(statement, syntax.NodeDeclaration) and self._is_new(
                statement.name, families, taken, findings
            ):
                family = self._family(statement, len(families), place, prefix, levels, stack, findings)
                families[statement.name.text] = family
        edges = [each for each in graph.declaration.body if isinstance(each, syntax.EdgeDeclaration)]
        joints = lay_out_edges(edges, families, self.inside, self.names, findings)
        self.inside.update(dict.fromkeys((p.sender, p.receiver) for joint in joints for p in joint.pairs))
        output = _output(graph.declaration, families, findings)
        return Site(graph.declaration, place, levels, families, joints, output)

    def _is_new(
        self,
        name: syntax.Name,
        families: Mapping[str, Family],
        taken: Mapping[str, str],
        findings: Findings,
    ) -> bool:
        if name.text in families:
            label = findings.label(families[name.text].declaration.name.span, "the first is here")
            findings.add(kinds.DECLARED_TWICE, name.span, label, name=name.text)
        elif name.text in taken:
            hint = f"{taken[name.text]} of the graph has this name; give one of the two another"
            findings.add(kinds.DECLARED_TWICE, name.span, name=name.text, hint=hint)
        return name.text not in families and name.text not in taken

    def _family(
        self,
        node: syntax.NodeDeclaration,
        rank: int,
        place: Place,
        prefix: str,
        levels: tuple[Level, ...],
        stack: tuple[tuple[str, str], ...],
        findings: Findings,
    ) -> Family:
        size = None if node.count is None else _family_size(node.count, place, levels, findings)
        graph = called_graph(node.value, place.module)
        if graph is None:
            nodes = tuple(self._new(prefix + name) for name in member_names(node, size))
            return Family(node.name.text, node, size, nodes, nodes)
        graph = attrs.evolve(graph, qualifier=place.qualifier + graph.qualifier)
        constants = self._constants(node, graph, place, stack, findings)
        if constants is None:
            nodes = tuple(self._new(prefix + name) for name in member_names(node, size))
            return Family(node.name.text, node, size, nodes, nodes, broken=True)
        return self._instances(node, rank, size, graph, constants, place, prefix, levels, stack)

    def _constants(
        self,
        node: syntax.NodeDeclaration,
        graph: Graph,
        place: Place,
        stack: tuple[tuple[str, str], ...],
        findings: Findings,
    ) -> dict[str, Constant] | None:
        """The compile-time parameters of an instance, or `None` with the reason reported."""
        assert isinstance(node.value, syntax.Call)
        key = graph.module.source.path, graph.declaration.name.text
        if key in stack:
            cycle = " → ".join(f"`{name}`" for _, name in (*stack[stack.index(key) :], key))
            findings.add(kinds.RECURSION, node.value.span, name=graph.declaration.name.text, cycle=cycle)
            return None
        brackets = node.value.callee.arguments if isinstance(node.value.callee, syntax.Brackets) else ()
        return bind_parameters(graph, brackets, node.value, place, findings)

    def _instances(
        self,
        node: syntax.NodeDeclaration,
        rank: int,
        size: int | None,
        graph: Graph,
        constants: Mapping[str, Constant],
        place: Place,
        prefix: str,
        levels: tuple[Level, ...],
        stack: tuple[tuple[str, str], ...],
    ) -> Family:
        """A family of instances: of each an entry, the nodes inside, and an exit where it answers a list."""
        receivers, senders, sites = [], [], []
        inner_stack = (*stack, (graph.module.source.path, graph.declaration.name.text))
        kept = self.found
        for number, name in enumerate(member_names(node, size)):
            entry = self._new(f"{prefix}{name}()")
            level = Level(node, place, size, None if size is None else number, entry, rank)
            # What is wrong with one member is wrong with all, and is reported once.
            self.found = kept if number == 0 else []
            site = self.site(graph, constants, f"{prefix}{name}.", (*levels, level), inner_stack)
            receivers.append(entry)
            sites.append(site)
            if site.output is None:
                senders.append(entry)
            else:
                senders.append(self._new(prefix + name) if site.output.many else site.output.nodes[0])
        self.found = kept
        return Family(node.name.text, node, size, tuple(receivers), tuple(senders), tuple(sites))

    def _new(self, name: str) -> NodeIndex:
        self.names.append(name)
        return NodeIndex(len(self.names) - 1)


def member_names(node: syntax.NodeDeclaration, size: int | None) -> list[str]:
    """The names of a node's members."""
    return [node.name.text] if size is None else [f"{node.name.text}[{number}]" for number in range(size)]


def _family_size(
    count: syntax.Expression, place: Place, levels: tuple[Level, ...], findings: Findings
) -> int:
    value: object = count.value if isinstance(count, syntax.Number) else None
    if isinstance(count, syntax.Reference):
        value = place.constants.get(count.name.text)
    if isinstance(value, int) and 1 <= value <= LARGEST_FAMILY:
        return value
    if isinstance(count, syntax.Reference) and isinstance(value, int) and levels:
        # The graph is right, and this use of it is not.
        user = Findings(levels[-1].place.module.source, findings.found)
        call = levels[-1].declaration.value
        assert call is not None
        hint = f"`{count.name.text}` is {value} here"
        user.add(kinds.BAD_FAMILY_SIZE, call.span, largest=LARGEST_FAMILY, hint=hint)
    else:
        findings.add(kinds.BAD_FAMILY_SIZE, count.span, largest=LARGEST_FAMILY)
    return 1


def _output(
    declaration: syntax.GraphDeclaration, families: Mapping[str, Family], findings: Findings
) -> Output | None:
    outputs = [each for each in declaration.body if isinstance(each, syntax.OutputDeclaration)]
    graph = declaration.name.text
    if not outputs:
        findings.add(kinds.NO_OUTPUT, declaration.name.span, graph=graph)
        return None
    for second in outputs[1:]:
        label = findings.label(outputs[0].span, "the first is here")
        findings.add(kinds.OUTPUT_TWICE, second.span, label, graph=graph)
    value = outputs[0].value
    match value:
        case syntax.Reference(name):
            family = find_family(name, families, findings)
            return None if family is None else Output(family, family.senders, family.size is not None, value)
        case syntax.Brackets(syntax.Reference(name), (syntax.Argument(None, syntax.Number() as number),)):
            family = find_family(name, families, findings)
            if family is None:
                return None
            if family.size is None:
                findings.add(kinds.NOT_A_FAMILY, value.span, name=name.text)
                return None
            member = find_member(family, number, findings)
            return None if member is None else Output(family, (family.senders[member],), False, value)
    findings.add(kinds.BAD_OUTPUT, value.span)
    return None
