"""What prompt search asks of a session: other texts, values that are given, questions of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import attrs
import pytest

from agraph.compiler import ir
from agraph.compiler.ir import Graph, ModelCall, Node, NodeIndex
from agraph.compiler.types import INT, Record
from agraph.optimizer.blame import right_answer
from agraph.runtime.beside import ask, rerun, seen
from agraph.runtime.errors import ModelError
from agraph.runtime.frame import Row
from agraph.runtime.plan import deployed
from agraph.runtime.session import Session
from tests.adapters import FakeModel, install, said
from tests.compiling import graph_of
from tests.graphs import model

T = TypeVar("T")

GRAPH = """
  node a { prompt = "First: {{ question }}" }
  node b { prompt = "Then: {{ question }} {{ a }} {{ inbox.named }}" }
  node c { prompt = "Other." }
  edge [a, c] -> b
  output b
"""


def with_prompt(graph: Graph, name: str, text: str) -> Graph:
    """The graph where a node's prompt begins with another text."""

    def changed(node: Node) -> Node:
        if node.name != name:
            return node
        assert isinstance(node.work, ModelCall)
        return attrs.evolve(node, work=attrs.evolve(node.work, prompt=(text, *node.work.prompt[1:])))

    return attrs.evolve(graph, nodes=tuple(map(changed, graph.nodes)))


def asked(
    monkeypatch: pytest.MonkeyPatch, does: Callable[[Session, Graph], Awaitable[T]], replies: int = 6
) -> tuple[T, list[str]]:
    """What came of it, and the prompts that were sent."""
    graph = graph_of(GRAPH)
    adapter = install(monkeypatch, FakeModel([said(f"{number}") for number in range(replies)]))

    async def run() -> T:
        async with Session(graph, models={"fast": model("fast", "fake")}, concurrency=1) as session:
            return await does(session, graph)

    found = asyncio.run(run())
    return found, [request.turns[-1].text for request in adapter.requests]


ROW = Row("1", {"question": "why"})


def test_a_variant_asks_only_what_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    async def both(session: Session, graph: Graph) -> list[ir.Json]:
        other = session.variant(with_prompt(graph, "c", "Else."))
        realization = deployed(graph)
        first = await session.run(realization, ROW)
        second = await other.run(realization, ROW)
        return [first.values[0], second.values[0], session.usage == other.usage]

    values, prompts = asked(monkeypatch, both)
    assert values[0] == values[1]
    assert values[2] is True
    assert sorted(prompts[:2]) == ["First: why", "Other."]
    assert prompts.count("Else.") == 1
    assert len(prompts) == 5


def test_a_variant_has_the_models_of_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(session: Session, graph: Graph) -> None:
        with pytest.raises(ValueError, match="has its models and tools"):
            session.variant(attrs.evolve(graph, models=()))

    asked(monkeypatch, refused)


def test_values_that_are_given_are_not_asked_for_and_are_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run(session: Session, graph: Graph) -> ir.Json:
        given = {NodeIndex(0): "mine", NodeIndex(2): "yours"}
        return (await rerun(session, deployed(graph), ROW, given)).value

    value, prompts = asked(monkeypatch, run)
    assert (value, prompts) == ("0", ["Then: why mine c: yours"])


def test_what_a_prompt_showed_is_seen_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run(session: Session, graph: Graph) -> tuple[ir.Json, ...]:
        work = graph.nodes[1].work
        assert isinstance(work, ModelCall)
        slots = [part.value for part in work.prompt if isinstance(part, ir.Slot)]
        return seen(session, NodeIndex(1), slots, deployed(graph), ROW, ("A", "B", "C"))

    assert asked(monkeypatch, run)[0] == ("why", "A", ["c: C"])


def test_a_question_of_its_own_is_held_to_its_type(monkeypatch: pytest.MonkeyPatch) -> None:
    def node(name: str) -> Node:
        work = ModelCall(ir.ModelIndex(0), ("How many?",), None, None, (), 2)
        return Node(name, name, None, None, Record("", (("count", INT),)), work)

    async def asks(session: Session, _: Graph) -> list[ir.Json]:
        return [await ask(session, node("optimize x"), key) for key in ("1", "1", "2")]

    adapter = install(monkeypatch, FakeModel([said('{"count": 1}'), said("two"), said('{"count": 2}')]))
    graph = graph_of(GRAPH)

    async def run() -> list[ir.Json]:
        async with Session(graph, models={"fast": model("fast", "fake")}) as session:
            return await asks(session, graph)

    assert asyncio.run(run()) == [{"count": 1}, {"count": 1}, {"count": 2}]
    assert {request.node for request in adapter.requests} == {"optimize x"}

    async def refused(session: Session, _: Graph) -> None:
        with pytest.raises(ModelError, match="the reply does not fit"):
            await ask(session, node("optimize x"), "1")

    asked(monkeypatch, refused)


def test_the_right_answer_takes_the_form_of_a_message() -> None:
    assert right_answer(7, Record("", (("why", INT),))) == {"why": 7}
    graph = graph_of(GRAPH)
    assert right_answer(7, graph.nodes[0].type) == "7"
    assert right_answer("seven", graph.nodes[0].type) == "seven"
