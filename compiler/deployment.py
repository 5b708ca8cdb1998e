"""Which of several edges that want to be there can be, when none may close a cycle."""

from collections.abc import Iterable, Sequence

from agraph.compiler.components import components


def without_cycles(
    count: int, ends: Sequence[tuple[int, int]], fixed: Sequence[int], wanted: Sequence[int]
) -> Iterable[int]:
    """Those of the wanted edges, taken in order, that close no cycle with the fixed ones and those before.

    Args:
        count: How many nodes there are.
        ends: Sender and receiver of each edge.
        fixed: The edges that are there, by number.
        wanted: Those that want to be, first come first served.
    """
    component = components(count, [ends[index] for index in (*fixed, *wanted)])
    # Only inside a strongly connected component can an edge close a cycle, so an acyclic graph costs nothing.
    reach: dict[int, int] = {}
    members: dict[int, list[int]] = {}
    for node, name in enumerate(component):
        members.setdefault(name, []).append(node)

    def add(sender: int, receiver: int) -> bool:
        gained = reach.get(receiver, 0) | 1 << receiver
        if gained >> sender & 1:
            return False
        if reach.get(sender, 0) >> receiver & 1:
            return True
        for node in members[component[sender]]:
            if node == sender or reach.get(node, 0) >> sender & 1:
                reach[node] = reach.get(node, 0) | gained
        return True

    for index in fixed:
        sender, receiver = ends[index]
        if component[sender] == component[receiver]:
            add(sender, receiver)
    return [i for i in wanted if component[ends[i][0]] != component[ends[i][1]] or add(*ends[i])]
