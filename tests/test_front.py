"""Score against cost of what was tried, also where not all ran on the same rows."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agraph.optimizer.cost import compared_costs, cost_of
from agraph.optimizer.front import beside, front, merged
from agraph.optimizer.progress import Tried
from agraph.optimizer.scoreboard import Score, Scoreboard
from agraph.runtime.plan import Realization


def realization(number: int) -> Realization:
    return Realization((True,), tuple(number >> bit & 1 == 1 for bit in range(3)))


def tried(number: int, score: float, cost: float, rows: int = 9) -> Tried:
    return Tried(realization(number), score, cost, rows)


def board_of(scores: Mapping[int, Mapping[int, Score]]) -> Scoreboard:
    """A board that knows the scores of realizations by row."""
    known = {realization(number): by_row for number, by_row in scores.items()}

    async def evaluate(pairs: Sequence[tuple[Realization, int]]) -> list[Score]:
        return [known[each][row] for each, row in pairs]

    board = Scoreboard(evaluate)
    for each, by_row in known.items():
        asyncio.run(board.fill([each], tuple(by_row)))
    return board


def test_the_front_is_what_nothing_else_is_better_and_cheaper_than() -> None:
    cheap, middle, dear = tried(0, 0.4, 1.0), tried(1, 0.6, 2.0), tried(2, 0.7, 5.0)
    worse, as_good, fewer_rows = tried(3, 0.5, 3.0), tried(4, 0.7, 6.0), tried(5, 0.9, 0.5, rows=2)
    every = [as_good, dear, worse, fewer_rows, middle, cheap]
    assert front(every) == (cheap, middle, dear)
    assert front(every, [worse.realization]) == (cheap, middle, worse, dear)
    assert front([]) == ()


def test_what_gave_no_answer_is_not_the_cheapest() -> None:
    assert front([tried(0, 0.0, float("inf")), tried(1, 0.1, 1.0)]) == (tried(1, 0.1, 1.0),)


def test_where_all_ran_on_few_rows_they_are_told_of() -> None:
    assert front([tried(0, 0.5, 1.0, rows=3)]) == (tried(0, 0.5, 1.0, rows=3),)


def test_what_ran_on_few_rows_is_scored_by_what_the_reference_did_there() -> None:
    """The hard rows are the first ten, and the other ran only there."""
    reference = {row: Score(float(row >= 10), 3.0) for row in range(40)}
    other = {row: Score(0.5, 1.0, usd=0.25) for row in range(10)}
    found = {each.realization: each for each in beside(board_of({0: reference, 1: other}), realization(0))}
    ours, theirs = found[realization(0)], found[realization(1)]
    assert (ours.score, ours.rows, ours.usd) == (0.75, 40, None)
    # Ten rows with half a point more each count as if eight more had shown no difference.
    assert theirs.score == pytest.approx(0.75 + 10 * 0.5 / 18)
    assert (theirs.cost, theirs.usd, theirs.rows) == (1, 0.25, 10)


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=30), st.data())
def test_on_the_same_rows_scores_are_plain_means(values: list[float], data: st.DataObject) -> None:
    others = data.draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=len(values), max_size=len(values)))
    scores = {
        number: {row: Score(value, 1.0) for row, value in enumerate(each)}
        for number, each in ((0, values), (1, others))
    }
    found = {each.realization: each.score for each in beside(board_of(scores), realization(0))}
    assert found[realization(1)] == pytest.approx(sum(others) / len(others))


def test_what_shares_no_row_with_the_reference_is_not_put_beside_it() -> None:
    board = board_of({0: {1: Score(1.0, 1.0)}, 1: {2: Score(1.0, 1.0)}})
    assert [each.realization for each in beside(board, realization(0))] == [realization(0)]
    assert beside(board, realization(2)) == ()


def test_groups_of_other_rows_are_put_beside_each_other_by_what_they_share() -> None:
    learned = [tried(0, 0.8, 2.0, rows=100), tried(1, 0.7, 1.0, rows=100)]
    validated = [tried(0, 0.6, 2.0, rows=16), tried(2, 0.5, 3.0, rows=16)]
    found = merged(realization(0), validated, learned)
    assert [(each.realization, each.rows) for each in found] == [
        (realization(0), 100),
        (realization(1), 100),
        (realization(2), 16),
    ]
    assert found[2].score == pytest.approx(0.7)


def test_costs_are_told_in_calls_and_in_nodes_where_those_are_equal() -> None:
    assert cost_of(2, 9) < cost_of(3, 1)
    three, two = sum(cost_of(3, 5) for _ in range(4)), sum(cost_of(2, 5) for _ in range(4))
    assert compared_costs(two, three, 4) == "2 instead of 3 model calls a run"
    small, large = (sum(cost_of(2, nodes) for _ in range(4)) for nodes in (3, 5))
    assert compared_costs(small, large, 4) == "3 instead of 5 nodes a run, and as many model calls"
