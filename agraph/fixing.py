"""What a program can mend in a file by itself: safe edits of its findings, each tried before it is kept."""

from collections import Counter
from collections.abc import Sequence

import attrs

from agraph.compiler import compile_source, kinds
from agraph.compiler.diagnostics import Diagnostic
from agraph.compiler.edit import Edit, apply_edits
from agraph.compiler.loader import Loader
from agraph.compiler.source import Source
from agraph.lints import findings_of

_MOST_ROUNDS = 20


@attrs.frozen
class Mended:
    """A file after its safe fixes.

    Attributes:
        source: As it is now.
        done: The findings that were mended, each with its place in the text as it stood then.
        left: Everything that there still is to say.
    """

    source: Source
    done: tuple[Diagnostic, ...]
    left: tuple[Diagnostic, ...]


def mend(source: Source, loader: Loader) -> Mended:
    """Apply the safe fixes of a file's findings until none is left.

    All of a round are tried at once, and else one by one: what would leave its finding, or bring a cycle
    or text that cannot be read, is not kept.
    """
    done: list[Diagnostic] = []
    found = findings(source, loader)
    for _ in range(_MOST_ROUNDS):
        fixes = [each for each in found if each.safe and each.source is source]
        for chosen in (_side_by_side(fixes), *([each] for each in fixes)):
            tried = Source(source.path, patched(source, chosen)) if chosen else source
            after = findings(tried, loader) if chosen else found
            if chosen and _is_better(chosen, found, after):
                done += chosen
                source, found = tried, after
                break
        else:
            break
    return Mended(source, tuple(done), found)


def findings(source: Source, loader: Loader) -> tuple[Diagnostic, ...]:
    """Everything that there is to say about a file, lints included."""
    return findings_of(compile_source(source, loader))


def patched(source: Source, diagnostics: Sequence[Diagnostic]) -> str:
    """The text of a file after the edits of findings, of which no two overlap."""
    return apply_edits(source.text, dict.fromkeys(edit for each in diagnostics for edit in each.edits))


def _side_by_side(fixes: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Those of the fixes whose edits do not meet those of one before."""
    chosen: list[Diagnostic] = []
    taken: list[Edit] = []
    for each in fixes:
        if all(edit in taken or not any(_meet(edit, other) for other in taken) for edit in each.edits):
            chosen.append(each)
            taken += each.edits
    return chosen


def _meet(one: Edit, other: Edit) -> bool:
    return one.span.start < other.span.end and other.span.start < one.span.end


def _is_better(
    chosen: Sequence[Diagnostic], before: Sequence[Diagnostic], after: Sequence[Diagnostic]
) -> bool:
    """Whether the findings that were mended are gone, and nothing worse has come."""
    old, new = (Counter((each.code, each.message) for each in found) for found in (before, after))
    mended = Counter((each.code, each.message) for each in chosen)
    bad, worse = (
        sum(each.code == kinds.FIXED_CYCLE.code or each.code.startswith("AG01") for each in found)
        for found in (before, after)
    )
    return worse <= bad and all(new[key] < old[key] for key in mended)
