"""What a node reads by name; the rest of what it hears is its inbox."""

from collections.abc import Iterator, Mapping

import attrs

from agraph.compiler import syntax
from agraph.compiler.ir import NodeIndex
from agraph.compiler.sites import Family, Pair, Site


@attrs.frozen
class NameRead:
    """A name that an expression reads: `solver`, `solver[0]`, `x.judge`, `x[1].judge`.

    Attributes:
        name: Without brackets.
        members: For each of its words the number in brackets, or `None` without.
    """

    name: str
    members: tuple[int | None, ...] = (None,)

    @property
    def written(self) -> str:
        """As an author writes it."""
        words = zip(self.name.split("."), self.members, strict=True)
        return ".".join(word if member is None else f"{word}[{member}]" for word, member in words)

    @property
    def is_whole(self) -> bool:
        """Whether no member is named."""
        return not any(member is not None for member in self.members)


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
        case syntax.Reference() | syntax.Brackets():
            path = path_of(expression)
            if path is not None:
                yield path
        case syntax.Field(value):
            # `x.judge` may be an inner node or a field of `x`: it counts as both.
            path = path_of(expression)
            if path is not None:
                yield path
            yield from names_read(value)
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


def path_of(expression: syntax.Expression) -> NameRead | None:
    """The path that an expression is, or `None` where it is none."""
    match expression:
        case syntax.Reference(name):
            return NameRead(name.text)
        case syntax.Field(value, name):
            outer = path_of(value)
            return None if outer is None else NameRead(f"{outer.name}.{name.text}", (*outer.members, None))
        case syntax.Brackets(value, (syntax.Argument(None, syntax.Number(int(member))),)):
            outer = path_of(value)
            if outer is None or outer.members[-1] is not None:
                return None
            return NameRead(outer.name, (*outer.members[:-1], member))
        case _:
            return None


@attrs.frozen(eq=False)
class Named:
    """What a path names.

    Attributes:
        families: The innermost family of the path, once for each instance around that is meant.
        nodes: Where the values come from.
        plural: Whether they are many.
    """

    families: tuple[Family, ...]
    nodes: tuple[NodeIndex, ...]
    plural: bool


def named(path: NameRead, site: Site) -> Named | None:
    """The nodes that a path names in a site, or `None` where it names none."""
    families: list[Family] = []
    plural = False
    members: list[tuple[Family, int]] = []
    for position, (word, member) in enumerate(zip(path.name.split("."), path.members, strict=True)):
        if position:
            inner = [family.sites[number].families for family, number in members if family.sites]
            found = [each.get(word) for each in inner]
        else:
            found = [site.families.get(word)]
        families = [family for family in found if family is not None]
        if not families:
            return None
        size = families[0].size
        if member is not None and (size is None or not -size <= member < size):
            return None
        plural = plural or (member is None and size is not None)
        members = [
            (family, number)
            for family in families
            for number in (range(len(family.receivers)) if member is None else (member % (size or 1),))
        ]
    return Named(tuple(families), tuple(family.senders[number] for family, number in members), plural)


def is_read_by_name(pair: Pair, reads: frozenset[NameRead], site: Site) -> bool:
    """Whether what the receiver reads by name includes the message of the sender."""
    if not any(read.name == pair.sender_name for read in reads):
        return False
    for read in reads:
        if read.name == pair.sender_name and not read.is_whole:
            meant = named(read, site)
            if meant is not None and pair.sender in meant.nodes:
                return True
    whole = NameRead(pair.sender_name, (None,) * (pair.sender_name.count(".") + 1))
    if whole not in reads:
        return False
    if site.is_indexed(pair.sender_name, pair.receiver_name):
        return site.indexed_sender(pair.sender_name, pair.receiver) == pair.sender
    return True


def inboxes(site: Site, reads: Mapping[str, frozenset[NameRead]]) -> dict[str, Inbox]:
    """The inbox of each node and family that has one.

    Args:
        site: The graph.
        reads: What each node or family reads by name.
    """
    first: dict[str, dict[str, NodeIndex]] = {}
    with_candidates: set[str] = set()
    for joint in site.joints:
        for pair in joint.pairs:
            reader = pair.receiver_name
            if reader in reads and not is_read_by_name(pair, reads[reader], site):
                senders = first.setdefault(reader, {})
                senders[pair.sender_name] = min(senders.get(pair.sender_name, pair.sender), pair.sender)
                if joint.declaration.prior is not None:
                    with_candidates.add(reader)
    return {
        reader: Inbox(tuple(sorted(senders, key=senders.__getitem__)), reader in with_candidates)
        for reader, senders in first.items()
    }
