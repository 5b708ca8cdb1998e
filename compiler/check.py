"""Rules about a graph as a whole, on its laid out edges."""

from collections.abc import Iterator
from itertools import pairwise

from agraph.compiler import kinds
from agraph.compiler.components import components
from agraph.compiler.diagnostics import Findings
from agraph.compiler.ir import NodeIndex
from agraph.compiler.layout import Joint
from agraph.compiler.lower import Lowered


def check(lowered: Lowered, findings: Findings) -> None:
    """Report what is wrong with a graph as a whole: every cycle of fixed edges, once."""
    graph, layout = lowered.graph, lowered.layout
    fixed = {
        (pair.sender, pair.receiver): joint
        for joint in layout.joints
        if joint.declaration.prior is None
        for pair in joint.pairs
    }
    for cycle in _cycles(len(graph.nodes), fixed):
        names = " → ".join(f"`{graph.nodes[node].name}`" for node in cycle)
        joints = [fixed[ends] for ends in pairwise(cycle)]
        last = max(joints, key=lambda joint: joint.declaration.span)
        statement = " ".join(findings.source.slice(last.declaration.span).split())
        findings.add(kinds.FIXED_CYCLE, last.declaration.span, cycle=names, statement=statement)


def _cycles(count: int, edges: dict[tuple[NodeIndex, NodeIndex], Joint]) -> Iterator[tuple[NodeIndex, ...]]:
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
