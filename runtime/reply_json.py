"""A model's reply as JSON, and back."""

from typing import Any

import attrs

from agraph.compiler.ir import Json
from agraph.runtime.models.protocol import Reply, ToolCall, Usage


def reply_json(reply: Reply) -> dict[str, Json]:
    """The reply as a JSON object, which `reply_of` reads."""
    written: dict[str, Json] = attrs.asdict(reply)
    return written


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
