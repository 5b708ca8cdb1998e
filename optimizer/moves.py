"""The kinds of things that are learned in turn: edges, prompts, examples."""

from typing import Literal, Protocol

import attrs

from agraph.optimizer.version import Version

Kind = Literal["edges", "prompts", "examples"]

TEXT_RUNS = 8
"""As how many runs a proposal for a text counts, those of what it is run beside included."""

KINDS: tuple[Kind, ...] = ("edges", "prompts", "examples")
"""What can be learned; edges stand for gates and choices, too."""


@attrs.frozen(eq=False)
class Turn:
    """What one turn of a move brought.

    Attributes:
        version: The better version, or the one that it began with.
        tried: How many runs were made, or proposals tried.
        gain: How much more the version is taken to score; 0 where it is the same.
        stopped: Why the turn ended before it was done, such as a budget that was spent, or `None`.
    """

    version: Version
    tried: int
    gain: float = 0.0
    stopped: str | None = None


class Move(Protocol):
    """One kind of thing that is learned.

    Attributes:
        kind: Which.
        runs_each: As how many runs what it tries counts.
    """

    kind: Kind
    runs_each: int

    @property
    def done(self) -> bool:
        """Whether another turn would hardly bring anything."""

    async def advance(self, version: Version, allowance: int) -> Turn:
        """Try to better a version.

        Args:
            version: The best so far.
            allowance: The most runs to make, or proposals to try.

        Raises:
            BudgetError: It is spent, and nothing is lost with it.
        """

    def reopen(self) -> None:
        """Take note that something else has changed, so that there may be more to find."""
