"""Which of several realizations is best, found on few rows where few will do.

All comparisons are paired: on the same rows. Of two that score alike the cheaper is better.
"""

from collections.abc import Iterable, Sequence

from agraph.optimizer.scoreboard import Scoreboard
from agraph.runtime.plan import Realization

DOUBT_ROWS = 8
"""A difference seen on as many rows counts by half: chance makes the best of many look better than it is."""

CHALLENGERS = 2
"""How many of a step's realizations may challenge the incumbent."""


def ranking(
    board: Scoreboard, realizations: Iterable[Realization], incumbent: Realization
) -> list[Realization]:
    """The realizations that were scored beside the incumbent, the most promising first.

    Those that promise as much as the incumbent come in the order of their cost.
    """
    scored = []
    for realization in realizations:
        differences = board.differences(realization, incumbent)
        if len(differences):
            gain = float(differences.sum()) / (len(differences) + DOUBT_ROWS)
            scored.append(
                (-round(gain, 9), -board.standing(realization, board.rows(realization))[1], realization)
            )
    return [realization for *_, realization in sorted(scored, key=lambda entry: entry[:2])]


async def promoted(
    board: Scoreboard,
    incumbent: Realization,
    challengers: Iterable[Realization],
    shown: Sequence[int],
    rows: Sequence[int],
) -> Realization:
    """The incumbent, or a challenger that stood higher on the rows shown, and then on ever more rows."""
    leaders = sorted(dict.fromkeys(challengers), key=lambda each: board.standing(each, shown), reverse=True)
    for challenger in leaders[:CHALLENGERS]:
        if board.standing(challenger, shown) > board.standing(incumbent, shown):
            incumbent = await _duel(board, incumbent, challenger, len(shown), rows)
    return incumbent


async def _duel(
    board: Scoreboard, incumbent: Realization, challenger: Realization, start: int, rows: Sequence[int]
) -> Realization:
    """The challenger, if it stands higher on the first rows and still does each time they double."""
    count = start
    while True:
        part = rows[:count]
        await board.fill((incumbent, challenger), part)
        if board.standing(challenger, part) <= board.standing(incumbent, part):
            return incumbent
        if count >= len(rows):
            return challenger
        count *= 2


async def halved(
    board: Scoreboard, entrants: Iterable[Realization], rows: Sequence[int], start: int, keep: int
) -> list[Realization]:
    """The best on all rows, the best first: the better half goes on each time the rows double.

    Source:
        Successive halving: Jamieson and Talwalkar 2016.
    """
    standing = list(dict.fromkeys(entrants))
    count = start
    while True:
        part = rows[:count]
        await board.fill(standing, part)
        standing.sort(key=lambda each: board.standing(each, part), reverse=True)
        if count >= len(rows):
            return standing[:keep]
        standing = standing[: max(keep, (len(standing) + 1) // 2)]
        count *= 2


async def decided(
    board: Scoreboard,
    finalists: Sequence[Realization],
    seed: Realization,
    train: Sequence[int],
    validation: Sequence[int],
) -> Realization:
    """The best of the finalists on all rows, unless validation rows say that the seed is better.

    The finalists were chosen by the train rows and so all look better there than they are, about alike; the
    seed was not chosen, and so only the validation rows can compare it with them.
    """
    every = (*train, *validation)
    await board.fill([seed, *finalists], every)
    best = max(finalists, key=lambda each: board.standing(each, every))
    ours, theirs = board.standing(best, validation), board.standing(seed, validation)
    if ours[0] != theirs[0]:
        return best if ours > theirs else seed
    return best if board.standing(best, every) > board.standing(seed, every) else seed
