"""Another name for a thing, everywhere: the meaning of all files stays, or nothing is changed.

The edits are tried before they are given: each place must name the same thing as before, and each file must
have no error that it did not have.
"""

from collections.abc import Mapping, Sequence

import attrs

from agraph.compiler import syntax
from agraph.compiler.build import RESERVED
from agraph.compiler.diagnostics import Diagnostic
from agraph.compiler.edit import Edit, apply_edits
from agraph.compiler.loader import Loader, Unreadable
from agraph.compiler.names import import_alias
from agraph.compiler.source import Source, Span
from agraph.editing.analysis import Analysis, analyzed
from agraph.editing.navigation import mentioning
from agraph.editing.symbols import NAME, Occurrence, Symbol
from agraph.editing.workspace import Workspace


@attrs.frozen
class Refusal:
    """Why a name cannot be changed so, for people."""

    reason: str


@attrs.frozen
class FileEdits:
    """The edits of one file."""

    source: Source
    edits: tuple[Edit, ...]

    @property
    def text(self) -> str:
        """The text of the file after the edits."""
        return apply_edits(self.source.text, self.edits)


def renamable(analysis: Analysis, offset: int) -> Occurrence | Refusal:
    """The name at a place, if it can be changed."""
    found = analysis.occurrence_at(offset)
    if found is None:
        return Refusal("there is no name here that could be changed")
    symbol = found.symbol
    if symbol.kind == "file":
        return Refusal("a file is renamed in its folder")
    if symbol.kind == "field":
        return Refusal("a field is part of what models, functions and data see: change it by hand")
    if symbol.path in analysis.modules and symbol.path.startswith("std/"):
        return Refusal(f"`{symbol.name}` belongs to the standard library")
    return found


def renamed(
    analysis: Analysis, offset: int, name: str, workspace: Workspace
) -> tuple[FileEdits, ...] | Refusal:
    """The edits that give another name to what is named at a place.

    Args:
        analysis: The file.
        offset: The place.
        name: The new name.
        workspace: Where the files are found that name the same thing.
    """
    found = renamable(analysis, offset)
    if isinstance(found, Refusal):
        return found
    if NAME.fullmatch(name) is None:
        return Refusal(f"`{name}` is no name: names are letters, digits and `_`, and begin with no digit")
    if name in RESERVED:
        return Refusal(f"`{name}` is a reserved word")
    if name == found.symbol.name:
        return ()
    files = [each for each in mentioning(found.symbol, analysis, workspace) if _names(each, found.symbol)]
    unreadable = next((each for each in files if _is_broken(each)), None)
    if unreadable is not None:
        return Refusal(
            f"`{unreadable.source.path}` has syntax errors, which may hide the name: mend them first"
        )
    changes = []
    for each in files:
        edits = _edits(each, found.symbol, name)
        if isinstance(edits, Refusal):
            return edits
        changes.append(FileEdits(each.source, edits))
    return _tried(files, changes, name, workspace) or tuple(changes)


def _names(analysis: Analysis, symbol: Symbol) -> bool:
    return any(each.symbol == symbol for each in analysis.occurrences)


def _is_broken(analysis: Analysis) -> bool:
    return any(each.code.startswith("AG01") for each in _errors(analysis))


def _errors(analysis: Analysis) -> list[Diagnostic]:
    return [each for each in analysis.compilation.diagnostics if each.severity == "error"]


def _edits(analysis: Analysis, symbol: Symbol, name: str) -> tuple[Edit, ...] | Refusal:
    source = analysis.source
    edits = []
    for occurrence in analysis.occurrences:
        if occurrence.symbol != symbol:
            continue
        if symbol.kind == "import" and occurrence.declares:
            edits.append(_alias_edit(analysis, symbol.name, name))
        elif source.slice(occurrence.span) != symbol.name:
            line, _ = source.position(occurrence.span.start)
            return Refusal(f"`{symbol.name}` is written with escapes in line {line} of `{source.path}`")
        else:
            edits.append(Edit(occurrence.span, name))
    return tuple(edits)


def _alias_edit(analysis: Analysis, old: str, name: str) -> Edit:
    """The edit of an import: its `as` is written, changed, or left out where the name needs none."""
    item = next(
        item for item in analysis.module.tree.items
        if isinstance(item, syntax.Import) and import_alias(item) == old
    )  # fmt: skip
    if item.alias is None:
        return Edit(Span(item.path_span.end, item.path_span.end), f" as {name}")
    gap = Span(item.path_span.end, item.alias.span.start)
    if analysis.source.slice(gap) == " as " and import_alias(attrs.evolve(item, alias=None)) == name:
        return Edit(gap.to(item.alias.span), "")
    return Edit(item.alias.span, name)


# Trying.


def _tried(
    files: Sequence[Analysis], changes: Sequence[FileEdits], name: str, workspace: Workspace
) -> Refusal | None:
    """Why the changes would alter what the files mean, or `None`."""
    texts = {each.source.path: each.text for each in changes}
    meanings: dict[Symbol, Symbol] = {}
    for old, change in zip(files, changes, strict=True):
        after = _After(workspace.loader(old.source.path), texts)
        new = analyzed(Source(old.source.path, change.text), after)
        error = _new_error(old, new)
        if error is not None:
            return Refusal(f"`{name}` does not fit: {error.message}")
        if not _means_the_same(old, new, change.edits, meanings):
            return Refusal(f"`{name}` has another meaning where the name is used")
    return None


def _new_error(old: Analysis, new: Analysis) -> Diagnostic | None:
    before, after = _errors(old), _errors(new)
    codes = [error.code for error in before]
    for error in after:
        if error.code not in codes:
            return error
        codes.remove(error.code)
    return None


def _means_the_same(
    old: Analysis, new: Analysis, edits: Sequence[Edit], meanings: dict[Symbol, Symbol]
) -> bool:
    """Whether each place names what it named, `meanings` being what the things are called now."""
    # What an import is called may stand in its path, or after an `as` that comes and goes.
    before = [each for each in old.occurrences if not _is_import(each)]
    after = [each for each in new.occurrences if not _is_import(each)]
    if len(before) != len(after):
        return False
    for was, now in zip(before, after, strict=True):
        if _moved(was.span.start, edits) != now.span.start or was.declares != now.declares:
            return False
        if meanings.setdefault(was.symbol, now.symbol) != now.symbol:
            return False
    return len(set(meanings.values())) == len(meanings)


def _is_import(occurrence: Occurrence) -> bool:
    return occurrence.symbol.kind == "file" or (occurrence.symbol.kind == "import" and occurrence.declares)


def _moved(place: int, edits: Sequence[Edit]) -> int:
    """Where a place is after the edits, none of which covers it but one that begins there."""
    before = (edit for edit in edits if edit.span.start < place)
    return place + sum(len(edit.text) - (edit.span.end - edit.span.start) for edit in before)


@attrs.frozen
class _After:
    """A loader of the files as they would be."""

    before: Loader
    texts: Mapping[str, str]

    def std_modules(self) -> tuple[str, ...]:
        return self.before.std_modules()

    def std(self, name: str) -> Source:
        return self.before.std(name)

    def relative(self, path: str, importer: Source) -> Source | Unreadable:
        found = self.before.relative(path, importer)
        if isinstance(found, Source) and found.path in self.texts:
            return Source(found.path, self.texts[found.path])
        return found
