"""Edge statements written again without the pairs that are gone, as few as say the same."""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import attrs

from agraph.compiler import syntax
from agraph.compiler.diagnostics import Findings
from agraph.compiler.ends import End, Step, resolve_ends
from agraph.compiler.ir import NodeIndex
from agraph.compiler.sites import Family, Joint, Site

State = Literal["there", "open", "gone", "free"]
"""What becomes of a pair: a fixed edge, a candidate, none; `free` is no pair, so a statement may cover it."""


@attrs.frozen
class _Named:
    """A node of an end.

    Attributes:
        text: As an author names it alone.
        item: Which item of the end it belongs to.
    """

    node: NodeIndex
    text: str
    item: int


@attrs.frozen
class _Side:
    """One end of a statement at a value of the running index.

    Attributes:
        items: Each as it is written, and whether it stands for several nodes.
    """

    nodes: tuple[_Named, ...]
    items: tuple[tuple[str, bool], ...]

    def named(self, chosen: Sequence[int]) -> tuple[str, bool]:
        """Some of the nodes as the end of a statement, and whether that is plural."""
        taken = set(chosen)
        texts: list[str] = []
        plural = False
        for number, (whole, several) in enumerate(self.items):
            own = [position for position, each in enumerate(self.nodes) if each.item == number]
            if taken.issuperset(own):
                texts.append(whole)
                plural = several
            else:
                texts += [self.nodes[position].text for position in own if position in taken]
        return (texts[0], plural) if len(texts) == 1 else (f"[{', '.join(texts)}]", True)


def restated(
    joint: Joint,
    site: Site,
    state: Callable[[int, NodeIndex, NodeIndex], State],
    prior: Callable[[int], str],
) -> Iterator[str]:
    """The statements that say what shall be left of one; the fixed ones come first.

    Args:
        joint: The statement.
        site: Its graph.
        state: Of the element of the prior with this number, between these two nodes.
        prior: The number of an element, as it is written.
    """
    tables = list(_tables(joint, site, state))
    for wanted in ("there", "open"):
        for senders, receivers, states, base in tables:
            for rows, columns in _rectangles(states, wanted):
                (sender, many), (receiver, several) = senders.named(rows), receivers.named(columns)
                if wanted == "there":
                    yield f"edge {sender} -> {receiver}"
                    continue
                width = len(receivers.nodes)
                numbers = [
                    ["0" if states[r][c] == "free" else prior(base + r * width + c) for c in columns]
                    for r in rows
                ]
                possible = {
                    number
                    for r, row in zip(rows, numbers, strict=True)
                    for c, number in zip(columns, row, strict=True)
                    if states[r][c] == "open"
                }
                yield f"edge {sender} -> {receiver} ~ {_literal(numbers, possible, many, several)}"


def pairs_of(joint: Joint, site: Site) -> Iterator[tuple[int, NodeIndex, NodeIndex]]:
    """Every element of a statement's prior with its two nodes, those that are no pair included."""
    element = 0
    for senders, receivers in _sides(joint, site):
        for sender in senders.nodes:
            for receiver in receivers.nodes:
                yield element, sender.node, receiver.node
                element += 1


def is_indexed(statement: syntax.EdgeDeclaration) -> bool:
    """Whether `[i]` stands in it."""
    return any(isinstance(part, syntax.Offset | syntax.Reference) for part in map(_index, statement.ends))


def _index(end: syntax.Expression) -> syntax.Expression | None:
    """The first running index in an end, or `None`."""
    match end:
        case syntax.ListValue(items):
            return next((index for item in items if (index := _index(item)) is not None), None)
        case syntax.Field(value):
            return _index(value)
        case syntax.Brackets(value, (syntax.Argument(None, index),)):
            return _index(value) if isinstance(index, syntax.Number) else index
    return None


# The pairs as a table.


def _tables(
    joint: Joint, site: Site, state: Callable[[int, NodeIndex, NodeIndex], State]
) -> Iterator[tuple[_Side, _Side, list[list[State]], int]]:
    base = 0
    for senders, receivers in _sides(joint, site):
        width = len(receivers.nodes)
        states = [
            [
                state(base + row * width + column, sender.node, receiver.node)
                for column, receiver in enumerate(receivers.nodes)
            ]
            for row, sender in enumerate(senders.nodes)
        ]
        yield senders, receivers, states, base
        base += len(senders.nodes) * width


def _sides(joint: Joint, site: Site) -> Iterator[tuple[_Side, _Side]]:
    """Both ends at each value of the running index."""
    findings = Findings(site.place.module.source)
    sides = [resolve_ends(end, site.families, findings) for end in joint.declaration.ends]
    senders, receivers = sides
    assert senders is not None, "the statement was laid out before"
    assert receivers is not None, "the statement was laid out before"
    running = [step for end in (*senders, *receivers) for step in end.running]
    indices = range(1)
    if running:
        amounts = [step.member.amount for step in running if isinstance(step.member, syntax.Offset)]
        size = running[0].family.size or 0
        indices = range(max(0, -min(amounts)), max(0, size - max(0, max(amounts))))
    for index in indices:
        yield _side(senders, index, True, site), _side(receivers, index, False, site)


def _side(ends: Sequence[End], index: int, sends: bool, site: Site) -> _Side:
    nodes = [
        _Named(node, text, item)
        for item, end in enumerate(ends)
        for node, text in zip(end.nodes(index, sends=sends), _texts(end, index), strict=True)
    ]
    return _Side(tuple(nodes), tuple((_whole(end, index, site), end.plural) for end in ends))


def _whole(end: End, index: int, site: Site) -> str:
    """An end as it is written, the running index as a number."""
    if not end.running:
        return "".join(site.place.module.source.slice(end.span).split())
    return ".".join(step.family.name + _bracket(step, index) for step in end.steps)


def _bracket(step: Step, index: int) -> str:
    if isinstance(step.member, syntax.Offset):
        return f"[{index + step.member.amount}]"
    return "" if step.member is None else f"[{step.member}]"


def _texts(end: End, index: int) -> list[str]:
    """Each node of an end by its own name, in their order."""
    texts = [""]
    for step in end.steps:
        texts = [f"{text}{'.' if text else ''}{name}" for text in texts for name in _members(step, index)]
    return texts


def _members(step: Step, index: int) -> list[str]:
    family: Family = step.family
    if step.member is None and family.size is not None:
        return [family.member_name(member) for member in family.members]
    return [family.name + _bracket(step, index)]


# The fewest rectangles.


def _rectangles(
    states: Sequence[Sequence[State]], wanted: State
) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Rows and columns that together hold all cells of a state and besides only free ones; greedily few."""
    by_rows = _grouped(states, wanted)
    turned = list(zip(*states, strict=True))
    by_columns = [(rows, columns) for columns, rows in _grouped(turned, wanted)]
    return by_rows if len(by_rows) <= len(by_columns) else by_columns


def _grouped(
    states: Sequence[Sequence[State]], wanted: State
) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """The rows with the same cells together, each group with the columns of its cells."""
    groups: list[tuple[list[int], set[int], set[int]]] = []
    for number, row in enumerate(states):
        needed = {column for column, state in enumerate(row) if state == wanted}
        allowed = needed | {column for column, state in enumerate(row) if state == "free"}
        if not needed:
            continue
        for rows, columns, common in groups:
            if columns | needed <= common & allowed:
                rows.append(number)
                columns |= needed
                common &= allowed
                break
        else:
            groups.append(([number], needed, allowed))
    return [(tuple(rows), tuple(sorted(columns))) for rows, columns, _ in groups]


def _literal(numbers: Sequence[Sequence[str]], possible: set[str], many: bool, several: bool) -> str:
    """The prior of some candidates: one number where all are written alike."""
    if len(possible) == 1:
        return possible.pop()
    rows = [", ".join(row) for row in numbers]
    return f"[{', '.join(f'[{row}]' for row in rows)}]" if many and several else f"[{', '.join(rows)}]"
