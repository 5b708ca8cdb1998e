"""The learnables of a graph, gathered from the file and from the blocks of its instances.

A literal after `~` stands for one value, or for one for each member of the families around. What is learned
inside an instance belongs to the author's file, to the block of the outermost instance.
"""

from math import prod
from typing import Literal

import attrs

from agraph.compiler import ir, kinds, syntax
from agraph.compiler.attributes import Said
from agraph.compiler.blocks import Blocks, order_of
from agraph.compiler.diagnostics import Findings
from agraph.compiler.ir import Missing, NodeIndex, ParameterIndex
from agraph.compiler.literals import describe
from agraph.compiler.priors import Prior, describe_shape, read_prior
from agraph.compiler.sites import Site
from agraph.compiler.source import Span

Kind = Literal["edge", "gate", "weight"]


@attrs.define(eq=False)
class Draft:
    """A learnable while its values are gathered, site by site.

    Attributes:
        place: Where it stands among the learnables of the file, whether its line is written or missing:
            what is inside an instance stands at the instance, in the graph's order.
    """

    kind: Kind
    name: str
    place: tuple[int, tuple[int, ...]]
    span: Span | Missing
    element_spans: tuple[Span, ...]
    shape: tuple[int, ...]
    values: list[float]
    offset: int = -1


@attrs.define(eq=False)
class PromptDraft:
    """A learnable prompt while the nodes that use it are gathered, site by site."""

    name: str
    span: Span | Missing
    text: str
    number: int
    nodes: list[NodeIndex] = attrs.field(factory=list)

    def finished(self) -> ir.Prompt:
        """The prompt with all its nodes."""
        return ir.Prompt(self.name, self.span, self.text, tuple(self.nodes))


@attrs.define(eq=False)
class DemonstrationsDraft:
    """Learnable examples while the nodes that use them are gathered, site by site."""

    name: str
    span: Span | Missing
    examples: tuple[ir.Example, ...]
    nodes: list[NodeIndex] = attrs.field(factory=list)

    def finished(self) -> ir.Demonstrations:
        """The examples with all their nodes."""
        return ir.Demonstrations(self.name, self.span, self.examples, tuple(self.nodes))


@attrs.frozen(eq=False)
class Slot:
    """Values of a draft that belong together, in one site.

    Attributes:
        values: What the file says.
        draft: Where they are learned, or `None` where an instance above is fixed.
        base: The element of the first value.
        fixed_by: The entry of the innermost fixed instance, where they are not learned.
    """

    values: tuple[float, ...]
    draft: Draft | None
    base: int
    fixed_by: NodeIndex | None

    def parameter(self, element: int) -> ParameterIndex:
        """The parameter of one value, once the drafts are numbered."""
        assert self.draft is not None
        return ParameterIndex(self.draft.offset + self.base + element)


@attrs.frozen(eq=False)
class Line:
    """Where a value is said.

    Attributes:
        level: The number of the instance whose block says it; that of the site's own for its graph's text.
        value: What stands after the sign.
        findings: Of the file that says it.
    """

    level: int
    value: syntax.Expression
    findings: Findings


@attrs.define(eq=False)
class Learnables:
    """The learnables of a graph while it is lowered."""

    blocks: Blocks
    drafts: dict[tuple[str, ...], Draft] = attrs.field(factory=dict)
    prompts: dict[tuple[str, ...], PromptDraft] = attrs.field(factory=dict)
    demonstrations: dict[tuple[str, ...], DemonstrationsDraft] = attrs.field(factory=dict)
    _priors: dict[tuple[int, tuple[int, ...]], Prior | str | None] = attrs.field(factory=dict)

    def slot(
        self,
        kind: Kind,
        site: Site,
        key: tuple[str, ...],
        statement: str,
        line: Line,
        shape: tuple[int, ...],
        possible: frozenset[int],
        rank: tuple[int, ...],
        option: str | None = None,
    ) -> Slot | None:
        """The values of a literal for one site, or `None` with the reason reported.

        Args:
            kind: Of what.
            site: The use of the graph that the values are for.
            key: What tells the learnable apart in its graph.
            statement: How a line of a block would begin: `propose.on`, `edge a -> b`.
            line: Where the values are said.
            shape: Of the values in one use of the graph.
            possible: Which elements of the shape stand for something.
            rank: Where the line stands among those about the same site.
            option: The entry of a choice's record, where it is a weight.
        """
        sizes = [level.size for level in site.levels]
        around = tuple(size for size in sizes[line.level :] if size is not None)
        prior = self._prior(kind, line, (*around, *shape), shape, possible)
        if isinstance(prior, str):
            _report_misfit(site, statement, option, line, prior, (*around, *shape))
        if prior is None or isinstance(prior, str):
            return None
        size = prod(shape)
        start = _position(site, line.level) * size
        values = prior.values[start : start + size]
        fixed_by = fixing_entry(site, line.level)
        if fixed_by is not None:
            return Slot(values, None, 0, fixed_by)
        draft = self._draft(kind, site, key, statement, option, line, shape, prior, rank)
        base = _position(site, 0) * size
        draft.values[base : base + size] = values
        return Slot(values, draft, base, None)

    def _prior(
        self, kind: Kind, line: Line, full: tuple[int, ...], shape: tuple[int, ...], possible: frozenset[int]
    ) -> Prior | str | None:
        """A prior as read once; what it is instead where the sizes of an instance are others; or `None`."""
        key = id(line.value), full
        if key not in self._priors:
            size = prod(shape)
            count = prod(full) // size if size else 0
            everywhere = (
                possible
                if count == 1
                else frozenset(block * size + element for block in range(count) for element in possible)
            )
            most = None if kind == "weight" else 1
            found = Findings(line.findings.source)
            prior: Prior | str | None = read_prior(line.value, full, everywhere, most, found)
            misfit = [each for each in found.found if each.code == kinds.PRIOR_SHAPE.code]
            if misfit and line.level:
                prior = describe(line.value)
            else:
                line.findings.found.extend(found.found)
            self._priors[key] = prior
        return self._priors[key]

    def _draft(
        self,
        kind: Kind,
        site: Site,
        key: tuple[str, ...],
        statement: str,
        option: str | None,
        line: Line,
        shape: tuple[int, ...],
        prior: Prior,
        rank: tuple[int, ...],
    ) -> Draft:
        names = tuple(level.declaration.name.text for level in site.levels)
        draft = self.drafts.get((*names, *key))
        if draft is None:
            here = line.level == 0
            full = (*(level.size for level in site.levels if level.size is not None), *shape)
            draft = self.drafts[(*names, *key)] = Draft(
                kind,
                learnable_name(names, statement if option is None else f"{statement}.{option}"),
                (site.levels[0].declaration.span.start, order_of(site, rank))
                if site.levels
                else (line.value.span.start, ()),
                line.value.span if here else self.blocks.missing(site, statement, rank, option),
                prior.element_spans if here else (),
                full,
                [0.0] * prod(full),
            )
        return draft

    def prompt(
        self,
        site: Site,
        family: str,
        nodes: tuple[NodeIndex, ...],
        text: syntax.String,
        level: int,
        rank: tuple[int, ...],
    ) -> int | None:
        """The number of a learnable prompt that these nodes use; `None` where an instance above is fixed."""
        if fixing_entry(site, level) is not None:
            return None
        names = tuple(each.declaration.name.text for each in site.levels)
        key, statement = (*names, family, "prompt"), f"{family}.prompt"
        known = self.prompts.get(key)
        if known is None:
            span = text.span if level == 0 else self.blocks.missing(site, statement, rank)
            known = PromptDraft(learnable_name(names, statement), span, text.value, len(self.prompts))
            self.prompts[key] = known
        known.nodes.extend(nodes)
        return known.number

    def note_examples(
        self,
        site: Site,
        family: str,
        nodes: tuple[NodeIndex, ...],
        examples: tuple[ir.Example, ...],
        said: Said,
        rank: tuple[int, ...],
    ) -> None:
        """Take note of learnable examples that these nodes use; not where an instance above is fixed."""
        if fixing_entry(site, said.level) is not None:
            return
        names = tuple(each.declaration.name.text for each in site.levels)
        key, statement = (*names, family), f"{family}.examples"
        known = self.demonstrations.get(key)
        if known is None:
            span = said.value.span if said.level == 0 else self.blocks.missing(site, statement, rank)
            known = DemonstrationsDraft(learnable_name(names, statement), span, examples)
            self.demonstrations[key] = known
        known.nodes.extend(nodes)

    def number(self) -> tuple[ir.Probabilities, ...]:
        """The learnable probabilities in the order of the file, their parameters numbered."""
        ordered = sorted(self.drafts.values(), key=lambda draft: draft.place)
        offset = 0
        numbered = []
        for draft in ordered:
            draft.offset = offset
            offset += len(draft.values)
            numbered.append(
                ir.Probabilities(
                    kind=draft.kind,
                    name=draft.name,
                    span=draft.span,
                    element_spans=draft.element_spans,
                    shape=draft.shape,
                    values=tuple(draft.values),
                    offset=ParameterIndex(draft.offset),
                )
            )
        return tuple(numbered)


def _report_misfit(
    site: Site, statement: str, option: str | None, line: Line, given: str, wanted: tuple[int, ...]
) -> None:
    """Report a list in a graph's own text that does not fit the sizes of one use of it."""
    outermost, *inner = site.levels
    name, blocks = outermost.declaration.name.text, [level.declaration.name.text for level in inner]
    written = f"{statement} ~ 0.5" if option is None else f"{statement} ~ {{ {option}: 0.5, … }}"
    where = "".join(f", in `{block} {{ … }}`" for block in blocks)
    findings = Findings(outermost.place.module.source, line.findings.found)
    label = line.findings.label(line.value.span, "it is said here")
    findings.add(
        kinds.PRIOR_NOT_FOR_INSTANCE, outermost.declaration.name.span, label, line=statement,
        graph=site.declaration.name.text, given=given, name=".".join((name, *blocks)),
        wanted=describe_shape(wanted), written=written, instance=name, where=where,
    )  # fmt: skip


def learnable_name(names: tuple[str, ...], statement: str) -> str:
    """The name of a learnable for people: `con.on`, `tot.step.propose.on`, `tot.step: edge a -> b`."""
    around = ".".join(names)
    if not names:
        return statement
    return f"{around}: {statement}" if statement.startswith("edge ") else f"{around}.{statement}"


def fixing_entry(site: Site, level: int) -> NodeIndex | None:
    """The entry of the innermost fixed instance that a line at a level lies in, or `None`."""
    return next(
        (each.entry for each in reversed(site.levels[:level]) if not each.declaration.learnable), None
    )


def _position(site: Site, level: int) -> int:
    """The number of a site among those of the families around it from a level inwards, row by row."""
    position = 0
    for each in site.levels[level:]:
        if each.size is not None and each.member is not None:
            position = position * each.size + each.member
    return position
