"""The loopback server, as another client than agraph's sees it: the SDK's own, in both of its forms."""

import asyncio

import pytest
from anthropic import (
    Anthropic,
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AsyncAnthropic,
    BadRequestError,
    NotFoundError,
    OverloadedError,
    RateLimitError,
)
from anthropic.types import Message

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


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def client_of(server: MessagesServer) -> Anthropic:
    return Anthropic(api_key="test-key", base_url=server.base_url, max_retries=0, timeout=10)


def ask(client: Anthropic, words: str = "Hello") -> Message:
    return client.messages.create(model="any", max_tokens=10, messages=[{"role": "user", "content": words}])


async def ask_without_blocking(client: AsyncAnthropic, words: str) -> str:
    reply = await client.messages.create(
        model="any", max_tokens=10, messages=[{"role": "user", "content": words}]
    )
    return said(reply)


def said(reply: Message) -> str:
    return "".join(block.text for block in reply.content if block.type == "text")


def test_a_list_is_followed_in_order_and_its_end_is_said() -> None:
    with MessagesServer([text("one"), text("two")]) as server, client_of(server) as client:
        assert [said(ask(client)), said(ask(client))] == ["one", "two"]
        with pytest.raises(BadRequestError, match="at its end"):
            ask(client)
        assert len(server.requests) == 3


def test_one_behaviour_holds_for_ever() -> None:
    with MessagesServer(text("yes")) as server, client_of(server) as client:
        assert [said(ask(client)) for _ in range(3)] == ["yes"] * 3


def test_a_function_answers_what_it_is_asked() -> None:
    def echo(request: ReceivedRequest) -> Behaviour:
        return text(request.prompt.upper())

    with MessagesServer(echo) as server, client_of(server) as client:
        assert said(ask(client, "hello")) == "HELLO"


def test_a_failing_function_is_told_to_the_client() -> None:
    def fail(request: ReceivedRequest) -> Behaviour:
        raise KeyError(request.prompt)

    with (
        MessagesServer(fail) as server,
        client_of(server) as client,
        pytest.raises(BadRequestError, match="the script failed: KeyError: 'hello'"),
    ):
        ask(client, "hello")


def test_requests_are_recorded_with_their_headers_which_are_not_shown() -> None:
    with MessagesServer(text("yes")) as server, client_of(server) as client:
        ask(client, "hello")
    (received,) = server.requests
    assert received.path == "/v1/messages"
    assert received.body["model"] == "any"
    assert received.headers["authorization"] == "Bearer test-key"
    assert "test-key" not in repr(received)


def test_the_prompt_of_a_request_is_the_text_of_its_last_turn() -> None:
    content = [{"type": "text", "text": "a"}, {"type": "tool_result", "content": "b"}, {"text": "c"}]
    messages = [{"role": "user", "content": "first"}, {"role": "user", "content": content}]
    assert ReceivedRequest("/", {}, {"messages": messages}).prompt == "ac"  # type: ignore[dict-item]
    assert ReceivedRequest("/", {}, {"messages": []}).prompt == ""


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (rate_limited(3), RateLimitError),
        (overloaded(), OverloadedError),
        (status(404, "no such model"), NotFoundError),
        (dropped(), APIConnectionError),
    ],
)
def test_failures_are_what_the_sdk_takes_them_for(behaviour: Behaviour, error: type[Exception]) -> None:
    with MessagesServer(behaviour) as server, client_of(server) as client, pytest.raises(error):
        ask(client)


@pytest.mark.parametrize("seconds", [0.5, 30])
def test_the_wait_of_a_rate_limit_is_a_header(seconds: float) -> None:
    with MessagesServer(rate_limited(seconds)) as server, client_of(server) as client:
        with pytest.raises(RateLimitError) as caught:
            ask(client)
        assert caught.value.response.headers["retry-after"] == f"{seconds}"


def test_an_error_carries_type_and_code() -> None:
    refusal = status(429, "enough", error_code="enforced_spend_limit_reached")
    with MessagesServer(refusal) as server, client_of(server) as client:
        with pytest.raises(APIStatusError) as caught:
            ask(client)
        assert (caught.value.type, caught.value.error_code, caught.value.api_message) == (
            "rate_limit_error",
            "enforced_spend_limit_reached",
            "enough",
        )


def test_a_status_that_is_no_error_is_refused() -> None:
    with pytest.raises(ValueError, match="200"):
        status(200, "fine")


def test_garbage_is_sent_as_it_is() -> None:
    with MessagesServer(garbage("{nonsense")) as server, client_of(server) as client:
        raw = client.messages.with_raw_response.create(
            model="any", max_tokens=10, messages=[{"role": "user", "content": "Hello"}]
        )
        assert raw.http_response.text == "{nonsense"


def test_a_slow_answer_comes_later() -> None:
    with MessagesServer(slow(0.01, text("at last"))) as server, client_of(server) as client:
        assert said(ask(client)) == "at last"


def test_leaving_the_server_ends_answers_that_are_not_given_yet() -> None:
    async def leave_while_a_client_waits() -> None:
        arrived = asyncio.Event()

        def never(_: ReceivedRequest) -> Behaviour:
            arrived.set()
            return slow(3600, text("never"))

        async with MessagesServer(never) as server:
            client = AsyncAnthropic(api_key="test-key", base_url=server.base_url, max_retries=0)
            waiting = asyncio.create_task(ask_without_blocking(client, "Hello"))
            await arrived.wait()
        async with client:
            with pytest.raises(APIConnectionError):
                await waiting

    asyncio.run(leave_while_a_client_waits())


def test_a_client_that_gives_up_does_not_keep_the_server() -> None:
    with MessagesServer(slow(3600, text("never"))) as server:
        client = client_of(server).with_options(timeout=0.1)
        with client, pytest.raises(APITimeoutError):
            ask(client)


def test_a_streamed_answer_is_the_same_as_one_that_is_not() -> None:
    answer = message(
        {"type": "text", "text": "I look."},
        {"type": "tool_use", "id": "toolu_9", "name": "find", "input": {"q": "ä"}},
        stop_reason="tool_use",
    )
    with MessagesServer(answer) as server, client_of(server) as client:
        whole = ask(client)
        with client.messages.stream(
            model="any", max_tokens=10, messages=[{"role": "user", "content": "Hello"}]
        ) as stream:
            streamed = stream.get_final_message()
    fields = ("content", "stop_reason", "model", "role")
    assert [streamed.to_dict()[field] for field in fields] == [whole.to_dict()[field] for field in fields]
    assert (streamed.usage.input_tokens, streamed.usage.output_tokens) == (10, 5)


def test_a_tool_is_called() -> None:
    with MessagesServer(tool_use("add", {"a": 1})) as server, client_of(server) as client:
        reply = ask(client)
    (block,) = reply.content
    assert block.type == "tool_use"
    assert (block.name, block.input, reply.stop_reason) == ("add", {"a": 1}, "tool_use")


def test_an_incomplete_request_is_refused_and_not_recorded() -> None:
    with MessagesServer(text("yes")) as server, client_of(server) as client:
        with pytest.raises(BadRequestError, match="max_tokens"):
            client.post("/v1/messages", cast_to=object, body={"model": "any"})
        assert server.requests == []


def test_an_unknown_path_is_not_found() -> None:
    with MessagesServer(text("yes")) as server:
        client = client_of(server).with_options(base_url=f"{server.base_url}/v1")
        with client, pytest.raises(NotFoundError, match="/v1/v1/messages"):
            ask(client)


def test_tokens_are_counted_and_models_listed_outside_the_script() -> None:
    with MessagesServer([]) as server, client_of(server) as client:
        counted = client.messages.count_tokens(model="any", messages=[{"role": "user", "content": "a b"}])
        assert counted.input_tokens > 0
        assert [model.id for model in client.models.list()] == ["test-model"]
        assert server.requests == []


def test_many_clients_are_served_at_once_in_the_running_loop() -> None:
    def number(request: ReceivedRequest) -> Behaviour:
        return slow(0.01, text(request.prompt))

    async def many() -> list[str]:
        async with (
            MessagesServer(number) as server,
            AsyncAnthropic(api_key="test-key", base_url=server.base_url, max_retries=0) as client,
        ):
            return await asyncio.gather(*(ask_without_blocking(client, str(index)) for index in range(20)))

    assert asyncio.run(many()) == [str(index) for index in range(20)]
