"""From the columns of a row to the inputs of a graph."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from agraph.compiler.ir import Json
from agraph.compiler.types import BOOL, Optional, Type, as_data, required
from agraph.optimizer.rows import DataRow, nearest_column
from agraph.runtime.attachments import Attach, AttachmentError
from agraph.runtime.errors import DataError
from agraph.runtime.values import MisfitError, parse_text, reader


def inputs_of(
    row: DataRow,
    inputs: Sequence[tuple[str, Type]],
    columns: Mapping[str, str],
    files: Mapping[str, Attach] = MappingProxyType({}),
) -> dict[str, Json]:
    """The graph's inputs, each from the column of its name.

    An input that may be null (`T?`) is null where the row has no such column. The cells of a file without
    types are read as what the input is.

    Args:
        row: Where the values come from.
        inputs: Name and type of each.
        columns: The column for an input of another name.
        files: What attaches the files of an input, for each that holds some.

    Raises:
        DataError: A column is missing, its value is not of the input's type, or names no file of it.
    """
    return {
        name: _input(row, columns.get(name, name), type_, name, files.get(name)) for name, type_ in inputs
    }


def _input(row: DataRow, column: str, type_: Type, name: str, attach: Attach | None) -> Json:
    if column not in row.columns:
        if isinstance(type_, Optional):
            return None
        wanted = "" if column == name else f" for the input `{name}`"
        hint = nearest_column(column, row)
        raise DataError(f"{row.place}: row {row.number} has no column `{column}`{wanted} ({hint})")
    value = row.columns[column]
    try:
        if isinstance(value, str) and not row.typed:
            value = value_of_cell(value, as_data(type_))
        if attach is not None:
            value = attach(value)  # type: ignore[assignment]
        return reader(type_)(value)
    except (MisfitError, AttachmentError) as misfit:
        raise DataError(f"{row.place}: row {row.number}, column `{column}`: {misfit}") from None


def value_of_cell(text: str, type_: Type) -> Json:
    """The value that a cell of a CSV file stands for.

    A text is itself, all else is JSON (`TRUE` too), and an empty cell is null where the type may be.

    Raises:
        MisfitError: The text stands for no value of the type.
    """
    if isinstance(type_, Optional) and not text:
        return None
    wanted = required(type_)
    return parse_text(wanted, text.lower() if wanted == BOOL else text)
