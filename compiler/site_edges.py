"""The edges of one use of a graph: what is fixed, what is learned, and what fixed instances settle."""

from collections.abc import Iterator

import attrs

from agraph.compiler import kinds, syntax
from agraph.compiler.blocks import ends_of
from agraph.compiler.diagnostics import Findings
from agraph.compiler.ir import NodeIndex
from agraph.compiler.learnables import Line, Slot
from agraph.compiler.reads import is_read_by_name
from agraph.compiler.site_nodes import SiteNodes
from agraph.compiler.sites import Joint


@attrs.frozen(eq=False)
class EdgeDraft:
    """An edge before parameters are numbered.

    Attributes:
        slot: The values of its statement's prior, or `None` where it is fixed.
        element: Which of them is its own.
        statement: Where it is said, with the file; `None` for what an instance is made of.
    """

    sender: NodeIndex
    receiver: NodeIndex
    by_name: bool
    slot: Slot | None = None
    element: int = 0
    statement: tuple[syntax.EdgeDeclaration, Findings] | None = None


def gather_edges(nodes: SiteNodes) -> Iterator[EdgeDraft]:
    """The edges that the statements of a site make, in order, and those to the exits of its instances."""
    site = nodes.site
    for number, joint in enumerate(site.joints):
        line = _line(joint, nodes)
        slot = None
        if isinstance(line, Line):
            statement = ends_of(joint.declaration)
            slot = nodes.shared.learnables.slot(
                "edge", site, (f"edge {statement}",), f"edge {statement}", line, joint.shape,
                frozenset(pair.element for pair in joint.pairs), (1, number),
            )  # fmt: skip
            if slot is None:
                continue
        elif not line:
            continue
        for pair in joint.pairs:
            reads = nodes.reads.get(pair.receiver_name, frozenset())
            yield EdgeDraft(
                pair.sender, pair.receiver, is_read_by_name(pair, reads, site), slot, pair.element,
                (joint.declaration, nodes.findings),
            )  # fmt: skip
    for family in site.families.values():
        for inner, leaving in zip(family.sites, family.senders, strict=bool(family.sites)):
            if inner.output is not None and inner.output.many:
                for sender in inner.output.nodes:
                    yield EdgeDraft(sender, leaving, by_name=True)


def _line(joint: Joint, nodes: SiteNodes) -> Line | bool:
    """Where the edge's prior is said; for a fixed edge, whether it is there."""
    ends = ends_of(joint.declaration) if nodes.site.levels else ""
    for number, level, block in nodes.shared.learnables.blocks.around(nodes.site):
        said = block.edges.get(ends)
        if said is not None:
            findings = Findings(level.place.module.source, nodes.findings.found)
            return _said(said, number, findings)
    prior = joint.declaration.prior
    return True if prior is None else Line(len(nodes.site.levels), prior, nodes.findings)


def _said(said: syntax.EdgeDeclaration, level: int, findings: Findings) -> Line | bool:
    """What a line of a block says of an edge: `edge a -> b ~ 0.5`, `edge a -> b`, `edge a -> b = false`."""
    if said.prior is None:
        return True
    if said.learnable:
        return Line(level, said.prior, findings)
    if isinstance(said.prior, syntax.Boolean):
        return said.prior.value
    findings.add(kinds.EQUALS_BEFORE_PRIOR, said.prior.span)
    return True
