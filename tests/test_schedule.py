"""The state machine of a run, driven without an event loop."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from agraph.compiler import ir
from agraph.runtime.plan import Plan, Realization, plan
from agraph.runtime.schedule import Schedule
from tests.graphs import graph, node


def planned(of: ir.Graph) -> Plan:
    return plan(of, Realization((True,) * len(of.nodes), (True,) * len(of.edges)))


def startable(schedule: Schedule) -> list[int]:
    nodes = []
    while (started := schedule.start()) is not None:
        nodes.append(int(started))
    return nodes


def test_a_node_starts_when_its_last_sender_is_done() -> None:
    schedule = Schedule(planned(graph([node("a"), node("b"), node("end")], [(0, 2), (1, 2)])))
    assert startable(schedule) == [0, 1]
    schedule.finished(ir.NodeIndex(1), "b")
    assert startable(schedule) == []
    schedule.finished(ir.NodeIndex(0), "a")
    assert startable(schedule) == [2]


def test_null_is_no_message_but_lets_receivers_start() -> None:
    schedule = Schedule(planned(graph([node("a"), node("end")], [(0, 1)])))
    assert startable(schedule) == [0]
    schedule.finished(ir.NodeIndex(0), None)
    assert startable(schedule) == [1]


def test_a_receiver_with_too_few_messages_is_skipped_and_so_is_what_needs_it() -> None:
    of = graph(
        [node("a"), node("b", requires=1), node("c", requires=1), node("end")], [(0, 1), (1, 2), (2, 3)]
    )
    schedule = Schedule(planned(of))
    assert startable(schedule) == [0]
    schedule.finished(ir.NodeIndex(0), None)
    assert startable(schedule) == [3]
    assert schedule.ran == [True, False, False, False]


def test_what_only_a_skipped_node_wanted_never_starts() -> None:
    # c needs a and b; b waits for slow. When a gives nothing, b is pointless.
    of = graph(
        [node("a"), node("slow"), node("b"), node("c", requires=2), node("end")],
        [(0, 3), (1, 2), (2, 3), (3, 4), (1, 4)],
    )
    schedule = Schedule(planned(of))
    assert startable(schedule) == [0, 1]
    schedule.finished(ir.NodeIndex(0), None)
    schedule.finished(ir.NodeIndex(1), "slow")
    assert startable(schedule) == [4]


def test_an_output_is_wanted_though_its_receivers_are_gone() -> None:
    of = graph(
        [node("a"), node("first"), node("second", requires=2)],
        [(0, 2), (1, 2)],
        output=(1, 2),
        output_many=True,
    )
    schedule = Schedule(planned(of))
    assert schedule.start() == 0
    schedule.finished(ir.NodeIndex(0), None)
    assert startable(schedule) == [1]


COUNT = 8


@st.composite
def runs(draw: st.DrawFn) -> tuple[ir.Graph, list[bool], list[int]]:
    """A random acyclic graph, which nodes have null for a value, and choices of what ends next."""
    edges = draw(st.lists(st.sampled_from(list(combinations(range(COUNT), 2))), unique=True))
    requires = draw(st.lists(st.integers(0, 2), min_size=COUNT, max_size=COUNT))
    output = draw(st.sets(st.integers(0, COUNT - 1), min_size=1, max_size=2))
    nulls = draw(st.lists(st.booleans(), min_size=COUNT, max_size=COUNT))
    choices = draw(st.lists(st.integers(0, COUNT), min_size=COUNT, max_size=COUNT))
    nodes = [node(str(i), requires=need) for i, need in enumerate(requires)]
    return graph(nodes, edges, sorted(output), output_many=len(output) > 1), nulls, choices


@given(runs())
def test_runs_agree_with_reading_the_rules_node_by_node(run: tuple[ir.Graph, list[bool], list[int]]) -> None:
    of, nulls, choices = run
    to_run = planned(of)
    # The reference: in topological order, a node speaks when enough of its senders do and it is not null.
    enough = [False] * COUNT
    speaks = [False] * COUNT
    for index in range(COUNT):
        heard = sum(speaks[sender] for sender in to_run.senders[index])
        enough[index] = to_run.live[index] and heard >= of.nodes[index].requires
        speaks[index] = enough[index] and not nulls[index]

    schedule = Schedule(to_run)
    under_way: list[int] = []
    for choice in choices:
        under_way += startable(schedule)
        if not under_way:
            break
        ended = under_way.pop(choice % len(under_way))
        assert all(schedule.ran[sender] or not enough[sender] for sender in to_run.senders[ended]), (
            "every sender is done or off"
        )
        schedule.finished(ir.NodeIndex(ended), None if nulls[ended] else str(ended))
    assert not startable(schedule)
    assert not under_way

    for index in range(COUNT):
        if schedule.ran[index]:
            assert enough[index]
            assert (schedule.values[index] is not None) == speaks[index]
        elif enough[index]:
            assert index not in of.output
            assert not any(schedule.ran[receiver] for receiver in to_run.receivers[index])
        else:
            assert schedule.values[index] is None
