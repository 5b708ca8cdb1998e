"""The `anthropic` adapter over real HTTP, with the real SDK, against the loopback server."""

import asyncio
import contextlib
import json
import math
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator, Sequence

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agraph.compiler.ir import Json, Model
from agraph.runtime.errors import MissingKeyError, ModelError, ReplyError, TransientError, UnavailableError
from agraph.runtime.models.anthropic import open_anthropic
from agraph.runtime.models.messages import read_reply, wire_names
from agraph.runtime.models.protocol import Reply, Request, ToolCall, ToolDefinition, ToolResult, Turn, Usage
from agraph.testing import (
    Behaviour,
    MessagesServer,
    ReceivedRequest,
    dropped,
    garbage,
    message,
    overloaded,
    rate_limited,
    slow,
    status,
    text,
    tool_use,
)

KEY = "sk-ant-very-secret"

QUESTION = Request(
    system=None, turns=(Turn("user", "2 + 2?"),), tools=(), schema=None, node="solver", row="1"
)

ADD = ToolDefinition("math.add", "Adds.", {"type": "object", "properties": {"a": {"type": "integer"}}})


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC_BASE_URL", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_CUSTOM_HEADERS"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)


def declared(*arguments: Json, **options: Json) -> Model:
    return Model("fast", "anthropic", arguments or ("claude-test",), tuple(options.items()), "graph.agraph")


def exchange(
    script: Behaviour | Sequence[Behaviour], *requests: Request, path: str = "", **options: Json
) -> tuple[list[Reply], list[ReceivedRequest]]:
    """The replies to questions asked one after another, and what the server received."""

    async def ask() -> tuple[list[Reply], list[ReceivedRequest]]:
        async with MessagesServer(script) as server:
            adapter = open_anthropic(declared(base_url=server.base_url + path, **options))
            try:
                replies = [await adapter.ask(request) for request in requests or (QUESTION,)]
            finally:
                await adapter.close()
            return replies, server.requests

    return asyncio.run(ask())


def failure(behaviour: Behaviour, request: Request = QUESTION, timeout_s: float = 60) -> ModelError:
    """What the adapter raises when the server behaves like this, the key being sent."""
    with pytest.raises(ModelError) as caught:
        exchange(behaviour, request, api_key_env="ANTHROPIC_API_KEY", timeout_s=timeout_s)
    assert KEY[:8] not in "".join(all_that_shows(caught.value))
    assert "model `fast`" in str(caught.value)
    return caught.value


def all_that_shows(error: BaseException) -> Iterator[str]:
    """All that a log or a debugger could show of an exception and of those that it is chained to."""
    yield "".join(traceback.format_exception(error))
    link: BaseException | None = error
    while link is not None:
        yield f"{link!r} {link.args!r} {vars(link)!r}"
        yield repr(dict(getattr(getattr(link, "request", None), "headers", {})))
        link = link.__cause__ or link.__context__


def test_text_blocks_are_joined_and_usage_is_counted() -> None:
    answer = message({"type": "text", "text": "It is "}, {"type": "text", "text": "4"})
    (reply,), (received,) = exchange(answer)
    assert reply == Reply("It is 4", (), "end_turn", Usage(1, 10, 5, None))
    assert received.body == {
        "model": "claude-test",
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": "2 + 2?"}],
    }


def test_the_system_text_is_sent() -> None:
    _, (received,) = exchange(text("4"), attrs.evolve(QUESTION, system="Be brief."))
    assert received.body["system"] == "Be brief."


def test_tokens_written_to_and_read_from_the_cache_are_input_tokens() -> None:
    usage = {
        "input_tokens": 1,
        "cache_creation_input_tokens": 20,
        "cache_read_input_tokens": 300,
        "output_tokens": 4,
    }
    (reply,), _ = exchange(text("4", usage=usage))
    assert reply.usage == Usage(1, 321, 4, None, cache_read_tokens=300, cache_write_tokens=20)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [(None, Usage(1, None, None, None, None, None)), ({"input_tokens": 3}, Usage(1, 3, None, None))],
)
def test_what_a_server_does_not_count_is_unknown(usage: dict[str, int] | None, expected: Usage) -> None:
    (reply,), _ = exchange(text("4", usage=usage))
    assert reply.usage == expected


def test_the_word_for_the_end_is_passed_on() -> None:
    (reply,), _ = exchange(text("It is", stop_reason="max_tokens"))
    assert reply.stop_reason == "max_tokens"


def test_a_tool_is_offered_called_and_answered() -> None:
    first = attrs.evolve(QUESTION, tools=(ADD,))
    call = ToolCall("toolu_7", "math.add", {"a": 2})
    second = attrs.evolve(
        first,
        turns=(
            *first.turns,
            Turn("assistant", "I add.", calls=(call,)),
            Turn("user", "Go on.", results=(ToolResult("toolu_7", "no such number", is_error=True),)),
        ),
    )
    script = [tool_use("math_add", {"a": 2}, call_id="toolu_7"), text("4")]
    (asked, answered), (offered, told) = exchange(script, first, second)
    assert (asked.calls, asked.stop_reason) == ((call,), "tool_use")
    assert answered.text == "4"
    assert offered.body["tools"] == [
        {"name": "math_add", "description": "Adds.", "input_schema": dict(ADD.schema)}
    ]
    assert told.body["messages"] == [
        {"role": "user", "content": "2 + 2?"},
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "I add."},
                {"type": "tool_use", "id": "toolu_7", "name": "math_add", "input": {"a": 2}},
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "toolu_7",
                    "content": "no such number",
                    "is_error": True,
                },
                {"type": "text", "text": "Go on."},
            ],
        },
    ]


def test_an_empty_text_beside_calls_is_left_out() -> None:
    call = ToolCall("toolu_1", "math.add", {})
    turns = (
        *QUESTION.turns,
        Turn("assistant", "", calls=(call,)),
        Turn("user", "", results=(ToolResult("toolu_1", "4"),)),
    )
    _, (received,) = exchange(text("4"), attrs.evolve(QUESTION, turns=turns, tools=(ADD,)))
    assert '"text"' not in json.dumps(received.body["messages"])


@given(st.lists(st.text("a._-é", min_size=1, max_size=4), unique=True))
def test_tools_get_different_names_of_allowed_characters(names: list[str]) -> None:
    spelled = wire_names(ToolDefinition(name, "", {}) for name in names)
    assert list(spelled) == names
    assert len(set(spelled.values())) == len(names)
    assert set("".join(spelled.values())) <= set("a_-0123456789")


def test_a_schema_is_sent_as_the_form_of_the_output_beside_its_other_options() -> None:
    schema: dict[str, Json] = {"type": "object", "properties": {"n": {"type": "integer"}}}
    request = attrs.evolve(QUESTION, schema=schema)
    _, (received,) = exchange(text('{"n": 4}'), request, output_config={"effort": "low"})
    assert received.body["output_config"] == {
        "effort": "low",
        "format": {"type": "json_schema", "schema": schema},
    }


def test_options_that_the_language_does_not_know_reach_the_service_unchanged() -> None:
    _, (received,) = exchange(text("4"), max_tokens=50_000, temperature=0.5, thinking={"type": "adaptive"})
    assert received.body["max_tokens"] == 50_000
    assert received.body["temperature"] == 0.5
    assert received.body["thinking"] == {"type": "adaptive"}
    assert not {"base_url", "api_key_env", "timeout_s"} & set(received.body)


def test_a_rate_limit_is_transient_and_says_when_to_come_back() -> None:
    error = failure(rate_limited(retry_after_s=7))
    assert isinstance(error, TransientError)
    assert error.retry_after_s == 7


@pytest.mark.parametrize("header", [None, "soon", "-1", "nan", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_rate_limit_without_a_usable_number_says_no_time(header: str | None) -> None:
    error = failure(status(429, "slow down", headers={"retry-after": header} if header else {}))
    assert isinstance(error, TransientError)
    assert error.retry_after_s is None


@pytest.mark.parametrize("code", ["enforced_spend_limit_reached", "contract_spend_limit_reached"])
def test_a_spend_limit_is_not_tried_again(code: str) -> None:
    error = failure(status(429, "You have reached your spend limit.", error_code=code))
    assert type(error) is UnavailableError
    assert "spend limit" in str(error)


def test_an_adapter_makes_one_attempt() -> None:
    async def ask() -> int:
        async with MessagesServer(overloaded()) as server:
            adapter = open_anthropic(declared(base_url=server.base_url))
            with pytest.raises(TransientError):
                await adapter.ask(QUESTION)
            await adapter.close()
            return len(server.requests)

    assert asyncio.run(ask()) == 1


@pytest.mark.parametrize(
    "behaviour",
    [
        overloaded(),
        *(status(code, "try later") for code in (408, 409, 500, 502, 503, 504)),
        status(400, "Overloaded", type="overloaded_error"),
        garbage("<html>Bad Gateway</html>", code=502),
        dropped(),
    ],
)
def test_failures_of_the_moment_are_transient(behaviour: Behaviour) -> None:
    assert isinstance(failure(behaviour), TransientError)


def test_a_server_that_is_not_there_is_a_transient_failure_that_names_it() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{bound.getsockname()[1]}"

        async def ask() -> None:
            adapter = open_anthropic(declared(base_url=f"http://{address}"))
            try:
                await adapter.ask(QUESTION)
            finally:
                await adapter.close()

        with pytest.raises(TransientError, match=address):
            asyncio.run(ask())


def test_a_reply_that_takes_too_long_is_transient() -> None:
    error = failure(slow(30, text("4")), timeout_s=0.1)
    assert isinstance(error, TransientError)
    assert "0.1 s" in str(error)


@pytest.mark.parametrize("code", [401, 403])
def test_a_refused_key_is_said_and_not_shown(code: int) -> None:
    error = failure(status(code, f"invalid x-api-key {KEY}"))
    assert type(error) is UnavailableError
    assert "the key was refused" in str(error)


@pytest.mark.parametrize("code", [400, 402, 404, 413, 422])
def test_another_refusal_has_the_words_of_the_service(code: int) -> None:
    error = failure(status(code, "temperature: unknown field"))
    assert type(error) is (UnavailableError if code in (402, 404) else ModelError)
    assert f"{code}: temperature: unknown field" in str(error)


def test_a_refusal_in_another_form_is_shown_as_it_is() -> None:
    assert '{"detail": "no such model"}' in str(failure(garbage('{"detail": "no such model"}', code=404)))


@pytest.mark.parametrize(
    "body",
    [
        '{"type": "message", "content": [{"ty',
        f"<html>Welcome to nginx, {KEY}</html>",
        "[]",
        "[" * 200_000,
        f"{'x' * 290} {KEY}",
        '{"content": "4"}',
        '{"content": [{"type": "tool_use", "id": "1", "name": "add", "input": "{}"}]}',
    ],
)
def test_a_body_that_is_no_message_cannot_be_used(body: str) -> None:
    error = failure(garbage(body))
    assert isinstance(error, ReplyError if "tool_use" in body else TransientError)


def test_parts_that_a_server_leaves_out_or_adds_do_no_harm() -> None:
    (reply,), _ = exchange(garbage('{"content": [{"type": "thinking"}, 7, {"type": "text", "text": "4"}]}'))
    assert (reply.text, reply.calls, reply.stop_reason) == ("4", (), "end_turn")
    assert reply.usage == Usage(1, None, None, None, None, None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.binary()
    | st.fixed_dictionaries(
        {
            "content": st.lists(
                st.fixed_dictionaries(
                    {"type": st.sampled_from(["text", "tool_use"])},
                    optional={"text": JSON, "id": JSON, "name": JSON, "input": JSON},
                )
            )
        },
        optional={"usage": JSON, "stop_reason": JSON},
    ).map(lambda body: json.dumps(body).encode())
)
def test_any_body_is_a_reply_or_an_error_that_says_so(content: bytes) -> None:
    with contextlib.suppress(ReplyError, TransientError):
        assert isinstance(read_reply(content), Reply)


@pytest.mark.parametrize(
    "turn",
    [
        Turn("user", "half a pair: \ud800"),
        Turn("assistant", "", calls=(ToolCall("toolu_1", "add", {"a": math.inf}),)),
    ],
)
def test_what_json_cannot_say_is_refused_before_it_is_sent(turn: Turn) -> None:
    error = failure(text("4"), attrs.evolve(QUESTION, turns=(turn,)))
    assert type(error) is ModelError
    assert "cannot be written as JSON" in str(error)


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/"])
def test_the_address_may_end_in_v1_or_not(path: str) -> None:
    _, (received,) = exchange(text("4"), path=path)
    assert received.path == "/v1/messages"


def test_the_environment_may_name_the_server_which_then_gets_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask() -> ReceivedRequest:
        async with MessagesServer(text("4")) as server:
            monkeypatch.setenv("ANTHROPIC_BASE_URL", f"{server.base_url}/v1")
            adapter = open_anthropic(declared())
            await adapter.ask(QUESTION)
            await adapter.close()
            return server.requests[0]

    assert KEY in asyncio.run(ask()).headers["authorization"]


def test_a_server_named_by_a_file_does_not_get_the_key_of_the_service() -> None:
    _, (received,) = exchange(text("4"))
    assert KEY not in str(received.headers)


def test_a_server_gets_the_key_whose_variable_the_file_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_KEY", " local-secret\n")
    _, (received,) = exchange(text("4"), api_key_env="LOCAL_KEY")
    assert received.headers["authorization"] == "Bearer local-secret"


@pytest.mark.parametrize("key", [None, "", "  "])
def test_without_a_key_it_is_said_at_once_what_to_do(
    monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    if key is None:
        monkeypatch.delenv("ANTHROPIC_API_KEY")
    else:
        monkeypatch.setenv("ANTHROPIC_API_KEY", key)
    with pytest.raises(MissingKeyError) as caught:
        open_anthropic(declared())
    for advice in ("set ANTHROPIC_API_KEY", "`base_url`", "`--model fast=simulated(…)`"):
        assert advice in str(caught.value)


def test_a_missing_variable_that_the_file_names_is_named() -> None:
    with pytest.raises(MissingKeyError, match="set NO_SUCH_KEY"):
        open_anthropic(declared(api_key_env="NO_SUCH_KEY", base_url="http://127.0.0.1:9"))


@pytest.mark.parametrize("key", ["sk-é", "sk-a\nb"])
def test_a_key_that_no_header_can_carry_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", key)
    with pytest.raises(ModelError, match="`ANTHROPIC_API_KEY`") as caught:
        open_anthropic(declared())
    assert "sk-" not in "".join(all_that_shows(caught.value))


def test_an_adapter_does_not_show_its_key() -> None:
    adapter = open_anthropic(declared())
    assert KEY not in repr(adapter)
    asyncio.run(adapter.close())


@pytest.mark.parametrize(
    ("model", "named"),
    [
        (Model("fast", "anthropic", (), (), "graph.agraph"), "the model's id"),
        (declared(7), "the model's id"),
        (declared("a", "b"), "the model's id"),
        (declared(max_tokens=0), "`max_tokens`"),
        (declared(max_tokens=True), "`max_tokens`"),
        (declared(timeout_s=0), "`timeout_s`"),
        (declared(timeout_s="1"), "`timeout_s`"),
        (declared(base_url=""), "`base_url`"),
        (declared(base_url="localhost:8000"), "`base_url`"),
        (declared(base_url="http://[::1"), "`base_url`"),
        (declared(api_key_env=1), "`api_key_env`"),
        (declared(stream=True), "`stream`"),
    ],
)
def test_a_declaration_that_cannot_be_used_is_refused_by_name(model: Model, named: str) -> None:
    with pytest.raises(ModelError, match=named) as caught:
        open_anthropic(model)
    assert "model `fast`" in str(caught.value)


def test_importing_the_adapter_does_not_import_the_sdk() -> None:
    program = "import sys, agraph.runtime.models.anthropic; sys.exit('anthropic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
