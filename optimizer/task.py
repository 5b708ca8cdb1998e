"""What a graph is evaluated on: its data set's rows with the inputs and the answers they stand for."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from agraph.compiler.ir import DataSet, Graph, Json
from agraph.compiler.types import Type, required
from agraph.optimizer.columns import inputs_of, value_of_cell
from agraph.optimizer.rows import DataRow, format_of, nearest_column, read_rows
from agraph.runtime.errors import DataError, InputError
from agraph.runtime.frame import Row
from agraph.runtime.models.protocol import Truth
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


def read_examples(graph: Graph, data: DataSet) -> tuple[Example, ...]:
    """The rows of a data set with the inputs and answers they hold for a graph.

    Args:
        graph: Says the inputs, their types, and the columns they come from.
        data: As `data_set` gives it.

    Raises:
        DataError: The file cannot be used, or a row lacks an input or the target.
    """
    rows = read_rows(data.path, data.format, target=data.target)
    columns = dict(graph.task.columns) if graph.task else {}
    _check_renamed(rows, columns)
    targets = [None if data.target is None else _target(row, data.target, graph.type) for row in rows]
    truths: Sequence[Truth | None] = [None] * len(rows) if data.target is None else _truths(targets)
    return tuple(
        Example(row, Row(row.key, inputs_of(row, graph.inputs, columns), truth))
        for row, truth in zip(rows, truths, strict=True)
    )


def _check_renamed(rows: Sequence[DataRow], columns: Mapping[str, str]) -> None:
    """Refuse a column that no row has: an input that may be null would be null everywhere, unseen."""
    for name, column in columns.items():
        if not any(column in row.columns for row in rows):
            hint = nearest_column(column, rows[0])
            raise DataError(
                f"{rows[0].place}: no row has a column `{column}` for the input `{name}` ({hint})"
            )


def _target(row: DataRow, column: str, type_: Type) -> Json:
    """The expected answer as the graph would give it, where a text can be read so."""
    value = row.columns[column]
    if not isinstance(value, str):
        return value
    try:
        return value_of_cell(value, required(type_))
    except MisfitError:
        return value


def _truths(targets: Sequence[Json]) -> tuple[Truth, ...]:
    """Each target with others of the data, the same whatever the order of the rows.

    The others are those that follow in alphabetical order, at most a hundred: with all of them a data set
    whose targets all differ would take memory by the square of its length.
    """
    spelled = [json.dumps(target, sort_keys=True) for target in targets]
    distinct = dict(sorted(zip(spelled, targets, strict=True), key=lambda pair: pair[0]))
    values = tuple(distinct.values())
    around = values + values
    count = min(len(values) - 1, _MOST_CHOICES)
    truths = {
        name: Truth(value, around[position + 1 : position + 1 + count])
        for position, (name, value) in enumerate(distinct.items())
    }
    return tuple(truths[name] for name in spelled)
