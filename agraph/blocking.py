"""Waiting for a coroutine in plain code, also where an event loop runs already, as in a notebook."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

Value = TypeVar("Value")


def blocking(work: Coroutine[Any, Any, Value]) -> Value:
    """What the coroutine gives, or raises.

    Where a loop runs in this thread it gets a loop and a thread of its own; an interrupt cancels it.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    return _in_a_thread(work)


def _in_a_thread(work: Coroutine[Any, Any, Value]) -> Value:
    values: list[Value] = []
    errors: list[BaseException] = []
    running: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = []

    async def watched() -> None:
        task = asyncio.current_task()
        assert task is not None
        running.append((asyncio.get_running_loop(), task))
        values.append(await work)

    def work_through() -> None:
        try:
            asyncio.run(watched())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=work_through, name="agraph")
    thread.start()
    try:
        thread.join()
    except KeyboardInterrupt:
        for loop, task in running:
            loop.call_soon_threadsafe(task.cancel)
        thread.join()
        raise
    if errors:
        raise errors[0]
    return values[0]
