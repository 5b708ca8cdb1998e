"""Which of the findings are told, and in which order."""

from collections.abc import Sequence

from agraph.compiler import kinds
from agraph.compiler.diagnostics import Diagnostic
from agraph.compiler.source import Source

ABSENCES = frozenset(
    kind.code
    for kind in (
        kinds.UNKNOWN_NAME, kinds.UNKNOWN_TYPE, kinds.UNKNOWN_MODEL, kinds.UNKNOWN_TOOL,
        kinds.UNKNOWN_NODE, kinds.UNKNOWN_GRAPH, kinds.UNKNOWN_MODULE, kinds.NAME_NEEDS_EDGE,
        kinds.UNKNOWN_INPUT, kinds.NO_SUCH_FIELD, kinds.MISSING_ARGUMENT, kinds.NO_OUTPUT,
        kinds.NO_WORK, kinds.NO_MODEL,
    )
)  # fmt: skip
"""The codes of what says that something is missing."""


def reported(found: Sequence[Diagnostic], source: Source) -> tuple[Diagnostic, ...]:
    """The findings that are told of a file: each mistake once, by place, without what follows from others."""
    return _sorted(_of_the_file(_without_guesses(found), source))


def _without_guesses(found: Sequence[Diagnostic]) -> Sequence[Diagnostic]:
    """The findings but those that something is missing, where it may stand in what could not be read."""
    syntax_errors = {d.code for d in found if d.code.startswith("AG01")} - {
        kinds.MISSING_HEADER.code,
        kinds.MISPLACED_HEADER.code,
    }
    if not syntax_errors:
        return found
    return [diagnostic for diagnostic in found if diagnostic.code not in ABSENCES]


def _of_the_file(found: Sequence[Diagnostic], source: Source) -> Sequence[Diagnostic]:
    """The findings but those that an imported file has by itself and shows when it is checked."""
    points_there = {kinds.IMPORT_HAS_ERRORS.code, kinds.IMPORT_CYCLE.code}
    told = any(diagnostic.code in points_there for diagnostic in found)
    misfits = {d.span for d in found if d.code == kinds.PRIOR_SHAPE.code and d.source is source}
    return [
        diagnostic
        for diagnostic in found
        if diagnostic.source is source or (diagnostic.severity == "error" and not told)
        if diagnostic.code != kinds.PRIOR_NOT_FOR_INSTANCE.code
        or not any(
            label.span.start <= span.start < label.span.end
            for label in diagnostic.labels
            if label.source is source
            for span in misfits
        )
    ]


def _sorted(found: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Each mistake once, by place: a graph's default is read by each of its nodes."""
    return tuple(sorted(dict.fromkeys(found), key=lambda diagnostic: diagnostic.sort_key))
