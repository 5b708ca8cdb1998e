"""What the service offers beyond one exchange: shared clients, cached prefixes, thinking, limits."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agraph.compiler.ir import Json
from agraph.runtime.errors import ModelError, TransientError
from agraph.runtime.models.anthropic import _CLIENTS, open_anthropic
from agraph.runtime.models.messages import CACHED, request_body
from agraph.runtime.models.prepared import SHORTEST_PREFIX, prepared
from agraph.runtime.models.profiles import SERVICE, UNKNOWN
from agraph.runtime.models.protocol import Limits, Request, ToolCall, ToolDefinition, ToolResult, Turn
from agraph.runtime.models.rate_limits import read_limits
from agraph.testing import MessagesServer, half_sent, message, overloaded, rate_limited, status, text
from tests.graphs import model

LONG = "Be brief. " * 300

NOW = datetime(2026, 11, 1, 12, 0, 0, tzinfo=UTC)

QUESTION = Request(
    system=None, turns=(Turn("user", "2 + 2?"),), tools=(), schema=None, node="solver", row="1"
)

ADD = ToolDefinition("add", "Adds.", {"type": "object"})


def test_adapters_with_one_server_and_key_share_a_client_until_the_last_is_closed() -> None:
    async def ask() -> None:
        async with MessagesServer(text("4")) as server:
            one, two = (open_anthropic(model(n, "anthropic", n, base_url=server.base_url)) for n in "ab")
            patient = open_anthropic(model("c", "anthropic", "c", base_url=server.base_url, timeout_s=9))
            for adapter in (one, two, patient):
                await adapter.ask(QUESTION)
            clients = _CLIENTS[asyncio.get_running_loop()]
            assert [shared.holders for shared in clients.values()] == [2, 1]
            await one.close()
            await one.close()
            assert (await two.ask(QUESTION)).text == "4"
            await two.close()
            await patient.close()
            assert clients == {}

    asyncio.run(ask())
    asyncio.run(ask())


# Cached prefixes.


def sent(request: Request) -> dict[str, Json]:
    return request_body(prepared(request, SERVICE))


def test_a_long_system_text_that_is_the_same_for_all_rows_is_kept() -> None:
    body = sent(attrs.evolve(QUESTION, system=LONG, tools=(ADD,)))
    assert body["system"] == [{"type": "text", "text": LONG, "cache_control": CACHED}]
    assert "cache_control" not in str(body["tools"])


@pytest.mark.parametrize(
    "request_",
    [
        attrs.evolve(QUESTION, system="Be brief."),
        attrs.evolve(QUESTION, system=LONG, fixed_system=False),
        attrs.evolve(QUESTION, turns=(Turn("user", LONG),)),
    ],
)
def test_what_is_short_or_differs_from_row_to_row_is_not_kept(request_: Request) -> None:
    assert prepared(request_, SERVICE) == request_
    assert "cache_control" not in str(sent(request_))


def test_long_tools_are_kept_where_the_system_text_differs() -> None:
    tool = ToolDefinition("add", LONG, {"type": "object"})
    body = sent(attrs.evolve(QUESTION, system="For you.", fixed_system=False, tools=(ADD, tool)))
    assert body["system"] == "For you."
    assert isinstance(body["tools"], list)
    assert ["cache_control" in str(each) for each in body["tools"]] == [False, True]


def test_demonstrations_are_kept_up_to_the_last() -> None:
    turns = (Turn("user", LONG), Turn("assistant", "4"), *QUESTION.turns)
    body = sent(attrs.evolve(QUESTION, turns=turns, examples=2))
    assert isinstance(body["messages"], list)
    assert ["cache_control" in str(each) for each in body["messages"]] == [False, True, False]


def test_a_conversation_with_tools_is_kept_as_far_as_it_has_come() -> None:
    turns = (
        *QUESTION.turns,
        Turn("assistant", "", calls=(ToolCall("1", "add", {}),)),
        Turn("user", "", results=(ToolResult("1", "4"),)),
    )
    body = sent(attrs.evolve(QUESTION, turns=turns, tools=(ADD,)))
    assert isinstance(body["messages"], list)
    assert ["cache_control" in str(each) for each in body["messages"]] == [False, False, True]


@given(
    st.none() | st.text(max_size=2 * SHORTEST_PREFIX),
    st.booleans(),
    st.lists(st.integers(0, 2 * SHORTEST_PREFIX), max_size=3),
    st.integers(0, 3),
)
def test_never_more_places_are_marked_than_the_service_takes(
    system: str | None, fixed: bool, lengths: list[int], loops: int
) -> None:
    tools = tuple(ToolDefinition(f"t{i}", "x" * length, {}) for i, length in enumerate(lengths))
    examples = (Turn("user", LONG), Turn("assistant", "4"))
    loop = (
        Turn("assistant", "", calls=(ToolCall("1", "t0", {}),)),
        Turn("user", "", results=(ToolResult("1", "4"),)),
    )
    request = attrs.evolve(
        QUESTION,
        system=system,
        fixed_system=fixed,
        tools=tools,
        turns=(*examples, *QUESTION.turns, *loop * loops),
        examples=2,
    )
    assert str(sent(request)).count("cache_control") <= 4
    assert prepared(request, UNKNOWN) == request


@pytest.mark.parametrize(
    ("options", "kept"), [({}, False), ({"prompt_caching": True}, True), ({"server": "anthropic"}, True)]
)
def test_only_the_service_keeps_prefixes_unless_the_model_says_so(
    options: dict[str, Any], kept: bool
) -> None:
    adapter = open_anthropic(model("m", "anthropic", "x", base_url="http://localhost:1", **options))
    assert adapter.profile.prompt_caching is kept


@pytest.mark.parametrize(("options", "kept"), [({}, True), ({"prompt_caching": False}, False)])
def test_the_service_keeps_prefixes_unless_the_model_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], kept: bool
) -> None:
    monkeypatch.delenv("ANTHROPIC_BASE_URL", raising=False)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
    assert open_anthropic(model("m", "anthropic", "x", **options)).profile.prompt_caching is kept


def test_whether_to_keep_prefixes_is_true_or_false() -> None:
    with pytest.raises(ModelError, match="`prompt_caching` must be true or false, not `yes`"):
        open_anthropic(model("m", "anthropic", "x", base_url="http://localhost:1", prompt_caching="yes"))


# Thinking.


def test_what_the_model_thought_goes_back_unchanged_while_the_conversation_lasts() -> None:
    blocks: tuple[dict[str, Json], ...] = (
        {"type": "thinking", "thinking": "Hm.", "signature": "abc"},
        {"type": "redacted_thinking", "data": "xyz"},
        {"type": "text", "text": "I add."},
        {"type": "tool_use", "id": "1", "name": "add", "input": {"a": 2}},
    )

    async def ask() -> None:
        async with MessagesServer([message(*blocks, stop_reason="tool_use"), text("4")]) as server:
            adapter = open_anthropic(model("m", "anthropic", "x", base_url=server.base_url))
            first = attrs.evolve(QUESTION, tools=(ADD,))
            reply = await adapter.ask(first)
            assert (reply.text, reply.calls) == ("I add.", (ToolCall("1", "add", {"a": 2}),))
            said = Turn("assistant", reply.text, calls=reply.calls, blocks=reply.blocks)
            results = Turn("user", "", results=(ToolResult("1", "4"),))
            assert (await adapter.ask(attrs.evolve(first, turns=(*first.turns, said, results)))).blocks == ()
            await adapter.close()
            messages = server.requests[1].body["messages"]
            assert isinstance(messages, list)
            assert messages[1] == {"role": "assistant", "content": list(blocks)}

    asyncio.run(ask())


def test_a_refusal_says_what_the_service_says_of_it() -> None:
    from agraph.runtime.models.messages import read_reply

    body = b'{"content": [], "stop_reason": "refusal", "stop_details": {"explanation": "not that"}}'
    assert read_reply(body).text == "not that"


# Limits.


def test_the_headers_of_an_answer_tell_what_is_left() -> None:
    headers = {
        "anthropic-ratelimit-requests-remaining": "3",
        "anthropic-ratelimit-requests-reset": "2026-11-01T12:00:05Z",
        "anthropic-ratelimit-tokens-remaining": "900",
        "anthropic-ratelimit-tokens-reset": "2026-11-01T12:00:09+00:00",
        "anthropic-ratelimit-input-tokens-remaining": "400",
    }
    assert read_limits(headers, NOW) == Limits(3, 400, 9.0)
    assert read_limits({}, NOW) is None


@given(
    st.dictionaries(st.sampled_from(["requests-remaining", "requests-reset", "tokens-remaining"]), st.text())
)
def test_headers_of_any_text_do_no_harm(headers: dict[str, str]) -> None:
    limits = read_limits({f"anthropic-ratelimit-{name}": value for name, value in headers.items()}, NOW)
    assert limits is None or limits.resets_in_s >= 0


def test_an_adapter_tells_what_its_server_last_said_also_with_a_refusal() -> None:
    headers = {"anthropic-ratelimit-requests-remaining": "7"}
    refused = status(429, "slow down", headers={**headers, "anthropic-ratelimit-requests-remaining": "0"})
    answer = message({"type": "text", "text": "4"}, headers=headers)

    async def ask() -> None:
        async with MessagesServer([answer, refused, text("4")]) as server:
            adapter = open_anthropic(model("m", "anthropic", "x", base_url=server.base_url))
            await adapter.ask(QUESTION)
            assert adapter.limits == Limits(7, None, 0.0)
            with pytest.raises(TransientError):
                await adapter.ask(QUESTION)
            assert adapter.limits == Limits(0, None, 0.0)
            await adapter.ask(QUESTION)
            assert adapter.limits is None
            await adapter.close()

    asyncio.run(ask())


@pytest.mark.parametrize(
    ("behaviour", "overload"),
    [
        (rate_limited(), True),
        (overloaded(), True),
        (status(500, "oops"), False),
        (half_sent(text("4" * 100)), False),
    ],
)
def test_a_passing_failure_says_whether_the_server_has_too_much_to_do(
    behaviour: object, overload: bool
) -> None:
    async def ask() -> TransientError:
        async with MessagesServer([behaviour]) as server:  # type: ignore[list-item]
            adapter = open_anthropic(model("m", "anthropic", "x", base_url=server.base_url))
            with pytest.raises(TransientError) as caught:
                await adapter.ask(QUESTION)
            await adapter.close()
            return caught.value

    assert asyncio.run(ask()).overloaded is overload
