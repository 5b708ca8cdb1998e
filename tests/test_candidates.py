"""Realizations as choices, their flips, guesses from many, and the values that deploy them."""

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest

from agraph.optimizer.additive import guesses
from agraph.optimizer.candidates import Candidate, alone, candidate, chosen, flipped, pairs
from agraph.optimizer.frontier import open_frontier
from agraph.optimizer.policy import policy_of
from agraph.optimizer.scoreboard import Score, Scoreboard
from agraph.optimizer.written import chance_of_better, on_side, written
from agraph.runtime.plan import Realization, deployed
from tests.graphs import graph, node

RING = graph(
    [node("a"), node("b"), node("out")],
    [(0, 2), (1, 2)],
    candidates={(0, 1): 0.7, (1, 0): 0.4},
)
STAR = graph(
    [*(node(str(each)) for each in range(8)), node("out")], candidates={(each, 8): 0.5 for each in range(8)}
)


async def never(pairs: Sequence[tuple[Realization, int]]) -> list[Score]:
    raise AssertionError


async def zero(pairs: Sequence[tuple[Realization, int]]) -> list[Score]:
    return [Score(0.0, 0.0) for _ in pairs]


def test_an_edge_turned_on_goes_before_those_that_would_close_a_cycle_with_it() -> None:
    origin = candidate(RING, RING.priors)
    assert origin.realization.edges == (True, True, True, False)
    turned = flipped(RING, origin, (1,))
    assert turned.realization.edges == (True, True, False, True)
    assert turned.choices == (False, True)


def test_realizations_that_run_alike_are_one() -> None:
    of = graph([node("a"), node("b"), node("out")], candidates={(0, 1): 0.5, (1, 2): 0.5})
    assert chosen(of, [True, False]).realization == chosen(of, [False, False]).realization


def test_a_gate_turned_on_brings_its_chosen_edges() -> None:
    of = graph([node("a"), node("out")], candidates={(0, 1): 0.9}, gates={0: 0.1})
    origin = candidate(of, of.priors)
    assert origin.realization.nodes == (False, True)
    assert flipped(of, origin, (1,)).realization == Realization((True, True), (True,))


def test_each_learnable_is_tried_alone_and_what_is_certain_stays() -> None:
    of = graph([node(each) for each in "abcd"], candidates={(0, 3): 0.5, (1, 3): 1.0, (2, 3): 0.5})
    found = [each.realization.edges for each in alone(of, [0, 2])]
    assert found == [(False, True, False), (True, True, True), (True, True, False), (False, True, True)]


def test_pairs_come_in_the_order_of_what_they_promise() -> None:
    assert pairs([0, 1, 2], [0.1, 0.0, 0.3]) == [(2, 0), (2, 1), (0, 1)]


def test_what_lies_near_is_proposed_in_widening_rings() -> None:
    of = graph(
        [*(node(str(each)) for each in range(4)), node("out")],
        candidates={(each, 4): 0.5 for each in range(4)},
    )
    policy, board, generator = policy_of(of), Scoreboard(never), np.random.default_rng(0)
    everything = candidate(of, of.priors)
    frontier = open_frontier(of, policy, 4, generator)
    frontier.add(everything)
    rings = []
    while proposed := frontier.propose(100, [everything.realization], policy, board, generator):
        rings.append(sorted(sum(each.realization.edges) for each in proposed))
    # Nothing and each alone; all but one; all but two.
    assert rings == [[0, 1, 1, 1, 1], [3] * 4, [2] * 6]


def test_nothing_near_is_passed_over_where_few_are_asked_for() -> None:
    of = graph([node("a"), node("b"), node("out")], candidates={(0, 2): 0.5, (1, 2): 0.5})
    policy, board, generator = policy_of(of), Scoreboard(zero), np.random.default_rng(0)
    origin = candidate(of, of.priors)
    frontier = open_frontier(of, policy, 0, generator)
    frontier.add(origin)
    while proposed := frontier.propose(1, [origin.realization], policy, board, generator):
        assert len(proposed) == 1
        asyncio.run(board.fill([origin.realization, proposed[0].realization], [0]))
    assert len(frontier.known) == 4


def test_many_small_effects_add_up_to_a_guess() -> None:
    """Five edges help a little and three harm: the guess from each alone is the best of all."""

    async def evaluate(asked: Sequence[tuple[Realization, int]]) -> list[Score]:
        return [Score(sum(each.edges[:5]) - sum(each.edges[5:]) + 0.0, 1.0) for each, _ in asked]

    board = Scoreboard(evaluate)
    known = list(alone(STAR, range(8)))
    asyncio.run(board.fill([each.realization for each in known], [0]))
    first, half = guesses(STAR, policy_of(STAR), known, known[1], board)
    assert first.realization.edges == (True,) * 5 + (False,) * 3
    assert sum(half.realization.edges) == 6
    assert guesses(STAR, policy_of(STAR), [], known[1], board) == ()


def test_dead_edges_that_would_close_a_cycle_are_written_as_absent() -> None:
    """`d` is off; were it there, the way round through it would close a cycle and keep `a -> b` out."""
    of = graph(
        [node("a"), node("b"), node("d"), node("out")],
        [(1, 3)],
        candidates={(0, 1): 0.6, (1, 2): 0.9, (2, 0): 0.9},
        gates={2: 0.9},
    )
    assert deployed(of).edges == (True, False, True, True)
    winner = Candidate(
        (True, False, False, False), Realization((True, True, False, True), (True, True, False, False))
    )
    values = written(of, policy_of(of), winner, Scoreboard(never))
    assert candidate(of, values).realization == winner.realization
    assert values[0] == 0.6


def test_a_number_tells_how_sure_the_rows_make_it() -> None:
    assert chance_of_better(np.array([], np.float64)) == 0.5
    assert chance_of_better(np.array([0, 0, 0])) == 0.5
    few, more = chance_of_better(np.array([1] * 3)), chance_of_better(np.array([1] * 30))
    assert 0.5 < few < more < 1
    assert chance_of_better(np.array([-1] * 3)) == pytest.approx(1 - few)
    assert chance_of_better(np.array([0.1] * 3)) == pytest.approx(few)


def test_a_number_stands_on_the_side_of_what_is_wanted() -> None:
    assert [on_side(value, wanted=True) for value in (0.0, 0.2, 0.87654, 1.0)] == [0.5, 0.5, 0.877, 0.999]
    assert [on_side(value, wanted=False) for value in (0.0, 0.12345, 0.4999, 1.0)] == [
        0.001,
        0.123,
        0.499,
        0.499,
    ]
