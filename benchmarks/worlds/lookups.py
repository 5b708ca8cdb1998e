"""What recorded voters said, and how often each was asked: such a question stands for a model call."""

import attrs

from benchmarks.worlds.world import Bill


@attrs.define(eq=False)
class Ledger:
    """The records of one world.

    Attributes:
        answers: By the question what each member said.
        asked: Which member was asked what.
        total: How often anyone was asked.
    """

    answers: dict[str, tuple[str, ...]]
    asked: set[tuple[str, int]] = attrs.field(factory=set, init=False)
    total: int = attrs.field(default=0, init=False)

    def bill(self) -> Bill:
        """What was asked so far."""
        return Bill(self.total, len(self.asked))


_OPEN: dict[str, Ledger] = {}


def open_ledger(world: str, answers: dict[str, tuple[str, ...]]) -> Ledger:
    """A new ledger for a world; whatever was open for it is closed."""
    ledger = _OPEN[world] = Ledger(answers)
    return ledger


def said(world: str, question: str, member: int) -> str:
    """What a member said; the tool of the panels' programs."""
    ledger = _OPEN[world]
    ledger.asked.add((question, member))
    ledger.total += 1
    return ledger.answers[question][member]
