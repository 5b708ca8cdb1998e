"""Runs and steps that tell what they do."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import attrs

from agraph.compiler.ir import Json
from agraph.runtime.evaluation import Later, Now
from agraph.runtime.events import Listener, NodeEnded, RunBegan, RunEnded
from agraph.runtime.frame import Frame
from agraph.runtime.steps import Step


@attrs.define(eq=False)
class Answer:
    """Where a run leaves its answer."""

    value: Json = None


@contextmanager
def told_run(frame: Frame, tell: Listener) -> Iterator[Answer]:
    """Tell that a run begins, and how it ends."""
    tell(RunBegan(frame.run, frame.row.key, frame.inputs))
    began_s = time.perf_counter()
    answer, failure = Answer(), None
    try:
        yield answer
    except BaseException as error:
        failure = _words(error)
        raise
    finally:
        tell(RunEnded(frame.run, time.perf_counter() - began_s, answer.value, failure))


def traced(step: Step, tell: Listener) -> Step:
    """The step, telling how the node ends each time."""
    name, clock = step.node.name, time.perf_counter

    def when(condition: Now) -> Now:
        def evaluate(frame: Frame) -> Json:
            value = condition(frame)
            if not value:
                tell(NodeEnded(frame.run, name, 0.0, None, None, True))
            return value

        return evaluate

    def now(work: Now) -> Now:
        def evaluate(frame: Frame) -> Json:
            began_s = clock()
            try:
                value = work(frame)
            except Exception as error:
                tell(NodeEnded(frame.run, name, clock() - began_s, None, _words(error)))
                raise
            tell(NodeEnded(frame.run, name, clock() - began_s, value))
            return value

        return evaluate

    def later(work: Later) -> Later:
        async def evaluate(frame: Frame) -> Json:
            began_s = clock()
            try:
                value = await work(frame)
            except BaseException as error:
                tell(NodeEnded(frame.run, name, clock() - began_s, None, _words(error)))
                raise
            tell(NodeEnded(frame.run, name, clock() - began_s, value))
            return value

        return evaluate

    return attrs.evolve(
        step,
        when=None if step.when is None else when(step.when),
        now=None if step.now is None else now(step.now),
        later=None if step.later is None else later(step.later),
    )


def _words(error: BaseException) -> str:
    # An interruption and a cancelled task have no words of their own.
    return str(error) or ("cancelled" if not isinstance(error, Exception) else type(error).__name__)


def outcome_of(error: BaseException | None) -> str:
    """How something ended: `done`, or why it did not get there."""
    if error is None:
        return "done"
    return "interrupted" if not isinstance(error, Exception) else _words(error)
