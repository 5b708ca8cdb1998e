"""Reading a data set: JSONL, JSON and CSV files as rows of named columns.

A file is used whole or not at all: the first thing that is wrong with it is an error that names its place.
"""

import csv
import hashlib
import io
import json
import math
from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, assert_never

import attrs

from agraph.compiler.ir import Json
from agraph.runtime.errors import DataError

Format = Literal["jsonl", "json", "csv"]

_SUFFIXES: dict[str, Format] = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".csv": "csv"}


@attrs.frozen
class DataRow:
    """One row of a data set.

    Attributes:
        place: File and line, for messages: `claims.jsonl:3`.
        number: Counted from 1, blank lines left out.
        columns: The values by name; in a file without types (CSV) all are texts.
        typed: Whether the file says what is a number and what is a text.
        key: A hash of the content, the same wherever the row stands; the second row of one content has
            `-2` behind it, and so on.
    """

    place: str
    number: int
    columns: dict[str, Json]
    typed: bool
    key: str


def read_rows(
    path: Path | str, file_format: Format | None = None, *, target: str | None = None
) -> tuple[DataRow, ...]:
    """The rows of a data file, at least one.

    Args:
        path: UTF-8, with or without a byte order mark.
        file_format: `None` for what the file's suffix says.
        target: A column that must have a value in every row.

    Raises:
        DataError: The file cannot be read, is not what its format says, or lacks a target.
    """
    file_format = file_format or format_of(path)
    text = _read_text(path)
    parsed: Iterator[tuple[str, dict[str, Json]]]
    match file_format:
        case "jsonl":
            parsed = _jsonl(text, str(path))
        case "json":
            parsed = _json(text, str(path))
        case "csv":
            parsed = _csv(text, str(path))
        case _:
            assert_never(file_format)
    rows = _numbered(parsed, typed=file_format != "csv")
    if not rows:
        raise DataError(f"{path}: the data set is empty")
    if target is not None:
        for row in rows:
            _check_target(row, target)
    return rows


def format_of(path: Path | str) -> Format:
    """The format that a file's suffix says.

    Raises:
        DataError: It says none that is known.
    """
    known = _SUFFIXES.get(Path(path).suffix.lower())
    if known is None:
        raise DataError(f"{path}: a data file ends in {', '.join(f'`{suffix}`' for suffix in _SUFFIXES)}")
    return known


def nearest_column(name: str, row: DataRow) -> str:
    """What to add to the message that a row has no column of this name."""
    close = get_close_matches(name, row.columns, n=1)
    if close:
        return f"did you mean `{close[0]}`?"
    return f"it has {', '.join(f'`{column}`' for column in row.columns) or 'none'}"


def _check_target(row: DataRow, target: str) -> None:
    if target not in row.columns:
        hint = nearest_column(target, row)
        raise DataError(f"{row.place}: row {row.number} has no column `{target}`, the target ({hint})")
    if row.columns[target] is None or (not row.typed and row.columns[target] == ""):
        raise DataError(f"{row.place}: row {row.number} has no value in `{target}`, the target")


def _numbered(parsed: Iterator[tuple[str, dict[str, Json]]], *, typed: bool) -> tuple[DataRow, ...]:
    seen: Counter[str] = Counter()
    rows = []
    for number, (place, columns) in enumerate(parsed, 1):
        content = json.dumps(columns, sort_keys=True, separators=(",", ":"))
        key = hashlib.sha256(content.encode()).hexdigest()[:32]
        seen[key] += 1
        suffix = f"-{seen[key]}" if seen[key] > 1 else ""
        rows.append(DataRow(place, number, columns, typed, key + suffix))
    return tuple(rows)


def _read_text(path: Path | str) -> str:
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise DataError(f"{path}: this is a folder, not a data file") from None
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        if error.reason == "unexpected end of data":
            raise _breaks_off(str(path), line) from None
        raise DataError(f"{path}:{line}: the file is not UTF-8") from None


def _breaks_off(path: str, line: int) -> DataError:
    return DataError(f"{path}:{line}: the file breaks off in the middle of this line; nothing of it was used")


# JSON.


def _jsonl(text: str, path: str) -> Iterator[tuple[str, dict[str, Json]]]:
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = f"{path}:{number}"
        try:
            value = parse_json(line)
        except json.JSONDecodeError as error:
            if number == len(lines) and _is_cut(error):
                raise _breaks_off(path, number) from None
            reason = f"{error.msg} (column {error.colno})"
            raise DataError(f"{place}: this line is not JSON: {reason}") from None
        except ValueError as error:
            raise DataError(f"{place}: this line is not JSON: {error}") from None
        yield place, _object(value, place, "this line")


def _json(text: str, path: str) -> Iterator[tuple[str, dict[str, Json]]]:
    try:
        rows = parse_json(text) if text.strip() else []
    except json.JSONDecodeError as error:
        if _is_cut(error):
            raise _breaks_off(path, text.rstrip().count("\n") + 1) from None
        raise DataError(
            f"{path}:{error.lineno}: the file is not JSON: {error.msg} (column {error.colno})"
        ) from None
    except ValueError as error:
        raise DataError(f"{path}: the file is not JSON: {error}") from None
    if not isinstance(rows, list):
        raise DataError(f"{path}: the file holds {_kind(rows)} where a list of objects is expected")
    for number, row in enumerate(rows, 1):
        yield path, _object(row, path, f"row {number}")


def parse_json(text: str) -> Json:
    """The value of a JSON text, which repeats no name in an object and holds finite numbers only.

    Raises:
        json.JSONDecodeError: It is no JSON.
        ValueError: It is JSON for Python's reader only.
    """
    try:
        value: Json = json.loads(
            text, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_without_repetition
        )
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return value


def _no_constant(name: str) -> Json:
    raise ValueError(f"`{name}` is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number `{text}` is too large")
    return number


def _without_repetition(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    columns = dict(pairs)
    if len(columns) < len(pairs):
        [(name, _), *_] = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"`{name}` stands in one object twice")
    return columns


def _is_cut(error: json.JSONDecodeError) -> bool:
    """Whether the text is an object or a list that was begun and not ended."""
    text = error.doc.strip()
    unended = text[-1] not in "}]" or error.pos >= len(text) or error.msg.startswith("Unterminated string")
    return text[0] in "{[" and unended


def _object(value: Json, place: str, what: str) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise DataError(f"{place}: {what} is {_kind(value)}, not an object")
    return value


def _kind(value: Json) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            assert_never(value)


# CSV.


def _csv(text: str, path: str) -> Iterator[tuple[str, dict[str, Json]]]:
    lines = io.StringIO(text, newline="").readlines()
    reader = csv.reader(lines, strict=True)
    header: list[str] | None = None
    while True:
        start = reader.line_num + 1
        place = f"{path}:{start}"
        try:
            cells = next(reader, None)
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                raise _breaks_off(path, start) from None
            raise DataError(f"{place}: this line is not CSV: {error}") from None
        if cells is None:
            return
        if not cells:
            continue
        if header is None:
            header = _header(cells, place)
        elif len(cells) == len(header):
            yield place, dict(zip(header, cells, strict=True))
        elif len(cells) < len(header) and reader.line_num == len(lines) and lines[-1][-1] not in "\r\n":
            raise _breaks_off(path, start)
        else:
            raise DataError(f"{place}: this row has {len(cells)} values and the header {len(header)} names")


def _header(cells: list[str], place: str) -> list[str]:
    names = [cell.strip() for cell in cells]
    [(name, times), *_] = Counter(names).most_common(1)
    if times > 1:
        raise DataError(f"{place}: the header names the column `{name}` twice")
    return names
