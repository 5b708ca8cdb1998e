"""How many model calls may be under way at once, and clocks that stand still while a call queues."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import attrs


@contextmanager
def paused(timeout: asyncio.Timeout | None) -> Iterator[None]:
    """Stop the clock of a timeout for as long as this lasts: a node is not to blame for its queue."""
    when = None if timeout is None else timeout.when()
    if timeout is None or when is None:
        yield
        return
    clock = asyncio.get_running_loop().time
    left_s = when - clock()
    timeout.reschedule(None)
    yield
    timeout.reschedule(clock() + left_s)


@attrs.frozen(eq=False)
class Slots:
    """A number of places that calls take for as long as they last."""

    places: asyncio.Semaphore

    def taken(self, timeout: asyncio.Timeout | None) -> "_Slot":
        """A place, to be entered with `async with` and waited for with the timeout's clock stopped."""
        return _Slot(self.places, timeout)


@attrs.frozen(eq=False)
class _Slot:
    """One place; a class, since a generator would be four objects for each call under way."""

    places: asyncio.Semaphore
    timeout: asyncio.Timeout | None

    async def __aenter__(self) -> None:
        if self.places.locked():
            with paused(self.timeout):
                await self.places.acquire()
        else:
            await self.places.acquire()

    async def __aexit__(self, *_: object) -> None:
        self.places.release()
