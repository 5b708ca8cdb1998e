"""Another attempt where a failure may not last: rate limits, overload, dropped connections."""

import asyncio
import random
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
    """

    attempts: int = 4
    first_s: float = 0.5
    longest_s: float = 8.0
    longest_asked_s: float = 60.0

    def pause_s(self, failure: TransientError, failures: int, generator: random.Random) -> float:
        """Seconds to wait after a failure.

        Args:
            failure: The last one.
            failures: How many there were so far, from 1.
            generator: For the jitter, so that many callers do not come back at once.
        """
        if failure.retry_after_s is not None:
            return min(failure.retry_after_s, self.longest_asked_s)
        return min(self.longest_s, self.first_s * 2.0 ** (failures - 1)) * generator.uniform(0.5, 1.0)


async def with_retries(
    attempt: Callable[[], Awaitable[Answer]],
    policy: RetryPolicy,
    generator: random.Random,
    sleep: Sleep = asyncio.sleep,
) -> Answer:
    """What the attempt gives, which is made again after a `TransientError`.

    Raises:
        TransientError: That of the last attempt.
    """
    for failures in range(1, policy.attempts):
        try:
            return await attempt()
        except TransientError as failure:
            pause_s = policy.pause_s(failure, failures, generator)
        await sleep(pause_s)
    return await attempt()
