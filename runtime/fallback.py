"""The next model where one fails for good: out of attempts, not to be had, or unwilling to answer."""

from collections.abc import Awaitable, Callable, Sequence

import attrs

from agraph.runtime.errors import CutOffError, RefusedError, TransientError, UnavailableError
from agraph.runtime.events import FellBack, Listener
from agraph.runtime.models.protocol import Reply, Request
from agraph.runtime.open_model import OpenModel

FOR_GOOD = (TransientError, UnavailableError, RefusedError)
"""The failures that another model may not meet. A wrong request is wrong for all."""


async def ask_in_order(
    models: Sequence[OpenModel],
    request: Request,
    ask: Callable[[OpenModel, Request], Awaitable[Reply]],
    listener: Listener | None,
) -> tuple[Sequence[OpenModel], Request, Reply]:
    """The model that gave the first whole reply with those after it, what it was asked, and the reply.

    Args:
        models: Whom to ask, at least one.
        request: What is asked.
        ask: Asks one of them.
        listener: Is told of each change of model.

    Raises:
        ModelError: That of the last model, or one that no other model would mend.
    """
    for position, model in enumerate(models[:-1]):
        try:
            return models[position:], request, _whole(await ask(model, request))
        except FOR_GOOD as failure:
            other = models[position + 1]
            if listener is not None:
                listener(FellBack(model.model.name, other.model.name, request, str(failure)))
            request = _of_no_model(request)
    return models[-1:], request, _whole(await ask(models[-1], request))


def _of_no_model(request: Request) -> Request:
    """The request without what belongs to the model that said it: another would refuse it."""
    return attrs.evolve(request, turns=tuple(attrs.evolve(turn, blocks=()) for turn in request.turns))


def _whole(reply: Reply) -> Reply:
    """The reply, where it is neither refused nor cut off."""
    match reply.stop_reason:
        case "max_tokens":
            raise CutOffError("the reply was cut off at the model's `max_tokens`")
        case "model_context_window_exceeded":
            raise CutOffError("the conversation is longer than the model can read")
        case "refusal":
            raise RefusedError("the model refused to answer" + (f": {reply.text}" if reply.text else ""))
        case _:
            return reply
