"""What an expression can see while it is evaluated."""

from collections.abc import Mapping, Sequence

import attrs

from agraph.compiler.ir import Json
from agraph.runtime.models.protocol import Truth, Usage


@attrs.frozen
class Row:
    """One set of inputs.

    Attributes:
        key: What identifies the row: calls are shared only between runs on rows of one key.
        inputs: A value for each input of the graph.
        truth: For simulated models; `None` outside evaluation.
    """

    key: str
    inputs: Mapping[str, Json]
    truth: Truth | None = None


@attrs.define(eq=False)
class Frame:
    """One run, as seen from inside.

    Attributes:
        row: What runs.
        inputs: The row's inputs, checked.
        values: The value of each node so far, null where there is none.
        output: The graph's answer, for metrics and expectations.
        columns: The data set's row, for metrics.
        usage: What the run's model calls used so far.
        usage_by_node: The same by the name of the node that called.
        known: The value of each node before the cut, where only what lies behind it is run again.
        run: Its number in the session, for events.
        variant: What tells the run from those of other realizations on the same row.
    """

    row: Row
    inputs: Mapping[str, Json]
    values: Sequence[Json]
    output: Json = None
    columns: Mapping[str, Json] = attrs.field(factory=dict)
    usage: Usage = attrs.field(factory=Usage)
    run: int = 0
    usage_by_node: dict[str, Usage] = attrs.field(factory=dict)
    known: Sequence[Json] = ()
    variant: object = None

    def used(self, node: str, usage: Usage) -> None:
        """Count what a call of a node used."""
        self.usage += usage
        self.usage_by_node[node] = self.usage_by_node.get(node, Usage()) + usage
