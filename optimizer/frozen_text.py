"""The text of a file in which some decisions hold: what they settle is fixed, and nothing else changes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from agraph.compiler import syntax
from agraph.compiler.edit import Edit, apply_edits
from agraph.compiler.ir import NodeIndex
from agraph.compiler.sites import Joint
from agraph.compiler.source import Source, Span
from agraph.optimizer.block_lines import indentation_at, line_end
from agraph.optimizer.decisions import Decision
from agraph.optimizer.edge_statements import State, is_indexed, pairs_of, restated
from agraph.optimizer.laid_out import LaidOut
from agraph.optimizer.removal import begins_line, comments_of, only_comment_follows, removal_edits


def frozen_text(laid_out: LaidOut, decisions: Sequence[Decision]) -> str:
    """The text of a file in which these decisions hold; comments in what is replaced go above it."""
    source = laid_out.source
    gone = {id(statement) for decision in decisions for statement in decision.gone}
    gone |= {id(decision.node.declaration) for decision in decisions if decision.node is not None}
    edits: list[Edit] = []
    for decision in decisions:
        for edit in decision.edits:
            edits += _with_comments(edit, source)
    edges = _Edges.after(laid_out, decisions)
    for joint in laid_out.site.joints:
        statements = edges.statements(joint)
        if statements == []:
            gone.add(id(joint.declaration))
        elif statements is not None:
            edits += _edge_edits(joint.declaration, statements, source)
    edits += _body_edits(laid_out, gone, source)
    return apply_edits(source.text, edits)


@attrs.frozen(eq=False)
class _Edges:
    """What decisions make of edge statements.

    Attributes:
        verdicts: By statement and element, whether an edge is there or not.
        removed: The nodes that go.
        dropped: The pairs of `[i]` statements that go: a plural statement no longer leaves them out.
    """

    laid_out: LaidOut
    verdicts: Mapping[tuple[int, int], bool]
    removed: frozenset[NodeIndex]
    dropped: frozenset[tuple[NodeIndex, NodeIndex]]

    @classmethod
    def after(cls, laid_out: LaidOut, decisions: Iterable[Decision]) -> "_Edges":
        verdicts = {key: there for decision in decisions for key, there in decision.pairs.items()}
        families = [decision.node for decision in decisions if decision.node is not None]
        dropped = frozenset(
            (pair.sender, pair.receiver)
            for joint in laid_out.site.joints
            if is_indexed(joint.declaration)
            for pair in joint.pairs
            if verdicts.get((id(joint.declaration), pair.element)) is False
        )
        return cls(
            laid_out, verdicts, frozenset[NodeIndex]().union(*map(laid_out.nodes_of, families)), dropped
        )

    def statements(self, joint: Joint) -> list[str] | None:
        """What a statement becomes, or `None` where it stays; nothing where all its pairs are gone."""
        declaration, site = joint.declaration, self.laid_out.site
        pairs = {pair.element for pair in joint.pairs}
        kept: State = "there" if declaration.prior is None else "open"

        def state(element: int, sender: NodeIndex, receiver: NodeIndex) -> State:
            if sender in self.removed or receiver in self.removed:
                return "gone"
            if element not in pairs:
                return "gone" if (sender, receiver) in self.dropped else "free"
            there = self.verdicts.get((id(declaration), element))
            if there is None:
                return kept
            return "there" if there else "gone"

        found = {state(*pair) for pair in pairs_of(joint, site)}
        if found <= {kept, "free"}:
            return None
        if found <= {"there", "free"}:
            return [self.laid_out.source.slice(_without_prior(declaration))]
        return list(restated(joint, site, state, lambda element: _number(joint, element, self.laid_out)))


def _number(joint: Joint, element: int, laid_out: LaidOut) -> str:
    """A number of a statement's prior as it is written."""
    assert joint.declaration.prior is not None, "a fixed edge is no candidate"
    learnable = laid_out.by_span[joint.declaration.prior.span]
    spans = learnable.element_spans
    return laid_out.source.slice(spans[element] if spans else joint.declaration.prior.span)


def _without_prior(declaration: syntax.EdgeDeclaration) -> Span:
    return Span(declaration.span.start, declaration.ends[-1].span.end)


def _edge_edits(declaration: syntax.EdgeDeclaration, statements: Sequence[str], source: Source) -> list[Edit]:
    """A statement replaced; what follows on its line stays behind the first of several."""
    span = declaration.span
    first, *more = statements
    newline = line_end(source) + indentation_at(source, span.start)
    behind = "".join(newline + statement for statement in more)
    if first == source.slice(_without_prior(declaration)):
        edits = [Edit(Span(declaration.ends[-1].span.end, span.end), "")]
    else:
        edits = [Edit(span, first)]
    edits[0] = Edit(edits[0].span, edits[0].text + ("" if only_comment_follows(span.end, source) else behind))
    edits += _comments_above(edits[0], span.start, source)
    if behind and only_comment_follows(span.end, source):
        end = len(source.text[: span.end]) + len(source.text[span.end :].partition("\n")[0].rstrip("\r"))
        edits.append(Edit(Span(end, end), behind))
    return edits


def _with_comments(edit: Edit, source: Source) -> Iterator[Edit]:
    """An edit, and the comments that it would take away on lines of their own above."""
    yield edit
    yield from _comments_above(edit, edit.span.start, source)


def _comments_above(edit: Edit, start: int, source: Source) -> Iterator[Edit]:
    comments = comments_of(source.slice(edit.span))
    line = source.text.rfind("\n", 0, start) + 1
    outer = indentation_at(source, start)
    if comments and begins_line(line + len(outer), source):
        yield Edit(Span(line, line), "".join(f"{outer}{comment}{line_end(source)}" for comment in comments))


def _body_edits(laid_out: LaidOut, gone: set[int], source: Source) -> list[Edit]:
    """What takes statements out; a body in which nothing is left goes with its braces where it may."""
    bodies: list[Sequence[syntax.Statement]] = [laid_out.body]
    edits: list[Edit] = []
    for statement in laid_out.body:
        if not isinstance(statement, syntax.NodeDeclaration) or not statement.body or id(statement) in gone:
            continue
        body = Span(statement.value.span.end, statement.span.end) if statement.value else None
        if body and all(id(line) in gone for line in statement.body) and not comments_of(source.slice(body)):
            edits.append(Edit(body, ""))
        else:
            bodies.append(statement.body)
    return [*edits, *removal_edits(bodies, gone, source)]
