"""A graph laid out flat: families member by member, edge statements pair by pair."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from math import prod

import attrs

from agraph.compiler import kinds, syntax
from agraph.compiler.diagnostics import Findings, nearest
from agraph.compiler.ir import NodeIndex
from agraph.compiler.source import Span

LARGEST_FAMILY = 10_000
MOST_PAIRS = 1_000_000


@attrs.frozen
class Family:
    """A declared node: one node, or the members of a family.

    Attributes:
        first: The index of the node, or of the first member.
        size: The number of members, or `None` for one node.
    """

    name: str
    declaration: syntax.NodeDeclaration
    first: NodeIndex
    size: int | None

    @property
    def nodes(self) -> range:
        """The indices of its nodes."""
        return range(self.first, self.first + (1 if self.size is None else self.size))

    def node_name(self, member: int | None) -> str:
        """The flat name of a member."""
        return self.name if member is None else f"{self.name}[{member}]"

    @property
    def members(self) -> tuple[int | None, ...]:
        """The numbers of its members; `None` alone for one node."""
        return (None,) if self.size is None else tuple(range(self.size))


@attrs.frozen
class Pair:
    """One edge of a statement.

    Attributes:
        element: Which value of the statement's prior is its own, row by row.
        indexed: Whether `[i]` stands at both of its ends.
    """

    sender: NodeIndex
    receiver: NodeIndex
    element: int
    indexed: bool


@attrs.frozen
class Joint:
    """An edge statement laid out.

    Attributes:
        shape: Of its prior: for `[i]`, then for a plural sender, then for a plural receiver.
    """

    declaration: syntax.EdgeDeclaration
    shape: tuple[int, ...]
    pairs: tuple[Pair, ...]


@attrs.frozen
class Layout:
    """A graph's nodes and edges, flat.

    Attributes:
        owners: The family of each node.
    """

    families: Mapping[str, Family]
    owners: tuple[Family, ...]
    joints: tuple[Joint, ...]

    @cached_property
    def links(self) -> Mapping[tuple[str, str], bool]:
        """The families that are joined, sender and receiver; whether `[i]` joins them."""
        links: dict[tuple[str, str], bool] = {}
        for joint in self.joints:
            for pair in joint.pairs:
                names = self.owners[pair.sender].name, self.owners[pair.receiver].name
                links[names] = links.get(names, False) or pair.indexed
        return links

    @cached_property
    def sender_families(self) -> Mapping[str, tuple[str, ...]]:
        """The families that send to a family, in order of declaration."""
        senders: dict[str, list[str]] = {}
        for sender, receiver in sorted(self.links, key=lambda names: self.families[names[0]].first):
            senders.setdefault(receiver, []).append(sender)
        return {receiver: tuple(names) for receiver, names in senders.items()}

    @cached_property
    def _indexed_senders(self) -> Mapping[tuple[str, NodeIndex], NodeIndex]:
        found: dict[tuple[str, NodeIndex], NodeIndex] = {}
        for joint in self.joints:
            for pair in joint.pairs:
                if pair.indexed:
                    found.setdefault((self.owners[pair.sender].name, pair.receiver), pair.sender)
        return found

    @cached_property
    def _member_links(self) -> frozenset[tuple[NodeIndex, str]]:
        return frozenset(
            (pair.sender, self.owners[pair.receiver].name) for joint in self.joints for pair in joint.pairs
        )

    def is_indexed(self, sender: str, receiver: str) -> bool:
        """Whether `[i]` edges join two families, so that the sender's name means one value."""
        return self.links.get((sender, receiver), False)

    def hears(self, receiver: str, sender: NodeIndex) -> bool:
        """Whether an edge leads from a node to some member of a family."""
        return (sender, receiver) in self._member_links

    def indexed_sender(self, sender: str, receiver: NodeIndex) -> NodeIndex | None:
        """The member that a node hears over the first `[i]` edge from a family, or `None`."""
        return self._indexed_senders.get((sender, receiver))


def lay_out(graph: syntax.GraphDeclaration, inputs: set[str], findings: Findings) -> Layout:
    """The nodes and edges of a graph; statements that cannot be laid out are reported and left out."""
    families = _families(graph, inputs, findings)
    owners = tuple(family for family in families.values() for _ in family.nodes)
    drafts = [
        draft
        for statement in graph.body
        if isinstance(statement, syntax.EdgeDeclaration)
        for draft in _drafts(statement, families, findings)
    ]
    return Layout(families, owners, _joints(drafts, owners, findings))


# Nodes.


def _families(graph: syntax.GraphDeclaration, inputs: set[str], findings: Findings) -> dict[str, Family]:
    families: dict[str, Family] = {}
    first = 0
    for statement in graph.body:
        if not isinstance(statement, syntax.NodeDeclaration):
            continue
        name = statement.name
        if name.text in families:
            label = findings.label(families[name.text].declaration.name.span, "the first is here")
            findings.add(kinds.DECLARED_TWICE, name.span, label, name=name.text)
            continue
        if name.text in inputs:
            hint = "an input of the graph has this name; give one of the two another"
            findings.add(kinds.DECLARED_TWICE, name.span, name=name.text, hint=hint)
            continue
        size = None if statement.count is None else _family_size(statement.count, findings)
        family = Family(name.text, statement, NodeIndex(first), size)
        families[name.text] = family
        first = family.nodes.stop
    return families


def _family_size(count: syntax.Expression, findings: Findings) -> int:
    if (
        isinstance(count, syntax.Number)
        and isinstance(count.value, int)
        and 1 <= count.value <= LARGEST_FAMILY
    ):
        return count.value
    if isinstance(count, syntax.Reference):
        findings.add(kinds.NO_PARAMETERS, count.span)
    else:
        findings.add(kinds.BAD_FAMILY_SIZE, count.span, largest=LARGEST_FAMILY)
    return 1


# The ends of edges.


@attrs.frozen
class _End:
    """One name at an end.

    Attributes:
        member: A member's number, an offset to the running index, or `None` for all.
    """

    family: Family
    member: "int | syntax.Offset | None"
    span: Span

    def nodes(self, index: int) -> list[NodeIndex]:
        """The nodes that it stands for at a value of the running index."""
        if isinstance(self.member, syntax.Offset):
            return [NodeIndex(self.family.first + index + self.member.amount)]
        if self.member is not None:
            return [NodeIndex(self.family.first + self.member)]
        return [NodeIndex(node) for node in self.family.nodes]

    @property
    def running(self) -> bool:
        return isinstance(self.member, syntax.Offset)

    @property
    def plural(self) -> bool:
        return self.member is None and self.family.size is not None


@attrs.frozen
class _Draft:
    """A statement whose ends are known, before pairs are left out."""

    declaration: syntax.EdgeDeclaration
    senders: tuple[_End, ...]
    receivers: tuple[_End, ...]
    plural: tuple[bool, bool]
    indices: range | None

    def shape(self) -> tuple[int, ...]:
        index = 0 if self.indices is None or not self.indices else self.indices[0]
        counts = [sum(len(end.nodes(index)) for end in ends) for ends in (self.senders, self.receivers)]
        plural = [count for count, is_plural in zip(counts, self.plural, strict=True) if is_plural]
        return (*(() if self.indices is None else (len(self.indices),)), *plural)

    def pairs(self) -> Iterator[Pair]:
        """Every pair in written order, the impossible ones included."""
        element = 0
        for index in (0,) if self.indices is None else self.indices:
            receivers = [(node, end.running) for end in self.receivers for node in end.nodes(index)]
            for sender_end in self.senders:
                for sender in sender_end.nodes(index):
                    for receiver, running in receivers:
                        yield Pair(sender, receiver, element, sender_end.running and running)
                        element += 1


def _drafts(
    statement: syntax.EdgeDeclaration, families: Mapping[str, Family], findings: Findings
) -> tuple[_Draft, ...]:
    if len(statement.ends) != 2:
        findings.add(kinds.EDGE_CHAIN, statement.span)
        return ()
    if statement.prior is not None and not statement.learnable:
        findings.add(kinds.EQUALS_BEFORE_PRIOR, statement.prior.span)
    ends = [_ends(end, families, findings) for end in statement.ends]
    if any(end is None for end in ends):
        return ()
    senders, receivers = (end for end in ends if end is not None)
    plural = tuple(
        isinstance(written, syntax.ListValue) or any(end.plural for end in found)
        for written, found in zip(statement.ends, (senders, receivers), strict=True)
    )
    indices = _indices(senders, receivers, findings)
    if indices is None:
        return ()
    draft = _Draft(statement, senders, receivers, (plural[0], plural[1]), *indices)
    if prod(draft.shape()) > MOST_PAIRS:
        findings.add(kinds.TOO_MANY_PAIRS, statement.span, count=prod(draft.shape()), limit=MOST_PAIRS)
        return ()
    return (draft,)


def _ends(
    expression: syntax.Expression, families: Mapping[str, Family], findings: Findings
) -> tuple[_End, ...] | None:
    if isinstance(expression, syntax.ListValue):
        found = [_end(item, families, findings) for item in expression.items]
        if not found:
            findings.add(kinds.BAD_EDGE_END, expression.span)
            return None
    else:
        found = [_end(expression, families, findings)]
    return None if None in found else tuple(end for end in found if end is not None)


def _end(expression: syntax.Expression, families: Mapping[str, Family], findings: Findings) -> _End | None:
    match expression:
        case syntax.Reference(name):
            family = find_family(name, families, findings)
            return None if family is None else _End(family, None, expression.span)
        case syntax.Brackets(syntax.Reference(name), (syntax.Argument(None, value),)):
            family = find_family(name, families, findings)
            if family is None:
                return None
            if family.size is None:
                findings.add(kinds.NOT_A_FAMILY, expression.span, name=name.text)
                return None
            match value:
                case syntax.Number():
                    member = find_member(family, value, findings)
                    return None if member is None else _End(family, member, expression.span)
                case syntax.Reference(index):
                    return _End(family, syntax.Offset(index, 0, value.span), expression.span)
                case syntax.Offset():
                    return _End(family, value, expression.span)
    findings.add(kinds.BAD_EDGE_END, expression.span)
    return None


def find_family(name: syntax.Name, families: Mapping[str, Family], findings: Findings) -> Family | None:
    """The node or family of a name; an unknown one is reported."""
    if name.text not in families:
        findings.add(kinds.UNKNOWN_NODE, name.span, name=name.text, hint=nearest(name.text, families))
    return families.get(name.text)


def find_member(family: Family, number: syntax.Number, findings: Findings) -> int | None:
    """The member that `a[0]` or `a[-1]` names; one that is not there is reported."""
    size = family.size or 0
    if isinstance(number.value, int) and -size <= number.value < size:
        return number.value % size
    findings.add(kinds.NO_SUCH_MEMBER, number.span, name=family.name, last=size - 1, index=number.value)
    return None


def _indices(
    senders: tuple[_End, ...], receivers: tuple[_End, ...], findings: Findings
) -> tuple[range | None] | None:
    """The values of the running index, in a tuple of one; `None` where the ends do not fit."""
    sides = [[end for end in ends if end.running] for ends in (senders, receivers)]
    running = [*sides[0], *sides[1]]
    if not running:
        return (None,)
    offsets = [end.member for end in running if isinstance(end.member, syntax.Offset)]
    name = offsets[0].name.text
    other = [offset for offset in offsets if offset.name.text != name]
    if not sides[0] or not sides[1] or other:
        span = other[0].span if other else running[0].span
        findings.add(kinds.INDEX_ONE_SIDED, span, name=other[0].name.text if other else name)
        return None
    sizes = {end.family.name: end.family.size or 0 for end in running}
    if len(set(sizes.values())) > 1:
        written = ", ".join(f"`{family}` has {size}" for family, size in sizes.items())
        findings.add(kinds.UNEQUAL_FAMILIES, running[0].span.to(running[-1].span), name=name, sizes=written)
        return None
    size = next(iter(sizes.values()))
    amounts = [offset.amount for offset in offsets]
    return (range(max(0, -min(amounts)), max(0, size - max(0, max(amounts)))),)


# Pairs.


def _joints(drafts: list[_Draft], owners: tuple[Family, ...], findings: Findings) -> tuple[Joint, ...]:
    """The statements with their pairs; a plural one leaves out what an `[i]` statement joins already."""
    indexed = {
        (pair.sender, pair.receiver)
        for draft in drafts
        if draft.indices is not None
        for pair in draft.pairs()
    }
    joined: dict[tuple[NodeIndex, NodeIndex], syntax.EdgeDeclaration] = {}
    joints = []
    for draft in drafts:
        leaves_out = indexed if draft.indices is None and any(draft.plural) else ()
        pairs = tuple(
            pair
            for pair in draft.pairs()
            if pair.sender != pair.receiver and (pair.sender, pair.receiver) not in leaves_out
        )
        if not pairs:
            _report_empty(draft, owners, findings)
        _report_twice(draft, pairs, joined, owners, findings)
        joined.update(((pair.sender, pair.receiver), draft.declaration) for pair in pairs)
        joints.append(Joint(draft.declaration, draft.shape(), pairs))
    return tuple(joints)


def _report_empty(draft: _Draft, owners: tuple[Family, ...], findings: Findings) -> None:
    if draft.indices is not None or any(draft.plural):
        findings.add(kinds.NO_EDGE_LEFT, draft.declaration.span)
        return
    node = next(draft.pairs()).sender
    hint = None
    if owners[node].size is not None:
        family = owners[node].name
        hint = f"`edge {family} -> {family}` joins the different members"
    findings.add(kinds.SELF_EDGE, draft.declaration.span, name=_node_name(owners, node), hint=hint)


def _report_twice(
    draft: _Draft,
    pairs: tuple[Pair, ...],
    joined: Mapping[tuple[NodeIndex, NodeIndex], syntax.EdgeDeclaration],
    owners: tuple[Family, ...],
    findings: Findings,
) -> None:
    """Report the first pair of a statement that is joined already, in the statement or before it."""
    seen: set[tuple[NodeIndex, NodeIndex]] = set()
    for ends in ((pair.sender, pair.receiver) for pair in pairs):
        if ends in joined or ends in seen:
            labels = (
                [findings.label(joined[ends].span, "they are joined here already")] if ends in joined else []
            )
            sender, receiver = (_node_name(owners, node) for node in ends)
            findings.add(kinds.EDGE_TWICE, draft.declaration.span, *labels, sender=sender, receiver=receiver)
            return
        seen.add(ends)


def _node_name(owners: tuple[Family, ...], node: NodeIndex) -> str:
    family = owners[node]
    return family.node_name(None if family.size is None else node - family.first)
