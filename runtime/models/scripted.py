"""`scripted("replies.jsonl")`: fixed replies from a file, for tests.

Each line is an object:

    {"reply": "Water is wet."}
    {"node": "judge", "contains": "Claim:", "row": "12", "reply": {"winner": "pro", "why": "…"}}
    {"tool_calls": [{"name": "search", "arguments": {"query": "water"}}]}

`reply` is a text, sent as it is, or any other value, sent as JSON. `node`, `contains` (a text in the
prompt) and `row` say where the line serves. A node is named in full, or as a family for all its members:
`step[0].propose[1]` is served by `step[0].propose` and by `step.propose` too. For each node and row the
lines are used from the top, each once: the first that serves and is left.
"""

import json
import re
from pathlib import Path

import attrs

from agraph.compiler.diagnostics import nearest
from agraph.compiler.ir import Json, Model
from agraph.runtime.errors import ModelError
from agraph.runtime.models.protocol import Reply, Request, ToolCall, Usage

_KEYS = ("reply", "tool_calls", "node", "contains", "row")


@attrs.frozen
class Line:
    """One scripted reply and where it serves."""

    text: str
    calls: tuple[ToolCall, ...]
    node: str | None
    contains: str | None
    row: str | None

    def serves(self, request: Request, prompt: str) -> bool:
        """Whether the line may answer a request whose prompt is this."""
        return (
            (self.node is None or self.node in (request.node, *_families(request.node)))
            and (self.row is None or self.row == request.row)
            and (self.contains is None or self.contains in prompt)
        )


def open_scripted(model: Model) -> "Scripted":
    """The replies of a file, which lies beside the one that declares the model.

    Raises:
        ModelError: The file cannot be used; the message names the line.
    """
    where = f"model `{model.name}`"
    match model.arguments:
        case (str() as path,) if not model.options:
            return Scripted(where, path, _read(where, Path(model.origin).parent / path))
        case _:
            raise ModelError(
                f'{where}: `scripted` takes the path of its replies alone: scripted("replies.jsonl")'
            )


@attrs.define(eq=False)
class Scripted:
    """An open script."""

    _where: str
    _path: str
    _lines: tuple[Line, ...]
    _used: dict[tuple[str, str], set[int]] = attrs.field(factory=dict)

    async def ask(self, request: Request) -> Reply:
        """The first line that serves and was not used for this node and row.

        Raises:
            ModelError: There is none.
        """
        texts = [request.system or "", *(turn.text for turn in request.asked if turn.role == "user")]
        prompt = "\n".join(texts)
        used = self._used.setdefault((request.node, request.row), set())
        for number, line in enumerate(self._lines):
            if number not in used and line.serves(request, prompt):
                used.add(number)
                reason = "tool_use" if line.calls else "end_turn"
                return Reply(line.text, line.calls, reason, Usage(calls=1))
        spent = f"; {len(used)} were used" if used else ""
        raise ModelError(f"{self._where}: `{self._path}` has no reply left for node `{request.node}`{spent}")

    async def close(self) -> None:
        """Nothing is held."""


def _families(node: str) -> tuple[str, str]:
    """The names of a node without its own number, and without any."""
    return re.sub(r"\[\d+\]$", "", node), re.sub(r"\[\d+\]", "", node)


def _read(where: str, path: Path) -> tuple[Line, ...]:
    try:
        texts = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise ModelError(f"{where}: cannot read `{path}`: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ModelError(f"{where}: cannot read `{path}`: it is not UTF-8") from error
    return tuple(
        _line(f"{where}: line {number} of `{path}`", text)
        for number, text in enumerate(texts, start=1)
        if text.strip()
    )


def _line(place: str, text: str) -> Line:
    try:
        entry = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{place} is not JSON: {error}") from error
    if not isinstance(entry, dict):
        raise ModelError(f"{place} is not an object")
    for key in entry:
        if key not in _KEYS:
            hint = nearest(key, _KEYS) or f"there are {', '.join(f'`{known}`' for known in _KEYS)}"
            raise ModelError(f"{place} has an unknown key `{key}`; {hint}")
    if "reply" not in entry and "tool_calls" not in entry:
        raise ModelError(f"{place} has neither `reply` nor `tool_calls`")
    reply = entry.get("reply", "")
    return Line(
        text=reply if isinstance(reply, str) else json.dumps(reply, ensure_ascii=False),
        calls=_calls(place, entry.get("tool_calls", [])),
        node=_matcher(place, entry, "node"),
        contains=_matcher(place, entry, "contains"),
        row=_matcher(place, entry, "row"),
    )


def _matcher(place: str, entry: dict[str, Json], key: str) -> str | None:
    match entry.get(key):
        case None:
            return None
        case str() as text:
            return text
        case int() as number if key == "row" and not isinstance(number, bool):
            return str(number)
        case _:
            raise ModelError(f"{place}: `{key}` should be a text")


def _calls(place: str, written: Json) -> tuple[ToolCall, ...]:
    if not isinstance(written, list):
        raise ModelError(f"{place}: `tool_calls` should be a list")
    return tuple(_call(place, number, call) for number, call in enumerate(written, start=1))


def _call(place: str, number: int, call: Json) -> ToolCall:
    match call:
        case {"name": str() as name, "arguments": dict() as arguments, **rest} if not rest:
            return ToolCall(f"call_{number}", name, arguments)
        case _:
            raise ModelError(f'{place}: a tool call should be {{"name": …, "arguments": {{…}}}}')
