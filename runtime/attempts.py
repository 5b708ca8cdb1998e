"""A node's attempts: again after a failure, each within its time."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import attrs

from agraph.compiler.ir import Json, Node
from agraph.runtime.errors import ReplyError, ToolError, TransientError
from agraph.runtime.evaluation import Evaluation, Immediate, Later, Waiting
from agraph.runtime.frame import Frame

REPEATED = (ReplyError, TransientError, ToolError)
"""The failures that another attempt of the node may not meet."""


@attrs.frozen(eq=False)
class Attempt:
    """One attempt of a node.

    Attributes:
        number: Counted from 0.
        timeout: Its clock, or `None` where it may take any time.
    """

    number: int
    timeout: asyncio.Timeout | None


def with_attempts(node: Node, work: Callable[[Frame, Attempt], Coroutine[Any, Any, Json]]) -> Later:
    """The node's work, repeated as often as the node says and limited to the time it says."""

    async def evaluate(frame: Frame) -> Json:
        for number in range(node.retries):
            try:
                return await attempt(frame, number)
            except REPEATED:
                continue
        return await attempt(frame, node.retries)

    async def attempt(frame: Frame, number: int) -> Json:
        if node.timeout_s is None:
            return await work(frame, Attempt(number, None))
        timeout = asyncio.timeout(node.timeout_s)
        try:
            async with timeout:
                return await work(frame, Attempt(number, timeout))
        except TimeoutError:
            if not timeout.expired():
                raise
            raise TransientError(f"no value within {node.timeout_s:g} s") from None

    return evaluate


def repeated(node: Node, evaluation: Evaluation) -> Evaluation:
    """An expression's evaluation with the node's attempts around it; nothing is added where it has one.

    A time limit is for what waits, as an author's function does in a node that has one: it runs in a thread.
    """
    if isinstance(evaluation, Immediate):
        return Immediate(_again(node.retries, evaluation.evaluate)) if node.retries else evaluation
    if not node.retries and node.timeout_s is None:
        return evaluation
    wait = evaluation.evaluate
    return Waiting(with_attempts(node, lambda frame, _: wait(frame)))


def _again(retries: int, evaluate: Callable[[Frame], Json]) -> Callable[[Frame], Json]:
    def repeat(frame: Frame) -> Json:
        for _ in range(retries):
            try:
                return evaluate(frame)
            except REPEATED:
                continue
        return evaluate(frame)

    return repeat
