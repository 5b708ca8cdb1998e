"""Which candidate edges a fixed instance has: those of the graph that it deploys by itself."""

from collections.abc import Sequence

import attrs

from agraph.compiler.components import components
from agraph.compiler.deployment import without_cycles
from agraph.compiler.ir import Node, NodeIndex
from agraph.compiler.site_edges import EdgeDraft


def settled(drafts: Sequence[EdgeDraft], nodes: Sequence[Node]) -> list[EdgeDraft]:
    """The edges that are fixed or learned, in order, without those that a fixed instance leaves out."""
    wanted: dict[NodeIndex, list[tuple[float, int]]] = {}
    fixed: list[int] = []
    learned: set[int] = set()
    for number, draft in enumerate(drafts):
        slot = draft.slot
        if slot is not None and slot.fixed_by is None:
            learned.add(number)
        elif draft.statement is not None and not (
            _may_be_there(nodes[draft.sender]) and _may_be_there(nodes[draft.receiver])
        ):
            continue
        elif slot is None:
            fixed.append(number)
        elif slot.fixed_by is not None and slot.values[draft.element] >= 0.5:
            wanted.setdefault(slot.fixed_by, []).append((slot.values[draft.element], number))
    if wanted:
        fixed += _deployed(drafts, len(nodes), fixed, wanted)
    kept = learned.union(fixed)
    return [
        draft if number in learned or draft.slot is None else attrs.evolve(draft, slot=None)
        for number, draft in enumerate(drafts)
        if number in kept
    ]


def _may_be_there(node: Node) -> bool:
    """Whether a node can run; of those in an instance that cannot, no edge is left to close a cycle."""
    return node.on or node.instance is None


def _deployed(
    drafts: Sequence[EdgeDraft],
    count: int,
    fixed: Sequence[int],
    wanted: dict[NodeIndex, list[tuple[float, int]]],
) -> list[int]:
    """Those of the wanted edges that close no cycle, the most probable of an instance first."""
    together = [*fixed, *(number for edges in wanted.values() for _, number in edges)]
    component = components(count, [(drafts[n].sender, drafts[n].receiver) for n in together])

    def inside(number: int) -> bool:
        return component[drafts[number].sender] == component[drafts[number].receiver]

    around: dict[int, list[int]] = {}
    for number in fixed:
        if inside(number):
            around.setdefault(component[drafts[number].sender], []).append(number)
    deployed = []
    # The entry of an inner instance comes after that of the one around, and inner ones deploy first.
    for entry in sorted(wanted, reverse=True):
        order = [number for _, number in sorted(wanted[entry], key=lambda pair: -pair[0])]
        contested = [number for number in order if inside(number)]
        names = dict.fromkeys(component[drafts[number].sender] for number in contested)
        known = [number for name in names for number in around.get(name, ())]
        taken = set(_without_cycles(drafts, known, contested))
        for number in contested:
            if number in taken:
                around.setdefault(component[drafts[number].sender], []).append(number)
        deployed += [number for number in order if number in taken or not inside(number)]
    return deployed


def _without_cycles(drafts: Sequence[EdgeDraft], known: Sequence[int], contested: Sequence[int]) -> list[int]:
    """The contested edges that close no cycle with the known ones and those before."""
    edges = [*known, *contested]
    local: dict[NodeIndex, int] = {}
    ends = [
        (local.setdefault(draft.sender, len(local)), local.setdefault(draft.receiver, len(local)))
        for draft in (drafts[number] for number in edges)
    ]
    numbers = range(len(known)), range(len(known), len(edges))
    return [edges[number] for number in without_cycles(len(local), ends, *numbers)]
