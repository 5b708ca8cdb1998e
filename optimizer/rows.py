"""Reading a data set: JSONL, JSON and CSV files as rows of named columns.

A file is used whole or not at all: it is read to its end before a row of it is used, and the first thing that
is wrong with it is an error that names its place. What is read line by line is then read again, not held.
"""

import csv
import hashlib
import json
import math
import os
from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, assert_never

import attrs

from agraph.compiler.ir import Json
from agraph.runtime.errors import DataError

Format = Literal["jsonl", "json", "csv"]

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
"""Writes what is the same for equal columns, whatever their order."""

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


@attrs.frozen(eq=False)
class Rows:
    """The rows of a data file, each time from its first; see `open_rows`.

    Attributes:
        path: Of the file.
        held: The rows where they cannot be read again, else `None`.
    """

    path: str
    held: tuple[DataRow, ...] | None
    _format: Format
    _count: int
    _stamp: tuple[int, ...]

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[DataRow]:
        """The rows in order.

        Raises:
            DataError: The file is not what it was.
        """
        if self.held is not None:
            yield from self.held
            return
        self._require_unchanged()
        yield from _parsed(self.path, self._format)
        self._require_unchanged()

    def _require_unchanged(self) -> None:
        if _stamp(self.path) != self._stamp:
            raise DataError(f"{self.path}: the file changed while it was used")


def open_rows(path: Path | str, file_format: Format | None = None, *, target: str | None = None) -> Rows:
    """The rows of a data file, at least one, none of which is held where they can be read again.

    Args:
        path: UTF-8, with or without a byte order mark.
        file_format: `None` for what the file's suffix says.
        target: A column that must have a value in every row.

    Raises:
        DataError: The file cannot be read, is not what its format says, or lacks a target.
    """
    file_format = file_format or format_of(path)
    stamp = _stamp(path)
    # A pipe has its content once, and JSON has to be read as a whole.
    hold = file_format == "json" or not os.path.isfile(path)
    held, count, lacking = [], 0, None
    for row in _parsed(str(path), file_format):
        count += 1
        if hold:
            held.append(row)
        # What is wrong with a line is told before what a row lacks.
        if lacking is None and target is not None:
            lacking = _lacking(row, target)
    if not count:
        raise DataError(f"{path}: the data set is empty")
    if lacking is not None:
        raise lacking
    rows = Rows(str(path), tuple(held) if hold else None, file_format, count, stamp)
    if not hold:
        rows._require_unchanged()
    return rows


def _stamp(path: Path | str) -> tuple[int, ...]:
    """What tells a file from what it is after it was changed."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        # Whoever reads it says why it cannot be read.
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _parsed(path: str, file_format: Format) -> Iterator[DataRow]:
    parsed: Iterator[tuple[str, dict[str, Json]]]
    match file_format:
        case "jsonl":
            parsed = _jsonl(_lines(path, "\n"), path)
        case "json":
            parsed = _json("".join(_lines(path, "")), path)
        case "csv":
            parsed = _csv(_lines(path, ""), path)
        case _:
            assert_never(file_format)
    return _numbered(parsed, typed=file_format != "csv")


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


def _lacking(row: DataRow, target: str) -> DataError | None:
    """That a row has no target, where that is so."""
    if target not in row.columns:
        hint = nearest_column(target, row)
        return DataError(f"{row.place}: row {row.number} has no column `{target}`, the target ({hint})")
    if row.columns[target] is None or (not row.typed and row.columns[target] == ""):
        return DataError(f"{row.place}: row {row.number} has no value in `{target}`, the target")
    return None


def _numbered(parsed: Iterator[tuple[str, dict[str, Json]]], *, typed: bool) -> Iterator[DataRow]:
    # Of each row sixteen bytes stay, and a number of those that come again.
    seen: set[bytes] = set()
    repeated: Counter[bytes] = Counter()
    for number, (place, columns) in enumerate(parsed, 1):
        content = _CANONICAL.encode(columns)
        key = hashlib.sha256(content.encode()).digest()[:16]
        suffix = ""
        if key in seen:
            repeated[key] += 1
            suffix = f"-{repeated[key] + 1}"
        seen.add(key)
        yield DataRow(place, number, columns, typed, key.hex() + suffix)


def _lines(path: str, newline: str) -> Iterator[str]:
    """The lines of a file with their ends, which are what `open` takes for ends."""
    try:
        with open(path, encoding="utf-8-sig", newline=newline) as file:
            yield from file
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise DataError(f"{path}: this is a folder, not a data file") from None
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise _not_utf8(path, error) from None


def _not_utf8(path: str, error: UnicodeDecodeError) -> DataError:
    """Where a file is not UTF-8, which the error tells of a part of it only."""
    try:
        Path(path).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as whole:
        line = whole.object.count(b"\n", 0, whole.start) + 1
        if whole.reason == "unexpected end of data":
            return _breaks_off(path, line)
        return DataError(f"{path}:{line}: the file is not UTF-8")
    except OSError:
        pass
    return DataError(f"{path}: the file is not UTF-8: {error.reason}")


def _breaks_off(path: str, line: int) -> DataError:
    return DataError(f"{path}:{line}: the file breaks off in the middle of this line; nothing of it was used")


# JSON.


def _jsonl(lines: Iterator[str], path: str) -> Iterator[tuple[str, dict[str, Json]]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = f"{path}:{number}"
        try:
            value = parse_json(line.removesuffix("\n"))
        except json.JSONDecodeError as error:
            # Only the last line has no end.
            if not line.endswith("\n") and _is_cut(error):
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
        value: Json = _READER.decode(text)
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


_READER = json.JSONDecoder(
    parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_without_repetition
)


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


def _csv(lines: Iterator[str], path: str) -> Iterator[tuple[str, dict[str, Json]]]:
    last = ""

    def remembered() -> Iterator[str]:
        nonlocal last
        for line in lines:
            last = line
            yield line

    reader = csv.reader(remembered(), strict=True)
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
        elif len(cells) < len(header) and last[-1] not in "\r\n":
            raise _breaks_off(path, start)
        else:
            raise DataError(f"{place}: this row has {len(cells)} values and the header {len(header)} names")


def _header(cells: list[str], place: str) -> list[str]:
    names = [cell.strip() for cell in cells]
    [(name, times), *_] = Counter(names).most_common(1)
    if times > 1:
        raise DataError(f"{place}: the header names the column `{name}` twice")
    return names
