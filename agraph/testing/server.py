"""A server on the loopback that speaks the Messages protocol and does what a test tells it."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from types import TracebackType
from typing import assert_never

from aiohttp import web

from agraph.compiler.ir import Json
from agraph.testing.behaviours import (
    Behaviour,
    Dropped,
    Garbage,
    HalfSent,
    Message,
    ReceivedRequest,
    Refusal,
    Slow,
    message_events,
    message_json,
    refusal_json,
    status,
)

Script = Behaviour | Iterable[Behaviour] | Callable[[ReceivedRequest], Behaviour]


class MessagesServer:
    """A loopback server for tests of graphs, which a model reaches by `base_url`.

    Entered with `with`, it runs in a thread of its own, for code that starts its own event loop; with
    `async with`, in the running loop. It listens on a free port of 127.0.0.1 and can be entered once.

        with MessagesServer([rate_limited(retry_after_s=0), text("4")]) as server:
            model = f'anthropic("any-model", base_url = "{server.base_url}")'

    Besides `/v1/messages`, streamed or not, it answers `/v1/messages/count_tokens` (a rough count) and
    `/v1/models`; these two follow no script and are not recorded.

    Attributes:
        base_url: The address, without `/v1`; set once entered.
        requests: What came to `/v1/messages`, in order of arrival.
    """

    base_url: str
    requests: list[ReceivedRequest]

    def __init__(self, script: Script) -> None:
        """Prepare a server; entering it starts it.

        Args:
            script: One behaviour for every request; or the behaviours in order of arrival, after which every
                request is refused with status 400; or a function from a request to its behaviour.
        """
        self.requests = []
        self._behave = _behaviour_of(script)
        self._closing = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    async def __aenter__(self) -> "MessagesServer":
        app = web.Application(client_max_size=1 << 30)
        app.router.add_post("/v1/messages", self._messages)
        app.router.add_post("/v1/messages/count_tokens", _count_tokens)
        app.router.add_get("/v1/models", _models)
        app.router.add_route("*", "/{path:.*}", _unknown_path)
        # A handler that waits ends with its client, and none keeps a test from ending.
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        # Many clients may come at once; who finds no place in the queue knocks again after a second.
        site = web.TCPSite(self._runner, "127.0.0.1", 0, backlog=1024)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.base_url = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    def __enter__(self) -> "MessagesServer":
        started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(started,), name="MessagesServer", daemon=True)
        self._thread.start()
        started.result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._loop is not None
        assert self._thread is not None
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()

    def _run(self, started: "Future[None]") -> None:
        async def serve() -> None:
            async with self:
                self._loop = asyncio.get_running_loop()
                started.set_result(None)
                await self._closing.wait()

        try:
            asyncio.run(serve())
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        body = await _json_object(request)
        missing = [name for name in ("model", "max_tokens", "messages") if name not in body]
        if missing:
            return _refuse(status(400, f"{missing[0]}: Field required"))
        headers = {name.lower(): value for name, value in request.headers.items()}
        received = ReceivedRequest(request.path, headers, body)
        self.requests.append(received)
        try:
            behaviour = self._behave(received)
        except Exception as error:
            # The test sees the message in its client's error; a status of 500 would be tried again.
            behaviour = status(400, f"the script failed: {type(error).__name__}: {error}")
        return await self._do(behaviour, request, body)

    async def _do(
        self, behaviour: Behaviour, request: web.Request, body: dict[str, Json]
    ) -> web.StreamResponse:
        match behaviour:
            case Message() if body.get("stream") is True:
                return await _stream(behaviour, request, body["model"])
            case Message():
                answer = message_json(behaviour, body["model"])
                return web.json_response(answer, headers=behaviour.headers)
            case HalfSent(answer):
                return await _break_off(json.dumps(message_json(answer, body["model"])), request)
            case Refusal():
                return _refuse(behaviour)
            case Garbage():
                return web.Response(
                    text=behaviour.body, status=behaviour.code, content_type="application/json"
                )
            case Dropped():
                if request.transport is not None:
                    request.transport.abort()
                return web.Response()
            case Slow():
                await asyncio.sleep(behaviour.seconds)
                return await self._do(behaviour.then, request, body)
            case _:
                assert_never(behaviour)


def _behaviour_of(script: Script) -> Callable[[ReceivedRequest], Behaviour]:
    if isinstance(script, Behaviour):
        return lambda _: script
    if callable(script):
        return script
    return _in_order(iter(script))


def _in_order(script: Iterator[Behaviour]) -> Callable[[ReceivedRequest], Behaviour]:
    def behave(_: ReceivedRequest) -> Behaviour:
        return next(script, status(400, "the script of the test server is at its end"))

    return behave


async def _json_object(request: web.Request) -> dict[str, Json]:
    try:
        body = json.loads(await request.read())
    except ValueError:
        body = None
    return body if isinstance(body, dict) else {}


def _refuse(refusal: Refusal) -> web.Response:
    return web.json_response(refusal_json(refusal), status=refusal.code, headers=refusal.headers)


async def _break_off(body: str, request: web.Request) -> web.StreamResponse:
    """Promise a body, send half of it and drop the connection."""
    content = body.encode()
    headers = {"content-type": "application/json", "content-length": str(len(content))}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    await response.write(content[: len(content) // 2])
    if request.transport is not None:
        request.transport.abort()
    return response


async def _stream(answer: Message, request: web.Request, model: Json) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(request)
    for event in message_events(answer, model):
        await response.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
    await response.write_eof()
    return response


async def _count_tokens(request: web.Request) -> web.Response:
    body = await _json_object(request)
    words = json.dumps([body.get("system"), body.get("messages"), body.get("tools")]).split()
    return web.json_response({"input_tokens": len(words)})


async def _models(_: web.Request) -> web.Response:
    model = {
        "type": "model",
        "id": "test-model",
        "display_name": "Test",
        "created_at": "2025-01-01T00:00:00Z",
    }
    listing = {"data": [model], "has_more": False, "first_id": "test-model", "last_id": "test-model"}
    return web.json_response(listing)


async def _unknown_path(request: web.Request) -> web.Response:
    return _refuse(status(404, f"no such path: {request.path}"))
