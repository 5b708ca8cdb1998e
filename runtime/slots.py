"""How many model calls may be under way at once, and clocks that stand still while a call queues."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

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

    @asynccontextmanager
    async def taken(self, timeout: asyncio.Timeout | None) -> AsyncIterator[None]:
        """A place, waited for with the timeout's clock stopped."""
        with paused(timeout):
            await self.places.acquire()
        try:
            yield
        finally:
            self.places.release()
