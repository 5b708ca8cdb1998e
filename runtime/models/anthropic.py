"""The `anthropic` provider: the service, or any server that speaks its Messages protocol.

One attempt for each question: the SDK's own retries are off, because they know neither budget nor deadline.
No exception that leaves here is chained to one of the SDK's, whose request holds the key.
"""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import attrs

from agraph.compiler.ir import Json, Model
from agraph.runtime.errors import ModelError, ReplyError, TransientError, UnavailableError
from agraph.runtime.heap import put_back, set_apart
from agraph.runtime.models.anthropic_settings import SERVICE_HOST, Settings, read_settings
from agraph.runtime.models.content_blocks import files_refusal
from agraph.runtime.models.messages import read_reply, request_body
from agraph.runtime.models.profiles import Profile
from agraph.runtime.models.protocol import Limits, Reply, Request
from agraph.runtime.models.rate_limits import read_limits, retry_after_s
from agraph.runtime.prices import Price, Prices

if TYPE_CHECKING:
    from anthropic import APIStatusError, AsyncAnthropic

SPEND_LIMITS = (
    "contract_spend_limit_reached",
    "enforced_spend_limit_reached",
    "linked_organization_spend_limit_reached",
)
"""Codes of the service for a limit that no waiting lifts; some come with the status of a rate limit."""

PATH = "/v1/messages"

MOST_CONNECTIONS = 1000

SPARE_FILES = 64
"""What a process may open beside its connections."""

KEEP_ALIVE_S = 30.0

LONGEST_EXCERPT = 300


def open_anthropic(model: Model) -> "AnthropicAdapter":
    """An adapter for a model declared with `anthropic(…)`; it connects at its first question.

    Raises:
        MissingKeyError: A key is needed and there is none.
        ModelError: The model id or an option cannot be used.
    """
    return AnthropicAdapter(read_settings(model))


@attrs.frozen
class _Address:
    """What adapters must have in common to share a client."""

    server: str
    key: str = attrs.field(repr=False)
    timeout_s: float


@attrs.define(eq=False)
class _Shared:
    """A client and how many adapters hold it."""

    client: "AsyncAnthropic"
    holders: int = 0


_CLIENTS: "WeakKeyDictionary[asyncio.AbstractEventLoop, dict[_Address, _Shared]]" = WeakKeyDictionary()
"""The clients of each event loop: connections belong to the loop that opened them."""


def _held_client(address: _Address) -> "AsyncAnthropic":
    """The client of an address in the running loop, held once more until `_released`."""
    clients = _CLIENTS.setdefault(asyncio.get_running_loop(), {})
    if address not in clients:
        clients[address] = _Shared(_new_client(address))
        # Only now, when the SDK is imported.
        set_apart()
    clients[address].holders += 1
    return clients[address].client


async def _released(address: _Address) -> None:
    """Give back a client, which is closed after its last holder."""
    clients = _CLIENTS[asyncio.get_running_loop()]
    shared = clients[address]
    shared.holders -= 1
    if not shared.holders:
        del clients[address]
        put_back()
        await shared.client.close()


def _new_client(address: _Address) -> "AsyncAnthropic":
    from anthropic import AsyncAnthropic, DefaultAioHttpClient
    from httpx2 import Limits as ConnectionLimits

    most = _most_connections()
    limits = ConnectionLimits(
        max_connections=most,
        max_keepalive_connections=most,
        keepalive_expiry=KEEP_ALIVE_S,
    )
    return AsyncAnthropic(
        api_key=address.key,
        base_url=address.server,
        timeout=address.timeout_s,
        max_retries=0,
        # What was allowed is this server, and not whichever it points at.
        http_client=DefaultAioHttpClient(timeout=address.timeout_s, limits=limits, follow_redirects=False),
    )


def _most_connections() -> int:
    """How many connections a client may hold: more than the process may open would fail, and fewer wait."""
    try:
        import resource
    except ImportError:
        # Windows has no such limit.
        return MOST_CONNECTIONS
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return max(1, min(MOST_CONNECTIONS, files - SPARE_FILES))


@attrs.define(eq=False)
class AnthropicAdapter:
    """An open model, to be used in one event loop.

    Attributes:
        price: What it costs, or `None` where that is unknown.
        limits: What its server last said of its limits, or `None`.
    """

    settings: Settings
    price: Price | None = None
    limits: Limits | None = None
    _client: "AsyncAnthropic | None" = attrs.field(default=None, repr=False)

    @property
    def profile(self) -> Profile:
        """What the server can do."""
        return self.settings.profile

    def at(self, prices: Prices) -> "AnthropicAdapter":
        """The adapter with the price that a table says."""
        self.price = prices.of(self.settings.id, by_service=self.settings.host == SERVICE_HOST)
        return self

    async def ask(self, request: Request) -> Reply:
        """The reply to one request; see `ModelAdapter`."""
        outcome = await self._exchange(request)
        if isinstance(outcome, ModelError):
            raise outcome
        return outcome

    async def close(self) -> None:
        """Give back the client."""
        if self._client is not None:
            self._client = None
            await _released(self._address)

    @property
    def _address(self) -> _Address:
        return _Address(self.settings.server, self.settings.key, self.settings.timeout_s)

    async def _exchange(self, request: Request) -> Reply | ModelError:
        """The reply or the failure as a value: raised in here, it would carry the SDK's error as context."""
        from anthropic import AnthropicError, APIConnectionError, APIStatusError, APITimeoutError
        from httpx2 import Response

        if self._client is None:
            self._client = _held_client(self._address)
        if request.files:
            refusal = files_refusal(request.files, self.profile, self.settings.host)
            if refusal is not None:
                return UnavailableError(self._told(refusal))
        try:
            # Files are read and spelled in letters, which may take a while.
            content = await asyncio.to_thread(self._body, request) if request.files else self._body(request)
            # The client's timeout is for each wait; a server that sends a byte now and then would outlast it.
            async with asyncio.timeout(self.settings.timeout_s):
                # Not `messages.create`, whose types are for requests and replies that people write and read.
                response = await self._client.post(PATH, cast_to=Response, content=content)
        except (TimeoutError, APITimeoutError):
            reason = f"no answer from `{self.settings.host}` in {self.settings.timeout_s:g} s"
            return TransientError(self._told(reason))
        except APIConnectionError as error:
            cause = self._excerpt(str(error.__cause__ or error)) or "it was dropped"
            return TransientError(self._told(f"no connection to `{self.settings.host}`: {cause}"))
        except APIStatusError as error:
            self._hear(error.response.headers)
            return self._refusal(error)
        except ValueError as error:
            return ModelError(
                self._told(f"the request cannot be written as JSON: {self._excerpt(str(error))}")
            )
        except AnthropicError as error:
            return ModelError(self._told(self._excerpt(str(error))))
        self._hear(response.headers)
        return self._reply(response.content, request)

    def _body(self, request: Request) -> bytes:
        said = _with_options(request_body(request), self.settings.passed)
        body = {"model": self.settings.id, "max_tokens": self.settings.max_tokens, **said}
        return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()

    def _hear(self, headers: Mapping[str, str]) -> None:
        self.limits = read_limits(headers, datetime.now(UTC))

    def _reply(self, content: bytes, request: Request) -> Reply | ModelError:
        try:
            return read_reply(content, request.tools, self.price)
        except (ReplyError, TransientError) as error:
            body = self._excerpt(content.decode(errors="replace"))
            return type(error)(self._told(f"{error}: `{body}`"))

    def _refusal(self, error: "APIStatusError") -> ModelError:
        said = error.api_message if isinstance(error.api_message, str) else error.response.text
        words = self._excerpt(said) or error.response.reason_phrase
        reason = f"`{self.settings.host}` answered {error.status_code}: {words}"
        if _is_transient(error):
            overloaded = error.status_code in (429, 529) or error.type == "overloaded_error"
            return TransientError(self._told(reason), retry_after_s(error.response.headers), overloaded)
        if error.status_code in (401, 403):
            return UnavailableError(self._told(f"the key was refused: {reason}"))
        if error.error_code in SPEND_LIMITS or error.status_code in (402, 404):
            return UnavailableError(self._told(reason))
        return ModelError(self._told(reason))

    def _told(self, message: str) -> str:
        return f"model `{self.settings.name}`: {message}"

    def _excerpt(self, said: str) -> str:
        # Some servers repeat the key that they refuse. It goes before the cut, which could leave half of it.
        line = " ".join(said.replace(self.settings.key, "…").split())
        return line if len(line) <= LONGEST_EXCERPT else f"{line[:LONGEST_EXCERPT]}…"


def _with_options(body: dict[str, Json], options: Mapping[str, Json]) -> dict[str, Json]:
    merged = {**options, **body}
    form, wish = body.get("output_config"), options.get("output_config")
    # The option may hold more than the form of the reply, such as the effort.
    if isinstance(form, dict) and isinstance(wish, dict):
        merged["output_config"] = {**wish, **form}
    return merged


def _is_transient(error: "APIStatusError") -> bool:
    if error.error_code in SPEND_LIMITS:
        return False
    return (
        error.type == "overloaded_error" or error.status_code in (408, 409, 429) or error.status_code >= 500
    )
