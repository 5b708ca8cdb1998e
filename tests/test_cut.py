"""What lies behind the last model calls, and running it again from values that are known."""

import asyncio
from collections.abc import Mapping

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agraph.compiler import ir
from agraph.optimizer.policy import policy_of, realizations, sample
from agraph.runtime.cut import cut
from agraph.runtime.errors import RunError
from agraph.runtime.frame import Row
from agraph.runtime.models.protocol import Truth
from agraph.runtime.plan import Realization
from agraph.runtime.session import Outcome, Session
from tests.compiling import compiled
from tests.graphs import call, graph, model, node

AGENTS = [node("a", call("?")), node("b", call("?")), node("vote")]


def free_of(of: ir.Graph) -> Mapping[str, bool]:
    """By the name of each learnable whether it changes nothing before the cut."""
    parts = cut(of)
    return {each.name: each.offset in parts.free for each in of.probabilities}


def test_who_is_heard_by_a_function_is_free() -> None:
    assert free_of(graph(AGENTS, candidates={(0, 2): 0.5, (1, 2): 0.5})) == {"(0, 2)": True, "(1, 2)": True}
    assert free_of(graph(AGENTS, [(0, 2), (1, 2)], gates={0: 0.5})) == {"0": True}
    assert free_of(graph(AGENTS, [(0, 1)], candidates={(1, 2): 0.5})) == {"(1, 2)": True}


def test_who_is_heard_by_a_model_is_not() -> None:
    assert free_of(graph(AGENTS, [(1, 2)], candidates={(0, 1): 0.5})) == {"(0, 1)": False}
    assert free_of(graph(AGENTS, [(0, 1), (1, 2)], gates={0: 0.5})) == {"0": False}


def test_a_choice_reaches_models_through_functions() -> None:
    nodes = [node("a", call("?")), node("filter"), node("b", call("?"))]
    assert free_of(graph(nodes, [(1, 2)], candidates={(0, 1): 0.5})) == {"(0, 1)": False}
    assert free_of(graph([*nodes[:2], node("end")], [(1, 2)], candidates={(0, 1): 0.5})) == {"(0, 1)": True}


def test_a_gate_of_an_instance_changes_what_is_heard_outside_alone() -> None:
    inside = [node("x()"), node("x.a", call("?"), instance=0), node("x.b", call("?"), instance=0)]
    edges = [(0, 1), (0, 2), (1, 2), (2, 3)]
    assert free_of(graph([*inside, node("vote")], edges, gates={0: 0.5})) == {"0": True}
    assert free_of(graph([*inside, node("end", call("?"))], edges, gates={0: 0.5})) == {"0": False}
    assert free_of(graph([*inside, node("vote")], edges, gates={1: 0.5})) == {"1": False}


def test_a_function_that_always_hears_the_same_one_is_run_once() -> None:
    of = graph([*AGENTS[:2], node("read"), node("vote")], [(0, 2)], candidates={(1, 3): 0.5, (2, 3): 0.5})
    assert cut(of).behind == (False, False, False, True)
    assert cut(of).entrances == (1, 2)


TEXT = """\
agraph 1

import std.text
import std.vote

model good = simulated(right = 0.6, heard_right = 0.2, heard_wrong = -0.2, choices = ["A", "B", "C"])
model bad = simulated(right = 0.1, choices = ["A", "B", "C"])

graph mixed(question: str) -> str? {
  node first {
    on ~ 0.7
    model ~ { good: 0.5, bad: 0.5 }
    prompt = "{{ question }}"
  }
  node second[3] {
    on ~ 0.8
    model = good
    requires = 1
    on_error = skip
    prompt = "{{ question }} {{ inbox }}"
  }
  node read[3] = text.last_line(second)
  node few -> str? = vote.majority(inbox)
  node vote = vote.majority(inbox)
  edge first -> second ~ 0.7
  edge second[i] -> second[i + 1] ~ 0.5
  edge second[i] -> read[i]
  edge read -> few ~ 0.6
  edge read -> vote ~ 0.6
  edge few -> vote ~ 0.5
  output vote
}
"""


@given(seed=st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_a_replay_gives_what_the_whole_run_gives(seed: int) -> None:
    compilation = compiled(TEXT)
    assert compilation.graphs, compilation.diagnostics
    of = compilation.graphs[0]
    drawn = realizations(sample(policy_of(of), 8, np.random.default_rng(seed)))
    row = Row("1", {"question": "?"}, Truth("A", ("A", "B", "C")))

    async def both() -> None:
        async with Session(of) as session:
            known = await session.run_up_to_cut(drawn[0], row)
            made = session.usage.calls
            for each in drawn:
                other = joined(session, drawn[0], each)
                again = await answer(session.run_behind_cut(other, row, known))
                assert session.usage.calls == made
                whole = await answer(session.run(other, row))
                assert again == whole

    asyncio.run(both())


def joined(session: Session, first: Realization, second: Realization) -> Realization:
    """The first before the cut, and the second behind it."""
    behind = session.cut.behind
    edges = tuple(
        other if behind[receiver] else own
        for own, other, receiver in zip(first.edges, second.edges, session.graph.edges.receivers, strict=True)
    )
    return attrs.evolve(first, edges=edges)


async def answer(run: object) -> ir.Json:
    """A run's answer, or that it had none."""
    try:
        outcome: Outcome = await run  # type: ignore[misc]
    except RunError:
        return "(none)"
    return outcome.value


def test_a_replay_tells_nobody() -> None:
    of = graph(
        [node("a", call("?"), cache=True), node("vote")],
        candidates={(0, 1): 0.5},
        models=[model("m", "simulated")],
    )
    told: list[object] = []
    row = Row("1", {}, Truth("A", ("A", "B")))
    everything = Realization((True, True), (True,))

    async def replay() -> int:
        async with Session(of, listener=told.append) as session:
            known = await session.run_up_to_cut(everything, row)
            before = len(told)
            await session.run_behind_cut(everything, row, known)
            return len(told) - before

    assert asyncio.run(replay()) == 0
    assert told


@pytest.mark.parametrize("cached", [True, False])
def test_what_a_node_used_is_known_by_its_name(cached: bool) -> None:
    of = graph(
        [node("a", call("1"), cache=cached), node("b", call("2"), cache=cached), node("out")],
        [(0, 2), (1, 2)],
        models=[model("m", "simulated")],
    )

    async def run() -> Outcome:
        async with Session(of) as session:
            return await session.run(
                Realization((True,) * 3, (True, True)), Row("1", {}, Truth("A", ("A", "B")))
            )

    found = asyncio.run(run())
    assert {name: usage.calls for name, usage in found.usage_by_node.items()} == {"a": 1, "b": 1}
    assert found.usage.calls == 2
