"""One measured ratio and the limit that it is held to."""

import attrs


@attrs.frozen
class Measurement:
    """A ratio of two times taken in the same run.

    Attributes:
        name: What was measured.
        ratio: Ours against what it is compared with.
        limit: What the ratio is held to.
        note: What it is compared with, for people.
        at_least: Whether the limit is the least that is good enough, not the most.
    """

    name: str
    ratio: float
    limit: float
    note: str
    at_least: bool = False

    @property
    def passes(self) -> bool:
        """Whether the ratio keeps the limit."""
        return self.ratio >= self.limit if self.at_least else self.ratio <= self.limit
