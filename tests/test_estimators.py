"""The estimators against exact enumeration of all that can be drawn."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agraph.compiler import ir
from agraph.optimizer.estimators import (
    LOG_ODDS_LIMIT,
    Baseline,
    Momentum,
    adam,
    climbed,
    could_matter,
    entropy,
    reinforce,
)
from agraph.optimizer.policy import Draws, Floats, policy_of, realizations, score
from agraph.runtime.plan import plan
from tests.enumeration import outcomes
from tests.graphs import call, graph, model, node

PANEL = graph([node("a"), node("b"), node("out")], candidates={(0, 2): 0.3, (1, 2): 0.6})
CHAIN = graph(
    [node("a"), node("b"), node("c"), node("out")],
    candidates={(0, 1): 0.3, (1, 2): 0.6, (2, 3): 0.7, (0, 3): 0.5},
)
CHOOSING = graph(
    [node("a", call("?")), node("b", call("?")), node("out")],
    candidates={(0, 1): 0.6, (1, 2): 0.8, (0, 2): 0.3},
    choices={0: {"m": 1.0, "n": 1.0, "o": 2.0}, 1: {"m": 1.0, "n": 3.0}},
    models=[model(name, "simulated") for name in "mno"],
)
INSTANCE = graph(
    [node("x()"), node("x.a", instance=0), node("x.b", instance=0), node("out")],
    edges=[(0, 1), (0, 2)],
    candidates={(1, 2): 0.6, (2, 3): 0.8, (1, 3): 0.3},
    gates={0: 0.7, 1: 0.6},
)
GATED_CYCLE = graph(
    [node("a"), node("b"), node("out")],
    candidates={(0, 1): 0.6, (1, 0): 0.5, (1, 2): 0.8},
    gates={0: 0.7},
)


def rewards_of(of: ir.Graph, draws: Draws, row: int = 0) -> Floats:
    """(samples,) an arbitrary number for each draw, the same for all that run alike."""
    rewards = []
    for realization in realizations(draws):
        planned = plan(of, realization)
        taken = sum(
            math.cos(1.0 + row + 3 * option + node) * planned.live[node]
            for (node, _), option in zip(of.choices, realization.options, strict=True)
        )
        rewards.append(
            sum(math.sin(2.0 + row + 5 * edge) for edge in planned.edges) + planned.live[0] + taken
        )
    return np.array(rewards)


def exact_gradient(of: ir.Graph, *, drop: bool = False) -> Floats:
    policy = policy_of(of)
    total = np.zeros(len(policy.logits))
    for each in outcomes(policy):
        kept = could_matter(policy, each.draws)[0] if drop else 1.0
        total += each.chance * rewards_of(of, each.draws)[0] * score(policy, each.draws)[0] * kept
    return total


@pytest.mark.parametrize("baseline", ["leave-one-out", "none"])
@pytest.mark.parametrize("of", [PANEL, GATED_CYCLE, INSTANCE])
def test_the_estimate_is_right_on_average_over_all_batches(of: ir.Graph, baseline: Baseline) -> None:
    policy = policy_of(of)
    every = list(outcomes(policy))
    expected = np.zeros(len(policy.logits))
    for first, second in itertools.product(every, repeat=2):
        scores = np.concatenate([score(policy, first.draws), score(policy, second.draws)])
        rewards = np.concatenate([rewards_of(of, first.draws), rewards_of(of, second.draws)])
        expected += first.chance * second.chance * reinforce(scores, rewards[:, None], baseline)
    np.testing.assert_allclose(expected, exact_gradient(of), atol=1e-12)


@given(st.integers(2, 6), st.integers(1, 4), st.integers(0, 1000))
def test_the_baseline_is_the_mean_of_the_others_on_the_same_row(samples: int, rows: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    scores, rewards = generator.normal(size=(samples, 3)), generator.normal(size=(samples, rows))
    expected = np.zeros(3)
    for sample, row in itertools.product(range(samples), range(rows)):
        others = np.delete(rewards[:, row], sample).mean()
        expected += scores[sample] * (rewards[sample, row] - others) / (samples * rows)
    np.testing.assert_allclose(reinforce(scores, rewards), expected, atol=1e-12)


def test_a_row_that_all_draws_answer_alike_teaches_nothing() -> None:
    assert not reinforce(np.ones((4, 2)), np.full((4, 3), 0.7)).any()


def test_one_draw_has_no_others_to_be_compared_with() -> None:
    with pytest.raises(ValueError, match="at least two"):
        reinforce(np.ones((1, 2)), np.ones((1, 1)))
    with pytest.raises(ValueError, match="one row"):
        reinforce(np.ones((2, 2)), np.ones((2, 0)))


@pytest.mark.parametrize("of", [PANEL, CHAIN, GATED_CYCLE, CHOOSING, INSTANCE])
def test_dropping_what_could_not_matter_leaves_the_gradient_as_it_is(of: ir.Graph) -> None:
    np.testing.assert_allclose(exact_gradient(of, drop=True), exact_gradient(of), atol=1e-12)


def test_an_edge_into_a_dead_node_gets_no_credit_and_an_edge_in_a_cycle_keeps_it() -> None:
    def mattering(of: ir.Graph, edges: list[bool]) -> list[bool]:
        policy = policy_of(of)
        nodes = np.ones((1, len(policy.on)), np.bool_)
        draws = Draws(nodes, np.array([edges]), (), np.zeros((1, 0), np.intp))
        found: list[bool] = could_matter(policy, draws)[0].tolist()
        return found

    assert mattering(CHAIN, [True, True, False, True]) == [False, False, True, True]
    assert mattering(CHAIN, [False, False, True, False]) == [False, True, True, True]
    assert mattering(GATED_CYCLE, [True, False, False]) == [True, True, True, True]


def test_adam_first_steps_by_the_rate_and_then_as_the_paper_says() -> None:
    gradients = [np.array([0.5, -2.0, 0.0]), np.array([-0.1, -2.0, 0.0])]
    momentum = Momentum.none(3)
    momentum, first = adam(momentum, gradients[0], rate=0.1)
    np.testing.assert_allclose(first, [0.1, -0.1, 0.0], atol=1e-8)
    momentum, second = adam(momentum, gradients[1], rate=0.1)
    mean = (0.9 * 0.1 * gradients[0] + 0.1 * gradients[1]) / (1 - 0.9**2)
    square = (0.999 * 0.001 * gradients[0] ** 2 + 0.001 * gradients[1] ** 2) / (1 - 0.999**2)
    np.testing.assert_allclose(second, 0.1 * mean / (np.sqrt(square) + 1e-8))
    assert momentum.steps == 2


def test_log_odds_stay_within_the_limit_and_fixed_values_stay_themselves() -> None:
    of = graph(
        [node(each) for each in "abcde"],
        candidates={(0, 4): 0.5, (1, 4): 1.0, (2, 4): 0.0, (3, 4): 0.999},
    )
    policy = climbed(policy_of(of), np.array([100.0, -100.0, 100.0, 1.0]))
    assert policy.logits[0] == LOG_ODDS_LIMIT
    assert policy.probabilities[1:3].tolist() == [1.0, 0.0]
    assert math.isclose(policy.probabilities[3], 0.999)
    assert climbed(policy, np.array([0.0, 0.0, 0.0, -100.0])).probabilities[3] < 0.5


def test_entropy_is_that_of_the_open_choices() -> None:
    assert math.isclose(
        entropy(policy_of(graph([node("a"), node("b")], candidates={(0, 1): 0.5}))), math.log(2)
    )
    assert entropy(policy_of(graph([node("a"), node("b")], candidates={(0, 1): 1.0}))) == 0.0


def test_a_choice_of_a_dead_node_gets_no_credit() -> None:
    policy = policy_of(CHOOSING)
    nodes = np.ones((1, 3), np.bool_)
    draws = Draws(nodes, np.array([[True, False, True]]), (), np.zeros((1, 2), np.intp))
    mattering = could_matter(policy, draws)[0].tolist()
    assert mattering == [False, True, True, True, True, True, False, False]


def test_the_odds_of_options_stay_within_the_limit_and_their_probabilities_add_to_one() -> None:
    models = [model(name, "simulated") for name in "mno"]
    of = graph([node("a", call("?"))], choices={0: {"m": 1.0, "n": 3.0, "o": 0.0}}, models=models)
    policy = climbed(policy_of(of), np.array([100.0, 0.0, 100.0]))
    first, second, never = policy.probabilities.tolist()
    assert math.isclose(math.log(first / second), LOG_ODDS_LIMIT)
    assert never == 0
    assert math.isclose(first + second, 1)
    assert policy.mode.tolist() == [True, False, False]
    far = graph([node("a", call("?"))], choices={0: {"m": 1.0, "n": 1e9}}, models=models)
    kept = climbed(policy_of(far), np.array([-1.0, 0.0]))
    assert math.isclose(kept.probabilities[0] / kept.probabilities[1], 1e-9)


def test_a_choice_counts_once_in_the_entropy() -> None:
    models = [model(name, "simulated") for name in "mno"]
    even = graph([node("a", call("?"))], choices={0: {"m": 2.0, "n": 2.0, "o": 0.0}}, models=models)
    assert math.isclose(entropy(policy_of(even)), math.log(2))
    settled = graph([node("a", call("?"))], choices={0: {"m": 2.0, "n": 0.0}}, models=models)
    assert entropy(policy_of(settled)) == 0.0
