"""Which nodes of a picture stand together: a box around each instance, and one around each family in it."""

from collections.abc import Iterator
from typing import Literal

import attrs

from agraph.view import GraphView


@attrs.frozen
class Box:
    """Nodes that stand together.

    Attributes:
        first: The index of the node that it is named after: an instance's arguments, a family's first member.
        kind: What it is around.
        title: Its lines, as plain text; one may be empty.
        idle: Whether it is an instance that the deployed graph does not run.
        inside: Indices of nodes, and boxes.
    """

    first: int
    kind: Literal["instance", "family"]
    title: tuple[str, ...]
    idle: bool
    inside: "tuple[int | Box, ...]"


def boxes(shown: GraphView) -> tuple[int | Box, ...]:
    """The whole graph; an instance's arguments are left out where no edge of the picture leads to them."""
    children: dict[int | None, list[int]] = {}
    around = _around(shown)
    for index in range(len(shown.nodes)):
        children.setdefault(around.get(index), []).append(index)
    heard = {edge.receiver for edge in shown.edges if edge.message}

    def instance(entry: int) -> Box:
        node = shown.nodes[entry]
        title = (node.name.removesuffix("()"), node.description or "", *node.learned)
        arguments = (entry,) if entry in heard else ()
        return Box(entry, "instance", title, node.idle is not None, (*arguments, *inside(entry)))

    def inside(entry: int | None) -> Iterator[int | Box]:
        families: dict[str, list[int]] = {}
        for index in children.get(entry, ()):
            name = shown.nodes[index].name
            families.setdefault(name if index in children else shown.nodes[index].group, []).append(index)
        for group, members in families.items():
            first = members[0]
            if first in children:
                yield instance(first)
            elif shown.nodes[first].member is None or _gathers(first, entry, shown):
                yield first
            else:
                title = (group, shown.nodes[first].description or "")
                yield Box(first, "family", title, False, tuple(members))

    return tuple(inside(None))


def order_links(shown: GraphView) -> Iterator[tuple[int, int]]:
    """Pairs of nodes, the arguments of an instance and what is first inside, that keep a picture in order.

    They are not drawn: all that is inside waits for the arguments, and so many lines would hide the messages.
    """
    heard = {edge.receiver for edge in shown.edges if edge.message}
    around = _around(shown)
    entries = set(around.values())
    for index in range(len(shown.nodes)):
        if index in heard or index in entries:
            continue
        entry = around.get(index)
        while entry is not None and entry not in heard:
            entry = around.get(entry)
        if entry is not None:
            yield entry, index


def _around(shown: GraphView) -> dict[int, int]:
    """Of each node inside an instance, the node that holds the instance's arguments."""
    return {edge.receiver: edge.sender for edge in shown.edges if not edge.message}


def _gathers(index: int, entry: int | None, shown: GraphView) -> bool:
    """Whether a node is the one that gathers the answer of the instance around it."""
    return entry is not None and shown.nodes[entry].name == f"{shown.nodes[index].name}()"
