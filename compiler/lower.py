"""From a graph's tree to the IR: laid out flat, names resolved, types checked, learnables gathered."""

from collections.abc import Iterator, Sequence

import attrs

from agraph.compiler import attributes, ir, kinds, syntax, types
from agraph.compiler.blocks import Blocks, check_block
from agraph.compiler.diagnostics import Findings
from agraph.compiler.fallbacks import with_fallbacks
from agraph.compiler.ir import NodeIndex
from agraph.compiler.layout import lay_out
from agraph.compiler.learnables import Learnables
from agraph.compiler.made_nodes import made_nodes
from agraph.compiler.mismatch import report_mismatch
from agraph.compiler.names import Graph, Module
from agraph.compiler.outside import note_messages_from_outside
from agraph.compiler.parameters import placeholders
from agraph.compiler.settled import settled
from agraph.compiler.site_edges import EdgeDraft, gather_edges
from agraph.compiler.site_nodes import Shared, SiteNodes
from agraph.compiler.sites import Site
from agraph.compiler.tasks import lower_task


@attrs.frozen(eq=False)
class Lowered:
    """A graph's IR, and what it was made of.

    Attributes:
        nodes: Those of the graph's own site.
        edges: Every edge, in the order of the IR.
    """

    graph: ir.Graph
    nodes: SiteNodes
    edges: tuple[EdgeDraft, ...]


def lower(declaration: syntax.GraphDeclaration, module: Module, findings: Findings) -> Lowered:
    """The IR of a graph; it means something only where no error was found.

    Args:
        declaration: The graph; its compile-time parameters stand for their defaults.
        module: The file that declares it.
        findings: Where mistakes are noted.
    """
    constants = placeholders(declaration, module, findings)
    site, names = lay_out(Graph(declaration, module, ""), constants, findings)
    shared = Shared(names, Learnables(Blocks()))
    sites = [_nodes(each, reported, shared, findings) for each, reported in _walk(site)]
    for nodes in sites:
        for family in nodes.site.families.values():
            check_block(family, nodes.findings)
        nodes.gather()
    drafts = [draft for nodes in sites for draft in gather_edges(nodes)]
    probabilities = shared.learnables.number()
    shared.heard_from_outside.update(note_messages_from_outside(sites))
    made = {index: node for nodes in sites for index, node in made_nodes(nodes)}
    flat = tuple(made.get(NodeIndex(index), _nothing(name)) for index, name in enumerate(names))
    edges = settled([*drafts, *_entry_edges(made)], flat)
    for nodes in sites:
        _check_output(nodes)
    root = sites[0]
    block = module.optimizes.get(declaration.name.text)
    task = (
        None if block is None
        else lower_task(block, module, root.inputs, root.answer, shared.model, findings)
    )  # fmt: skip
    graph = ir.Graph(
        version=ir.VERSION,
        name=declaration.name.text,
        origin=module.source.path,
        inputs=tuple(root.inputs.items()),
        type=root.answer,
        models=with_fallbacks((model for _, model in shared.models.values()), module),
        tools=tuple(shared.tools.found),
        nodes=flat,
        edges=_arrays(edges),
        output=() if root.site.output is None else root.site.output.nodes,
        output_many=root.site.output is not None and root.site.output.many,
        output_nulls=isinstance(root.answer, types.ListOf) and isinstance(root.answer.item, types.Optional),
        probabilities=probabilities,
        prompts=tuple(each.finished() for each in shared.learnables.prompts.values()),
        task=task,
        demonstrations=tuple(each.finished() for each in shared.learnables.demonstrations.values()),
    )
    return Lowered(graph, root, tuple(edges))


def _walk(site: Site, reported: bool = True) -> Iterator[tuple[Site, bool]]:
    """A site and those inside it, each with whether its mistakes are reported: members have the same."""
    yield site, reported
    for family in site.families.values():
        for number, inner in enumerate(family.sites):
            yield from _walk(inner, reported and number == 0)


def _nodes(site: Site, reported: bool, shared: Shared, findings: Findings) -> SiteNodes:
    found = findings.found if reported else []
    nodes = SiteNodes(site, shared, Findings(site.place.module.source, found))
    shared.sites[id(site)] = nodes
    return nodes


def _nothing(name: str) -> ir.Node:
    """What stands for a node that could not be made, with the reason reported."""
    return ir.Node(name, name, None, None, types.ANY, ir.Constant(None))


def _entry_edges(made: dict[NodeIndex, ir.Node]) -> Iterator[EdgeDraft]:
    """An edge from the entry of each instance to every node inside, which waits for it."""
    for index, node in made.items():
        if node.instance is not None:
            yield EdgeDraft(node.instance, index, by_name=True)


def _arrays(edges: Sequence[EdgeDraft]) -> ir.Edges:
    return ir.Edges(
        tuple(edge.sender for edge in edges),
        tuple(edge.receiver for edge in edges),
        tuple(ir.FIXED if edge.slot is None else edge.slot.parameter(edge.element) for edge in edges),
        tuple(edge.by_name for edge in edges),
    )


def _check_output(nodes: SiteNodes) -> None:
    output, findings = nodes.site.output, nodes.findings
    if output is None:
        return
    family = output.family
    given = nodes.node_types[family.name]
    given = types.ListOf(types.optional(given)) if output.many else given
    if not types.fits(given, nodes.answer):
        member = f"name one member, as in `output {family.name}[-1]`" if output.many else None
        report_mismatch("the output", given, nodes.answer, output.value.span, findings, hint=member)
    gate = nodes.settings[family.name].get("on")
    if output.many and gate is not None and (gate.learnable or attributes.boolean(gate, True)):
        # A family answers with what is there of it.
        return
    if gate is not None and gate.level < len(nodes.site.levels):
        gate.findings.add(kinds.GATED_OUTPUT, gate.setting.span, node=family.name)
    elif gate is not None:
        label = findings.label(gate.setting.span, "it is switched here")
        findings.add(kinds.GATED_OUTPUT, output.value.span, label, node=family.name)
