"""When all realizations can be scored from the same calls."""

from agraph.optimizer.replay import replayable
from tests.graphs import call, graph, node

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
