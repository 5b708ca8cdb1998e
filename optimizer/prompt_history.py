"""What was tried for one prompt, and what became of it."""

from collections.abc import Sequence

import attrs


@attrs.frozen
class Tried:
    """A prompt that was run.

    Attributes:
        score: What it is believed to score.
        rows: On how many rows it was run.
    """

    text: str
    score: float
    rows: int


@attrs.frozen
class Rejected:
    """A prompt that was dropped, before it was run or after."""

    text: str
    reason: str


@attrs.define(eq=False)
class PromptHistory:
    """The history of one prompt.

    Attributes:
        tried: By its text each prompt that was run.
        rejected: In the order in which they were.
        rounds: How many rounds were about this prompt.
        fruitless: How many of them in a row changed nothing.
    """

    tried: dict[str, Tried] = attrs.field(factory=dict)
    rejected: list[Rejected] = attrs.field(factory=list)
    rounds: int = 0
    fruitless: int = 0

    @property
    def texts(self) -> Sequence[str]:
        """Every text that was seen."""
        return [*self.tried, *(each.text for each in self.rejected)]

    def best(self, count: int) -> list[Tried]:
        """The best that were tried, the best last."""
        return sorted(self.tried.values(), key=lambda each: (each.score, each.rows))[-count:]
