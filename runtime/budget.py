"""A limit that no call in flight can carry a run across: what a call may use is reserved before it is made.

A call reserves the most that it may use, and gives back what it did not. What is not known afterwards, such
as the tokens of a server that does not count, is taken to be what was reserved. Where a reservation does not
fit while others are under way, the call waits: they may give something back.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import attrs

from agraph.runtime.errors import BudgetError, ModelError, ReplyError, TransientError
from agraph.runtime.models.protocol import Reply, Usage
from agraph.runtime.slots import paused

UNITS = ("usd", "calls", "tokens", "time_s")
"""What can be limited."""


@attrs.frozen
class Amount:
    """What calls use at most, or used.

    Attributes:
        usd: `None` where the price is unknown.
    """

    calls: float = 0.0
    tokens: float = 0.0
    usd: float | None = 0.0

    def of(self, unit: str) -> float | None:
        """The part that a unit limits; calls limit no time."""
        return {"calls": self.calls, "tokens": self.tokens, "usd": self.usd}.get(unit, 0.0)


UNBOUNDED = Amount(math.inf, math.inf, math.inf)


def larger(first: Amount | None, second: Amount) -> Amount:
    """The larger of two amounts, unit by unit."""
    if first is None:
        return second
    usd = None if first.usd is None or second.usd is None else max(first.usd, second.usd)
    return Amount(max(first.calls, second.calls), max(first.tokens, second.tokens), usd)


@attrs.define(eq=False)
class Budget:
    """What may be used, and what is left of it.

    Attributes:
        limits: By unit, each above 0; what is not named has no limit.
        clock: Seconds, from any zero.
    """

    limits: Mapping[str, float]
    clock: Callable[[], float] = time.monotonic
    spent: dict[str, float] = attrs.field(init=False, factory=lambda: dict.fromkeys(UNITS[:3], 0.0))
    _reserved: dict[str, float] = attrs.field(init=False, factory=lambda: dict.fromkeys(UNITS[:3], 0.0))
    _held: dict[str, float] = attrs.field(init=False, factory=dict)
    _purpose: str = attrs.field(init=False, default="")
    _under_way: int = attrs.field(init=False, default=0)
    _waiting: "list[asyncio.Future[None]]" = attrs.field(init=False, factory=list)
    _began_s: float | None = attrs.field(init=False, default=None)

    def begin(self) -> None:
        """Start the clock, where it does not run yet."""
        if self._began_s is None:
            self._began_s = self.clock()

    def hold(self, amount: Amount, share: float, purpose: str) -> None:
        """Keep back what a later part of the work needs: an amount, or a share of a limit if that is less.

        Args:
            amount: What will be needed.
            share: The most of each limit that is kept back, 0 to 1. Of the time, this is what is kept back.
            purpose: What it is kept for, for people: `judging`.
        """
        self._held, self._purpose = {}, purpose
        for unit, limit in self.limits.items():
            needed = limit if unit == "time_s" else amount.of(unit)
            most = limit * share
            self._held[unit] = most if needed is None else min(needed, most)

    def fitting(self, amount: Amount) -> float:
        """How many times an amount fits into what is left, time apart; infinite without a limit."""
        return min(
            (self._fitting(unit, amount) for unit in self.limits if unit != "time_s"), default=math.inf
        )

    def _fitting(self, unit: str, amount: Amount) -> float:
        needed = amount.of(unit)
        left = self.limits[unit] - self.spent[unit] - self._reserved[unit] - self._held.get(unit, 0.0)
        if needed == 0:
            return math.inf
        return 0.0 if needed is None else max(0.0, left) / needed

    def require_time(self) -> None:
        """Hold that there is time left.

        Raises:
            BudgetError: There is none.
        """
        if self.left_s <= 0:
            raise self._over("time_s")

    @property
    def left_s(self) -> float:
        """The seconds that are left, the ones kept back not among them."""
        if "time_s" not in self.limits:
            return math.inf
        passed_s = 0.0 if self._began_s is None else self.clock() - self._began_s
        return self.limits["time_s"] - self._held.get("time_s", 0.0) - passed_s

    @asynccontextmanager
    async def within_time(self) -> AsyncIterator[None]:
        """End what is inside where the time is over.

        Raises:
            BudgetError: It is.
        """
        self.require_time()
        timeout = asyncio.timeout(None if self.left_s == math.inf else self.left_s)
        try:
            async with timeout:
                yield
        except TimeoutError:
            if not timeout.expired():
                raise
            raise self._over("time_s") from None

    async def reserve(self, most: Amount) -> None:
        """Set aside what a call may use; to be settled by `settle`.

        Raises:
            BudgetError: It does not fit, and nothing under way can change that.
        """
        while (unit := self._lacking(most)) is not None:
            if not self._under_way:
                raise self._over(unit)
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            finally:
                if turn in self._waiting:
                    self._waiting.remove(turn)
        self._under_way += 1
        self._add(self._reserved, most, 1.0)

    def settle(self, most: Amount, used: Amount) -> None:
        """A call is over.

        Args:
            most: What was reserved for it.
            used: What it used; money `None` where that is unknown, which counts as all that was reserved.
        """
        self._under_way -= 1
        self._add(self._reserved, most, -1.0)
        usd = most.usd if used.usd is None else used.usd
        self._add(self.spent, attrs.evolve(used, usd=usd), 1.0)
        for turn in self._waiting:
            if not turn.done():
                turn.set_result(None)
        self._waiting.clear()

    def _lacking(self, most: Amount) -> str | None:
        """The unit of which there is not enough, or `None` where there is of all."""
        for unit, limit in self.limits.items():
            if unit == "time_s":
                self.require_time()
                continue
            needed = most.of(unit)
            taken = self.spent[unit] + self._reserved[unit] + self._held.get(unit, 0.0)
            # Sums of floats that should meet a limit exactly may miss it by their last bits.
            if needed is None or taken + needed > limit * (1 + 1e-9):
                return unit
        return None

    @staticmethod
    def _add(to: dict[str, float], amount: Amount, sign: float) -> None:
        for unit in to:
            to[unit] += sign * (amount.of(unit) or 0.0)

    def _over(self, unit: str) -> BudgetError:
        limit, held = _shown(unit, self.limits[unit]), self._held.get(unit, 0.0)
        spent = f"${self.spent['usd']:.2f}" if unit == "usd" else f"{self.spent.get(unit, 0.0):,.0f}"
        more = ", and the next call may need more than is left" if unit in ("usd", "tokens") else ""
        if held and unit == "time_s":
            told = (
                f"{self.limits[unit] - held:g} of {limit} are over, and the rest is kept for " + self._purpose
            )
        elif held:
            are = "is" if unit == "usd" or self.limits[unit] == 1 else "are"
            rest = f"of the rest {_shown(unit, held)} {are}" if more else "the rest is"
            told = f"{spent} of {limit} {are} spent, and {rest} kept for {self._purpose}{more}"
        else:
            told = f"the budget of {limit} is spent" + (f" ({spent} used{more})" if more else "")
        return BudgetError(told)


def _shown(unit: str, limit: float) -> str:
    match unit:
        case "usd":
            return f"${limit:g}"
        case "tokens":
            return f"{limit:,.0f} tokens"
        case "time_s":
            return f"{limit:g} s"
        case _:
            return "1 call" if limit == 1 else f"{limit:,g} calls"


async def charged(
    budget: Budget, most: Amount, attempt: Callable[[], Awaitable[Reply]], timeout: asyncio.Timeout | None
) -> Reply:
    """The reply to one attempt, paid from the budget.

    A failure that the server may have charged for, such as a connection dropped while it answered, counts as
    all that was reserved; a refusal, such as a rate limit, costs nothing.

    Args:
        budget: What pays.
        most: The most that the attempt may use.
        attempt: Asks the model.
        timeout: That of the asking node, which stands still while the call waits for others to give back.

    Raises:
        BudgetError: There is not enough left; nothing was asked.
        ModelError: The attempt failed.
    """
    with paused(timeout):
        await budget.reserve(most)
    used = most
    try:
        reply = await attempt()
        used = used_of(reply.usage, most)
    except ModelError as failure:
        charged_for = isinstance(failure, ReplyError) or (
            isinstance(failure, TransientError) and not failure.overloaded
        )
        used = most if charged_for else Amount()
        raise
    finally:
        budget.settle(most, used)
    return reply


def used_of(usage: Usage, most: Amount) -> Amount:
    """What calls used, with what is unknown taken to be the most that they may have used."""
    known = usage.input_tokens is not None and usage.output_tokens is not None
    tokens = (usage.input_tokens or 0) + (usage.output_tokens or 0) if known else most.tokens
    return Amount(usage.calls, tokens, most.usd if usage.cost_usd is None else usage.cost_usd)
