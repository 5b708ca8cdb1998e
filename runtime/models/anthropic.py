"""The `anthropic` provider: the service, or any server that speaks its Messages protocol.

One attempt for each question: the SDK's own retries are off, because they know neither budget nor deadline.
No exception that leaves here is chained to one of the SDK's, whose request holds the key.
"""

import asyncio
import math
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import attrs

from agraph.compiler.ir import Json, Model
from agraph.runtime.errors import MissingKeyError, ModelError, ReplyError, TransientError
from agraph.runtime.models.messages import read_reply, request_body
from agraph.runtime.models.protocol import ModelAdapter, Reply, Request

if TYPE_CHECKING:
    from anthropic import APIStatusError, AsyncAnthropic
    from anthropic.types import MessageParam

SERVICE_URL = "https://api.anthropic.com"

SERVICE_HOST = "api.anthropic.com"

GRAPH_DECIDES = ("messages", "model", "stream", "system", "tools")
"""Parts of a request's body that no option may set, because the graph does."""

SPEND_LIMITS = ("contract_spend_limit_reached", "enforced_spend_limit_reached")
"""Codes of the service for a limit that no waiting lifts, sent with the status of a rate limit."""

MOST_CONNECTIONS = 1000

KEEP_ALIVE_S = 30.0

LONGEST_EXCERPT = 300

DUMMY_KEY = "no-key"
"""What a server gets that needs no key: the SDK does not send a request without one."""


def open_anthropic(model: Model) -> ModelAdapter:
    """An adapter for a model declared with `anthropic(…)`; it connects at its first question.

    The key in `ANTHROPIC_API_KEY` goes to the service and to a server named by `ANTHROPIC_BASE_URL`. A server
    that a file names by `base_url` gets a key only where the file also names its variable by `api_key_env`,
    so that running a file does not hand the key of one service to another.

    Raises:
        MissingKeyError: A key is needed and there is none.
        ModelError: The model id or an option cannot be used.
    """
    settings = _settings(model)
    base_url, host = _server(settings)
    key = _key(settings, host)

    from anthropic import AsyncAnthropic, DefaultAioHttpClient
    from httpx2 import Limits

    limits = Limits(
        max_connections=MOST_CONNECTIONS,
        max_keepalive_connections=MOST_CONNECTIONS,
        keepalive_expiry=KEEP_ALIVE_S,
    )
    client = AsyncAnthropic(
        api_key=key,
        base_url=base_url,
        # An explicit timeout also lifts the SDK's refusal of a large `max_tokens` without streaming.
        timeout=settings.timeout_s,
        max_retries=0,
        http_client=DefaultAioHttpClient(timeout=settings.timeout_s, limits=limits),
    )
    return _AnthropicAdapter(settings, host, key, client)


@attrs.frozen
class _Settings:
    """What a model's declaration says.

    Attributes:
        name: The name of the declaration.
        id: The provider's name for the model.
        passed: The options that go into the body of each request as they are.
    """

    name: str
    id: str
    max_tokens: int
    timeout_s: float
    base_url: str | None
    api_key_env: str | None
    passed: Mapping[str, Json]


@attrs.frozen(eq=False)
class _AnthropicAdapter:
    settings: _Settings
    host: str
    _key: str = attrs.field(repr=False)
    _client: "AsyncAnthropic" = attrs.field(repr=False)

    async def ask(self, request: Request) -> Reply:
        outcome = await self._exchange(request)
        if isinstance(outcome, ModelError):
            raise outcome
        return outcome

    async def close(self) -> None:
        await self._client.close()

    async def _exchange(self, request: Request) -> Reply | ModelError:
        """The reply or the failure as a value: raised in here, it would carry the SDK's error as context."""
        from anthropic import AnthropicError, APIConnectionError, APIStatusError, APITimeoutError

        body = request_body(request)
        try:
            # The client's timeout is for each wait; a server that sends a byte now and then would outlast it.
            async with asyncio.timeout(self.settings.timeout_s):
                response = await self._client.messages.with_raw_response.create(
                    model=self.settings.id,
                    max_tokens=self.settings.max_tokens,
                    messages=cast("list[MessageParam]", body.pop("messages")),
                    extra_body=_with_options(body, self.settings.passed),
                )
        except (TimeoutError, APITimeoutError):
            return TransientError(
                self._told(f"no answer from `{self.host}` in {self.settings.timeout_s:g} s")
            )
        except APIConnectionError as error:
            cause = self._excerpt(str(error.__cause__ or error)) or "it was dropped"
            return TransientError(self._told(f"no connection to `{self.host}`: {cause}"))
        except APIStatusError as error:
            return self._refusal(error)
        except ValueError as error:
            return ModelError(
                self._told(f"the request cannot be written as JSON: {self._excerpt(str(error))}")
            )
        except AnthropicError as error:
            return ModelError(self._told(self._excerpt(str(error))))
        return self._reply(response.http_response.content, request)

    def _reply(self, content: bytes, request: Request) -> Reply | ReplyError:
        try:
            return read_reply(content, request.tools)
        except ReplyError as error:
            body = self._excerpt(content.decode(errors="replace"))
            return ReplyError(self._told(f"{error}: `{body}`"))

    def _refusal(self, error: "APIStatusError") -> ModelError:
        said = error.api_message if isinstance(error.api_message, str) else error.response.text
        words = self._excerpt(said) or error.response.reason_phrase
        reason = f"`{self.host}` answered {error.status_code}: {words}"
        if _is_transient(error):
            return TransientError(self._told(reason), _retry_after_s(error.response.headers))
        if error.status_code in (401, 403):
            return ModelError(self._told(f"the key was refused: {reason}"))
        return ModelError(self._told(reason))

    def _told(self, message: str) -> str:
        return f"model `{self.settings.name}`: {message}"

    def _excerpt(self, said: str) -> str:
        # Some servers repeat the key that they refuse. It goes before the cut, which could leave half of it.
        line = " ".join(said.replace(self._key, "…").split())
        return line if len(line) <= LONGEST_EXCERPT else f"{line[:LONGEST_EXCERPT]}…"


def _settings(model: Model) -> _Settings:
    options = dict(model.options)
    place = f"model `{model.name}`"
    match model.arguments:
        case (str(id_),) if id_:
            pass
        case _:
            raise ModelError(
                f'{place}: `anthropic` takes one argument, the model\'s id: anthropic("claude-…")'
            )
    for name in GRAPH_DECIDES:
        if name in options:
            raise ModelError(f"{place}: `{name}` is no option, it comes from the graph")
    max_tokens = options.pop("max_tokens", 4096)
    if not isinstance(max_tokens, int) or isinstance(max_tokens, bool) or max_tokens < 1:
        raise ModelError(f"{place}: `max_tokens` must be a whole number of at least 1, not `{max_tokens}`")
    timeout_s = options.pop("timeout_s", 600)
    if not isinstance(timeout_s, int | float) or isinstance(timeout_s, bool) or not 0 < timeout_s < math.inf:
        raise ModelError(f"{place}: `timeout_s` must be a number of seconds above 0, not `{timeout_s}`")
    base_url = _text_option(place, options, "base_url")
    api_key_env = _text_option(place, options, "api_key_env")
    return _Settings(model.name, id_, max_tokens, timeout_s, base_url, api_key_env, options)


def _text_option(place: str, options: dict[str, Json], name: str) -> str | None:
    value = options.pop(name, None)
    if value is None or (isinstance(value, str) and value):
        return value
    raise ModelError(f"{place}: `{name}` must be a text, not `{value}`")


def _server(settings: _Settings) -> tuple[str, str]:
    """The server's address as the SDK wants it, and its host alone."""
    from httpx2 import URL, InvalidURL

    written = settings.base_url or os.environ.get("ANTHROPIC_BASE_URL") or SERVICE_URL
    try:
        url = URL(written)
    except InvalidURL:
        url = URL()
    if url.scheme not in ("http", "https") or not url.host:
        raise ModelError(
            f"model `{settings.name}`: `base_url` must be an http or https address, not `{written}`"
        )
    return written.rstrip("/").removesuffix("/v1"), url.host if url.port is None else f"{url.host}:{url.port}"


def _key(settings: _Settings, host: str) -> str:
    works_without = host != SERVICE_HOST and settings.api_key_env is None
    if works_without and settings.base_url is not None:
        return DUMMY_KEY
    variable = settings.api_key_env or "ANTHROPIC_API_KEY"
    key = os.environ.get(variable, "").strip()
    if not key and works_without:
        return DUMMY_KEY
    if not key:
        raise MissingKeyError(
            f"model `{settings.name}`: no key for `{host}`: set {variable}, or point `base_url` at a local "
            f"server (where no key is needed), or, for eval and optimize, pass "
            f"`--model {settings.name}=simulated(…)`"
        )
    if not key.isascii() or not key.isprintable():
        raise ModelError(f"model `{settings.name}`: `{variable}` holds characters that are in no key")
    return key


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


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """The seconds in `retry-after`; a date, its other form, counts as nothing: the service sends none."""
    try:
        seconds = float(headers.get("retry-after", ""))
    except ValueError:
        return None
    return seconds if 0 <= seconds < math.inf else None
