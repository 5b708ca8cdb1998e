"""The blocks of instances: what is said there of the nodes and edges inside, and where more can be said."""

from collections.abc import Iterable, Iterator, Mapping

import attrs

from agraph.compiler import kinds, syntax
from agraph.compiler.attributes import ATTRIBUTES, INSTANCE_ATTRIBUTES, describe_statement
from agraph.compiler.diagnostics import Findings, nearest
from agraph.compiler.ends import written
from agraph.compiler.ir import Missing
from agraph.compiler.sites import Family, Level, Site
from agraph.compiler.source import Span


@attrs.frozen(eq=False)
class Block:
    """The lines of one block.

    Attributes:
        settings: By node and attribute.
        edges: By their ends, as `ends_of` writes them.
        inner: The blocks of inner instances.
        begins: Where the statement begins that it belongs to.
        end: The place of the brace that closes it.
    """

    settings: Mapping[tuple[str, str], syntax.Setting]
    edges: Mapping[str, syntax.EdgeDeclaration]
    inner: "Mapping[str, Block]"
    begins: int
    end: int


@attrs.define
class Blocks:
    """The blocks of the instances of a graph, each read once."""

    _read: dict[int, Block | None] = attrs.field(factory=dict)

    def of(self, declaration: syntax.NodeDeclaration) -> Block | None:
        """The block of an instance, or `None` where it has none."""
        key = id(declaration)
        if key not in self._read:
            body = declaration.body
            self._read[key] = None if body is None else _block(body, declaration.span)
        return self._read[key]

    def around(self, site: Site) -> Iterator[tuple[int, Level, Block]]:
        """What the instances around a site say of what is in it, outermost first, with their numbers."""
        for number, level in enumerate(site.levels):
            block = self.of(level.declaration)
            for inner in site.levels[number + 1 :]:
                block = None if block is None else block.inner.get(inner.declaration.name.text)
            if block is not None:
                yield number, level, block

    def missing(
        self, site: Site, statement: str, rank: tuple[int, ...], option: str | None = None
    ) -> Missing:
        """Where a line about the inside of a site belongs that the outermost instance does not have.

        Args:
            site: The use of the graph.
            statement: The line up to its sign.
            rank: Where the line stands among those about the same site.
            option: The entry of the line's record, for a weight.
        """
        outermost, *inner = site.levels
        names = [level.declaration.name.text for level in inner]
        order = order_of(site, rank)
        declaration = outermost.declaration
        block, begins = self.of(declaration), declaration.span.start
        if block is None:
            return Missing(declaration.span.end, begins, True, tuple(names), statement, option, order)
        while names and names[0] in block.inner:
            block = block.inner[names.pop(0)]
            begins = block.begins
        return Missing(block.end, begins, False, tuple(names), statement, option, order)


def order_of(site: Site, rank: tuple[int, ...]) -> tuple[int, ...]:
    """Where a line about the inside of a site stands among all lines about the outermost instance."""
    return (*(part for level in site.levels[1:] for part in (0, level.rank)), *rank)


def ends_of(statement: syntax.EdgeDeclaration) -> str:
    """The ends of an edge as their author would write them: `[a, b] -> c`."""
    return " -> ".join(map(written, statement.ends))


def _block(body: Iterable[syntax.Statement], span: Span) -> Block:
    settings: dict[tuple[str, str], syntax.Setting] = {}
    edges: dict[str, syntax.EdgeDeclaration] = {}
    inner: dict[str, Block] = {}
    for statement in body:
        match statement:
            case syntax.Setting((node, attribute)):
                settings.setdefault((node.text, attribute.text), statement)
            case syntax.EdgeDeclaration():
                edges.setdefault(ends_of(statement), statement)
            case syntax.Block(name, lines):
                inner.setdefault(name.text, _block(lines, statement.span))
    return Block(settings, edges, inner, span.start, span.end - 1)


def check_block(family: Family, findings: Findings) -> None:
    """Report the lines of an instance's block that speak of nothing inside."""
    if family.sites:
        lines = [line for line in family.declaration.body or () if not _is_own(line)]
        _check_lines(lines, family.name, family.sites[0], findings)


def _is_own(statement: syntax.Statement) -> bool:
    """Whether a line is an attribute of the instance itself."""
    return isinstance(statement, syntax.Setting) and len(statement.path) == 1


def _check_lines(lines: Iterable[syntax.Statement], instance: str, site: Site, findings: Findings) -> None:
    edges = [ends_of(joint.declaration) for joint in site.joints]
    seen: dict[tuple[str, ...], syntax.Statement] = {}
    for line in lines:
        key: tuple[str, ...]
        match line:
            case syntax.Setting((node, attribute)):
                key = "setting", node.text, attribute.text
                _check_setting(line, node, attribute, instance, site, findings)
            case syntax.EdgeDeclaration():
                key = "edge", ends_of(line)
                if key[1] not in edges:
                    hint = nearest(key[1], edges)
                    findings.add(kinds.NO_SUCH_EDGE, line.span, name=instance, edge=key[1], hint=hint)
            case syntax.Block(name, body):
                key = "block", name.text
                family = site.families.get(name.text)
                if family is None or not family.sites:
                    instances = [each.name for each in site.families.values() if each.sites]
                    hint = nearest(name.text, instances)
                    findings.add(kinds.NO_SUCH_INSTANCE, name.span, name=instance, inner=name.text, hint=hint)
                else:
                    _check_lines(body, f"{instance}.{name.text}", family.sites[0], findings)
            case _:
                what, where = describe_statement(line), f"the block of `{instance}`"
                findings.add(kinds.MISPLACED_STATEMENT, line.span, what=what, where=where)
                continue
        if key in seen:
            label = findings.label(seen[key].span, "the first is here")
            findings.add(kinds.ATTRIBUTE_TWICE, line.span, label, name=key[-1])
        seen.setdefault(key, line)


def _check_setting(
    line: syntax.Setting,
    node: syntax.Name,
    attribute: syntax.Name,
    instance: str,
    site: Site,
    findings: Findings,
) -> None:
    family = site.families.get(node.text)
    if family is None:
        hint = nearest(node.text, site.families)
        findings.add(kinds.NO_SUCH_INNER_NODE, node.span, name=instance, node=node.text, hint=hint)
        return
    is_model = family.declaration.value is None
    known = [
        name for name, each in ATTRIBUTES.items() if is_model or not each.of_models
    ] if not family.sites else list(INSTANCE_ATTRIBUTES)  # fmt: skip
    if attribute.text not in known:
        what, hint = f"node `{node.text}`", nearest(attribute.text, known)
        findings.add(kinds.UNKNOWN_ATTRIBUTE, attribute.span, what=what, name=attribute.text, hint=hint)
