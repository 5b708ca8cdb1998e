"""What the compiler has to say about a file: values, one kind for every mistake it can tell apart.

A diagnostic is a kind and a place. The prose of every kind stands in `kinds.py`.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Literal

import attrs

from agraph.compiler.edit import Edit
from agraph.compiler.source import Source, Span

MOST_NAMES_SHOWN = 8

Severity = Literal["error", "warning"]

_LONGEST = 400


@attrs.frozen
class Kind:
    """One mistake that the compiler can tell apart from all others.

    Attributes:
        code: `AG` and four digits; the first two say the family.
        severity: An error keeps the file from being compiled, a warning does not.
        message: What is wrong, a format string over the values given at the place.
        hint: What to do about it, a format string over the same values, or `None`.
    """

    code: str
    severity: Severity
    message: str
    hint: str | None = None


@attrs.frozen
class Label:
    """A second place that explains the first."""

    source: Source
    span: Span
    text: str


@attrs.frozen
class Nearest:
    """The known names that are nearly the one that is written; shown as a hint.

    Attributes:
        written: As the author wrote it.
        names: One or two, the nearest first.
        span: Where it stands, or `None` for the place of the diagnostic.
    """

    written: str
    names: tuple[str, ...]
    span: Span | None = None

    def __str__(self) -> str:
        return "did you mean " + " or ".join(f"`{name}`" for name in self.names) + "?"

    def at(self, span: Span) -> "Nearest":
        """The same, of a word that stands elsewhere."""
        return attrs.evolve(self, span=span)


@attrs.frozen
class Fix:
    """What a program can do about a finding.

    Attributes:
        title: What it does, as an editor offers it.
        edits: Of the finding's own file.
        safe: Whether it is what the author meant as far as can be told, so that `agraph check --fix` does it.
    """

    title: str
    edits: tuple[Edit, ...]
    safe: bool = False


@attrs.frozen
class Diagnostic:
    """One finding: where, what, and what to do.

    Attributes:
        hint: What to do about it, for people.
        labels: Second places, "because of this".
        title: What the edits do, or `None` where there are none.
        edits: What a program can do about it, in the finding's own file.
        safe: Whether the edits are what the author meant, as far as can be told.
    """

    code: str
    severity: Severity
    message: str
    source: Source
    span: Span
    hint: str | None = None
    labels: tuple[Label, ...] = ()
    title: str | None = None
    edits: tuple[Edit, ...] = ()
    safe: bool = False

    @property
    def sort_key(self) -> tuple[str, int, int, str]:
        """Diagnostics are shown by file, place, then code."""
        return self.source.path, self.span.start, self.span.end, self.code


def diagnose(
    kind: Kind,
    source: Source,
    span: Span,
    /,
    *labels: Label,
    hint: str | Nearest | None = None,
    fix: Fix | None = None,
    **values: object,
) -> Diagnostic:
    """Make the diagnostic of a kind at a place.

    Args:
        kind: What is wrong.
        source: The file.
        span: The place in it.
        labels: Second places, "because of this".
        hint: Replaces the kind's own hint where the place knows better; names that are near become a fix.
        fix: What a program can do about it.
        values: What the kind's format strings name.
    """
    shown = {name: _shortened(value) for name, value in values.items()}
    if isinstance(hint, Nearest):
        fix = fix or _respelling(hint, source, span)
        hint = str(hint)
    elif hint is None and kind.hint is not None:
        hint = kind.hint.format(**shown)
    message = kind.message.format(**shown)
    if fix is None:
        return Diagnostic(kind.code, kind.severity, message, source, span, hint, labels)
    return Diagnostic(
        kind.code, kind.severity, message, source, span, hint, labels, fix.title, fix.edits, fix.safe
    )


def _respelling(near: Nearest, source: Source, span: Span) -> Fix | None:
    """The nearest name in the place of the one that is written, where that stands once."""
    span = near.span or span
    places = list(re.finditer(rf"(?<!\w){re.escape(near.written)}(?!\w)", source.slice(span)))
    if len(places) != 1:
        return None
    start = span.start + places[0].start()
    edit = Edit(Span(start, start + len(near.written)), near.names[0])
    return Fix(f"write `{near.names[0]}`", (edit,), safe=len(near.names) == 1)


def _shortened(value: object) -> object:
    """The value, without the end of a text that nobody would read: a name can have a million letters."""
    return f"{value[:_LONGEST]}…" if isinstance(value, str) and len(value) > _LONGEST else value


def has_errors(diagnostics: tuple[Diagnostic, ...] | list[Diagnostic]) -> bool:
    """Whether any of them keeps the file from being compiled."""
    return any(diagnostic.severity == "error" for diagnostic in diagnostics)


@attrs.define
class Findings:
    """The diagnostics of one file while a pass collects them."""

    source: Source
    found: list[Diagnostic] = attrs.field(factory=list)

    def add(
        self,
        kind: Kind,
        span: Span,
        /,
        *labels: Label,
        hint: str | Nearest | None = None,
        fix: Fix | None = None,
        **values: object,
    ) -> None:
        """Take note of one mistake; see `diagnose`."""
        self.found.append(diagnose(kind, self.source, span, *labels, hint=hint, fix=fix, **values))

    def label(self, span: Span, text: str) -> Label:
        """A second place in the same file."""
        return Label(self.source, span, text)


def listed(names: Sequence[str]) -> str:
    """The first few of many names, for a hint."""
    shown = ", ".join(f"`{name}`" for name in names[:MOST_NAMES_SHOWN])
    return shown + ", …" if len(names) > MOST_NAMES_SHOWN else shown or "nothing"


def nearest(name: str, known: Iterable[str]) -> Nearest | None:
    """At most two of the known names that are nearly this one, or `None` where none is."""
    from difflib import get_close_matches

    close = get_close_matches(name, list(known), n=2, cutoff=0.6)
    return Nearest(name, tuple(close)) if close else None
