"""The asyncio driver of a run, kept thin: what to do next is the schedule's business.

A plain function runs in place. Only what waits gets a task, and a task that ends a node goes on with the
first node that this lets start, so that a chain is one task.
"""

import asyncio
from collections.abc import Mapping

from agraph.compiler.ir import Constant, Json, NodeIndex
from agraph.runtime.errors import MissingKeyError, ModelError, RunError, ToolError
from agraph.runtime.frame import Frame
from agraph.runtime.schedule import Schedule
from agraph.runtime.steps import Step

FAILURES = (ToolError, ModelError)
"""What a node's tools and models may raise; anything else is a bug and stays one."""


async def execute(graph: str, schedule: Schedule, steps: Mapping[NodeIndex, Step], frame: Frame) -> None:
    """Run a schedule to its end.

    Args:
        graph: Its name, for errors.
        schedule: A run that has not begun.
        steps: That of each live node.
        frame: What the steps see; its values are the schedule's.

    Raises:
        RunError: A node failed; all others were cancelled.
    """
    start, finished = schedule.start, schedule.finished

    def begin() -> list[NodeIndex]:
        """Run all that needs no waiting, and give what is to be waited for."""
        waiting = []
        while (node := start()) is not None:
            step = steps[node]
            if step.when is not None and not step.when(frame):
                schedule.skipped(node)
            elif step.now is None:
                waiting.append(node)
            else:
                try:
                    value = step.now(frame)
                except FAILURES as error:
                    value = _instead(graph, step, error)
                finished(node, value)
        return waiting

    async def follow(node: NodeIndex) -> None:
        while True:
            step = steps[node]
            assert step.later is not None
            try:
                value = await step.later(frame)
            except FAILURES as error:
                value = _instead(graph, step, error)
            finished(node, value)
            waiting = begin()
            if not waiting:
                return
            node = waiting[0]
            for other in waiting[1:]:
                group.create_task(follow(other))  # noqa: F821 -- it is deleted after the last has ended

    failures = None
    try:
        waiting = begin()
        if not waiting:
            return
        async with asyncio.TaskGroup() as group:
            if len(waiting) == 1:
                # A node alone needs no task of its own, and many graphs are a chain.
                await follow(waiting[0])
            else:
                for node in waiting:
                    group.create_task(follow(node))
    except ExceptionGroup as error:
        failures = error
    finally:
        # It names itself: left alone, it would keep all that a run made until the next collection of garbage.
        del follow
    if failures is not None:
        # Raised out here, the error has its own cause and not the group for its context.
        raise telling(failures)


def _instead(graph: str, step: Step, error: Exception) -> Json:
    """What a failed node's value is."""
    if isinstance(error, MissingKeyError):
        raise error
    match step.node.on_error:
        case "skip":
            return None
        case Constant(value):
            return value
        case "fail":
            raise RunError(graph, step.node.name, str(error)) from error


def telling(failures: ExceptionGroup[Exception]) -> Exception:
    """The one exception to raise for several: a bug before what the user can mend, else the first."""
    flat = [telling(error) if isinstance(error, ExceptionGroup) else error for error in failures.exceptions]
    return next((error for error in flat if not isinstance(error, RunError)), flat[0])
