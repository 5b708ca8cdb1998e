"""What the runtime asks of a model, and what a model answers.

An adapter turns a `Request` into one exchange with its provider. Retries, typed outputs, the tool loop and
the sharing of calls happen above it, in `node.py`, so that they are the same for all providers.
"""

from typing import Literal, Protocol, runtime_checkable

import attrs

from agraph.compiler.ir import Json
from agraph.runtime.attachments import Content
from agraph.runtime.models.profiles import Profile


@attrs.frozen
class ToolDefinition:
    """A tool as it is offered to a model.

    Attributes:
        schema: JSON schema of the arguments, an object.
    """

    name: str
    description: str
    schema: dict[str, Json]


@attrs.frozen
class ToolCall:
    """A model's wish to call a tool."""

    id: str
    name: str
    arguments: dict[str, Json]


@attrs.frozen
class ToolResult:
    """What a tool gave back, or its error."""

    id: str
    content: str
    is_error: bool = False


@attrs.frozen
class Placed:
    """A file in a turn.

    Attributes:
        at: Before which character of the turn's text it stands.
    """

    at: int
    content: Content


@attrs.frozen
class Turn:
    """One turn of a conversation: text, and calls (of the assistant) or results (of the user).

    Attributes:
        files: Those that stand in the text, in order.
        blocks: The turn in the provider's own words, where there is more than text and calls; see `Reply`.
    """

    role: Literal["user", "assistant"]
    text: str
    calls: tuple[ToolCall, ...] = ()
    results: tuple[ToolResult, ...] = ()
    blocks: tuple[dict[str, Json], ...] = ()
    files: tuple[Placed, ...] = ()


@attrs.frozen
class Truth:
    """What an evaluator knows about a row and a simulated model may use; never sent to a service.

    Attributes:
        target: The expected answer.
        choices: Other answers of the data set, for a wrong one.
    """

    target: Json
    choices: tuple[Json, ...]


Part = Literal["tools", "system", "examples", "turns"]
"""A part of a request, in the order in which a provider reads them."""


@attrs.frozen
class Request:
    """One question to a model.

    Attributes:
        turns: The conversation, which ends with a user's turn.
        examples: How many turns at its beginning are demonstrations.
        schema: JSON schema that the reply's text must satisfy, or `None` for free text.
        node: The name of the node that asks.
        row: What identifies the row, so that equal requests on other rows draw for themselves.
        heard: The messages that the node received, for simulated models.
        truth: See `Truth`; `None` outside evaluation.
        fixed_system: Whether the system text is the same for all rows.
        addition: A text that goes beside the prompt, after the system text; see `prepared`.
        cached: The parts whose prefix the provider is asked to keep; see `prepared`.
    """

    system: str | None
    turns: tuple[Turn, ...]
    tools: tuple[ToolDefinition, ...]
    schema: dict[str, Json] | None
    node: str
    row: str
    heard: tuple[Json, ...] = ()
    truth: Truth | None = None
    examples: int = 0
    fixed_system: bool = True
    addition: str | None = None
    cached: tuple[Part, ...] = ()

    @property
    def asked(self) -> tuple[Turn, ...]:
        """The conversation without the demonstrations."""
        return self.turns[self.examples :]

    @property
    def files(self) -> tuple[Content, ...]:
        """All that are sent, in order."""
        return tuple(placed.content for turn in self.turns for placed in turn.files)


@attrs.frozen
class Usage:
    """What calls used: numbers add up, and an unknown part makes the sum unknown.

    Attributes:
        calls: Requests that were answered by a model.
        input_tokens: All that were read, the cached ones among them; `None` where a server did not say.
        output_tokens: `None` where a server did not say.
        cost_usd: `None` where the price is unknown.
        cache_read_tokens: Those of the input that came from the provider's cache.
        cache_write_tokens: Those of the input that were written to it.
    """

    calls: int = 0
    input_tokens: int | None = 0
    output_tokens: int | None = 0
    cost_usd: float | None = 0.0
    cache_read_tokens: int | None = 0
    cache_write_tokens: int | None = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.calls + other.calls,
            _sum(self.input_tokens, other.input_tokens),
            _sum(self.output_tokens, other.output_tokens),
            None if self.cost_usd is None or other.cost_usd is None else self.cost_usd + other.cost_usd,
            _sum(self.cache_read_tokens, other.cache_read_tokens),
            _sum(self.cache_write_tokens, other.cache_write_tokens),
        )


def _sum(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else left + right


@attrs.frozen
class Reply:
    """A model's answer.

    Attributes:
        calls: The tools it wants called before it goes on; empty when it is done.
        stop_reason: The provider's word: `end_turn`, `tool_use`, `max_tokens`, `refusal`, ….
        blocks: All of it in the provider's own words where there is more than text and calls, such as
            thinking, which goes back to the same model unchanged if the conversation goes on; else empty.
    """

    text: str
    calls: tuple[ToolCall, ...]
    stop_reason: str
    usage: Usage
    blocks: tuple[dict[str, Json], ...] = ()


@attrs.frozen
class Limits:
    """What a service still takes before it refuses for a while.

    Attributes:
        requests_left: Until `resets_in_s` is over; `None` where it does not say.
        tokens_left: Likewise.
        resets_in_s: Seconds until there is more, from when this was said.
    """

    requests_left: int | None
    tokens_left: int | None
    resets_in_s: float


class ModelAdapter(Protocol):
    """An open model."""

    async def ask(self, request: Request) -> Reply:
        """The reply to one request.

        Raises:
            MissingKeyError: The service needs a key and there is none.
            TransientError: A failure worth another attempt.
            ReplyError: A reply that cannot be used.
            ModelError: Any other refusal.
        """

    async def close(self) -> None:
        """Give back what the adapter holds."""


@runtime_checkable
class Served(Protocol):
    """What an adapter tells of the server behind it, where there is one.

    Attributes:
        profile: What the server can do.
        limits: What it last said of its limits, or `None`.
    """

    profile: Profile
    limits: Limits | None
