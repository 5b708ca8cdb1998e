"""What nodes make of what they hear, against worlds in which that is known."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agraph.optimizer.credit import Belief, Layout, Observed, Spreads, believed
from agraph.optimizer.responses import (
    Prospect,
    Reach,
    Responses,
    followed,
    importance,
    total_and_pairs,
)
from tests.graphs import call, graph, node

NODES = 4
# Each of the first three may hear each other; the last hears nobody.
ENDS = [(0, 1), (2, 1), (0, 2), (1, 2), (1, 0), (2, 0), (3, 0), (3, 1)]
SENDERS, RECEIVERS = (np.array(each, np.intp) for each in zip(*ENDS, strict=True))
TALKERS = graph([node(each, call("?")) for each in "abcd"], candidates=dict.fromkeys(ENDS, 0.5))
EFFECTS = np.array([-0.1, -0.05, -0.1, 0.0, -0.1, -0.1, -0.2, -0.15])
TOLD, PAIRED = np.array([0.3, 0.4, 0.2, 0.0]), np.array([-0.1, -0.2, 0.1, 0.0])


def responses() -> Responses:
    """Responses that are known for certain."""
    whole = np.concatenate([EFFECTS, TOLD, PAIRED])
    belief = Belief(whole, 1e-4 * np.eye(len(whole)), 0.3)
    return Responses(SENDERS, RECEIVERS, belief, np.ones(NODES))


def said(own: np.ndarray, there: np.ndarray) -> np.ndarray:
    """(draws, nodes) how good everyone's message is, by the edges (draws, effects) of each draw."""
    worths = own.copy()
    for _ in range(NODES):
        heard = own.copy()
        for receiver in range(NODES):
            edges = np.flatnonzero(receiver == RECEIVERS)
            total, pairs = total_and_pairs(there[:, edges] * worths[:, SENDERS[edges]])
            heard[:, receiver] += there[:, edges] @ EFFECTS[edges]
            heard[:, receiver] += TOLD[receiver] * total + PAIRED[receiver] * pairs
        worths = heard
    return worths


def world(seed: int, draws: int = 50) -> tuple[np.ndarray, np.ndarray]:
    """What each would say alone, and acyclic edges, drawn."""
    generator = np.random.default_rng(seed)
    own = generator.uniform(0.3, 0.9, (draws, NODES))
    ranks = generator.random((draws, NODES))
    downhill = ranks[:, SENDERS] > ranks[:, RECEIVERS]
    return own, (downhill & (generator.random((draws, len(ENDS))) < 0.6)).astype(np.float64)


MODE = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0])  # 0 is heard by 1 and 2, 2 and 3 by 1.


def test_what_would_have_been_said_follows_from_what_was_said() -> None:
    """The residual of each draw stays; every message is what the mode would have made of it."""
    own, there = world(0)
    expected = said(own, np.tile(MODE, (len(own), 1)))
    standings = said(own, there)
    # What is clipped would differ: no message is thought better or worse than any that was seen.
    assert standings.min() <= expected.min()
    assert expected.max() <= standings.max()
    prospect = responses().prospect(there, standings, MODE)
    np.testing.assert_allclose(prospect.told, expected.mean(axis=0))
    np.testing.assert_allclose(prospect.both, expected.T @ expected / len(own))


@pytest.mark.parametrize("edge", range(len(ENDS)))
def test_an_effect_is_what_one_edge_more_would_do_in_the_mode(edge: int) -> None:
    own, there = world(1)
    fitted = responses()
    prospect = fitted.prospect(there, said(own, there), MODE)
    receiver = RECEIVERS[edge]
    edges = np.flatnonzero(receiver == RECEIVERS)
    worths = said(own, np.tile(MODE, (len(own), 1)))

    def credit(wanted: np.ndarray) -> float:
        total, pairs = total_and_pairs(wanted[edges] * worths[:, SENDERS[edges]])
        value = EFFECTS[edges] @ wanted[edges] + TOLD[receiver] * total + PAIRED[receiver] * pairs
        return float(value.mean())

    on, off = MODE.copy(), MODE.copy()
    on[edge], off[edge] = 1.0, 0.0
    assert fitted.at(prospect).mean[edge] == pytest.approx(credit(on) - credit(off), abs=0.01)


def test_what_nothing_moves_has_no_effects() -> None:
    own, there = world(2)
    whole = responses()
    still = Responses(SENDERS, RECEIVERS, whole.belief, np.array([1.0, 0.0, 1.0, 1.0]))
    prospect = still.prospect(there, said(own, there), MODE)
    effects = still.at(prospect)
    assert not effects.mean[RECEIVERS == 1].any()
    assert effects.mean[RECEIVERS == 0].any()
    np.testing.assert_allclose(prospect.told[1], said(own, there)[:, 1].mean())


@given(st.integers(0, 10_000))
def test_a_plan_has_no_cycle_and_nothing_in_it_that_is_not_worth_its_place(seed: int) -> None:
    own, there = world(seed)
    fitted = responses()
    prospect = fitted.prospect(there, said(own, there), MODE)
    weights = fitted.planned(
        fitted.belief.mean, prospect, np.ones(len(ENDS)), np.zeros(len(ENDS)), Reach(TALKERS)
    )
    chosen = [edge for edge in np.argsort(-weights, kind="stable").tolist() if weights[edge] > 0]
    reach = Reach(TALKERS)
    heard: dict[int, list[int]] = {}
    for edge in chosen:
        sender, receiver = ENDS[edge]
        assert not reach.closes(sender, receiver)
        reach.add(sender, receiver)
        gain = EFFECTS[edge] + TOLD[receiver] * prospect.told[sender]
        gain += PAIRED[receiver] * sum(prospect.both[sender, other] for other in heard.get(receiver, ()))
        assert gain > 0
        heard.setdefault(receiver, []).append(sender)


def test_of_two_that_say_the_same_one_is_heard() -> None:
    """A second good message takes away what it adds: by themselves both are worth hearing."""
    whole = np.concatenate([np.full(2, -0.1), [0.0, 0.0, 0.4], [0.0, 0.0, -0.8]])
    pair = graph([node(each, call("?")) for each in "abc"], candidates={(0, 2): 0.5, (1, 2): 0.5})
    fitted = Responses(np.array([0, 1]), np.array([2, 2]), Belief(whole, np.eye(8), 1.0), np.ones(3))
    standings = np.tile([0.8, 0.7, 0.5], (10, 1))
    prospect = fitted.prospect(np.zeros((10, 2)), standings, np.zeros(2))
    assert (fitted.at(prospect).mean > 0).all()
    weights = fitted.planned(whole, prospect, np.ones(2), np.zeros(2), Reach(pair))
    assert weights[0] > 0 > weights[1]


def test_responses_are_learned_from_draws() -> None:
    """From a few hundred noisy draws: that a good message helps, and a second one less."""
    generator = np.random.default_rng(3)
    draws = 400
    standings = (generator.random((draws, 3)) < 0.6).astype(np.float64)
    there = (generator.random((draws, 3)) < 0.5).astype(np.float64)
    total, pairs = total_and_pairs(there * standings)
    credits_ = 0.4 - 0.1 * there.sum(axis=1) + 0.5 * total - 0.3 * pairs + 0.2 * generator.normal(size=draws)
    layout = Layout(np.array([0, 1, 2]), 4)
    seen = Observed(np.column_stack([there, total, pairs]), credits_, np.array([0, 1, 2, 6, 10]))
    belief = believed([seen], layout, np.zeros(3), Spreads(0.2, 0.2, 0.5), np.ones(1))
    np.testing.assert_allclose(belief.mean[[0, 1, 2]], -0.1, atol=0.05)
    assert belief.mean[6] == pytest.approx(0.5, abs=0.1)
    assert belief.mean[10] == pytest.approx(-0.3, abs=0.1)


def test_an_answer_that_repeats_one_voice_follows_that_one() -> None:
    standings = (np.random.default_rng(4).random((300, 3)) < 0.5).astype(np.float64)
    alone = followed(standings, standings[:, 1], np.ones(300))
    np.testing.assert_allclose(alone, [0, 1, 0], atol=0.05)
    majority = followed(standings, (standings.sum(axis=1) >= 2).astype(np.float64), np.ones(300))
    np.testing.assert_allclose(majority, 0.5, atol=0.1)


def test_importance_goes_back_along_the_edges() -> None:
    ends = [(0, 1, 0.5), (1, 2, 0.4), (0, 2, 0.1)]
    found = importance(3, ends, np.array([0.0, 0.0, 1.0]))
    np.testing.assert_allclose(found, [0.1 + 0.5 * 0.4, 0.4, 1.0])


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12))
def test_reach_tells_which_edges_close_a_cycle(added: list[tuple[int, int]]) -> None:
    reach = Reach(graph([node(each, call("?")) for each in "abcdef"]))
    kept: set[tuple[int, int]] = set()
    for sender, receiver in added:
        paths = {(a, a) for a in range(6)} | kept
        for _ in range(6):
            paths |= {(a, d) for (a, b) in paths for (c, d) in paths if b == c}
        assert reach.closes(sender, receiver) == ((receiver, sender) in paths)
        if not reach.closes(sender, receiver):
            reach.add(sender, receiver)
            kept.add((sender, receiver))


def test_an_edge_that_the_author_made_certain_is_there_whatever_is_planned() -> None:
    certain = graph([node(each, call("?")) for each in "ab"], candidates={(0, 1): 1, (1, 0): 0.5})
    assert Reach(certain).closes(1, 0)
    assert not Reach(certain).closes(0, 1)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_what_is_passed_on_is_how_much_more_the_receiver_is_worth(sign: float) -> None:
    """Also where messages are worth less than none."""
    fitted = responses()
    standings = np.tile(sign * np.array([0.5, 0.6, 0.7, 0.4]), (10, 1))
    prospect = Prospect(MODE, standings[0], np.outer(standings[0], standings[0]))
    assert ENDS[1] == (2, 1)
    # The others that the node hears in the mode say what is worth 0.5 and 0.4.
    assert fitted.passed_on(prospect)[1] == pytest.approx(0.4 - 0.2 * sign * (0.5 + 0.4))


def test_pairs_are_the_products_of_all_twos() -> None:
    worths = np.random.default_rng(5).random((7, 4))
    total, pairs = total_and_pairs(worths)
    np.testing.assert_allclose(total, worths.sum(axis=1))
    np.testing.assert_allclose(pairs, sum(worths[:, a] * worths[:, b] for a, b in combinations(range(4), 2)))
