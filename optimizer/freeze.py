"""Freezing a file: what has settled becomes fixed structure, and what no longer matters goes."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import attrs

from agraph.compiler import Compilation, compile_source
from agraph.compiler.format import formatted
from agraph.compiler.ir import Graph
from agraph.compiler.loader import Loader
from agraph.compiler.source import Source
from agraph.optimizer.decisions import NOT_THERE, Decision, Open, decisions
from agraph.optimizer.frozen_text import frozen_text
from agraph.optimizer.laid_out import LaidOut, laid_out, reaching
from agraph.optimizer.sameness import is_of_gone_nodes, learnables, why_not_the_same
from agraph.optimizer.settling import settled_edges

MOST_TOLD = 12
"""Of a statement with more pairs the result tells how many became what."""


@attrs.frozen
class Frozen:
    """What became of a file.

    Attributes:
        text: Its new text.
        fixed: What became fixed, each with what it is now.
        removed: The nodes that no longer reach the output and went.
        stays: What stays as it is, and why: what is learnable still, and nodes that something names.
        values: The learnable numbers that became fixed, by name: the old value and 0 or 1.
    """

    text: str
    fixed: tuple[tuple[str, str], ...]
    removed: tuple[str, ...]
    stays: tuple[Open, ...]
    values: tuple[tuple[str, float, float], ...]


def freeze_graph(
    compilation: Compilation, graph: str, loader: Loader, threshold: float = 0.9, everything: bool = False
) -> Frozen:
    """Fix what has settled in a graph of a file; the new file deploys the same, in each of its graphs.

    What cannot be fixed without changing what is deployed stays as it is.

    Args:
        compilation: The file; it has no errors.
        graph: The name of one of its graphs.
        loader: Reads what it imports.
        threshold: From which probability on, and from which as far below 1, something has settled.
        everything: Whether all is taken as the file deploys it, prompts and examples as they stand; the
            threshold is then 0.5.
    """
    freezing = _Freezing(compilation, graph, loader)
    limit = 0.5 if everything else threshold
    mattered = reaching(freezing.laid_out.graph, {})
    while True:
        found = decisions(freezing.laid_out, limit, everything)
        refused = freezing.take([each for each in found if isinstance(each, Decision)])
        if freezing.progressed:
            continue
        kept = freezing.take(_idle(freezing.laid_out, limit, mattered))
        if not freezing.progressed:
            open_ = [each for each in found if isinstance(each, Open)]
            return freezing.finished((*open_, *refused, *kept))


def _idle(found: LaidOut, threshold: float, mattered: frozenset[str]) -> list[Decision]:
    """A decision for each node that could reach the output once and cannot now, whatever is learnable."""
    # Edges that have settled at nothing are none, also where something keeps them in the text.
    matters = reaching(found.graph, settled_edges(found.graph, threshold))
    idle = []
    output = found.site.output
    for family in found.site.families.values():
        if output is not None and family is output.family:
            continue
        names = {found.graph.nodes[index].name for index in found.nodes_of(family)}
        if names.isdisjoint(matters) and not names.isdisjoint(mattered):
            idle.append(Decision(f"node {family.name}", "removed", node=family))
    return idle


@attrs.define
class _Freezing:
    """A file on its way.

    Attributes:
        compilation: The file as it is by now.
        taken: The decisions that hold in it.
        progressed: Whether the last decisions changed it.
    """

    compilation: Compilation
    graph: str
    loader: Loader
    laid_out: LaidOut = attrs.field(init=False)
    original: Compilation = attrs.field(init=False)
    taken: list[Decision] = attrs.field(factory=list)
    progressed: bool = False

    def __attrs_post_init__(self) -> None:
        self.original = self.compilation
        self.laid_out = laid_out(self.compilation, self.graph)

    def take(self, wanted: Sequence[Decision]) -> tuple[Open, ...]:
        """Make all decisions hold that can; the others come back with the reason."""
        together = _Together(self.laid_out, self.loader)
        waiting = list(wanted)
        while waiting:
            # What was refused may hold beside what was accepted after it.
            before, together.refused = len(together.accepted), []
            together.add(waiting)
            waiting = [decision for decision, _ in together.refused]
            if len(together.accepted) == before:
                break
        self.progressed = together.compilation.module.source.text != self.compilation.module.source.text
        if self.progressed:
            self.taken += together.accepted
            self.compilation = together.compilation
            self.laid_out = laid_out(self.compilation, self.graph)
        return tuple(Open(decision.what, _sentence(decision, why)) for decision, why in together.refused)

    def finished(self, stays: tuple[Open, ...]) -> Frozen:
        """The result; in the one form where the file was in it."""
        before, source = self.original.module.source, self.compilation.module.source
        text = source.text
        if text != before.text and formatted(before) == before.text:
            again = formatted(source)
            assert isinstance(again, str), "the frozen file has syntax errors"
            compiled = compile_source(Source(source.path, again), self.loader)
            assert why_not_the_same(self.compilation, compiled, self.graph, frozenset()) is None
            text = again
        [graph] = [each for each in self.original.graphs if each.name == self.graph]
        told = [each for each in self.taken if _is_telling(each, self.laid_out.graph)]
        known = learnables(graph)
        return Frozen(
            text,
            tuple(_condensed(told)),
            tuple(each.what for each in self.taken if each.node is not None),
            tuple(dict.fromkeys(stays)),
            tuple(
                (name, old, new)
                for each in told
                for name, new in each.values.items()
                if isinstance(old := known[name], float)
            ),
        )


def _is_telling(decision: Decision, left: Graph) -> bool:
    """Whether a decision tells what the file is now, or why something went."""
    names = (*decision.values, *decision.texts)
    gone = bool(names) and all(is_of_gone_nodes(name, left) for name in names)
    return decision.node is None and (
        not gone or (bool(decision.values) and not any(decision.values.values()))
    )


def _condensed(told: Sequence[Decision]) -> Iterator[tuple[str, str]]:
    """What became fixed and what it is now; of a statement with many pairs how many are there."""
    for within, group in groupby(told, lambda decision: decision.within):
        if not within:
            yield from ((each.what, each.becomes) for each in group)
            continue
        pairs = {name: value for each in group for name, value in each.values.items()}
        if len(pairs) > MOST_TOLD:
            yield within, f"{sum(map(bool, pairs.values()))} of {len(pairs)} pairs are there"
        else:
            yield from ((name, "there" if value else NOT_THERE) for name, value in pairs.items())


@attrs.define
class _Together:
    """Decisions that hold together in a file.

    Attributes:
        laid_out: The file without them.
        accepted: Those that hold.
        compilation: The file with them.
        refused: Those that do not, each with the reason.
    """

    laid_out: LaidOut
    loader: Loader
    accepted: list[Decision] = attrs.field(factory=list)
    compilation: Compilation = attrs.field(init=False)
    refused: list[tuple[Decision, str]] = attrs.field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.compilation = self.laid_out.compilation

    def add(self, group: Sequence[Decision]) -> None:
        """Accept a group whole, or what of each half can be."""
        why = self._attempt([*self.accepted, *group])
        if why is None:
            self.accepted += group
        elif len(group) == 1:
            self.refused.append((group[0], why))
        else:
            middle = len(group) // 2
            self.add(group[:middle])
            self.add(group[middle:])

    def _attempt(self, decisions: Sequence[Decision]) -> str | None:
        """Why decisions do not hold together, or `None`, and the file is one in which they do."""
        old = self.laid_out.compilation
        text = frozen_text(self.laid_out, decisions)
        tried = compile_source(Source(old.module.source.path, text), self.loader)
        given_up = frozenset(name for each in decisions for name in (*each.values, *each.texts))
        why = why_not_the_same(old, tried, self.laid_out.graph.name, given_up)
        if why is None:
            self.compilation = tried
        return why


def _sentence(decision: Decision, why: str) -> str:
    if decision.node is not None:
        return f"it cannot be removed: {why}"
    return f"it cannot be {'left out' if decision.becomes == NOT_THERE else 'fixed'}: {why}"
