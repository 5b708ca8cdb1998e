"""Models for tests: each reply is a value or an error, given in turn, and every request is kept."""

import asyncio
from collections.abc import Callable, Iterable

import pytest

from agraph.compiler.ir import Model
from agraph.runtime.models import providers
from agraph.runtime.models.protocol import Reply, Request, ToolCall, Usage

Answer = Reply | Exception


def said(text: str, *calls: ToolCall, stop_reason: str = "end_turn") -> Reply:
    return Reply(text, calls, stop_reason, Usage(calls=1, input_tokens=10, output_tokens=1, cost_usd=None))


class FakeModel:
    """Answers in turn, or by a function; counts what is under way."""

    def __init__(self, answers: Iterable[Answer] | Callable[[Request], Answer]) -> None:
        self.requests: list[Request] = []
        self.closed = False
        self.under_way = 0
        self.most_under_way = 0
        self.opened_gate = asyncio.Event()
        self.opened_gate.set()
        self._answers = answers if callable(answers) else iter(answers)

    async def ask(self, request: Request) -> Reply:
        self.requests.append(request)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await self.opened_gate.wait()
            await asyncio.sleep(0)
        finally:
            self.under_way -= 1
        answer = self._answers(request) if callable(self._answers) else next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self) -> None:
        self.closed = True


def install(monkeypatch: pytest.MonkeyPatch, adapter: FakeModel) -> FakeModel:
    """Make the adapter what the provider `fake` opens."""

    def open_fake(model: Model) -> FakeModel:
        return adapter

    monkeypatch.setitem(providers.PROVIDERS, "fake", open_fake)
    return adapter
