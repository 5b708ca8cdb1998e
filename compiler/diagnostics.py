"""What the compiler has to say about a file: values, one kind for every mistake it can tell apart.

A diagnostic is a kind and a place. The prose of every kind stands in `kinds.py`.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

import attrs

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
class Diagnostic:
    """One finding: where, what, and what to do."""

    code: str
    severity: Severity
    message: str
    source: Source
    span: Span
    hint: str | None = None
    labels: tuple[Label, ...] = ()

    @property
    def sort_key(self) -> tuple[str, int, int, str]:
        """Diagnostics are shown by file, place, then code."""
        return self.source.path, self.span.start, self.span.end, self.code


def diagnose(
    kind: Kind, source: Source, span: Span, /, *labels: Label, hint: str | None = None, **values: object
) -> Diagnostic:
    """Make the diagnostic of a kind at a place.

    Args:
        kind: What is wrong.
        source: The file.
        span: The place in it.
        labels: Second places, "because of this".
        hint: Replaces the kind's own hint where the place knows better.
        values: What the kind's format strings name.
    """
    shown = {name: _shortened(value) for name, value in values.items()}
    if hint is None and kind.hint is not None:
        hint = kind.hint.format(**shown)
    return Diagnostic(kind.code, kind.severity, kind.message.format(**shown), source, span, hint, labels)


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
        self, kind: Kind, span: Span, /, *labels: Label, hint: str | None = None, **values: object
    ) -> None:
        """Take note of one mistake; see `diagnose`."""
        self.found.append(diagnose(kind, self.source, span, *labels, hint=hint, **values))

    def label(self, span: Span, text: str) -> Label:
        """A second place in the same file."""
        return Label(self.source, span, text)


def listed(names: Sequence[str]) -> str:
    """The first few of many names, for a hint."""
    shown = ", ".join(f"`{name}`" for name in names[:MOST_NAMES_SHOWN])
    return shown + ", …" if len(names) > MOST_NAMES_SHOWN else shown or "nothing"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """A hint with at most two of the known names, nearest first, or `None` where none is near."""
    from difflib import get_close_matches

    close = get_close_matches(name, list(known), n=2, cutoff=0.6)
    return "did you mean " + " or ".join(f"`{candidate}`" for candidate in close) + "?" if close else None
