"""Model calls, each made once: equal calls of other realizations and runs share the reply.

Equal means the same model, node, row and request. Members of a family have names of their own, and so they
draw for themselves.
"""

import asyncio
import hashlib
import json
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable

import attrs

from agraph.compiler.ir import Json, Model
from agraph.runtime.bounds import call_bound
from agraph.runtime.budget import Budget, charged
from agraph.runtime.errors import AgraphError, TransientError
from agraph.runtime.events import Answered, Asked, Failed, Listener
from agraph.runtime.journal import Journal
from agraph.runtime.models.prepared import prepared
from agraph.runtime.models.protocol import Reply, Request, Turn, Usage
from agraph.runtime.open_model import OpenModel
from agraph.runtime.reply_json import reply_json, reply_of
from agraph.runtime.retry import RetryPolicy, with_retries
from agraph.runtime.slots import Slots, paused
from agraph.runtime.stored_calls import is_stored, stored_call, stored_key


@attrs.define(eq=False)
class Calls:
    """The model calls of a session.

    Attributes:
        sharing: Whether replies are held for equal calls to come; those under way are shared anyway.
        made: How many replies came from models.
        shared: How many questions were answered by an equal call.
        recalled: How many of these by one of an earlier session.
        usage: What the calls made used.
        listener: Is told of each call.
        budget: What pays for calls, or `None` without a limit.
        journal: Keeps the calls between sessions, where there is one.
    """

    slots: Slots
    retry: RetryPolicy
    generator: random.Random
    listener: Listener | None = None
    budget: Budget | None = None
    journal: Journal | None = None
    sharing: bool = True
    made: int = 0
    shared: int = 0
    recalled: int = 0
    usage: Usage = attrs.field(factory=Usage)
    _replies: "dict[str, asyncio.Future[Reply]]" = attrs.field(factory=dict)
    _anew: Counter[str] = attrs.field(factory=Counter)

    async def ask(
        self,
        model: OpenModel,
        request: Request,
        *,
        draw: int,
        share: bool,
        timeout: asyncio.Timeout | None,
        run: int = 0,
        variant: object = None,
    ) -> Reply:
        """The reply to a request.

        Args:
            model: Who is asked.
            request: What is asked.
            draw: Equal requests of another draw are other calls: a node's second attempt is not
                answered by its first.
            share: Whether the reply may come from an equal call, and serve others.
            timeout: The asking node's, which stands still while the call queues.
            run: The number of the asking run, for events.
            variant: What tells the asking run from those of other realizations on the same row.

        Raises:
            ModelError: The call failed. A failure is shared by those who wait for it, and not kept.
        """
        request = prepared(request, model.profile)
        tell = self._telling(model, request, run)
        key = call_key(model.model, request, draw)
        if not share:
            return await self._make_anew(f"{key} {variant!r}", model, request, timeout, tell)
        while (known := self._replies.get(key)) is not None:
            if not known.done():
                with paused(timeout):
                    # Waiting like this, a waiter that is cancelled leaves the call to the others.
                    await asyncio.wait([known])
            if not known.cancelled():
                return self._share(known.result(), tell, stored=False)
        promise: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._replies[key] = promise
        if (reply := self._recall(model, key)) is not None:
            self._settle(key, promise, reply)
            return self._share(reply, tell, stored=True)
        return await self._make_for_all(promise, key, model, request, timeout, tell)

    def _telling(self, model: OpenModel, request: Request, run: int) -> "_Tell":
        """Tell of a question; gives what tells of its answer."""
        listener, name = self.listener, model.model.name
        if listener is None:
            return lambda reply, shared, stored: None
        listener(Asked(name, request, run))
        asked_s = time.perf_counter()
        return lambda reply, shared, stored: listener(
            Answered(name, request, reply, shared, stored, run, time.perf_counter() - asked_s)
        )

    def _share(self, reply: Reply, tell: "_Tell", *, stored: bool) -> Reply:
        self.shared += 1
        self.recalled += stored
        tell(reply, True, stored)
        return reply

    def _recall(self, model: OpenModel, key: str) -> Reply | None:
        """The reply of an earlier session, where the model's are kept."""
        if self.journal is None or (place := stored_key(model.model, key)) is None:
            return None
        return self.journal.reply(place)

    async def _keep(self, model: OpenModel, key: str, request: Request, reply: Reply) -> None:
        if self.journal is not None and (place := stored_key(model.model, key)) is not None:
            await self.journal.keep(stored_call(place, model.model, request, reply))

    async def _make_anew(
        self, key: str, model: OpenModel, request: Request, timeout: asyncio.Timeout | None, tell: "_Tell"
    ) -> Reply:
        """The reply to a call that nobody shares; that of the same command before it was killed, if any."""
        if self.journal is None or not is_stored(model.model) or not self.journal.resumes:
            return await self._make(model, request, timeout, tell)
        self._anew[key] += 1
        place = hashlib.sha256(f"{key} {self._anew[key]}".encode("utf-8", "surrogatepass")).hexdigest()
        if (reply := reply_of(self.journal.checkpoint(place))) is not None:
            return self._share(reply, tell, stored=True)
        reply = await self._make(model, request, timeout, tell)
        # Kept before it is used, as those that are shared.
        await self.journal.set_checkpoint(place, reply_json(reply))
        return reply

    async def _make_for_all(
        self,
        promise: "asyncio.Future[Reply]",
        key: str,
        model: OpenModel,
        request: Request,
        timeout: asyncio.Timeout | None,
        tell: "_Tell",
    ) -> Reply:
        try:
            reply = await self._make(model, request, timeout, tell)
        except BaseException as error:
            del self._replies[key]
            if isinstance(error, AgraphError):
                promise.set_exception(error)
                promise.exception()  # Nobody need be waiting for it.
            else:
                # Whoever waits makes the call for itself.
                promise.cancel()
            raise
        try:
            # Committed before it is used, so that nothing that rests on a reply outlives it.
            await self._keep(model, key, request, reply)
        finally:
            self._settle(key, promise, reply)
        return reply

    def _settle(self, key: str, promise: "asyncio.Future[Reply]", reply: Reply) -> None:
        promise.set_result(reply)
        if not self.sharing:
            del self._replies[key]

    async def _make(
        self, model: OpenModel, request: Request, timeout: asyncio.Timeout | None, tell: "_Tell"
    ) -> Reply:
        def failed(failure: TransientError, again: bool) -> None:
            if self.listener is not None:
                self.listener(Failed(model.model.name, request, str(failure), again))

        def attempt() -> Awaitable[Reply]:
            return model.attempt(request, self.slots, timeout)

        if self.budget is None:
            reply = await with_retries(attempt, self.retry, self.generator, failed=failed)
        else:
            budget, most = self.budget, call_bound(model, request)
            async with budget.within_time():
                reply = await with_retries(
                    lambda: charged(budget, most, attempt, timeout),
                    self.retry, self.generator, failed=failed,
                )  # fmt: skip
        self.made += 1
        self.usage += reply.usage
        tell(reply, False, False)
        return reply


_Tell = Callable[[Reply, bool, bool], None]
"""Told of a reply: whether it is shared, and whether with an earlier session."""


def call_key(model: Model, request: Request, draw: int) -> str:
    """A text that is the same for equal calls: same model, node, row, request and draw."""
    called = [model.provider, model.arguments, sorted(model.options), request.node, request.row, draw]
    text = json.dumps([called, written_request(request)], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def written_request(request: Request) -> list[Json]:
    """What is sent of a request, as a JSON value."""
    tools: list[Json] = [[tool.name, tool.description, tool.schema] for tool in request.tools]
    return [request.system, [_written_turn(turn) for turn in request.turns], tools, request.schema]


def _written_turn(turn: Turn) -> Json:
    calls: list[Json] = [[call.id, call.name, call.arguments] for call in turn.calls]
    results: list[Json] = [[result.id, result.content, result.is_error] for result in turn.results]
    blocks: list[Json] = [list(turn.blocks)] if turn.blocks else []
    files: list[Json] = [[file.at, file.content.media_type, file.content.sha256] for file in turn.files]
    more: list[Json] = [{"files": files}] if files else []
    return [turn.role, turn.text, calls, results, *blocks, *more]
