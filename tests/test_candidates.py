"""Realizations as choices, their flips, guesses from many, and the values that deploy them."""

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agraph.optimizer.additive import guesses
from agraph.optimizer.candidates import Candidate, alone, candidate, chosen, drawn, flipped, pairs
from agraph.optimizer.frontier import open_frontier
from agraph.optimizer.policy import policy_of, sample
from agraph.optimizer.scoreboard import Score, Scoreboard
from agraph.optimizer.written import HIGHEST, LOWEST, chance_of_better, compared, on_side, shares, written
from agraph.runtime.plan import Realization, deployed
from tests.graphs import call, graph, model, node

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
    values = written(of, policy_of(of), winner, compared(Scoreboard(never), winner.realization))
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


MODELS = [model(name, "simulated") for name in "mno"]
CHOOSING = graph(
    [node("a", call("?")), node("b", call("?")), node("out")],
    candidates={(0, 2): 0.9, (1, 2): 0.9},
    choices={0: {"m": 1.0, "n": 3.0, "o": 0.0}, 1: {"m": 2.0, "n": 1.0, "o": 1.0}},
    models=MODELS,
)


def test_to_turn_an_option_round_is_to_take_it() -> None:
    origin = candidate(CHOOSING, CHOOSING.priors)
    assert origin.choices == (True, True, False, True, False, True, False, False)
    assert origin.realization.options == (1, 0)
    assert flipped(CHOOSING, origin, (2,)).realization.options == (0, 0)
    assert flipped(CHOOSING, origin, (3,)).realization == origin.realization
    assert flipped(CHOOSING, origin, (2, 7)).choices == (True, True, True, False, False, False, False, True)
    # An option with a weight of 0 stays out, whatever is wanted.
    assert flipped(CHOOSING, origin, (4,)).realization.options == (0, 0)


def test_the_option_of_a_node_that_does_not_run_makes_no_difference() -> None:
    origin = flipped(CHOOSING, candidate(CHOOSING, CHOOSING.priors), (1,))
    assert origin.realization.options == (1, 0)
    assert flipped(CHOOSING, origin, (7,)).realization == origin.realization


def test_edges_alone_are_tried_with_the_options_of_the_file() -> None:
    frontier = open_frontier(CHOOSING, policy_of(CHOOSING), 9, np.random.default_rng(0))
    policy, board = policy_of(CHOOSING), Scoreboard(never)
    found = frontier.propose(99, [], policy, board, np.random.default_rng(0))
    assert {(each.realization.edges, each.realization.options) for each in found} == {
        ((False, False), (0, 0)),
        ((True, True), (1, 0)),
        ((True, False), (1, 0)),
        ((False, True), (0, 0)),
    }


def test_every_other_option_lies_a_flip_away() -> None:
    origin = candidate(CHOOSING, CHOOSING.priors)
    policy, board, generator = policy_of(CHOOSING), Scoreboard(zero), np.random.default_rng(0)
    frontier = open_frontier(CHOOSING, policy, 0, generator)
    frontier.add(origin)
    frontier.propose(99, [], policy, board, generator)
    near = frontier.propose(99, [origin.realization], policy, board, generator)
    assert {each.realization.options for each in near if all(each.realization.edges)} == {
        (0, 0),
        (1, 1),
        (1, 2),
    }


def test_a_guess_takes_the_best_option_of_each_choice() -> None:
    worth = {"a": (0.1, 0.2, 0.0), "b": (0.0, 0.5, 0.3)}

    async def evaluate(asked: Sequence[tuple[Realization, int]]) -> list[Score]:
        return [Score(worth["a"][each.options[0]] + worth["b"][each.options[1]], 1.0) for each, _ in asked]

    board, origin = Scoreboard(evaluate), candidate(CHOOSING, CHOOSING.priors)
    known = [origin, *(flipped(CHOOSING, origin, (weight,)) for weight in (2, 6, 7))]
    asyncio.run(board.fill([each.realization for each in known], [0]))
    assert guesses(CHOOSING, policy_of(CHOOSING), known, origin, board)[0].realization.options == (1, 1)


def test_weights_say_how_much_better_the_option_taken_is_than_each_other() -> None:
    """Of the second choice the first option wins against the second, and ties with the third."""

    async def evaluate(asked: Sequence[tuple[Realization, int]]) -> list[Score]:
        return [Score((1.0, 0.0, 1.0)[each.options[1]], 1.0) for each, _ in asked]

    board, winner = Scoreboard(evaluate), candidate(CHOOSING, CHOOSING.priors)
    flips = [flipped(CHOOSING, winner, (weight,)).realization for weight in (6, 7)]
    asyncio.run(board.fill([winner.realization, *flips], range(20)))
    values = written(CHOOSING, policy_of(CHOOSING), winner, compared(board, winner.realization))
    assert candidate(CHOOSING, values).realization == winner.realization
    # Nothing was learned about the first.
    assert values[2:5] == (1.0, 3.0, 0.0)
    first, second, third = values[5:]
    assert round(first + second + third, 3) == 1
    assert first > third > 0.49
    assert second == LOWEST


def test_an_option_that_wins_against_the_file_is_written_as_the_greatest() -> None:
    winner = flipped(CHOOSING, candidate(CHOOSING, CHOOSING.priors), (2,))
    values = written(CHOOSING, policy_of(CHOOSING), winner, compared(Scoreboard(never), winner.realization))
    assert values[2:] == (0.501, 0.499, 0.0, 2.0, 1.0, 1.0)
    assert candidate(CHOOSING, values).realization == winner.realization


@given(st.lists(st.floats(0, 10), min_size=1, max_size=30))
def test_written_weights_are_a_distribution_whose_first_is_the_greatest(odds: list[float]) -> None:
    first, *others = shares(odds)
    assert len(others) == len(odds)
    assert all(LOWEST <= each <= HIGHEST and round(each, 3) == each for each in (first, *others))
    assert first > max(others)
    assert abs(first + sum(others) - 1) < 1e-9


def test_a_gate_inside_an_instance_that_is_off_keeps_its_choice() -> None:
    of = graph([node("x()"), node("x.a", instance=0), node("out")], [(0, 1), (1, 2)], gates={0: 0.2, 1: 0.8})
    origin = candidate(of, of.priors)
    assert origin == Candidate((False, True), Realization((False, False, True), (False, False)))
    assert flipped(of, origin, (0,)).realization == Realization((True, True, True), (True, True))
    draws = sample(policy_of(of), 50, np.random.default_rng(1))
    for each in drawn(of, policy_of(of), draws):
        assert each.realization.nodes[0] == each.realization.nodes[1]
        assert chosen(of, each.choices).realization == each.realization
