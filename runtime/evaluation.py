"""A computation in one of two forms: a plain function, or a coroutine function where it waits."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import attrs

from agraph.compiler.ir import Json
from agraph.runtime.frame import Frame

Now = Callable[[Frame], Json]
Later = Callable[[Frame], Coroutine[Any, Any, Json]]


@attrs.frozen(eq=False)
class Immediate:
    """A computation that ends without waiting."""

    evaluate: Now


@attrs.frozen(eq=False)
class Waiting:
    """A computation that waits for something."""

    evaluate: Later


Evaluation = Immediate | Waiting


async def settled(evaluation: Evaluation, frame: Frame) -> Json:
    """The value, waited for where that is needed."""
    if isinstance(evaluation, Waiting):
        return await evaluation.evaluate(frame)
    return evaluation.evaluate(frame)


def combined(parts: Sequence[Evaluation], combine: Callable[[list[Json]], Json]) -> Evaluation:
    """What `combine` makes of the parts' values, which are taken in order."""
    plain = plain_parts(parts)
    if plain is not None:
        return Immediate(lambda frame: combine([evaluate(frame) for evaluate in plain]))

    async def evaluate_parts(frame: Frame) -> Json:
        return combine([await settled(part, frame) for part in parts])

    return Waiting(evaluate_parts)


def plain_parts(parts: Sequence[Evaluation]) -> list[Now] | None:
    """The parts' plain functions, or `None` where one of them waits."""
    plain = [part.evaluate for part in parts if isinstance(part, Immediate)]
    return plain if len(plain) == len(parts) else None
