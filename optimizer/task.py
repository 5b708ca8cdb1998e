"""What a graph is evaluated on: its data set's rows with the inputs and the answers they stand for."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from weakref import WeakValueDictionary

import attrs

from agraph.compiler.ir import DataSet, Graph, Json
from agraph.compiler.types import Type, holds_files, required
from agraph.optimizer.columns import inputs_of, value_of_cell
from agraph.optimizer.rows import DataRow, Rows, format_of, nearest_column, open_rows
from agraph.runtime.attachments import Attach, attaching
from agraph.runtime.errors import DataError, InputError
from agraph.runtime.frame import Row
from agraph.runtime.models.protocol import Truth
from agraph.runtime.permissions import Permissions, project_permissions
from agraph.runtime.values import MisfitError

_MOST_CHOICES = 100


@attrs.frozen
class Example:
    """A row of the data set, and what a graph is given of it.

    Attributes:
        source: What the file says; a metric reads it.
        row: Key, inputs and truth; a run reads it.
    """

    source: DataRow
    row: Row


def data_set(graph: Graph, path: str | None, target: str | None) -> DataSet:
    """The data set to use: that of the graph's `optimize` block, or what a command line says instead.

    Args:
        graph: Its block gives what the other arguments leave open.
        path: Another file, whose suffix gives its format; relative to the working folder.
        target: Another column for the expected answer.

    Returns:
        A data set whose path is relative to the working folder, too.

    Raises:
        InputError: Neither names a file.
        DataError: The suffix of the file tells no format.
    """
    declared = graph.task.data if graph.task else None
    target = target or (declared.target if declared else None)
    if path is not None:
        return DataSet(format_of(path), path, target)
    if declared is None:
        raise InputError(
            f"graph `{graph.name}` has no data set: give one, or write an `optimize` block for it"
        )
    return DataSet(declared.format, str(Path(graph.origin).parent / declared.path), target)


@attrs.frozen(eq=False)
class Examples:
    """The rows of a data set with the inputs and answers they hold for a graph, each time from the first.

    Of each row only what tells its answer from others is held: the rows are read again; see `Rows`.
    """

    graph: Graph
    data: DataSet
    rows: Rows
    _files: Mapping[str, Attach]
    _truths: "_Truths | None"

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Example]:
        """The examples in order.

        Raises:
            DataError: The file is not what it was.
        """
        columns = _columns(self.graph)
        for row in self.rows:
            inputs = inputs_of(row, self.graph.inputs, columns, self._files)
            truth = None
            if self._truths is not None and self.data.target is not None:
                truth = self._truths.of(_target(row, self.data.target, self.graph.type))
            yield Example(row, Row(row.key, inputs, truth))


def open_examples(graph: Graph, data: DataSet, permissions: Permissions | None = None) -> Examples:
    """The examples of a data set, all of which are looked at first.

    Args:
        graph: Says the inputs, their types, and the columns they come from.
        data: As `data_set` gives it.
        permissions: Which files rows may name, beside the data; those of the graph's project where `None`.

    Raises:
        DataError: The file cannot be used, or a row lacks an input or the target.
    """
    rows = open_rows(data.path, data.format, target=data.target)
    _check_renamed(rows, _columns(graph))
    files = _attached(graph, data, permissions)
    columns, targets = _columns(graph), dict[str, Json]()
    for row in rows:
        inputs_of(row, graph.inputs, columns, files)
        if data.target is not None:
            target = _target(row, data.target, graph.type)
            targets[_spelled(target)] = target
    return Examples(graph, data, rows, files, None if data.target is None else _Truths(targets))


def read_examples(graph: Graph, data: DataSet, permissions: Permissions | None = None) -> tuple[Example, ...]:
    """All examples of a data set; see `open_examples`."""
    return tuple(open_examples(graph, data, permissions))


def _columns(graph: Graph) -> dict[str, str]:
    return dict(graph.task.columns) if graph.task else {}


def _attached(graph: Graph, data: DataSet, permissions: Permissions | None) -> dict[str, Attach]:
    """What attaches the files of each input that holds some; paths are relative to the data."""
    if not any(holds_files(type_) for _, type_ in graph.inputs):
        return {}
    allowed = permissions or project_permissions(graph.origin)
    folder = Path(data.path).parent
    found = {name: attaching(type_, folder, allowed.file_refusal) for name, type_ in graph.inputs}
    return {name: attach for name, attach in found.items() if attach is not None}


def _check_renamed(rows: Rows, columns: Mapping[str, str]) -> None:
    """Refuse a column that no row has: an input that may be null would be null everywhere, unseen."""
    for name, column in columns.items():
        if not any(column in row.columns for row in rows):
            first = next(iter(rows))
            hint = nearest_column(column, first)
            raise DataError(f"{first.place}: no row has a column `{column}` for the input `{name}` ({hint})")


def _target(row: DataRow, column: str, type_: Type) -> Json:
    """The expected answer as the graph would give it, where a text can be read so."""
    value = row.columns[column]
    if not isinstance(value, str):
        return value
    try:
        return value_of_cell(value, required(type_))
    except MisfitError:
        return value


class _Truths:
    """Each target of a data set with others of it, the same whatever the order of the rows.

    The others are those that follow in alphabetical order, at most a hundred: with all of them a data set
    whose targets all differ would take memory by the square of its length.
    """

    def __init__(self, targets: Mapping[str, Json]) -> None:
        """Take the distinct targets, each by its spelling."""
        ordered = sorted(targets)
        self._values = [targets[spelled] for spelled in ordered]
        self._positions = {spelled: position for position, spelled in enumerate(ordered)}
        # Rows of one target share its truth as long as one of them is there.
        self._made: WeakValueDictionary[str, Truth] = WeakValueDictionary()

    def of(self, target: Json) -> Truth:
        """The truth of a row with a target that is one of them."""
        spelled = _spelled(target)
        truth = self._made.get(spelled)
        if truth is None:
            after = self._positions[spelled] + 1
            count = min(len(self._values) - 1, _MOST_CHOICES)
            others = self._values[after : after + count]
            others += self._values[: count - len(others)]
            truth = self._made[spelled] = Truth(target, tuple(others))
        return truth


def _spelled(target: Json) -> str:
    return json.dumps(target, sort_keys=True)
