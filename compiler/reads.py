"""What a node reads by name; the rest of what it hears is its inbox."""

from collections.abc import Iterator, Mapping

import attrs

from agraph.compiler import syntax
from agraph.compiler.ir import NodeIndex
from agraph.compiler.layout import Layout


@attrs.frozen
class NameRead:
    """A name that an expression reads, with a member's number or `None` for the name alone."""

    name: str
    member: int | None


@attrs.frozen
class Inbox:
    """What comes to a node without being read by name.

    Attributes:
        senders: The nodes and families that it comes from, in order of declaration.
        has_candidates: Whether some of it comes along candidate edges.
    """

    senders: tuple[str, ...] = ()
    has_candidates: bool = False


def names_read(expression: syntax.Expression) -> Iterator[NameRead]:
    """Every name that an expression reads; what a call calls is not among them."""
    match expression:
        case syntax.Reference(name):
            yield NameRead(name.text, None)
        case syntax.Field(value):
            yield from names_read(value)
        case syntax.Brackets(syntax.Reference(name), (syntax.Argument(None, syntax.Number(int(member))),)):
            yield NameRead(name.text, member)
        case syntax.Call(_, arguments):
            for argument in arguments:
                yield from names_read(argument.value)
        case syntax.ListValue(items):
            for item in items:
                yield from names_read(item)
        case syntax.RecordValue(entries):
            for entry in entries:
                yield from names_read(entry.value)
        case syntax.Comparison(left, _, right):
            yield from names_read(left)
            yield from names_read(right)


def is_read_by_name(
    sender: NodeIndex, receiver: NodeIndex, reads: frozenset[NameRead], layout: Layout
) -> bool:
    """Whether what the receiver reads by name includes the message of the sender."""
    family, reader = layout.owners[sender], layout.owners[receiver]
    if NameRead(family.name, sender - family.first) in reads:
        return True
    if NameRead(family.name, None) not in reads:
        return False
    if layout.is_indexed(family.name, reader.name):
        return layout.indexed_sender(family.name, receiver) == sender
    return True


def inboxes(layout: Layout, reads: Mapping[str, frozenset[NameRead]]) -> dict[str, Inbox]:
    """The inbox of each node and family that has one.

    Args:
        layout: The graph.
        reads: What each node or family reads by name.
    """
    senders: dict[str, set[str]] = {}
    with_candidates: set[str] = set()
    for joint in layout.joints:
        for pair in joint.pairs:
            reader = layout.owners[pair.receiver].name
            if not is_read_by_name(pair.sender, pair.receiver, reads[reader], layout):
                senders.setdefault(reader, set()).add(layout.owners[pair.sender].name)
                if joint.declaration.prior is not None:
                    with_candidates.add(reader)
    return {
        reader: Inbox(
            tuple(sorted(names, key=lambda name: layout.families[name].first)), reader in with_candidates
        )
        for reader, names in senders.items()
    }
