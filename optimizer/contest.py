"""Which of several realizations is best, found on few rows where few will do.

All comparisons are paired: on the same rows. Of two that score alike the cheaper is better.
"""

from collections.abc import Iterable, Sequence

from agraph.optimizer.scoreboard import Scoreboard
from agraph.optimizer.written import chance_of_better
from agraph.runtime.plan import Realization

DOUBT_ROWS = 8
"""A difference seen on as many rows counts by half: chance makes the best of many look better than it is."""

CHALLENGERS = 2
"""How many of a step's realizations may challenge the incumbent."""

FIRST_ROWS = 8
"""On how many rows two are compared first."""

CLEAR = 0.98
"""The chance of being better at which a comparison ends early."""


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


async def outdoes(board: Scoreboard, found: Realization, seed: Realization, rows: Sequence[int]) -> bool:
    """Whether what was found is to take the seed's place, by rows on which it was not chosen.

    The rows double until one of the two is clearly better, or all are used; then the mean decides, and of
    equal means the cost. Without rows there is nothing to say against it.
    """
    count = FIRST_ROWS
    while rows:
        part = rows[:count]
        await board.fill((found, seed), part)
        better = chance_of_better(board.values(found, part) - board.values(seed, part))
        if count >= len(rows) or better >= CLEAR or better <= 1 - CLEAR:
            return board.standing(found, part) > board.standing(seed, part)
        count *= 2
    return True
