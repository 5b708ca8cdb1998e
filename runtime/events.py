"""What a session tells while it runs, for progress, for showing prompts, and for traces.

Each event carries the number of its run: of one realization on one row, counted from 0 in a session.
"""

from collections.abc import Callable, Mapping

import attrs

from agraph.compiler.ir import Json
from agraph.runtime.models.protocol import Reply, Request, ToolCall, ToolResult


@attrs.frozen
class Asked:
    """A model is about to be asked exactly this.

    Attributes:
        model: Its name in the graph.
        request: The node that asks, its prompt, tools and schema, as they are sent.
    """

    model: str
    request: Request
    run: int = attrs.field(default=0, eq=False)


@attrs.frozen
class Answered:
    """A model's reply came.

    Attributes:
        model: Its name in the graph.
        request: What was asked.
        reply: What came.
        shared: Whether an equal call had been made before, so that this one cost nothing.
        stored: Whether that was in an earlier session.
        duration_s: From the question, its waiting for a place included.
    """

    model: str
    request: Request
    reply: Reply
    shared: bool
    stored: bool = False
    run: int = attrs.field(default=0, eq=False)
    duration_s: float = attrs.field(default=0.0, eq=False)


@attrs.frozen
class Failed:
    """An attempt to ask a model failed for a passing reason.

    Attributes:
        model: Its name in the graph.
        request: What was asked.
        reason: What happened.
        again: Whether it is asked once more.
    """

    model: str
    request: Request
    reason: str
    again: bool


@attrs.frozen
class FellBack:
    """A model failed for good, and another is asked in its place.

    Attributes:
        model: The name of the one that failed.
        other: The name of the one that is asked now.
        request: What was asked.
        reason: Why the first gave no answer.
    """

    model: str
    other: str
    request: Request
    reason: str


@attrs.frozen
class ToolAnswered:
    """A tool gave a result, or an error, to the model that called it.

    Attributes:
        node: The node whose model called.
        row: What identifies its row.
        call: What was called.
        result: What goes back to the model.
    """

    node: str
    row: str
    call: ToolCall
    result: ToolResult


@attrs.frozen
class RunBegan:
    """A realization begins on a row.

    Attributes:
        row: The key of the row.
        inputs: What the graph is given.
    """

    run: int
    row: str
    inputs: Mapping[str, Json]


@attrs.frozen
class NodeEnded:
    """A node is done, was skipped by its `when`, or failed.

    Attributes:
        node: Its name.
        value: Its value; null is no message.
        failure: Why it has no value, or `None`; what `on_error` puts in its place is not told.
        skipped: Whether its condition was false.
    """

    run: int
    node: str
    duration_s: float
    value: Json
    failure: str | None = None
    skipped: bool = False


@attrs.frozen
class RunEnded:
    """A realization is done with a row.

    Attributes:
        value: The answer, or null where there is none.
        failure: Why there is none, or `None`.
    """

    run: int
    duration_s: float
    value: Json
    failure: str | None = None


Event = Asked | Answered | Failed | FellBack | ToolAnswered | RunBegan | NodeEnded | RunEnded
Listener = Callable[[Event], None]
