"""Another attempt after a passing failure, and no waiting in these tests."""

import asyncio
import random

import pytest

from agraph.runtime.errors import ModelError, TransientError
from agraph.runtime.retry import RetryPolicy, with_retries


def retried(*answers: "str | Exception", policy: RetryPolicy | None = None) -> tuple[str, list[float]]:
    """What comes of attempts that end like this, and the pauses between them."""
    left = iter(answers)
    pauses_s: list[float] = []

    async def attempt() -> str:
        answer = next(left)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def sleep(pause_s: float) -> None:
        pauses_s.append(pause_s)

    return asyncio.run(with_retries(attempt, policy or RetryPolicy(), random.Random(1), sleep)), pauses_s


def test_passing_failures_are_waited_out_longer_each_time() -> None:
    answer, pauses_s = retried(TransientError("a"), TransientError("b"), TransientError("c"), "answer")
    assert answer == "answer"
    assert [0.25 <= pauses_s[0] <= 0.5, 0.5 <= pauses_s[1] <= 1.0, 1.0 <= pauses_s[2] <= 2.0] == [True] * 3


def test_the_last_failure_is_raised() -> None:
    with pytest.raises(TransientError, match="last"):
        retried(TransientError("first"), TransientError("last"), policy=RetryPolicy(attempts=2))


def test_other_failures_are_not_waited_out() -> None:
    with pytest.raises(ModelError, match="refused"):
        retried(ModelError("refused"), "answer")


def test_what_the_service_asks_for_is_obeyed_up_to_a_limit() -> None:
    _, pauses_s = retried(
        TransientError("a", retry_after_s=12.0), TransientError("b", retry_after_s=3600.0), "x"
    )
    assert 12.0 <= pauses_s[0] <= 13.2
    assert 60.0 <= pauses_s[1] <= 66.0


def test_a_pause_of_our_own_has_a_limit() -> None:
    pause_s = RetryPolicy().pause_s(TransientError("a"), 20, random.Random(1))
    assert 4.0 <= pause_s <= 8.0


def test_no_attempt_begins_after_the_deadline() -> None:
    now_s = 0.0
    attempts = 0

    async def attempt() -> str:
        nonlocal attempts
        attempts += 1
        raise TransientError("later", retry_after_s=40.0)

    async def sleep(pause_s: float) -> None:
        nonlocal now_s
        now_s += pause_s

    policy = RetryPolicy(attempts=100, deadline_s=100.0)
    told: list[bool] = []
    with pytest.raises(TransientError, match="later"):
        asyncio.run(
            with_retries(
                attempt,
                policy,
                random.Random(1),
                sleep,
                clock=lambda: now_s,
                failed=lambda _, again: told.append(again),
            )
        )
    assert attempts == 3
    assert told == [True, True, False]
