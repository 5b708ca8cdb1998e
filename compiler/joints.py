"""Edge statements laid out pair by pair."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import prod

import attrs

from agraph.compiler import kinds, syntax
from agraph.compiler.diagnostics import Findings
from agraph.compiler.ends import End, resolve_ends
from agraph.compiler.ir import NodeIndex
from agraph.compiler.sites import Family, Joint, Pair

MOST_PAIRS = 1_000_000

Ends = tuple[NodeIndex, NodeIndex]
Joined = dict[Ends, syntax.EdgeDeclaration | None]
"""Which statement joins two nodes; `None` for one inside an instance."""


def lay_out_edges(
    statements: Iterable[syntax.EdgeDeclaration],
    families: Mapping[str, Family],
    inside: Iterable[Ends],
    names: Sequence[str],
    findings: Findings,
) -> tuple[Joint, ...]:
    """The edges of a graph; statements that cannot be laid out are reported and left out.

    A plural statement leaves out the pairs that an `[i]` statement or an edge inside an instance joins.

    Args:
        statements: In order of declaration.
        families: What their ends name.
        inside: The pairs that edges inside instances join.
        names: The flat name of each node, for messages.
        findings: Where mistakes are noted.
    """
    drafts = [draft for statement in statements for draft in _drafts(statement, families, findings)]
    joined: Joined = dict.fromkeys(inside)
    leaves_out = {
        *joined,
        *((p.sender, p.receiver) for draft in drafts if draft.indices is not None for p in draft.pairs()),
    }
    joints = []
    for draft in drafts:
        pairs = tuple(
            pair
            for pair in draft.pairs()
            if pair.sender != pair.receiver
            and not (draft.is_plural and (pair.sender, pair.receiver) in leaves_out)
        )
        if not pairs:
            _report_empty(draft, names, findings)
        _report_twice(draft, pairs, joined, names, findings)
        joined.update(((pair.sender, pair.receiver), draft.declaration) for pair in pairs)
        joints.append(Joint(draft.declaration, draft.shape(), pairs))
    return tuple(joints)


@attrs.frozen(eq=False)
class _Draft:
    """A statement whose ends are known, before pairs are left out."""

    declaration: syntax.EdgeDeclaration
    senders: tuple[End, ...]
    receivers: tuple[End, ...]
    plural: tuple[bool, bool]
    indices: range | None

    @property
    def is_plural(self) -> bool:
        """Whether it joins many nodes, and not member by member."""
        return self.indices is None and any(self.plural)

    def shape(self) -> tuple[int, ...]:
        if self.indices is None and not any(self.plural):
            return ()
        counts = (sum(end.count for end in self.senders), sum(end.count for end in self.receivers))
        plural = [count for count, is_plural in zip(counts, self.plural, strict=True) if is_plural]
        return (*(() if self.indices is None else (len(self.indices),)), *plural)

    def pairs(self) -> Iterator[Pair]:
        """Every pair in written order, the impossible ones included."""
        element = 0
        for index in (0,) if self.indices is None else self.indices:
            receivers = [
                (node, end.name, bool(end.running))
                for end in self.receivers
                for node in end.nodes(index, sends=False)
            ]
            for end in self.senders:
                name, runs = end.name, bool(end.running)
                for sender in end.nodes(index, sends=True):
                    for receiver, receiver_name, receiver_runs in receivers:
                        yield Pair(sender, receiver, element, runs and receiver_runs, name, receiver_name)
                        element += 1


def _drafts(
    statement: syntax.EdgeDeclaration, families: Mapping[str, Family], findings: Findings
) -> tuple[_Draft, ...]:
    if len(statement.ends) != 2:
        findings.add(kinds.EDGE_CHAIN, statement.span)
        return ()
    if statement.prior is not None and not statement.learnable:
        findings.add(kinds.EQUALS_BEFORE_PRIOR, statement.prior.span)
    senders, receivers = (resolve_ends(end, families, findings) for end in statement.ends)
    if senders is None or receivers is None:
        return ()
    sender_is_plural, receiver_is_plural = (
        isinstance(side, syntax.ListValue) or any(end.plural for end in found)
        for side, found in zip(statement.ends, (senders, receivers), strict=True)
    )
    indices = _indices(senders, receivers, findings)
    if indices is None:
        return ()
    draft = _Draft(statement, senders, receivers, (sender_is_plural, receiver_is_plural), *indices)
    if prod(draft.shape()) > MOST_PAIRS:
        findings.add(kinds.TOO_MANY_PAIRS, statement.span, count=prod(draft.shape()), limit=MOST_PAIRS)
        return ()
    return (draft,)


def _indices(
    senders: tuple[End, ...], receivers: tuple[End, ...], findings: Findings
) -> tuple[range | None] | None:
    """The values of the running index, in a tuple of one; `None` where the ends do not fit."""
    sides = [[(end.span, step) for end in ends for step in end.running] for ends in (senders, receivers)]
    running = [*sides[0], *sides[1]]
    if not running:
        return (None,)
    offsets = [step.member for _, step in running if isinstance(step.member, syntax.Offset)]
    name = offsets[0].name.text
    other = [offset for offset in offsets if offset.name.text != name]
    if not sides[0] or not sides[1] or other:
        span = other[0].span if other else running[0][0]
        findings.add(kinds.INDEX_ONE_SIDED, span, name=other[0].name.text if other else name)
        return None
    sizes = {step.family.name: step.family.size or 0 for _, step in running}
    if len(set(sizes.values())) > 1:
        listed = ", ".join(f"`{family}` has {size}" for family, size in sizes.items())
        findings.add(kinds.UNEQUAL_FAMILIES, running[0][0].to(running[-1][0]), name=name, sizes=listed)
        return None
    size = next(iter(sizes.values()))
    amounts = [offset.amount for offset in offsets]
    return (range(max(0, -min(amounts)), max(0, size - max(0, max(amounts)))),)


def _report_empty(draft: _Draft, names: Sequence[str], findings: Findings) -> None:
    if draft.indices is not None or any(draft.plural):
        findings.add(kinds.NO_EDGE_LEFT, draft.declaration.span)
        return
    node, family = next(draft.pairs()).sender, draft.senders[0].steps[-1].family
    hint = None
    if family.size is not None:
        hint = f"`edge {family.name} -> {family.name}` joins the different members"
    findings.add(kinds.SELF_EDGE, draft.declaration.span, name=names[node], hint=hint)


def _report_twice(
    draft: _Draft, pairs: tuple[Pair, ...], joined: Joined, names: Sequence[str], findings: Findings
) -> None:
    """Report the first pair of a statement that is joined already, in the statement or before it."""
    seen: set[Ends] = set()
    for ends in ((pair.sender, pair.receiver) for pair in pairs):
        if ends in joined or ends in seen:
            first = joined.get(ends)
            labels = [] if first is None else [findings.label(first.span, "they are joined here already")]
            sender, receiver = (names[node] for node in ends)
            findings.add(kinds.EDGE_TWICE, draft.declaration.span, *labels, sender=sender, receiver=receiver)
            return
        seen.add(ends)
