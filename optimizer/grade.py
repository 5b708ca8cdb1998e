"""What a metric says of an answer."""

from collections.abc import Mapping
from typing import Protocol

import attrs

from agraph.compiler.ir import Json
from agraph.optimizer.rows import DataRow


@attrs.frozen
class Grade:
    """What a metric says of one answer.

    Attributes:
        value: Higher is better; 0 to 1 unless a Python metric says otherwise. Always finite.
        feedback: What a Python metric says in words, or `None`.
    """

    value: float
    feedback: str | None = None


class Scorer(Protocol):
    """An open metric."""

    def __call__(self, output: Json, row: DataRow, trace: Mapping[str, Json]) -> Grade:
        """The grade of an answer.

        Args:
            output: The graph's answer.
            row: The row that it answers.
            trace: The value of each node that ran, by its name; for Python metrics.

        Raises:
            DataError: The row lacks what the metric reads.
            ToolError: A Python metric failed, or gave no score.
        """
