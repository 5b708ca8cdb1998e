"""What the loopback server can do with a request, and what it got."""

import json
from collections.abc import Mapping
from types import MappingProxyType

import attrs

from agraph.compiler.ir import Json

USAGE: Mapping[str, Json] = MappingProxyType({"input_tokens": 10, "output_tokens": 5})
"""The usage of a reply that is given no other."""


@attrs.frozen
class ReceivedRequest:
    """A request as it came over the wire.

    Attributes:
        path: Without the query, such as `/v1/messages`.
        headers: By lower-case name, the authorization among them; not shown, so that no log holds a key.
        body: The parsed JSON object.
    """

    path: str
    headers: Mapping[str, str] = attrs.field(repr=False)
    body: Mapping[str, Json]

    @property
    def prompt(self) -> str:
        """The text of the last turn, for answers that depend on it."""
        messages = self.body["messages"]
        last = messages[-1] if isinstance(messages, list) and messages else None
        content = last.get("content") if isinstance(last, dict) else None
        if isinstance(content, str):
            return content
        blocks = content if isinstance(content, list) else []
        texts = [block.get("text") for block in blocks if isinstance(block, dict)]
        return "".join(text for text in texts if isinstance(text, str))


@attrs.frozen
class Message:
    """An answer of the model; see `message`."""

    content: tuple[dict[str, Json], ...]
    stop_reason: str
    usage: Mapping[str, Json] | None
    headers: Mapping[str, str] = MappingProxyType({})


@attrs.frozen
class Refusal:
    """An error of the protocol; see `status`."""

    code: int
    type: str
    message: str
    headers: Mapping[str, str] = MappingProxyType({})
    error_code: str | None = None


@attrs.frozen
class Garbage:
    """A body that is no message; see `garbage`."""

    body: str
    code: int


@attrs.frozen
class Dropped:
    """A connection that ends without an answer; see `dropped`."""


@attrs.frozen
class Slow:
    """Another behaviour after a while; see `slow`."""

    seconds: float
    then: "Behaviour"


@attrs.frozen
class HalfSent:
    """An answer that breaks off; see `half_sent`."""

    answer: Message


Behaviour = Message | Refusal | Garbage | Dropped | Slow | HalfSent
"""What the server does with one request."""


def text(reply: str, *, usage: Mapping[str, Json] | None = USAGE, stop_reason: str = "end_turn") -> Message:
    """An answer in words.

    Args:
        reply: What the model says.
        usage: Token counts by the protocol's names; `None` leaves them out, as some local servers do.
        stop_reason: `max_tokens` for a reply that was cut off, `refusal` for one that was refused.
    """
    return message({"type": "text", "text": reply}, usage=usage, stop_reason=stop_reason)


def tool_use(
    name: str,
    arguments: dict[str, Json],
    *,
    call_id: str = "toolu_1",
    usage: Mapping[str, Json] | None = USAGE,
) -> Message:
    """An answer that calls one tool; `message` makes one with several calls, or with text before them."""
    block: dict[str, Json] = {"type": "tool_use", "id": call_id, "name": name, "input": arguments}
    return message(block, usage=usage, stop_reason="tool_use")


def message(
    *content: dict[str, Json],
    usage: Mapping[str, Json] | None = USAGE,
    stop_reason: str = "end_turn",
    headers: Mapping[str, str] | None = None,
) -> Message:
    """An answer of any content blocks of the protocol.

    Args:
        content: The blocks.
        usage: Token counts by the protocol's names; `None` leaves them out.
        stop_reason: Why the model stopped.
        headers: Additional ones, such as those of a rate limit.
    """
    return Message(content, stop_reason, usage, MappingProxyType(dict(headers or {})))


def rate_limited(retry_after_s: float | None = None) -> Refusal:
    """Status 429, with the header `retry-after` where seconds are given."""
    headers = {} if retry_after_s is None else {"retry-after": f"{retry_after_s:g}"}
    return status(429, "Number of requests has exceeded the limit", headers=headers)


def overloaded() -> Refusal:
    """Status 529, with which the service says that it has too much to do."""
    return status(529, "Overloaded")


def status(
    code: int,
    reason: str,
    *,
    type: str | None = None,  # noqa: A002 - the protocol's own word
    headers: Mapping[str, str] | None = None,
    error_code: str | None = None,
) -> Refusal:
    """An error of the protocol with any status.

    Args:
        code: The HTTP status, 400 to 599.
        reason: The message for people.
        type: The protocol's type of error; the usual one of the status if not given.
        headers: Additional ones.
        error_code: The code in the error's details, such as `enforced_spend_limit_reached`.

    Raises:
        ValueError: The status is not one of an error.
    """
    if not 400 <= code <= 599:
        raise ValueError(f"{code} is no status of an error")
    kind = type or _ERROR_TYPES.get(code, "api_error" if code >= 500 else "invalid_request_error")
    return Refusal(code, kind, reason, MappingProxyType(dict(headers or {})), error_code)


def garbage(body: str = '{"type": "message", "content": [{"ty', code: int = 200) -> Garbage:
    """A body that is sent as JSON and is not what a client expects; by default it breaks off."""
    return Garbage(body, code)


def dropped() -> Dropped:
    """The connection is closed without an answer."""
    return Dropped()


def half_sent(answer: Message) -> HalfSent:
    """The first half of an answer's body, after which the connection is dropped."""
    return HalfSent(answer)


def slow(seconds: float, then: Behaviour) -> Slow:
    """Another behaviour, `seconds` later."""
    return Slow(seconds, then)


def message_json(answer: Message, model: Json) -> dict[str, Json]:
    """The body of an answer that is not streamed."""
    body: dict[str, Json] = {
        "id": "msg_test",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": list(answer.content),
        "stop_reason": answer.stop_reason,
        "stop_sequence": None,
    }
    if answer.usage is not None:
        body["usage"] = dict(answer.usage)
    return body


def refusal_json(refusal: Refusal) -> dict[str, Json]:
    """The body of an error."""
    error: dict[str, Json] = {"type": refusal.type, "message": refusal.message}
    if refusal.error_code is not None:
        error["details"] = {"error_code": refusal.error_code}
    return {"type": "error", "error": error, "request_id": "req_test"}


def message_events(answer: Message, model: Json) -> list[dict[str, Json]]:
    """The events of an answer that is streamed, each block in one delta."""
    usage = dict(answer.usage or {})
    opening = message_json(attrs.evolve(answer, content=(), usage={**usage, "output_tokens": 0}), model)
    events: list[dict[str, Json]] = [{"type": "message_start", "message": opening | {"stop_reason": None}}]
    for index, block in enumerate(answer.content):
        empty, delta = _opened(block)
        events.append({"type": "content_block_start", "index": index, "content_block": empty})
        if delta is not None:
            events.append({"type": "content_block_delta", "index": index, "delta": delta})
        events.append({"type": "content_block_stop", "index": index})
    stop: dict[str, Json] = {"stop_reason": answer.stop_reason, "stop_sequence": None}
    events.append({"type": "message_delta", "delta": stop, "usage": {**usage}})
    events.append({"type": "message_stop"})
    return events


def _opened(block: dict[str, Json]) -> tuple[dict[str, Json], dict[str, Json] | None]:
    """A block as a stream opens it, and the delta that completes it."""
    match block:
        case {"type": "text", "text": str(words)}:
            return {**block, "text": ""}, {"type": "text_delta", "text": words}
        case {"type": "tool_use", "input": arguments}:
            return {**block, "input": {}}, {"type": "input_json_delta", "partial_json": json.dumps(arguments)}
        case _:
            return block, None


_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}
