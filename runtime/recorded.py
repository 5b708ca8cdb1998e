"""Recorded answers: a tool that looks up what was written down, in a JSONL file."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs

from agraph.compiler.ir import Json, RecordedBinding
from agraph.runtime.errors import ToolCallError, ToolError
from agraph.runtime.permissions import Permissions, project_permissions
from agraph.runtime.values import shorten

NumberedRow = tuple[int, dict[str, Json]]
"""A row and the number of its line."""


@attrs.define(eq=False)
class Recordings:
    """Reads recorded answers, and each file once.

    Attributes:
        permissions: Gives what may be read; where `None`, what the project of the declaring file may.
    """

    permissions: Callable[[], Permissions] | None = None
    _rows: dict[Path, tuple[NumberedRow, ...]] = attrs.field(factory=dict)

    def function(self, binding: RecordedBinding, origin: str) -> Callable[[Json], Json]:
        """A function from an argument to what is recorded for it.

        Args:
            binding: Which file, and which of its fields.
            origin: The file beside which it lies.

        Raises:
            ToolError: The file cannot be used, or records two answers for one argument.
        """
        path = Path(origin).parent / binding.path
        permissions = project_permissions(origin) if self.permissions is None else self.permissions()
        refusal = permissions.file_refusal(path)
        if refusal is not None:
            raise ToolError(refusal)
        if path not in self._rows:
            self._rows[path] = tuple(_read(path))
        answers: dict[str, Json] = {}
        for number, row in self._rows[path]:
            for name in (binding.key, binding.field):
                if name not in row:
                    raise ToolError(f"line {number} of `{path}` has no field `{name}`")
            key, answer = _identity(row[binding.key]), row[binding.field]
            if answers.setdefault(key, answer) != answer:
                asked = shorten(row[binding.key])
                raise ToolError(
                    f"line {number} of `{path}` records another answer for {asked} than a line before"
                )

        def look_up(argument: Json) -> Json:
            identity = _identity(argument)
            if identity not in answers:
                raise ToolCallError(f"nothing is recorded for {shorten(argument)} in `{path}`")
            return answers[identity]

        return look_up


def _read(path: Path) -> Iterator[NumberedRow]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise ToolError(f"cannot read `{path}`: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ToolError(f"cannot read `{path}`: it is not UTF-8") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ToolError(f"line {number} of `{path}` is not JSON: {error}") from error
        if not isinstance(row, dict):
            raise ToolError(f"line {number} of `{path}` is not an object")
        yield number, row


def _identity(value: Json) -> str:
    """A text that is the same for equal values; `1` and `1.0` are, `1` and `true` are not."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, str) else "\0" + json.dumps(value, sort_keys=True)
