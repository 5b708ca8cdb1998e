"""When all realizations can be scored from the same calls."""

from agraph.optimizer.replay import replayable
from tests.graphs import call, graph, model, node

AGENTS = [node("a", call("?")), node("b", call("?")), node("vote")]


def test_who_is_heard_by_a_function_changes_no_call() -> None:
    assert replayable(graph(AGENTS, candidates={(0, 2): 0.5, (1, 2): 0.5}))
    assert replayable(graph(AGENTS, [(0, 2), (1, 2)], gates={0: 0.5, 1: 0.5}))
    assert replayable(graph(AGENTS, [(0, 1)], candidates={(1, 2): 0.5}))


def test_who_is_heard_by_a_model_changes_its_call() -> None:
    assert not replayable(graph(AGENTS, [(1, 2)], candidates={(0, 1): 0.5}))
    assert not replayable(graph(AGENTS, [(0, 1), (1, 2)], gates={0: 0.5}))


def test_a_choice_reaches_models_through_functions() -> None:
    nodes = [node("a", call("?")), node("filter"), node("b", call("?"))]
    assert not replayable(graph(nodes, [(1, 2)], candidates={(0, 1): 0.5}))
    assert replayable(graph([*nodes[:2], node("end")], [(1, 2)], candidates={(0, 1): 0.5}))


def test_a_choice_of_a_node_changes_its_call() -> None:
    models = [model(name, "simulated") for name in "mn"]
    edges = [(0, 2), (1, 2)]
    assert not replayable(graph(AGENTS, edges, choices={0: {"m": 1, "n": 2}}, models=models))
    # With one option that can be taken there is no choice.
    assert replayable(graph(AGENTS, edges, choices={0: {"m": 1, "n": 0}}, models=models))


def test_a_gate_of_an_instance_changes_what_is_heard_outside_alone() -> None:
    inside = [node("x()"), node("x.a", call("?"), instance=0), node("x.b", call("?"), instance=0)]
    edges = [(0, 1), (0, 2), (1, 2), (2, 3)]
    assert replayable(graph([*inside, node("vote")], edges, gates={0: 0.5}))
    assert not replayable(graph([*inside, node("end", call("?"))], edges, gates={0: 0.5}))
    assert not replayable(graph([*inside, node("vote")], edges, gates={1: 0.5}))


def test_what_enters_an_instance_changes_the_calls_inside() -> None:
    nodes = [node("a"), node("x()"), node("x.a", call("?"), instance=1), node("vote")]
    assert not replayable(graph(nodes, [(1, 2), (2, 3)], candidates={(0, 1): 0.5}))
