"""The Messages protocol as JSON: what a request says, and what a reply means.

Pure functions, without the SDK. Servers of other makers leave out or add parts of a reply, so everything in
it that a run can do without is optional.
"""

import json
import re
from collections.abc import Iterable

from agraph.compiler.ir import Json
from agraph.runtime.errors import ReplyError
from agraph.runtime.models.protocol import Reply, Request, ToolCall, ToolDefinition, Turn, Usage


def request_body(request: Request) -> dict[str, Json]:
    """The parts of a body that the question decides: conversation, system, tools, form of the reply."""
    names = wire_names(request.tools)
    body: dict[str, Json] = {"messages": [_turn(turn, names) for turn in request.turns]}
    if request.system is not None:
        body["system"] = request.system
    if request.tools:
        body["tools"] = [
            {"name": names[tool.name], "description": tool.description, "input_schema": tool.schema}
            for tool in request.tools
        ]
    if request.schema is not None:
        body["output_config"] = {"format": {"type": "json_schema", "schema": request.schema}}
    return body


def wire_names(tools: Iterable[ToolDefinition]) -> dict[str, str]:
    """A name that the protocol allows for the name of each tool, different for different tools.

    The protocol knows letters, digits, `_` and `-`; a tool of an imported file has a dot in its name.
    """
    names: dict[str, str] = {}
    for tool in tools:
        plain = spelled = _plain(tool.name)
        number = 2
        while spelled in names.values():
            spelled, number = f"{plain}_{number}", number + 1
        names[tool.name] = spelled
    return names


def read_reply(content: bytes, tools: Iterable[ToolDefinition] = ()) -> Reply:
    """The reply that a server's body holds.

    Args:
        content: The body as it came.
        tools: Those that were offered, whose calls get their own names back.

    Raises:
        ReplyError: It is no message of the protocol.
    """
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        raise ReplyError("the server's reply is not JSON") from None
    if not isinstance(body, dict) or not isinstance(body.get("content"), list):
        raise ReplyError("the server's reply is no message")
    own_names = {spelled: name for name, spelled in wire_names(tools).items()}
    blocks = [block for block in body["content"] if isinstance(block, dict)]
    texts = [block.get("text") for block in blocks if block.get("type") == "text"]
    calls = tuple(_call(block, own_names) for block in blocks if block.get("type") == "tool_use")
    stop_reason = body.get("stop_reason")
    return Reply(
        text="".join(text for text in texts if isinstance(text, str)),
        calls=calls,
        stop_reason=stop_reason if isinstance(stop_reason, str) else "tool_use" if calls else "end_turn",
        usage=_usage(body.get("usage")),
    )


def _turn(turn: Turn, names: dict[str, str]) -> dict[str, Json]:
    if not turn.calls and not turn.results:
        return {"role": turn.role, "content": turn.text}
    # The service wants results before anything else in the turn that follows the calls.
    blocks: list[Json] = [
        {
            "type": "tool_result",
            "tool_use_id": result.id,
            "content": result.content,
            "is_error": result.is_error,
        }
        for result in turn.results
    ]
    # It also refuses an empty text block.
    if turn.text:
        blocks.append({"type": "text", "text": turn.text})
    for call in turn.calls:
        name = names.get(call.name, _plain(call.name))
        blocks.append({"type": "tool_use", "id": call.id, "name": name, "input": call.arguments})
    return {"role": turn.role, "content": blocks}


def _plain(name: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_-]", "_", name)


def _call(block: dict[str, Json], own_names: dict[str, str]) -> ToolCall:
    match block:
        case {"id": str(id_), "name": str(name), "input": dict(arguments)}:
            return ToolCall(id_, own_names.get(name, name), arguments)
        case _:
            raise ReplyError("the reply holds a malformed call of a tool")


def _usage(usage: Json) -> Usage:
    counts = usage if isinstance(usage, dict) else {}
    fresh = _count(counts.get("input_tokens"))
    # The service counts the tokens that it wrote to and read from its cache apart from the fresh ones.
    cached = sum(
        _count(counts.get(name)) or 0 for name in ("cache_creation_input_tokens", "cache_read_input_tokens")
    )
    return Usage(
        calls=1,
        input_tokens=None if fresh is None else fresh + cached,
        output_tokens=_count(counts.get("output_tokens")),
        cost_usd=None,
    )


def _count(value: Json) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
