"""An author's plain functions in threads: others go on, waiting ends in time, failures are told."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from agraph.compiler import ir
from agraph.compiler.types import STR, ListOf
from agraph.runtime.errors import RunError
from agraph.runtime.events import Event, ToolAnswered
from agraph.runtime.frame import Row
from agraph.runtime.models.protocol import ToolCall
from agraph.runtime.plan import deployed
from agraph.runtime.session import Outcome, Session
from agraph.runtime.threads import in_thread
from agraph.runtime.tools import checked, interruptible
from tests.adapters import FakeModel, install, said
from tests.commands import ended, started
from tests.graphs import call, graph, model, node, tool

# What is shared with the test stands in a module that both import.
SOURCE = """
import tests.test_tool_threads as test

def block():
    test.RELEASE.wait(60)
    return "released"

def meet():
    test.BARRIER.wait(60)
    return "met"

def where():
    import threading
    return threading.current_thread().name

def fail():
    raise ValueError("no luck")

async def release():
    test.RELEASE.set()
    return "done"
"""

RELEASE = threading.Event()

BARRIER = threading.Barrier(2)


@pytest.fixture(autouse=True)
def _released() -> Iterator[None]:
    RELEASE.clear()
    yield
    RELEASE.set()


@pytest.fixture
def tools(tmp_path: Path) -> list[ir.Tool]:
    (tmp_path / "tools.py").write_text(SOURCE)
    names = ("block", "meet", "where", "fail", "release")
    origin = str(tmp_path / "g.agraph")
    return [tool(name, {}, STR, ir.PythonBinding("tools", name), origin) for name in names]


def run(of: ir.Graph, events: "list[Event] | None" = None) -> Outcome:
    # A graph calls what lies in its own project.
    if of.tools:
        of = attrs.evolve(of, origin=of.tools[0].origin)

    async def outcome() -> Outcome:
        async with Session(of, listener=None if events is None else events.append) as session:
            return await session.run(deployed(of), Row("1", {}))

    return asyncio.run(outcome())


def of_tool(index: int) -> ir.Apply:
    return ir.Apply(ir.ToolIndex(index), ())


def test_a_time_limit_ends_the_waiting_for_a_function_that_does_not_return(tools: list[ir.Tool]) -> None:
    of = graph([node("end", of_tool(0), timeout_s=0.01)], tools=tools)
    with pytest.raises(RunError, match=r"node `end`: no value within 0.01 s"):
        run(of)


def test_other_nodes_go_on_while_a_function_of_a_node_with_a_time_limit_runs(tools: list[ir.Tool]) -> None:
    inbox = ir.Inbox(named=False)
    of = graph(
        [node("a", of_tool(0), timeout_s=60), node("b", of_tool(4)), node("end", inbox, type=ListOf(STR))],
        [(0, 2), (1, 2)],
        tools=tools,
        type_=ListOf(STR),
    )
    assert run(of).value == ["released", "done"]


def test_a_function_runs_in_place_where_its_node_has_no_time_limit(tools: list[ir.Tool]) -> None:
    assert run(graph([node("end", of_tool(2))], tools=tools)).value == threading.current_thread().name
    assert run(graph([node("end", of_tool(2), timeout_s=60)], tools=tools)).value == "agraph-tool"


def test_the_calls_of_one_turn_run_at_once_and_their_results_stand_in_the_events(
    monkeypatch: pytest.MonkeyPatch, tools: list[ir.Tool]
) -> None:
    calls = (ToolCall("1", "meet", {}), ToolCall("2", "meet", {}), ToolCall("3", "fail", {}))
    install(monkeypatch, FakeModel([said("", *calls, stop_reason="tool_use"), said("done")]))
    work = call("hi", tools=(ir.ToolIndex(1), ir.ToolIndex(3)))
    events: list[Event] = []
    of = graph([node("end", work)], models=[model("m", "fake")], tools=tools)
    assert run(of, events).value == "done"
    told = [event for event in events if isinstance(event, ToolAnswered)]
    assert [(event.node, event.row, event.call) for event in told] == [("end", "1", each) for each in calls]
    assert [event.result.content for event in told[:2]] == ["met", "met"]
    assert told[2].result.is_error
    assert "ValueError: no luck" in told[2].result.content


@pytest.mark.parametrize(
    ("binding", "apart"),
    [
        (ir.PythonBinding("agraph.stdlib.arithmetic", "calculate"), False),
        (ir.RecordedBinding("answers.jsonl", "key", "field"), False),
        (ir.PythonBinding("tools", "where"), True),
    ],
)
def test_only_what_may_take_long_is_given_a_thread(
    binding: "ir.PythonBinding | ir.RecordedBinding", apart: bool
) -> None:
    opened = checked(tool("t", {"e": STR}, STR, binding), lambda text: text)
    assert opened.apart is apart
    assert interruptible(opened).waits is apart


def test_what_a_thread_raises_is_raised_to_who_waits() -> None:
    def stop() -> None:
        raise SystemExit(3)

    async def wait() -> None:
        with pytest.raises(SystemExit):
            await in_thread(stop)

    asyncio.run(wait())


def test_a_function_that_hangs_does_not_keep_the_process_from_ending(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text("import threading\ndef hang():\n    threading.Event().wait()\n")
    (tmp_path / "g.agraph").write_text(
        'agraph 1\n\ntool hang() -> str = python("tools:hang")\n\n'
        'graph g() -> str {\n  node a "Hangs." -> str = hang() {\n    timeout = 0.01\n  }\n  output a\n}\n'
    )
    finished = ended(started("run", tmp_path / "g.agraph"))
    assert finished.code == 1
    assert "no value within 0.01 s" in finished.err
