"""What a model declared with `anthropic(…)` says: its id and options, the server and the key."""

import math
import os
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

import attrs

from agraph.compiler.diagnostics import nearest
from agraph.compiler.ir import Json, Model
from agraph.runtime.errors import MissingKeyError, ModelError
from agraph.runtime.models.profiles import PROFILES, SERVICE, UNKNOWN, Profile

SERVICE_URL = "https://api.anthropic.com"

SERVICE_HOST = "api.anthropic.com"

GRAPH_DECIDES = ("messages", "model", "stream", "system", "tools")
"""Parts of a request's body that no option may set, because the graph does."""

DEFAULT_MAX_TOKENS = 4096

DUMMY_KEY = "no-key"
"""What a server gets that needs no key: the SDK does not send a request without one."""


@attrs.frozen
class Settings:
    """What a model's declaration says.

    Attributes:
        name: The name of the declaration.
        id: The provider's name for the model.
        server: Its address as the SDK wants it, without `/v1`.
        host: The server's host, and its port where it is not the usual one.
        profile: What the server can do.
        passed: The options that go into the body of each request as they are.
    """

    name: str
    id: str
    max_tokens: int
    timeout_s: float
    server: str
    host: str
    profile: Profile
    passed: Mapping[str, Json]
    key: str = attrs.field(repr=False)


def read_settings(model: Model) -> Settings:
    """The settings that a model is declared with.

    The key in `ANTHROPIC_API_KEY` goes to the service and to a server named by `ANTHROPIC_BASE_URL`. A server
    that a file names by `base_url` gets a key only where the file also names its variable by `api_key_env`,
    so that running a file does not hand the key of one service to another.

    Raises:
        MissingKeyError: A key is needed and there is none.
        ModelError: The model id or an option cannot be used.
    """
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
    max_tokens = options.pop("max_tokens", DEFAULT_MAX_TOKENS)
    if not isinstance(max_tokens, int) or isinstance(max_tokens, bool) or max_tokens < 1:
        raise ModelError(f"{place}: `max_tokens` must be a whole number of at least 1, not `{max_tokens}`")
    timeout_s = options.pop("timeout_s", 600)
    if not isinstance(timeout_s, int | float) or isinstance(timeout_s, bool) or not 0 < timeout_s < math.inf:
        raise ModelError(f"{place}: `timeout_s` must be a number of seconds above 0, not `{timeout_s}`")
    base_url = _text_option(place, options, "base_url")
    api_key_env = _text_option(place, options, "api_key_env")
    server, host = _server(place, base_url or os.environ.get("ANTHROPIC_BASE_URL") or SERVICE_URL)
    profile = _profile(place, options, host, server_is_written=base_url is not None)
    key = _key(model.name, base_url is not None, api_key_env, host)
    return Settings(model.name, id_, max_tokens, timeout_s, server, host, profile, options, key)


def _text_option(place: str, options: dict[str, Json], name: str) -> str | None:
    value = options.pop(name, None)
    if value is None or (isinstance(value, str) and value):
        return value
    raise ModelError(f"{place}: `{name}` must be a text, not `{value}`")


def _server(place: str, written: str) -> tuple[str, str]:
    """The server's address as the SDK wants it, and its host alone."""
    try:
        url = urlsplit(written)
        host, port = url.hostname, url.port
    except ValueError:
        url, host, port = SplitResult("", "", "", "", ""), None, None
    usual = {"http": 80, "https": 443}
    if url.scheme not in usual or not host or any(character.isspace() for character in written):
        raise ModelError(f"{place}: `base_url` must be an http or https address, not `{written}`")
    address = written.rstrip("/").removesuffix("/v1").rstrip("/")
    return address, host if port in (None, usual[url.scheme]) else f"{host}:{port}"


def _profile(place: str, options: dict[str, Json], host: str, *, server_is_written: bool) -> Profile:
    """What the server can do, by the options `server` and `prompt_caching`, else by where it is.

    A server of the environment stands for the service, whose key it gets; what it charges for caching is not
    known.
    """
    named = _text_option(place, options, "server")
    if named is not None and named not in PROFILES:
        hint = nearest(named, PROFILES) or f"agraph knows {', '.join(f'`{name}`' for name in PROFILES)}"
        raise ModelError(f"{place}: there is no `server` `{named}`; {hint}")
    if named is not None:
        profile = PROFILES[named]
    elif host == SERVICE_HOST:
        profile = SERVICE
    else:
        profile = UNKNOWN if server_is_written else attrs.evolve(SERVICE, prompt_caching=False)
    if not profile.forced_tools and "tool_choice" in options:
        raise ModelError(f"{place}: `{profile.name}` ignores `tool_choice`: leave it out")
    match options.get("thinking"):
        case {"type": "adaptive"} if not profile.adaptive_thinking:
            raise ModelError(f"{place}: `{profile.name}` refuses adaptive `thinking`: leave it out")
    caching = options.pop("prompt_caching", None)
    if caching is None:
        return profile
    if not isinstance(caching, bool):
        raise ModelError(f"{place}: `prompt_caching` must be true or false, not `{caching}`")
    return attrs.evolve(profile, prompt_caching=caching)


def _key(name: str, server_is_written: bool, api_key_env: str | None, host: str) -> str:
    works_without = host != SERVICE_HOST and api_key_env is None
    if works_without and server_is_written:
        return DUMMY_KEY
    variable = api_key_env or "ANTHROPIC_API_KEY"
    key = os.environ.get(variable, "").strip()
    if not key and works_without:
        return DUMMY_KEY
    if not key:
        raise MissingKeyError(
            f"model `{name}`: no key for `{host}`: set {variable}, or point `base_url` at a local "
            f"server (where no key is needed), or, for eval and optimize, pass "
            f"`--model {name}=simulated(…)`"
        )
    if not key.isascii() or not key.isprintable():
        raise ModelError(f"model `{name}`: `{variable}` holds characters that are in no key")
    return key
