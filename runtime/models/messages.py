"""The Messages protocol as JSON: what a request says, and what a reply means.

Pure functions, without the SDK. Servers of other makers leave out or add parts of a reply, so everything in
it that a run can do without is optional.
"""

import json
import re
from collections.abc import Iterable

from agraph.compiler.ir import Json
from agraph.runtime.errors import ReplyError, TransientError
from agraph.runtime.models.content_blocks import content_blocks
from agraph.runtime.models.protocol import Reply, Request, ToolCall, ToolDefinition, Turn, Usage
from agraph.runtime.prices import Price, TokenCounts, cost_usd

CACHED: Json = {"type": "ephemeral"}
"""What marks the end of a prefix that the service keeps for five minutes."""


def request_body(request: Request) -> dict[str, Json]:
    """The parts of a body that the question decides: conversation, system, tools, form of the reply."""
    names = wire_names(request.tools)
    marked = {
        request.examples - 1 if "examples" in request.cached else None,
        len(request.turns) - 1 if "turns" in request.cached else None,
    }
    body: dict[str, Json] = {
        "messages": [_turn(turn, names, number in marked) for number, turn in enumerate(request.turns)]
    }
    system = _system(request)
    if system is not None:
        body["system"] = system
    if request.tools:
        tools: list[dict[str, Json]] = [
            {"name": names[tool.name], "description": tool.description, "input_schema": tool.schema}
            for tool in request.tools
        ]
        if "tools" in request.cached:
            tools[-1]["cache_control"] = CACHED
        body["tools"] = list[Json](tools)
    if request.schema is not None and request.addition is None:
        body["output_config"] = {"format": {"type": "json_schema", "schema": request.schema}}
    return body


def _system(request: Request) -> Json:
    texts = [text for text in (request.system, request.addition) if text is not None]
    if "system" not in request.cached:
        return "\n\n".join(texts) if texts else None
    blocks: list[dict[str, Json]] = [{"type": "text", "text": text} for text in texts]
    blocks[0]["cache_control"] = CACHED
    return list[Json](blocks)


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


def read_reply(content: bytes, tools: Iterable[ToolDefinition] = (), price: Price | None = None) -> Reply:
    """The reply that a server's body holds.

    Args:
        content: The body as it came.
        tools: Those that were offered, whose calls get their own names back.
        price: What the model costs, or `None` where it is unknown.

    Raises:
        TransientError: It is no message of the protocol, as where something between broke it.
        ReplyError: It holds a call of a tool that is none.
    """
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        raise TransientError("the server's reply is not JSON") from None
    if not isinstance(body, dict) or not isinstance(body.get("content"), list):
        raise TransientError("the server's reply is no message")
    own_names = {spelled: name for name, spelled in wire_names(tools).items()}
    blocks = [block for block in body["content"] if isinstance(block, dict)]
    texts = [block.get("text") for block in blocks if block.get("type") == "text"]
    calls = tuple(_call(block, own_names) for block in blocks if block.get("type") == "tool_use")
    stop_reason = body.get("stop_reason")
    text = "".join(text for text in texts if isinstance(text, str))
    return Reply(
        text=text or _explanation(body.get("stop_details")),
        calls=calls,
        stop_reason=stop_reason if isinstance(stop_reason, str) else "tool_use" if calls else "end_turn",
        usage=_usage(body.get("usage"), price),
        blocks=tuple(blocks) if any(block.get("type") in _THINKING for block in blocks) else (),
    )


_THINKING = ("thinking", "redacted_thinking")
"""Blocks that belong to the conversation and are neither text nor calls."""


def _explanation(details: Json) -> str:
    """Why the model refused, where it says so beside the reply."""
    match details:
        case {"explanation": str() as words}:
            return words
        case _:
            return ""


def _turn(turn: Turn, names: dict[str, str], marked: bool) -> dict[str, Json]:
    if turn.blocks:
        return {"role": turn.role, "content": list(turn.blocks)}
    if not turn.calls and not turn.results and not turn.files and not marked:
        return {"role": turn.role, "content": turn.text}
    # The service wants results before anything else in the turn that follows the calls.
    blocks: list[dict[str, Json]] = [
        {
            "type": "tool_result",
            "tool_use_id": result.id,
            "content": result.content,
            "is_error": result.is_error,
        }
        for result in turn.results
    ]
    blocks += content_blocks(turn.text, turn.files)
    for call in turn.calls:
        name = names.get(call.name, _plain(call.name))
        blocks.append({"type": "tool_use", "id": call.id, "name": name, "input": call.arguments})
    if marked and blocks:
        blocks[-1]["cache_control"] = CACHED
    return {"role": turn.role, "content": list[Json](blocks)}


def _plain(name: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_-]", "_", name)


def _call(block: dict[str, Json], own_names: dict[str, str]) -> ToolCall:
    match block:
        case {"id": str(id_), "name": str(name), "input": dict(arguments)}:
            return ToolCall(id_, own_names.get(name, name), arguments)
        case _:
            raise ReplyError("the reply holds a malformed call of a tool")


def _usage(usage: Json, price: Price | None) -> Usage:
    if not isinstance(usage, dict):
        return Usage(1, None, None, None, None, None)
    # The service counts the tokens that it wrote to and read from its cache apart from the fresh ones, and a
    # server without a cache says nothing of them.
    read = _count(usage.get("cache_read_input_tokens")) or 0
    written = _count(usage.get("cache_creation_input_tokens")) or 0
    split = usage.get("cache_creation")
    hourly = _count(split.get("ephemeral_1h_input_tokens")) or 0 if isinstance(split, dict) else 0
    fresh, output = _count(usage.get("input_tokens")), _count(usage.get("output_tokens"))
    counts = TokenCounts(fresh, output, read, max(0, written - hourly), hourly)
    return Usage(
        calls=1,
        input_tokens=None if fresh is None else fresh + written + read,
        output_tokens=output,
        cost_usd=cost_usd(price, counts) if price is not None and _is_standard(usage) else None,
        cache_read_tokens=read,
        cache_write_tokens=written,
    )


def _is_standard(usage: dict[str, Json]) -> bool:
    """Whether the table holds: other tiers, speeds and regions, and tools of the server, cost otherwise."""
    searches = usage.get("server_tool_use")
    return (
        usage.get("service_tier") in (None, "standard")
        and usage.get("speed") in (None, "standard")
        and usage.get("inference_geo") in (None, "global", "not_available")
        and not (isinstance(searches, dict) and any(searches.values()))
    )


def _count(value: Json) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
