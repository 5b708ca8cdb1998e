"""Comparing realizations on as few rows as will do."""

import asyncio
from collections.abc import Mapping, Sequence

from agraph.optimizer.contest import halved, outdoes, promoted, ranking
from agraph.optimizer.scoreboard import Score, Scoreboard
from agraph.runtime.plan import Realization

FIRST, SECOND, THIRD, FOURTH = (
    Realization((number == 0, number == 1), (number == 2,)) for number in range(4)
)


def board(
    values: Mapping[Realization, Sequence[float]], costs: Mapping[Realization, float] | None = None
) -> Scoreboard:
    async def evaluate(pairs: Sequence[tuple[Realization, int]]) -> list[Score]:
        return [Score(values[each][row], (costs or {}).get(each, 1.0)) for each, row in pairs]

    return Scoreboard(evaluate)


def test_a_challenger_that_was_lucky_on_the_rows_shown_is_not_promoted() -> None:
    on = board({FIRST: [0.0] * 2 + [1.0] * 14, SECOND: [1.0] * 2 + [0.0] * 14})

    async def contest() -> Realization:
        await on.fill([FIRST, SECOND], [0, 1])
        return await promoted(on, FIRST, [SECOND], [0, 1], range(16))

    assert asyncio.run(contest()) == FIRST
    assert on.rows(SECOND) == (0, 1, 2, 3)


def test_a_challenger_that_stays_better_is_promoted() -> None:
    on = board({FIRST: [0.5] * 16, SECOND: [0.6] * 16})

    async def contest() -> Realization:
        await on.fill([FIRST, SECOND], [3])
        return await promoted(on, FIRST, [SECOND], [3], range(16))

    assert asyncio.run(contest()) == SECOND
    assert len(on.rows(FIRST)) == 16


def test_a_challenger_as_good_is_promoted_only_where_it_is_cheaper() -> None:
    for cost, expected in [(2.0, FIRST), (1.0, FIRST), (0.5, SECOND)]:
        on = board({FIRST: [0.5] * 4, SECOND: [0.5] * 4}, {SECOND: cost})
        asyncio.run(on.fill([FIRST, SECOND], range(4)))
        assert asyncio.run(promoted(on, FIRST, [SECOND], range(4), range(4))) == expected


def test_rows_are_spent_on_the_better_half() -> None:
    on = board({FIRST: [0.1] * 8, SECOND: [0.2] * 8, THIRD: [0.3] * 8, FOURTH: [0.4] * 8})
    assert asyncio.run(halved(on, [FIRST, SECOND, THIRD, FOURTH], range(8), 2, 1)) == [FOURTH]
    assert [len(on.rows(each)) for each in (FIRST, SECOND, THIRD, FOURTH)] == [2, 2, 4, 8]


def test_what_was_found_takes_the_seeds_place_where_it_stands_higher() -> None:
    values = {FIRST: [0.0] * 4 + [0.5] * 4, SECOND: [1.0] * 4 + [0.4] * 4, THIRD: [0.0] * 4 + [0.6] * 4}
    rows = range(4, 8)
    assert not asyncio.run(outdoes(board(values), SECOND, FIRST, rows))
    assert asyncio.run(outdoes(board(values), THIRD, FIRST, rows))
    # Where nothing speaks against it, and where it costs less.
    assert asyncio.run(outdoes(board(values), SECOND, FIRST, ()))
    alike = {FIRST: [0.5] * 8, SECOND: [0.5] * 8}
    assert not asyncio.run(outdoes(board(alike), SECOND, FIRST, rows))
    assert asyncio.run(outdoes(board(alike, {SECOND: 0.5}), SECOND, FIRST, rows))


def test_a_comparison_ends_where_it_is_clear_whatever_was_seen_on_other_rows() -> None:
    on = board({FIRST: [0.0] * 80, SECOND: [0.0] * 8 + [1.0] * 8 + [0.0] * 64})
    asyncio.run(on.fill([FIRST, SECOND], range(8, 16)))
    assert not asyncio.run(outdoes(on, SECOND, FIRST, range(8)))
    assert asyncio.run(outdoes(on, SECOND, FIRST, range(8, 72)))
    assert len(on.rows(SECOND)) == 16


def test_a_gain_on_few_rows_ranks_below_as_large_a_gain_on_many() -> None:
    on = board({FIRST: [0.0] * 16, SECOND: [1.0] * 16, THIRD: [0.9] * 16, FOURTH: [0.0] * 16})
    asyncio.run(on.fill([FIRST, THIRD], range(16)))
    asyncio.run(on.fill([SECOND], [0]))
    assert ranking(on, [SECOND, THIRD, FOURTH], FIRST) == [THIRD, SECOND]
