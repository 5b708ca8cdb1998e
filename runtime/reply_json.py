"""A model's reply as JSON, and back."""

from typing import Any

import attrs

from agraph.compiler.ir import Json
from agraph.runtime.models.protocol import Reply, ToolCall, Usage


def reply_json(reply: Reply) -> dict[str, Json]:
    """The reply as a JSON object, which `reply_of` reads."""
    usage = reply.usage
    return {
        "text": reply.text,
        "calls": [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in reply.calls],
        "stop_reason": reply.stop_reason,
        "usage": {
            "calls": usage.calls,
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cost_usd": usage.cost_usd,
            "cache_read_tokens": usage.cache_read_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
        "blocks": list[Json](reply.blocks),
    }


def reply_of(written: Json) -> Reply | None:
    """The reply that a JSON value says, or `None` where it holds anything else than a reply of today."""
    try:
        reply: Reply = _read(Reply, written)
    except (KeyError, TypeError, ValueError):
        return None
    return reply


def _read(kind: Any, written: Any) -> Any:
    values = dict(written)
    if unknown := values.keys() - {field.name for field in attrs.fields(kind)}:
        raise TypeError(f"no such fields: {unknown}")
    if kind is Reply:
        values["usage"] = _read(Usage, values["usage"] or {})
        values["calls"] = [_read(ToolCall, call) for call in values["calls"]]
    lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return kind(**{**values, **lists})
