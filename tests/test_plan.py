"""What a realization runs, and which one a file deploys."""

from itertools import combinations, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agraph.compiler import ir
from agraph.compiler.components import components
from agraph.runtime.plan import Plan, Realization, deployed, plan
from tests.graphs import graph, node


def names(planned: Plan, of: ir.Graph) -> list[str]:
    return [of.nodes[index].name for index in planned.order]


def everything(of: ir.Graph) -> Realization:
    return Realization((True,) * len(of.nodes), (True,) * len(of.edges))


def test_only_what_leads_to_the_output_is_live() -> None:
    of = graph([node("a"), node("b"), node("aside"), node("end")], [(0, 1), (1, 3), (0, 2)])
    assert names(plan(of, everything(of)), of) == ["a", "b", "end"]


def test_a_node_with_too_few_messages_is_off_and_takes_what_needs_it_along() -> None:
    of = graph(
        [node("a"), node("b", requires=2), node("c", requires=1), node("end")],
        [(0, 1), (1, 2), (2, 3)],
    )
    assert names(plan(of, everything(of)), of) == ["end"]


def test_a_node_switched_off_by_hand_is_never_there() -> None:
    of = graph([node("a", on=False), node("end")], [(0, 1)])
    planned = plan(of, everything(of))
    assert names(planned, of) == ["end"]
    assert planned.edges == ()


def test_an_absent_edge_carries_nothing() -> None:
    of = graph([node("a"), node("b"), node("end")], [(0, 2), (1, 2)])
    planned = plan(of, Realization((True, True, True), (True, False)))
    assert names(planned, of) == ["a", "end"]
    assert planned.senders[2] == (0,)


def test_senders_come_in_order_of_declaration_of_the_nodes() -> None:
    of = graph([node("a"), node("b"), node("end")], [(1, 2), (0, 2)])
    assert plan(of, everything(of)).senders[2] == (0, 1)


def test_spare_counts_the_messages_a_node_can_miss() -> None:
    of = graph([node("a"), node("b"), node("end", requires=1)], [(0, 2), (1, 2)])
    assert plan(of, everything(of)).spare[2] == 1


def test_a_cycle_is_a_bug_of_the_caller() -> None:
    of = graph([node("a"), node("b"), node("end")], [(0, 1), (1, 0), (1, 2)])
    with pytest.raises(ValueError, match=r"cycle.*`a`, `b`, `end`"):
        plan(of, everything(of))


def test_a_realization_of_another_graph_is_a_bug_of_the_caller() -> None:
    of = graph([node("a")])
    with pytest.raises(ValueError, match="does not fit"):
        plan(of, Realization((True, True), ()))


def test_half_is_enough_for_gates_and_edges() -> None:
    of = graph(
        [node("a"), node("b"), node("end")],
        candidates={(0, 2): 0.5, (1, 2): 0.499, (0, 1): 0.9},
        gates={0: 0.5, 1: 0.49},
    )
    assert deployed(of) == Realization((True, False, True), (True, False, False))


def test_given_probabilities_stand_for_those_of_the_file() -> None:
    of = graph([node("a"), node("end")], candidates={(0, 1): 0.9})
    assert deployed(of, [0.1]).edges == (False,)


def test_of_two_edges_that_close_a_cycle_the_more_probable_stays() -> None:
    of = graph([node("a"), node("b"), node("end")], candidates={(0, 1): 0.6, (1, 0): 0.7, (1, 2): 0.9})
    assert deployed(of).edges == (False, True, True)


def test_of_equals_the_first_declared_stays() -> None:
    of = graph([node("a"), node("b"), node("end")], candidates={(1, 0): 0.7, (0, 1): 0.7, (1, 2): 0.9})
    assert deployed(of).edges == (True, False, True)


def test_a_candidate_never_closes_a_cycle_with_fixed_edges() -> None:
    of = graph([node("a"), node("b"), node("end")], [(0, 1), (1, 2)], candidates={(2, 0): 0.99})
    assert deployed(of).edges == (True, True, False)


def test_an_edge_through_a_gate_that_is_off_closes_no_cycle() -> None:
    of = graph(
        [node("a"), node("b"), node("c"), node("end")],
        [(0, 1), (1, 2), (2, 3)],
        candidates={(2, 0): 0.9},
        gates={1: 0.1},
    )
    assert deployed(of).edges == (False, False, True, True)


COUNT = 6
PAIRS = list(permutations(range(COUNT), 2))


def has_cycle(edges: set[tuple[int, int]]) -> bool:
    left = set(range(COUNT))
    while free := {n for n in left if not any(b == n and a in left for a, b in edges)}:
        left -= free
    return bool(left)


@given(
    st.lists(st.sampled_from(list(combinations(range(COUNT), 2))), unique=True, max_size=5),
    st.lists(st.tuples(st.sampled_from(PAIRS), st.sampled_from([0.3, 0.5, 0.7, 0.9])), max_size=20),
)
def test_deployed_edges_are_the_greedy_choice(
    fixed: list[tuple[int, int]], likely: list[tuple[tuple[int, int], float]]
) -> None:
    candidates = {pair: value for pair, value in likely if pair not in fixed}
    of = graph([node(str(i)) for i in range(COUNT)], fixed, candidates=candidates)
    kept = set(fixed)
    for pair in sorted(candidates, key=lambda pair: (-candidates[pair], list(candidates).index(pair))):
        if candidates[pair] >= 0.5 and not has_cycle(kept | {pair}):
            kept.add(pair)
    assert deployed(of).edges == tuple(pair in kept for pair in [*fixed, *candidates])
    plan(of, deployed(of))


@given(st.lists(st.sampled_from(PAIRS), max_size=20))
def test_nodes_share_a_component_when_each_reaches_the_other(edges: list[tuple[int, int]]) -> None:
    reach = {(n, n) for n in range(COUNT)} | set(edges)
    for middle in range(COUNT):
        reach |= {(a, b) for a, m in reach if m == middle for n, b in reach if n == middle}
    component = components(COUNT, edges)
    for a, b in PAIRS:
        assert (component[a] == component[b]) == ((a, b) in reach and (b, a) in reach)


def test_a_long_chain_needs_no_recursion() -> None:
    count = 3000
    chain = [(i, i + 1) for i in range(count - 1)]
    of = graph([node(str(i)) for i in range(count)], candidates=dict.fromkeys(chain, 0.9))
    assert len(plan(of, deployed(of)).order) == count
