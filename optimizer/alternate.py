"""Structure, prompts and examples in turn, under one budget: who gained the most for its calls goes next."""

from collections.abc import Sequence

import attrs

from agraph.optimizer.moves import Move
from agraph.optimizer.progress import Report, Step
from agraph.optimizer.version import Version
from agraph.runtime.errors import BudgetError
from agraph.runtime.session import Session

SHARE = 4
"""A turn may take one part in as many of all that may be tried, so that the others have theirs."""

FEWEST = 32
"""A turn for fewer runs is not worth its beginning."""


@attrs.define(eq=False)
class _Player:
    """A move with what it has brought.

    Attributes:
        gain: Of all its turns.
        calls: The different model calls that they asked for.
    """

    move: Move
    turns: int = 0
    gain: float = 0.0
    calls: int = 0

    @property
    def worth(self) -> float:
        """What a call of it has brought."""
        return self.gain / (self.calls + 1)


@attrs.frozen(eq=False)
class Alternation:
    """What came of it.

    Attributes:
        version: The best.
        runs: How many were made, what proposals count as among them.
        stopped: Why it ended before it was done, such as a budget that was spent, or `None`.
    """

    version: Version
    runs: int
    stopped: str | None = None


async def alternate(
    version: Version, moves: Sequence[Move], most: int, report: Report | None = None
) -> Alternation:
    """Let moves better a version until none finds more.

    Each has a turn first, in their order; then the one that brought the most for a call.

    Args:
        version: The author's.
        moves: What is learned.
        most: The most runs to make.
        report: Told of each turn.
    """
    players = [_Player(move) for move in moves]
    session, runs = version.evaluator.session, 0
    while not runs or most - runs >= FEWEST:
        open_ = [player for player in players if not player.move.done]
        if not open_:
            break
        player = max(open_, key=lambda each: (not each.turns, each.worth, -each.calls))
        begun = _calls(session)
        alone = len(open_) == 1
        try:
            each = player.move.runs_each
            allowance = max(1, _allowance(most, most - runs, alone) // each)
            turn = await player.move.advance(version, allowance)
        except BudgetError as error:
            return Alternation(version, runs, str(error))
        runs += turn.tried * each
        player.turns += 1
        player.gain += turn.gain
        player.calls += _calls(session) - begun
        if turn.version is not version:
            version = turn.version
            for other in players:
                if other is not player:
                    other.move.reopen()
        if report is not None:
            turns = sum(each.turns for each in players)
            report(Step(turns, runs, version.mean(tuple(version.scored)), version.realization))
        if turn.stopped is not None:
            return Alternation(version, runs, turn.stopped)
    return Alternation(version, runs)


def _calls(session: Session) -> int:
    """How many different calls were asked for, those that an earlier session made among them.

    So a run that goes on where one ended takes the same turns.
    """
    return session.usage.calls + session.calls_recalled


def _allowance(most: int, left: int, alone: bool) -> int:
    return left if alone else min(left, max(16, most // SHARE))
