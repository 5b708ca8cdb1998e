"""The trace of a command: what its events say of each realization, its nodes, and what models were asked."""

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from agraph.compiler.ir import Json
from agraph.runtime.attachments import mark, with_marks
from agraph.runtime.models.protocol import Usage
from agraph.runtime.store import EventRecord


@attrs.define
class CallTrace:
    """A model call.

    Attributes:
        source: Who answered: the `model`, an equal call of this `session`, or the `store`.
        prompt: What was new in the conversation: the last turn, and before the first reply the system text.
        reply: The text, and the calls of tools.
    """

    model: str
    source: str
    duration_s: float
    prompt: tuple[str, ...]
    reply: tuple[str, ...]
    usage: Usage


@attrs.define
class NodeTrace:
    """A node of a realization.

    Attributes:
        duration_s: `None` where it did not end.
        remarks: What went wrong on the way, and what tools gave, in words.
    """

    name: str
    duration_s: float | None = None
    value: Json = None
    failure: str | None = None
    skipped: bool = False
    calls: list[CallTrace] = attrs.field(factory=list)
    remarks: list[str] = attrs.field(factory=list)


@attrs.define
class RunTrace:
    """One realization on one row.

    Attributes:
        number: Counted from 0 in the command.
        duration_s: `None` where it did not end.
        nodes: By name, in the order in which they first did something.
    """

    number: int
    row: str
    inputs: Mapping[str, Json]
    duration_s: float | None = None
    value: Json = None
    failure: str | None = None
    nodes: dict[str, NodeTrace] = attrs.field(factory=dict)

    def node(self, name: str) -> NodeTrace:
        """The trace of a node, begun where it was not."""
        return self.nodes.setdefault(name, NodeTrace(name))

    @property
    def calls(self) -> list[CallTrace]:
        """All model calls."""
        return [call for node in self.nodes.values() for call in node.calls]


def trace(events: Iterable[EventRecord]) -> list[RunTrace]:
    """The realizations that the events of a command tell of, in the order in which they began."""
    runs: dict[int, RunTrace] = {}
    # The events of single attempts name the row and not the run.
    latest: dict[str, RunTrace] = {}
    for event in events:
        _add(event, runs, latest)
    return list(runs.values())


def _add(event: Mapping[str, Any], runs: dict[int, RunTrace], latest: dict[str, RunTrace]) -> None:
    match event:
        case {"event": "run_began", "run": number, "row": row, "inputs": inputs}:
            runs[number] = latest[row] = RunTrace(number, row, inputs)
        case {"event": "run_ended", "run": number} if number in runs:
            run = runs[number]
            run.duration_s, run.value, run.failure = event["duration_s"], event["value"], event["failure"]
        case {"event": "node_ended", "run": number, "node": name} if number in runs:
            node = runs[number].node(name)
            node.duration_s, node.value = event["duration_s"], event["value"]
            node.failure, node.skipped = event["failure"], event["skipped"]
        case {"event": "answered", "run": number, "request": {"node": name}} if number in runs:
            runs[number].node(name).calls.append(_call(event))
        case {"event": "failed" | "fell_back", "request": {"node": name, "row": row}} if row in latest:
            latest[row].node(name).remarks.append(_remark(event))
        case {"event": "tool_answered", "node": name, "row": row} if row in latest:
            latest[row].node(name).remarks.append(_remark(event))


def _call(event: Mapping[str, Any]) -> CallTrace:
    request, reply = event["request"], event["reply"]
    *before, last = request["turns"]
    system = [] if before or request["system"] is None else [request["system"]]
    results = [
        f"{'error' if result['is_error'] else 'result'} {result['content']}" for result in last["results"]
    ]
    # Events of before there were files have none.
    files = [(file["at"], mark(file["content"])) for file in last.get("files", ())]
    text = with_marks(last["text"], files)
    prompt = [*system, *results, *([text] if text else [])]
    calls = [f"call {call['name']} {call['arguments']}" for call in reply["calls"]]
    said = [*([reply["text"]] if reply["text"] else []), *calls]
    source = "store" if event["stored"] else "session" if event["shared"] else "model"
    known = {field.name for field in attrs.fields(Usage)}
    usage = Usage(**{name: value for name, value in reply["usage"].items() if name in known})
    return CallTrace(event["model"], source, event["duration_s"], tuple(prompt), tuple(said), usage)


def _remark(event: Mapping[str, Any]) -> str:
    match event:
        case {"event": "failed", "reason": reason, "again": again}:
            return f"attempt failed: {reason}{', asked again' if again else ''}"
        case {"event": "fell_back", "other": other, "reason": reason}:
            return f"fell back to {other}: {reason}"
        case {"call": {"name": name}, "result": {"content": content, "is_error": is_error}}:
            return f"tool {name} {'failed' if is_error else 'gave'}: {content}"
        case _:
            return str(event["event"])
