"""Where a name is declared, and where it is used."""

from collections.abc import Iterator

import attrs

from agraph.compiler.source import Source, Span
from agraph.editing.analysis import Analysis
from agraph.editing.symbols import NAME, Symbol
from agraph.editing.workspace import Workspace

TOP = Span(0, 0)


@attrs.frozen
class Place:
    """A stretch of a file."""

    source: Source
    span: Span


def definition(analysis: Analysis, offset: int) -> Place | None:
    """Where the name at a place is declared; of an import the beginning of what is imported."""
    found = analysis.occurrence_at(offset)
    if found is None:
        return None
    symbol = found.symbol
    if symbol.kind == "import" and found.declares and symbol.name in analysis.module.imports:
        return Place(analysis.module.imports[symbol.name].source, TOP)
    if symbol.kind == "file":
        return Place(analysis.modules[symbol.path].source, TOP)
    declared = analysis.declaration(symbol)
    return None if declared is None else Place(declared[0], declared[1].span)


def references(
    analysis: Analysis, offset: int, workspace: Workspace, *, with_declaration: bool
) -> tuple[Place, ...]:
    """Every place of the session's files that names what is named at a place."""
    found = analysis.occurrence_at(offset)
    return () if found is None else tuple(
        Place(each.source, occurrence.span)
        for each in mentioning(found.symbol, analysis, workspace)
        for occurrence in each.occurrences
        if occurrence.symbol == found.symbol and (with_declaration or not occurrence.declares)
    )  # fmt: skip


def highlights(analysis: Analysis, offset: int) -> tuple[Span, ...]:
    """Every place of the same file that names what is named at a place."""
    found = analysis.occurrence_at(offset)
    symbol = None if found is None else found.symbol
    return tuple(each.span for each in analysis.occurrences if each.symbol == symbol)


def mentioning(symbol: Symbol, analysis: Analysis, workspace: Workspace) -> Iterator[Analysis]:
    """The files of a session that may name a symbol: this one, its own, and others that hold the word."""
    seen = {analysis.source.path}
    yield analysis
    names = NAME.findall(symbol.name)
    home = workspace.analysis(symbol.path) if symbol.path in analysis.modules else None
    others = workspace.mentioning(names[-1] if names else "")
    for each in others if not isinstance(home, Analysis) else (home, *others):
        if each.source.path not in seen:
            seen.add(each.source.path)
            yield each
