"""What a session tells while it runs, for progress and for showing prompts."""

from collections.abc import Callable

import attrs

from agraph.runtime.models.protocol import Reply, Request


@attrs.frozen
class Asked:
    """A model is about to be asked exactly this.

    Attributes:
        model: Its name in the graph.
        request: The node that asks, its prompt, tools and schema, as they are sent.
    """

    model: str
    request: Request


@attrs.frozen
class Answered:
    """A model's reply came.

    Attributes:
        model: Its name in the graph.
        request: What was asked.
        reply: What came.
        shared: Whether an equal call had been made before, so that this one cost nothing.
    """

    model: str
    request: Request
    reply: Reply
    shared: bool


Event = Asked | Answered
Listener = Callable[[Event], None]
