"""Strongly connected components: where edges can close a cycle at all."""

from collections.abc import Iterable


def components(count: int, edges: Iterable[tuple[int, int]]) -> list[int]:
    """The strongly connected component of each node, as a number that its members share.

    Source:
        Tarjan 1972, "Depth-first search and linear graph algorithms", with the recursion unrolled.
    """
    receivers: list[list[int]] = [[] for _ in range(count)]
    for sender, receiver in edges:
        receivers[sender].append(receiver)
    unseen = -1
    found = [unseen] * count
    lowest = [0] * count
    component = [unseen] * count
    path: list[int] = []
    clock = 0
    for root in range(count):
        if found[root] != unseen:
            continue
        stack = [(root, iter(receivers[root]))]
        found[root] = lowest[root] = clock
        clock += 1
        path.append(root)
        while stack:
            node, rest = stack[-1]
            for receiver in rest:
                if found[receiver] == unseen:
                    found[receiver] = lowest[receiver] = clock
                    clock += 1
                    path.append(receiver)
                    stack.append((receiver, iter(receivers[receiver])))
                    break
                if component[receiver] == unseen:
                    lowest[node] = min(lowest[node], found[receiver])
            else:
                stack.pop()
                if stack:
                    lowest[stack[-1][0]] = min(lowest[stack[-1][0]], lowest[node])
                if lowest[node] == found[node]:
                    while component[node] == unseen:
                        component[path.pop()] = node
    return component
