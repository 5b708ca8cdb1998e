"""How many calls of one model are under way: fewer after a refusal, more after answers."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from hypothesis import given
from hypothesis import strategies as st

from agraph.runtime.models.protocol import Limits, Usage
from agraph.runtime.pace import LONGEST_PAUSE_S, Pace

USED = Usage(1, 90, 10)


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s

    async def sleep(self, pause_s: float) -> None:
        self.now_s += pause_s
        await asyncio.sleep(0)


def paced(body: Callable[[Pace, Time], Awaitable[None]], ceiling: int = 16) -> None:
    async def run() -> None:
        time = Time()
        await body(Pace(ceiling, clock=time, sleep=time.sleep), time)

    asyncio.run(run())


async def one_refused(pace: Pace, retry_after_s: float | None = None, limits: Limits | None = None) -> None:
    async with pace.taken() as round_:
        pace.refused(round_, retry_after_s, limits)


def test_a_refusal_halves_what_is_under_way_and_answers_bring_it_back() -> None:
    async def body(pace: Pace, time: Time) -> None:
        async with AsyncExitStack() as stack:
            rounds = [await stack.enter_async_context(pace.taken()) for _ in range(16)]
            for round_ in rounds:
                pace.refused(round_, None, None)
        assert pace.allowed == 8, "a burst of refusals is one sign"
        for _ in range(8):
            pace.answered(None, USED)
        assert 8.9 < pace.window < 9.0
        for _ in range(1000):
            pace.answered(None, USED)
        assert pace.allowed == 16

    paced(body)


def test_it_never_falls_below_one_call() -> None:
    async def body(pace: Pace, time: Time) -> None:
        for _ in range(10):
            await one_refused(pace)
        assert pace.allowed == 1

    paced(body)


def test_all_calls_wait_as_long_as_the_server_asks_up_to_a_limit() -> None:
    async def body(pace: Pace, time: Time) -> None:
        await one_refused(pace, retry_after_s=7.0)
        async with pace.taken():
            assert time.now_s == 1007.0
        await one_refused(pace, retry_after_s=3600.0)
        async with pace.taken():
            assert time.now_s == 1007.0 + LONGEST_PAUSE_S

    paced(body)


def test_what_the_server_says_is_left_bounds_calls_until_it_resets() -> None:
    async def body(pace: Pace, time: Time) -> None:
        pace.answered(Limits(requests_left=3, tokens_left=None, resets_in_s=10.0), USED)
        assert pace.allowed == 3
        pace.answered(Limits(requests_left=50, tokens_left=250, resets_in_s=10.0), USED)
        assert pace.allowed == 2, "250 tokens are two calls of 100"
        pace.answered(Limits(requests_left=0, tokens_left=None, resets_in_s=10.0), USED)
        assert pace.allowed == 1
        time.now_s += 10.0
        assert pace.allowed == 16

    paced(body)


@given(st.integers(1, 5), st.lists(st.sampled_from(["answered", "refused", "given up"]), max_size=40))
def test_places_are_never_lost_nor_exceeded(ceiling: int, endings: list[str]) -> None:
    async def body(pace: Pace, _: Time) -> None:
        most = 0

        async def call(ending: str) -> None:
            nonlocal most
            async with pace.taken() as round_:
                most = max(most, pace.under_way)
                await asyncio.sleep(0)
                if ending == "refused":
                    pace.refused(round_, None, None)
                else:
                    pace.answered(None, USED)

        tasks = [asyncio.create_task(call(ending)) for ending in endings]
        await asyncio.sleep(0)
        for task, ending in zip(tasks, endings, strict=True):
            if ending == "given up":
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert most <= ceiling
        assert pace.under_way == 0
        async with pace.taken():
            assert pace.under_way == 1

    paced(body, ceiling)
