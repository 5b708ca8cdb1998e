"""Rules about a graph as a whole, on its laid out edges."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from agraph.compiler import kinds
from agraph.compiler.components import components
from agraph.compiler.ir import NodeIndex
from agraph.compiler.lower import Lowered
from agraph.compiler.site_edges import EdgeDraft


def check(lowered: Lowered) -> None:
    """Report what is wrong with a graph as a whole: every cycle of fixed edges, once."""
    graph, reported = lowered.graph, lowered.nodes.findings.found
    fixed = {(edge.sender, edge.receiver): edge for edge in lowered.edges if edge.slot is None}
    for cycle in _cycles(len(graph.nodes), fixed):
        names = " → ".join(f"`{graph.nodes[node].name}`" for node in cycle)
        statements = [fixed[ends].statement for ends in pairwise(cycle)]
        said = [statement for statement in statements if statement is not None]
        # A member after the first reports nothing, so the statement is one of those that are reported.
        said = [each for each in said if each[1].found is reported] or said
        # Whose file it is can mend it: an imported graph has no cycle by itself.
        own = lowered.nodes.findings.source
        said = [each for each in said if each[1].source is own] or said
        declaration, findings = max(said, key=lambda each: each[0].span)
        written = " ".join(findings.source.slice(declaration.span).split())
        findings.add(kinds.FIXED_CYCLE, declaration.span, cycle=names, statement=written)


def _cycles(
    count: int, edges: Mapping[tuple[NodeIndex, NodeIndex], EdgeDraft]
) -> Iterator[tuple[NodeIndex, ...]]:
    """One cycle of each strongly connected component that has any, its first node repeated at the end."""
    component = components(count, edges)
    receivers: dict[NodeIndex, NodeIndex] = {}
    for sender, receiver in edges:
        if component[sender] == component[receiver]:
            receivers.setdefault(sender, receiver)
    seen: set[int] = set()
    for start in receivers:
        if component[start] in seen:
            continue
        seen.add(component[start])
        path = {start: 0}
        node = receivers[start]
        while node not in path:
            path[node] = len(path)
            node = receivers[node]
        yield (*list(path)[path[node] :], node)
