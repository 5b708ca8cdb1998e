"""How many calls of one model may be under way: fewer where its server has too much to do, then more."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

import attrs

from agraph.runtime.models.protocol import Limits, Usage
from agraph.runtime.slots import paused

LONGEST_PAUSE_S = 60.0
"""The longest that all calls of a model wait because its server asks for it."""

RECENT = 0.1
"""The weight of the last call in the average of the tokens that a call uses."""


@attrs.define(eq=False)
class Pace:
    """The calls of one model that are under way, and how many may be.

    The window begins at the ceiling, is halved where the server refuses for load, once for all calls that
    were under way then, and grows by one call for each window of calls that it answers. What the server says
    is left bounds it too, until the time at which it says there is more.

    Attributes:
        ceiling: The most calls at once, at least 1.
        clock: Seconds, from any zero.
        sleep: Waits so many seconds.

    Source:
        Additive increase, multiplicative decrease: Chiu and Jain 1989.
    """

    ceiling: int
    clock: Callable[[], float] = lambda: asyncio.get_running_loop().time()
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    under_way: int = attrs.field(default=0, init=False)
    window: float = attrs.field(init=False)
    _round: int = attrs.field(default=0, init=False)
    _resumes_at: float = attrs.field(default=0.0, init=False)
    _left: float = attrs.field(default=0.0, init=False)
    _left_until: float = attrs.field(default=0.0, init=False)
    _tokens: float = attrs.field(default=0.0, init=False)
    _waiting: "deque[asyncio.Future[None]]" = attrs.field(factory=deque, init=False)

    @window.default
    def _whole(self) -> float:
        return self.ceiling

    @property
    def allowed(self) -> int:
        """How many calls may be under way now."""
        told = self._left_until and self.clock() < self._left_until
        return max(1, int(min(self.window, self._left) if told else self.window))

    def taken(self, timeout: asyncio.Timeout | None = None) -> "_Place":
        """A place for one call, to be entered with `async with`, which gives the round's number.

        It is waited for with the timeout's clock stopped.
        """
        return _Place(self, timeout)

    def answered(self, limits: Limits | None, usage: Usage) -> None:
        """A call was answered.

        Args:
            limits: What the server said of its limits, or `None`.
            usage: What the call used, so that tokens left can be told in calls.
        """
        self.window = min(self.ceiling, self.window + 1 / self.window)
        used = (usage.input_tokens or 0) + (usage.output_tokens or 0)
        self._tokens = used if not self._tokens else self._tokens + RECENT * (used - self._tokens)
        self._heed(limits)

    def refused(self, round_: int, retry_after_s: float | None, limits: Limits | None) -> None:
        """A call was refused for load.

        Args:
            round_: That in which the call began: many refusals of one burst are one sign.
            retry_after_s: Seconds after which the server wants to be asked again, or `None`.
            limits: As for `answered`.
        """
        if round_ == self._round:
            self._round += 1
            self.window = max(1.0, min(self.window, self.under_way) / 2)
        if retry_after_s is not None:
            pause_s = min(retry_after_s, LONGEST_PAUSE_S)
            self._resumes_at = max(self._resumes_at, self.clock() + pause_s)
        self._heed(limits)

    def _heed(self, limits: Limits | None) -> None:
        if limits is None:
            return
        calls = [] if limits.requests_left is None else [float(limits.requests_left)]
        if limits.tokens_left is not None and self._tokens:
            calls.append(limits.tokens_left / self._tokens)
        if calls:
            self._left = min(calls)
            self._left_until = self.clock() + min(limits.resets_in_s, LONGEST_PAUSE_S)

    def _pause_s(self) -> float:
        return self._resumes_at - self.clock() if self._resumes_at else 0.0

    async def enter(self, timeout: asyncio.Timeout | None) -> int:
        """Take a place; see `taken`."""
        if self._waiting or self._pause_s() > 0 or self.under_way >= self.allowed:
            with paused(timeout):
                await self._turn()
        self.under_way += 1
        return self._round

    def leave(self) -> None:
        """Give the place back."""
        self.under_way -= 1
        self._wake()

    async def _turn(self) -> None:
        """Wait until those who came before have gone and there is a place."""
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        try:
            if len(self._waiting) > 1 or self.under_way >= self.allowed:
                await mine
            while (pause_s := self._pause_s()) > 0:
                await self.sleep(pause_s)
        finally:
            self._waiting.remove(mine)
            # Whoever comes next may begin too, or takes the place of one who gave up.
            asyncio.get_running_loop().call_soon(self._wake)

    def _wake(self) -> None:
        if self._waiting and self.under_way < self.allowed and not self._waiting[0].done():
            self._waiting[0].set_result(None)


@attrs.frozen(eq=False)
class _Place:
    """One place; a class, since a generator would be four objects for each call under way."""

    pace: Pace
    timeout: asyncio.Timeout | None

    async def __aenter__(self) -> int:
        return await self.pace.enter(self.timeout)

    async def __aexit__(self, *_: object) -> None:
        self.pace.leave()
