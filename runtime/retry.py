"""Another attempt where a failure may not last: rate limits, overload, dropped connections."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import attrs

from agraph.runtime.errors import TransientError

Answer = TypeVar("Answer")
Sleep = Callable[[float], Awaitable[None]]


@attrs.frozen
class RetryPolicy:
    """How often and how patiently.

    Attributes:
        attempts: How many in all.
        first_s: About the pause after the first failure; each further one is twice as long.
        longest_s: The longest pause of our own choice.
        longest_asked_s: The longest pause that a service may ask for.
        deadline_s: Seconds from the first attempt after which none is begun.
    """

    attempts: int = 4
    first_s: float = 0.5
    longest_s: float = 8.0
    longest_asked_s: float = 60.0
    deadline_s: float = 300.0

    def pause_s(self, failure: TransientError, failures: int, generator: random.Random) -> float:
        """Seconds to wait after a failure.

        Args:
            failure: The last one.
            failures: How many there were so far, from 1.
            generator: For the jitter, so that many callers do not come back at once.
        """
        if failure.retry_after_s is not None:
            return min(failure.retry_after_s, self.longest_asked_s) * generator.uniform(1.0, 1.1)
        return min(self.longest_s, self.first_s * 2.0 ** (failures - 1)) * generator.uniform(0.5, 1.0)


async def with_retries(
    attempt: Callable[[], Awaitable[Answer]],
    policy: RetryPolicy,
    generator: random.Random,
    sleep: Sleep = asyncio.sleep,
    clock: Callable[[], float] = time.monotonic,
    failed: Callable[[TransientError, bool], None] = lambda failure, again: None,
) -> Answer:
    """What the attempt gives, which is made again after a `TransientError`.

    Args:
        attempt: What is tried.
        policy: How often and how patiently.
        generator: For the jitter.
        sleep: Waits so many seconds.
        clock: Seconds, from any zero.
        failed: Is told of each failure, and whether another attempt follows.

    Raises:
        TransientError: That of the last attempt.
    """
    begun_s = clock()
    failures = 0
    while True:
        try:
            return await attempt()
        except TransientError as failure:
            failures += 1
            pause_s = policy.pause_s(failure, failures, generator)
            again = failures < policy.attempts and clock() + pause_s - begun_s <= policy.deadline_s
            failed(failure, again)
            if not again:
                raise
        await sleep(pause_s)
