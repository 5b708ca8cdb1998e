"""What the history of a file knows of the values in it."""

import datetime
from collections.abc import Iterable, Mapping

import attrs

from agraph.compiler.ir import Graph, Probabilities
from agraph.compiler.parameter_names import parameter_names
from agraph.compiler.source import Span
from agraph.editing.analysis import Analysis
from agraph.history import Learned


@attrs.frozen
class LastChange:
    """How a value came to be what it is.

    Attributes:
        run: The number of the run that wrote it.
        verb: What the run did: `optimize`, `apply`, `revert`, `freeze`.
        began_s: Seconds since 1970.
    """

    run: int
    verb: str
    began_s: float
    old: float
    new: float

    def __str__(self) -> str:
        day = datetime.datetime.fromtimestamp(self.began_s).astimezone()
        return f"{self.old:.3g} → {self.new:.3g} by run {self.run} ({self.verb}, {day:%Y-%m-%d})"


LastChanges = Mapping[tuple[str, str], LastChange]
"""By graph, and by the name of the value in it."""


def last_changes(records: Iterable[Learned]) -> LastChanges:
    """The last change of each value that a file's history tells of.

    Args:
        records: The newest first.
    """
    found: dict[tuple[str, str], LastChange] = {}
    for record in records:
        for change in record.changes if record.written else ():
            if change.old != change.new:
                last = LastChange(record.number, record.verb, record.began_s, change.old, change.new)
                found.setdefault((record.graph, change.name), last)
    return found


def changes_of(
    graph: Graph, learnable: Probabilities, changes: LastChanges
) -> tuple[tuple[int, str, LastChange], ...]:
    """The last changes of a learnable's values, each with element and name, but for those changed since."""
    names = parameter_names(graph)
    found = []
    for element, value in enumerate(learnable.values):
        name = names.get(type(learnable.offset)(learnable.offset + element), "")
        change = changes.get((graph.name, name))
        if change is not None and change.new == value:
            found.append((element, name, change))
    return tuple(found)


@attrs.frozen
class Hint:
    """What is shown behind a place, and more of it on demand."""

    offset: int
    label: str
    more: str


def hints(analysis: Analysis, changes: LastChanges) -> tuple[Hint, ...]:
    """A hint behind each literal after `~` whose last change the history knows."""
    found = []
    for graph in analysis.compilation.graphs if changes else ():
        for learnable in graph.probabilities:
            known = changes_of(graph, learnable, changes)
            if known and isinstance(learnable.span, Span):
                more = "\n".join(f"{name}: {change}" for _, name, change in known)
                found.append(Hint(learnable.span.end, _label([change for *_, change in known]), more))
    return tuple(found)


def _label(changes: list[LastChange]) -> str:
    runs = sorted({change.run for change in changes})
    shown = f"run {runs[-1]}" if len(runs) == 1 else f"runs {runs[0]} to {runs[-1]}"
    olds = {change.old for change in changes}
    return f"was {olds.pop():.3g}, {shown}" if len(olds) == 1 else f"{len(changes)} changed, {shown}"
