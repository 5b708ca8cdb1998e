"""The ends of edges and outputs: what each names, and the nodes it stands for."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from math import prod

import attrs

from agraph.compiler import kinds, syntax
from agraph.compiler.diagnostics import Findings, nearest
from agraph.compiler.ir import NodeIndex
from agraph.compiler.sites import Family
from agraph.compiler.source import Span

Member = int | syntax.Offset | None
"""A member's number, an offset to the running index, or `None` for all of them."""


@attrs.frozen(eq=False)
class Step:
    """One name of an end and the members that are meant."""

    family: Family
    member: Member


@attrs.frozen(eq=False)
class End:
    """One end: `solver`, `solver[0]`, `solver[i + 1]`, `x.judge`, `x[i].judge[0]`.

    Attributes:
        steps: From the outside in; all but the last are instances.
    """

    steps: tuple[Step, ...]
    span: Span

    @property
    def name(self) -> str:
        """As written, without brackets."""
        if len(self.steps) == 1:
            return self.steps[0].family.name
        return ".".join(step.family.name for step in self.steps)

    @property
    def plural(self) -> bool:
        """Whether it stands for several nodes at each running index."""
        return any(step.member is None and step.family.size is not None for step in self.steps)

    @property
    def running(self) -> tuple[Step, ...]:
        """The steps that the running index moves."""
        return tuple(step for step in self.steps if isinstance(step.member, syntax.Offset))

    @property
    def count(self) -> int:
        """How many nodes it stands for at each running index."""
        return prod(len(step.family.receivers) for step in self.steps if step.member is None)

    def nodes(self, index: int, *, sends: bool) -> list[NodeIndex]:
        """The nodes that it stands for at a value of the running index."""
        if len(self.steps) == 1:
            # Most ends are, and a large graph has many.
            step = self.steps[0]
            own = step.family.senders if sends else step.family.receivers
            return (
                list(own) if step.member is None else [own[next(_members(step.family, step.member, index))]]
            )
        families = [self.steps[0].family]
        for step, following in pairwise(self.steps):
            families = [
                family.sites[member].families[following.family.name]
                for family in families
                for member in _members(family, step.member, index)
            ]
        last = self.steps[-1].member
        return [
            (family.senders if sends else family.receivers)[member]
            for family in families
            for member in _members(family, last, index)
        ]


def _members(family: Family, member: Member, index: int) -> Iterator[int]:
    if isinstance(member, syntax.Offset):
        yield index + member.amount
    elif member is not None:
        yield member
    else:
        yield from range(len(family.receivers))


def resolve_ends(
    expression: syntax.Expression, families: Mapping[str, Family], findings: Findings
) -> tuple[End, ...] | None:
    """What one side of an edge names, or `None` with the reason reported."""
    if not isinstance(expression, syntax.ListValue):
        end = resolve_end(expression, families, findings)
        return None if end is None else (end,)
    found = [resolve_end(item, families, findings) for item in expression.items]
    if not found:
        findings.add(kinds.BAD_EDGE_END, expression.span)
        return None
    ends = tuple(end for end in found if end is not None)
    return ends if len(ends) == len(found) else None


def resolve_end(
    expression: syntax.Expression, families: Mapping[str, Family], findings: Findings
) -> End | None:
    """What a name, a member or an inner node is, or `None` with the reason reported."""
    steps = _steps(expression, families, findings)
    return None if steps is None else End(steps, expression.span)


def _steps(
    expression: syntax.Expression, families: Mapping[str, Family], findings: Findings
) -> tuple[Step, ...] | None:
    match expression:
        case syntax.Reference(name):
            family = find_family(name, families, findings)
            return None if family is None else (Step(family, None),)
        case syntax.Field(value, name):
            outer = _steps(value, families, findings)
            if outer is None or outer[-1].family.broken:
                return None
            if not outer[-1].family.sites:
                findings.add(kinds.NO_INNER_NODES, name.span, name=outer[-1].family.name)
                return None
            family = find_family(name, outer[-1].family.sites[0].families, findings)
            return None if family is None else (*outer, Step(family, None))
        case syntax.Brackets(value, (syntax.Argument(None, index),)):
            outer = _steps(value, families, findings)
            return None if outer is None else _member_steps(outer, index, expression, findings)
    findings.add(kinds.BAD_EDGE_END, expression.span)
    return None


def _member_steps(
    outer: tuple[Step, ...], index: syntax.Expression, whole: syntax.Expression, findings: Findings
) -> tuple[Step, ...] | None:
    family = outer[-1].family
    if family.size is None or outer[-1].member is not None:
        findings.add(kinds.NOT_A_FAMILY, whole.span, name=family.name)
        return None
    match index:
        case syntax.Number():
            member = find_member(family, index, findings)
            return None if member is None else (*outer[:-1], Step(family, member))
        case syntax.Reference(name):
            return (*outer[:-1], Step(family, syntax.Offset(name, 0, index.span)))
        case syntax.Offset():
            return (*outer[:-1], Step(family, index))
    findings.add(kinds.BAD_EDGE_END, whole.span)
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


def written(expression: syntax.Expression) -> str:
    """An end as its author would write it, however blanks and line ends stand in it."""
    match expression:
        case syntax.Reference(name):
            return name.text
        case syntax.Field(value, name):
            return f"{written(value)}.{name.text}"
        case syntax.Brackets(value, arguments):
            return f"{written(value)}[{', '.join(written(argument.value) for argument in arguments)}]"
        case syntax.ListValue(items):
            return f"[{', '.join(map(written, items))}]"
        case syntax.Number(value):
            return str(value)
        case syntax.Offset(name, amount):
            return f"{name.text} {'+' if amount >= 0 else '-'} {abs(amount)}"
        case _:
            return "…"
