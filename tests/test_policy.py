"""The policy against exact enumeration: every graph, every order, every coin."""

import math
from collections import defaultdict

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agraph.compiler import ir
from agraph.optimizer import policy as policy_module
from agraph.optimizer.cycles import insert_edges
from agraph.optimizer.policy import Policy, policy_of, reaching_output, realizations, sample, score, tossed
from agraph.runtime.plan import Realization, deployed, plan
from tests.enumeration import outcomes
from tests.graphs import call, graph, model, node

TRIANGLE = graph(
    [node("a"), node("b"), node("c"), node("out")],
    edges=[(0, 3), (1, 3), (2, 3)],
    candidates={(0, 1): 0.7, (1, 2): 0.5, (2, 0): 0.4, (1, 0): 0.3},
)
GATED_PAIR = graph(
    [node("a"), node("b"), node("out")],
    edges=[(0, 2)],
    candidates={(0, 1): 0.6, (1, 0): 0.5, (1, 2): 0.8},
    gates={1: 0.7},
)
FIXED_IN_A_CYCLE = graph(
    [node("a"), node("b"), node("c")],
    edges=[(0, 1)],
    candidates={(1, 2): 0.6, (2, 0): 0.5, (1, 0): 0.9, (0, 2): 0.2},
    gates={0: 0.5},
)
TWO_CYCLES = graph(
    [node("a"), node("b"), node("c"), node("d")],
    candidates={(0, 1): 0.6, (1, 0): 0.5, (1, 2): 0.9, (2, 3): 0.2, (3, 2): 0.7},
)
CHOOSING = graph(
    [node("a", call("?")), node("b", call("?")), node("out")],
    candidates={(0, 1): 0.6, (1, 0): 0.5, (1, 2): 0.8},
    gates={0: 0.7},
    choices={0: {"m": 2.0, "n": 1.0}, 1: {"m": 1.0, "n": 3.0, "o": 0.0, "p": 4.0}},
    models=[model(name, "simulated") for name in "mnop"],
)
# `x()` holds `x.a` and `y()`, which holds `y.b`; a way round leads through the inside of `x`.
INSTANCES = graph(
    [
        node("x()"), node("x.a", instance=0), node("x.y()", instance=0), node("x.y.b", instance=2),
        node("u"), node("out"),
    ],
    edges=[(0, 1), (0, 2), (2, 3)],
    candidates={(1, 3): 0.6, (3, 5): 0.7, (4, 1): 0.8, (3, 4): 0.5, (4, 5): 0.4},
    gates={0: 0.6, 2: 0.7, 3: 0.8},
)  # fmt: skip
GRAPHS = {
    "triangle": TRIANGLE, "gated": GATED_PAIR, "fixed": FIXED_IN_A_CYCLE, "two cycles": TWO_CYCLES,
    "choosing": CHOOSING, "instances": INSTANCES,
}  # fmt: skip

every_graph = pytest.mark.parametrize("name", GRAPHS)


def reward(realization: Realization) -> float:
    """An arbitrary number for each realization."""
    bits = (*realization.nodes, *realization.edges, *(option == 1 for option in realization.options))
    bits += tuple(option == 3 for option in realization.options)
    return sum(math.sin(1.0 + 3 * place) for place, bit in enumerate(bits) if bit) ** 2


def expected_reward(policy: Policy) -> float:
    return sum(each.chance * reward(realizations(each.draws)[0]) for each in outcomes(policy))


@every_graph
def test_frequencies_are_those_of_all_orders_and_coins(name: str) -> None:
    policy = policy_of(GRAPHS[name])
    expected: dict[Realization, float] = defaultdict(float)
    for each in outcomes(policy):
        expected[realizations(each.draws)[0]] += each.chance
    assert math.isclose(sum(expected.values()), 1.0)
    count = 40_000
    found: dict[Realization, int] = defaultdict(int)
    for realization in realizations(sample(policy, count, np.random.default_rng(1))):
        found[realization] += 1
    # Hoeffding: a right sampler leaves this band once in a thousand million times.
    band = math.sqrt(math.log(2e9 * len(expected)) / (2 * count))
    assert set(found) <= set(expected)
    assert all(abs(found[each] / count - chance) < band for each, chance in expected.items())


def test_each_edge_of_a_pair_at_one_half_is_there_in_three_draws_of_eight() -> None:
    policy = policy_of(graph([node("a"), node("b")], candidates={(0, 1): 0.5, (1, 0): 0.5}))
    first = sum(each.chance for each in outcomes(policy) if each.draws.edges[0, 0])
    assert math.isclose(first, 0.375)


@every_graph
def test_scores_are_the_gradient_of_the_expected_reward(name: str) -> None:
    policy = policy_of(GRAPHS[name])
    estimated = np.zeros(len(policy.logits))
    for each in outcomes(policy):
        estimated += each.chance * reward(realizations(each.draws)[0]) * score(policy, each.draws)[0]
    step = 1e-5
    for parameter in range(len(policy.logits)):
        nudge = np.eye(len(policy.logits))[parameter] * step
        up = expected_reward(attrs.evolve(policy, logits=policy.logits + nudge))
        down = expected_reward(attrs.evolve(policy, logits=policy.logits - nudge))
        assert math.isclose(estimated[parameter], (up - down) / (2 * step), abs_tol=1e-8)


@every_graph
def test_draws_are_graphs_without_cycles_and_without_edges_of_absent_nodes(name: str) -> None:
    of = GRAPHS[name]
    policy = policy_of(of)
    draws = sample(policy, 200, np.random.default_rng(2))
    for realization in realizations(draws):
        plan(of, realization)
    assert not (draws.edges & ~draws.nodes[:, policy.senders]).any()
    assert not (draws.edges & ~draws.nodes[:, policy.receivers]).any()
    fixed = policy.parameters < 0
    ends = draws.nodes[:, policy.senders] & draws.nodes[:, policy.receivers]
    assert (draws.edges[:, fixed] == ends[:, fixed]).all()
    assert not (draws.edges & ~tossed(policy, draws))[:, ~fixed].any()


def test_values_of_zero_and_one_are_certain_and_have_no_gradient() -> None:
    of = graph(
        [node("a"), node("b"), node("c", on=False), node("out")],
        candidates={(0, 3): 1.0, (1, 3): 0.0, (0, 1): 0.5, (2, 3): 0.5},
        gates={1: 1.0, 2: 0.9},
    )
    policy = policy_of(of)
    draws = sample(policy, 50, np.random.default_rng(3))
    assert draws.edges[:, 0].all()
    assert not draws.edges[:, [1, 3]].any()
    assert draws.nodes[:, 1].all()
    assert not draws.nodes[:, 2].any()
    assert policy.learnable.tolist() == [False, False, True, True, False, False]
    assert not score(policy, draws)[:, [0, 1, 3, 4, 5]].any()


def test_weights_are_relative_and_one_of_zero_never_learns() -> None:
    policy = policy_of(CHOOSING)
    assert policy.probabilities[4:].tolist() == pytest.approx([2 / 3, 1 / 3, 1 / 8, 3 / 8, 0, 4 / 8])
    assert policy.learnable.tolist() == [True] * 8 + [False, True]
    draws = sample(policy, 500, np.random.default_rng(10))
    assert set(draws.options[:, 1].tolist()) == {0, 1, 3}
    assert not score(policy, draws)[:, 8].any()


def test_a_choice_without_two_possible_options_does_not_learn() -> None:
    def learnable(of: ir.Graph) -> list[bool]:
        found: list[bool] = policy_of(of).learnable.tolist()
        return found

    models = [model(name, "simulated") for name in "mn"]
    for weights in ({"m": 2.0}, {"m": 2.0, "n": 0.0}, {"m": 0.0, "n": 0.0}):
        of = graph([node("a", call("?"))], choices={0: weights}, models=models)
        assert not any(learnable(of))
        assert sample(policy_of(of), 5, np.random.default_rng(11)).options.tolist() == [[0]] * 5
    off = graph([node("a", call("?"), on=False)], choices={0: {"m": 1.0, "n": 1.0}}, models=models)
    assert learnable(off) == [False, False]


def test_a_gate_takes_out_all_that_is_inside_its_instance() -> None:
    policy = policy_of(INSTANCES)
    draws = sample(policy, 300, np.random.default_rng(12))
    outside = ~draws.nodes[:, 0]
    assert outside.any()
    assert not draws.nodes[outside][:, :4].any()
    assert not draws.nodes[~draws.nodes[:, 2], 3].any()
    # The gates inside had no say.
    assert not score(policy, draws)[outside][:, 6:8].any()
    off = graph([node("x()", on=False), node("x.a", instance=0), node("out")], [(0, 1), (1, 2)])
    assert realizations(sample(policy_of(off), 1, np.random.default_rng(13))) == (deployed(off),)
    assert deployed(off).nodes == (False, False, True)


@given(st.data())
def test_a_policy_that_is_certain_draws_what_is_deployed(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 6))
    pairs = [(sender, receiver) for sender in range(size) for receiver in range(sender + 1, size)]
    candidates = {pair: data.draw(st.sampled_from([0.0, 1.0])) for pair in pairs}
    gates = {each: data.draw(st.sampled_from([0.0, 1.0])) for each in range(size - 1)}
    of = graph([node(str(each)) for each in range(size)], candidates=candidates, gates=gates)
    drawn = sample(policy_of(of), 3, np.random.default_rng(4))
    assert set(realizations(drawn)) == {deployed(of)}


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=5).filter(any))
def test_the_likeliest_option_is_the_one_that_is_deployed(weights: list[float]) -> None:
    models = [model(str(number), "simulated") for number in range(len(weights))]
    named = {str(number): weight for number, weight in enumerate(weights)}
    of = graph([node("a", call("?"))], choices={0: named}, models=models)
    policy, [taken] = policy_of(of), deployed(of).options
    assert policy.probabilities[taken] == policy.probabilities.max()
    assert math.isclose(policy.probabilities.sum(), 1)


@given(st.integers(2, 70), st.data())
def test_an_edge_closes_a_cycle_exactly_when_its_end_leads_back(size: int, data: st.DataObject) -> None:
    ends = st.tuples(st.integers(0, size - 1), st.integers(0, size - 1))
    draws = [data.draw(st.lists(st.tuples(ends, st.booleans()), min_size=25, max_size=25)) for _ in range(2)]
    arrays = np.array([[(*pair, wanted) for pair, wanted in draw] for draw in draws])
    found = insert_edges(size, arrays[..., 0].T, arrays[..., 1].T, arrays[..., 2].T.astype(np.bool_)).T
    for draw, closing in zip(draws, found.tolist(), strict=True):
        heard: dict[int, set[int]] = defaultdict(set)
        for ((sender, receiver), wanted), closes in zip(draw, closing, strict=True):
            reached, path = {receiver}, [receiver]
            while path:
                more = heard[path.pop()] - reached
                reached |= more
                path += more
            assert closes == (sender in reached)
            if wanted and not closes:
                heard[sender].add(receiver)


@every_graph
def test_nodes_that_reach_the_output_are_those_that_live(name: str) -> None:
    of = GRAPHS[name]
    policy = policy_of(of)
    draws = sample(policy, 100, np.random.default_rng(5))
    alive = reaching_output(policy, draws)
    for realization, found in zip(realizations(draws), alive.tolist(), strict=True):
        assert plan(of, realization).live == tuple(found)


def test_draws_do_not_depend_on_anything_but_the_generator() -> None:
    policy = policy_of(TRIANGLE)
    first, second = (sample(policy, 20, np.random.default_rng(6)) for _ in range(2))
    assert realizations(first) == realizations(second)


def test_draws_made_in_several_rounds_are_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_module, "MEMORY_BYTES", 1)
    policy = policy_of(TWO_CYCLES)
    draws = sample(policy, 7, np.random.default_rng(7))
    assert len(draws) == 7
    assert score(policy, draws).shape == (7, 5)
    assert realizations(sample(policy, 0, np.random.default_rng(8))) == ()


def test_a_graph_without_learnables_is_drawn_as_it_is() -> None:
    of: ir.Graph = graph([node("a"), node("b")], edges=[(0, 1)])
    policy = policy_of(of)
    draws = sample(policy, 2, np.random.default_rng(9))
    assert realizations(draws) == (deployed(of), deployed(of))
    assert score(policy, draws).shape == (2, 0)
