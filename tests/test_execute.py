"""Running realizations: order, failures, answers, and what is shared."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest

from agraph.compiler import ir
from agraph.compiler.types import FLOAT, INT, STR, ListOf, Optional, Type, Variable
from agraph.runtime.errors import (
    BudgetError,
    InputError,
    MissingKeyError,
    ModelError,
    RunError,
    ToolError,
    TransientError,
)
from agraph.runtime.events import Answered, Asked, Event
from agraph.runtime.frame import Row
from agraph.runtime.models.protocol import Request, Usage
from agraph.runtime.plan import Realization, deployed
from agraph.runtime.retry import RetryPolicy
from agraph.runtime.session import Outcome, Session
from agraph.runtime.slots import Slots
from tests.adapters import Answer, FakeModel, install, said
from tests.anywhere import ANYWHERE
from tests.graphs import call, graph, model, node, tool

INBOX = ir.Inbox(named=False)
ONCE = RetryPolicy(attempts=1)


def run(of: ir.Graph, realization: Realization | None = None, **inputs: ir.Json) -> Outcome:
    return run_on(of, inputs, realization)


def run_on(of: ir.Graph, inputs: dict[str, ir.Json], realization: Realization | None = None) -> Outcome:
    async def outcome() -> Outcome:
        async with Session(of, retry=ONCE, permissions=ANYWHERE) as session:
            return await session.run(realization or deployed(of), Row("row", inputs))

    return asyncio.run(outcome())


def in_session(of: ir.Graph, body: Callable[[Session], Awaitable[None]], **options: Any) -> Session:
    async def all_of_it() -> Session:
        async with Session(of, retry=ONCE, permissions=ANYWHERE, **options) as session:
            await body(session)
        return session

    return asyncio.run(all_of_it())


def python_tools(folder: Path, source: str, **signatures: tuple[Sequence[Type], Type]) -> list[ir.Tool]:
    (folder / "tools.py").write_text(source)
    return [
        tool(
            name,
            {f"p{i}": type_ for i, type_ in enumerate(parameters)},
            returns,
            ir.PythonBinding("tools", name),
            str(folder / "g.agraph"),
        )
        for name, (parameters, returns) in signatures.items()
    ]


def apply(index: int, *arguments: ir.Expression) -> ir.Apply:
    return ir.Apply(ir.ToolIndex(index), arguments)


def test_messages_travel_along_active_edges() -> None:
    of = graph(
        [node("a"), node("b"), node("end", INBOX, type=ListOf(STR))],
        candidates={(0, 2): 0.9, (1, 2): 0.1},
        type_=ListOf(STR),
    )
    outcome = run(of)
    assert outcome.value == ["a"]
    assert outcome.ran == (True, False, True)
    assert outcome.values == ("a", None, ["a"])


def test_a_node_whose_condition_does_not_hold_sends_nothing() -> None:
    when = ir.Compare(ir.Input("kind"), "==", ir.Constant("math"))
    of = graph(
        [node("a", when=when), node("b"), node("end", INBOX)],
        [(0, 2), (1, 2)],
        inputs={"kind": STR},
    )
    assert run(of, kind="math").value == ["a", "b"]
    outcome = run(of, kind="art")
    assert outcome.value == ["b"]
    assert outcome.ran == (False, True, True)


def test_who_is_read_by_name_is_not_in_the_inbox() -> None:
    reads = ir.MakeList((ir.Message(ir.NodeIndex(0)), INBOX))
    of = graph([node("a"), node("b"), node("end", reads)], [(0, 2), (1, 2)], by_name=[(0, 2)])
    assert run(of).value == ["a", ["b"]]


def test_a_whole_number_becomes_a_float_where_the_node_says_so() -> None:
    assert repr(run(graph([node("end", ir.Constant(3), type=FLOAT)])).value) == "3.0"


def test_a_node_starts_the_moment_its_last_sender_is_done(tmp_path: Path) -> None:
    # `slow` waits for `third`, which waits only for `quick`: by layers this would never end.
    source = (
        "import asyncio\nDONE = asyncio.Event()\n"
        "async def slow():\n    await DONE.wait()\n    return 'slow'\n"
        "async def quick():\n    await asyncio.sleep(0)\n    return 'quick'\n"
        "async def third(x):\n    DONE.set()\n    return x + ', third'\n"
    )
    tools = python_tools(tmp_path, source, slow=([], STR), quick=([], STR), third=([STR], STR))
    of = graph(
        [
            node("slow", apply(0)),
            node("quick", apply(1)),
            node("third", apply(2, ir.Message(ir.NodeIndex(1)))),
            node("end", INBOX),
        ],
        [(0, 3), (1, 2), (2, 3)],
        tools=tools,
    )
    assert run(of).value == ["slow", "quick, third"]


def test_asynchronous_nodes_are_under_way_together(tmp_path: Path) -> None:
    source = (
        "import asyncio\nBARRIER = asyncio.Barrier(3)\n"
        "async def meet():\n    await BARRIER.wait()\n    return 'met'\n"
    )
    of = graph(
        [node(f"m[{i}]", apply(0)) for i in range(3)] + [node("end", INBOX)],
        [(0, 3), (1, 3), (2, 3)],
        tools=python_tools(tmp_path, source, meet=([], STR)),
    )
    assert run(of).value == ["met"] * 3


def test_a_failing_node_names_graph_node_and_cause_and_cancels_the_rest(tmp_path: Path) -> None:
    source = (
        "import asyncio\nENDED = []\n"
        "async def fail():\n    await asyncio.sleep(0)\n    raise ValueError('no')\n"
        "async def wait():\n"
        "    try:\n        await asyncio.Event().wait()\n"
        "    finally:\n        ENDED.append(True)\n"
        "def ended():\n    return str(len(ENDED))\n"
    )
    tools = python_tools(tmp_path, source, fail=([], STR), wait=([], STR), ended=([], STR))
    of = graph(
        [node("waits", apply(1)), node("fails", apply(0)), node("end", INBOX), node("count", apply(2))],
        [(0, 2), (1, 2)],
        output=(2, 3),
        output_many=True,
        tools=tools,
    )
    only_count = Realization((False, False, False, True), (True, True))

    async def body(session: Session) -> None:
        with pytest.raises(RunError) as caught:
            await session.run(deployed(of), Row("row", {}))
        assert str(caught.value) == "graph `graph`, node `fails`: tool `fail`: it raised ValueError: no"
        assert isinstance(caught.value.__cause__, ToolError)
        assert (await session.run(only_count, Row("row", {}))).value == ["1"]

    in_session(of, body)


def test_two_failures_are_one_error(tmp_path: Path) -> None:
    source = "import asyncio\nasync def fail():\n    await asyncio.sleep(0)\n    raise ValueError('no')\n"
    of = graph(
        [node("a", apply(0)), node("b", apply(0)), node("end", INBOX)],
        [(0, 2), (1, 2)],
        tools=python_tools(tmp_path, source, fail=([], STR)),
    )
    with pytest.raises(RunError, match="node `a`"):
        run(of)


def test_a_plain_function_that_fails_names_its_node(tmp_path: Path) -> None:
    of = graph([node("end", apply(0))], tools=python_tools(tmp_path, "def f(): return 3", f=([], STR)))
    with pytest.raises(RunError, match="node `end`: tool `f` is declared to return `str` and returned `3`"):
        run(of)


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_a_failure_can_be_skipped_replaced_or_tried_again(tmp_path: Path, kind: str) -> None:
    source = (
        f"TRIES = []\n{kind} flaky():\n    TRIES.append(1)\n"
        "    if len(TRIES) % 3: raise ValueError('no')\n    return 'third time'\n"
    )
    tools = python_tools(tmp_path, source, flaky=([], STR))

    def value(**attributes: Any) -> ir.Json:
        of = graph([node("a", apply(0), **attributes), node("end", INBOX)], [(0, 1)], tools=tools)
        return run(of).value

    assert value(on_error="skip") == []
    assert value(on_error=ir.Constant("instead")) == ["instead"]
    assert value(retries=2) == ["third time"]
    with pytest.raises(RunError):
        value(retries=1)


def test_an_attempt_that_takes_too_long_fails(tmp_path: Path) -> None:
    source = "import asyncio\nasync def hang():\n    await asyncio.Event().wait()\n"
    of = graph([node("end", apply(0), timeout_s=0.01)], tools=python_tools(tmp_path, source, hang=([], STR)))
    with pytest.raises(RunError, match=r"node `end`: no value within 0.01 s"):
        run(of)


def test_a_time_limit_of_the_tools_own_is_the_tools_failure(tmp_path: Path) -> None:
    source = "async def f():\n    raise TimeoutError\n"
    of = graph([node("end", apply(0), timeout_s=60)], tools=python_tools(tmp_path, source, f=([], STR)))
    with pytest.raises(RunError, match="tool `f`: it raised TimeoutError"):
        run(of)


def test_a_bug_is_not_dressed_as_a_failure_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(request: Request) -> Answer:
        raise ZeroDivisionError

    install(monkeypatch, FakeModel(broken))
    of = graph([node("end", call("hi"), on_error="skip")], models=[model("m", "fake")])
    with pytest.raises(ZeroDivisionError):
        run(of)


def test_a_bug_is_told_before_what_failed_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(request: Request) -> Answer:
        if request.node == "b":
            raise TimeoutError
        return ModelError("no")

    install(monkeypatch, FakeModel(broken))
    nodes = [node("a", call("hi")), node("b", call("hi")), node("end", INBOX)]
    with pytest.raises(TimeoutError):
        run(graph(nodes, [(0, 2), (1, 2)], models=[model("m", "fake")]))


def test_a_missing_key_is_told_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, FakeModel([MissingKeyError("set the key")]))
    with pytest.raises(MissingKeyError, match="set the key"):
        run(graph([node("end", call("hi"), on_error="skip")], models=[model("m", "fake")]))


def test_a_value_of_any_type_is_held_to_the_type_that_it_stands_for(tmp_path: Path) -> None:
    source = "def first(x): return str(x[0])"
    tools = python_tools(tmp_path, source, first=([ListOf(Variable("T"))], Variable("T")))
    of = graph([node("end", apply(0, ir.Constant([1])), type=INT)], tools=tools)
    with pytest.raises(RunError, match='node `end`: the node is declared `int` and its value is `"1"`'):
        run(of)


def test_a_limit_reached_is_told_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, FakeModel([BudgetError("2 calls were made")]))
    with pytest.raises(BudgetError, match="2 calls"):
        run(graph([node("end", call("hi"))], models=[model("m", "fake")]))


def test_a_cancelled_run_cancels_its_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    of = graph([node("end", call("hi"))], models=[model("m", "fake")])

    async def body(session: Session) -> None:
        adapter = install(monkeypatch, FakeModel([]))
        adapter.opened_gate.clear()
        task = asyncio.create_task(session.run(deployed(of), Row("row", {})))
        while not adapter.under_way:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert adapter.under_way == 0

    in_session(of, body)


def test_nothing_at_the_output_says_who_was_silent() -> None:
    of = graph([node("a", ir.Constant(None)), node("vote", ir.Message(ir.NodeIndex(0)))], [(0, 1)])
    with pytest.raises(RunError) as caught:
        run(of)
    assert caught.value.node is None
    assert "the value of `vote` is null, for it heard nothing (nothing came from `a`)" in str(caught.value)


def test_an_output_that_hears_too_little_says_so() -> None:
    of = graph([node("a", ir.Constant(None)), node("b"), node("end", INBOX, requires=2)], [(0, 2), (1, 2)])
    with pytest.raises(
        RunError, match=r"`end` could not get the 2 messages that it requires \(nothing came from `a`"
    ):
        run(of)
    off = Realization((False, True, True), (True, True))
    with pytest.raises(RunError, match="`end` is not part of this realization"):
        run(of, off)


def test_an_output_whose_condition_is_false_says_so() -> None:
    when = ir.Compare(ir.Constant(1), "==", ir.Constant(2))
    with pytest.raises(RunError, match="the condition of `end` does not hold"):
        run(graph([node("end", when=when)]))


@pytest.mark.parametrize(("nulls", "value"), [(False, ["a"]), (True, ["a", None])])
def test_a_family_at_the_output_is_a_list(nulls: bool, value: ir.Json) -> None:
    of = graph(
        [node("m[0]", ir.Constant("a")), node("m[1]", ir.Constant(None))],
        output=(0, 1),
        output_many=True,
        output_nulls=nulls,
    )
    assert run(of).value == value


@pytest.mark.parametrize("nulls", [False, True])
def test_a_family_with_no_member_present_is_no_answer(nulls: bool) -> None:
    of = graph([node("m[0]", ir.Constant(None))], output=(0,), output_many=True, output_nulls=nulls)
    with pytest.raises(RunError, match="no answer"):
        run(of)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "graph `graph` needs the input `count`"),
        ({"count": 1, "cuont": 2}, "graph `graph` has no input `cuont`; did you mean `count`?"),
        ({"count": 1, "zebra": 2}, "no input `zebra`; its inputs: `count`, `notes`"),
        ({"count": "one"}, 'input `count`: expected `int` and got `"one"`'),
        ({"count": None}, "input `count`: expected `int` and got `null`"),
        ({"count": 1, "notes": ["a", 2]}, r"input `notes` at \[1\]: expected `str` and got `2`"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(inputs: dict[str, ir.Json], message: str) -> None:
    of = graph([node("end", ir.Input("count"))], inputs={"count": INT, "notes": Optional(ListOf(STR))})
    with pytest.raises(InputError, match=message):
        run_on(of, inputs)


def test_an_optional_input_may_be_left_out() -> None:
    work = ir.MakeList((ir.Input("notes"),))
    assert run(graph([node("end", work)], inputs={"notes": Optional(STR)})).value == [None]


def family(*, cache: bool = True) -> ir.Graph:
    """Two members with one prompt, and a node that lists what they say."""
    return graph(
        [node(f"m[{i}]", call("hi"), cache=cache) for i in range(2)] + [node("end", INBOX)],
        candidates={(0, 2): 0.9, (1, 2): 0.9},
        models=[model("m", "fake")],
    )


def test_a_call_is_shared_between_realizations_and_runs_but_not_between_members(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    adapter = install(monkeypatch, FakeModel(lambda request: said(f"{request.node} on {request.row}")))
    of = family()

    async def body(session: Session) -> None:
        both = await session.run(deployed(of), Row("1", {}))
        assert both.value == ["m[0] on 1", "m[1] on 1"]
        one = await session.run(Realization((True,) * 3, (True, False)), Row("1", {}))
        assert one.value == ["m[0] on 1"]
        assert one.usage.calls == 1
        assert len(adapter.requests) == 2
        await session.run(deployed(of), Row("2", {}))
        assert len(adapter.requests) == 4

    session = in_session(of, body)
    assert session.usage == Usage(calls=4, input_tokens=40, output_tokens=4, cost_usd=None)
    assert adapter.closed


def test_a_call_under_way_is_shared_too(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = install(monkeypatch, FakeModel(lambda request: said(request.node)))
    of = family()

    async def body(session: Session) -> None:
        await asyncio.gather(*(session.run(deployed(of), Row("1", {})) for _ in range(5)))

    in_session(of, body)
    assert len(adapter.requests) == 2


def test_calls_of_a_node_that_says_so_are_not_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = install(monkeypatch, FakeModel(lambda request: said(request.node)))
    of = family(cache=False)

    async def body(session: Session) -> None:
        for _ in range(2):
            await session.run(deployed(of), Row("1", {}))

    in_session(of, body)
    assert len(adapter.requests) == 4


def test_a_failed_call_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = install(monkeypatch, FakeModel([ModelError("no"), said("yes")]))
    of = graph([node("end", call("hi"))], models=[model("m", "fake")])

    async def body(session: Session) -> None:
        with pytest.raises(RunError, match="no"):
            await session.run(deployed(of), Row("1", {}))
        assert (await session.run(deployed(of), Row("1", {}))).value == "yes"

    in_session(of, body)
    assert len(adapter.requests) == 2


def test_a_failure_is_shared_by_those_who_wait_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = install(monkeypatch, FakeModel([ModelError("no")]))
    of = graph([node("end", call("hi"))], models=[model("m", "fake")])

    async def body(session: Session) -> None:
        runs = [session.run(deployed(of), Row("1", {})) for _ in range(3)]
        ends = await asyncio.gather(*runs, return_exceptions=True)
        assert [str(end) for end in ends] == ["graph `graph`, node `end`: no"] * 3

    in_session(of, body)
    assert len(adapter.requests) == 1


def test_whoever_waits_for_a_call_that_is_cancelled_makes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    of = graph([node("end", call("hi"))], models=[model("m", "fake")])

    async def body(session: Session) -> None:
        adapter = install(monkeypatch, FakeModel(lambda request: said("yes")))
        adapter.opened_gate.clear()
        first = asyncio.create_task(session.run(deployed(of), Row("1", {})))
        while not adapter.under_way:
            await asyncio.sleep(0)
        second = asyncio.create_task(session.run(deployed(of), Row("1", {})))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        first.cancel()
        adapter.opened_gate.set()
        assert (await second).value == "yes"
        assert len(adapter.requests) == 2
        with pytest.raises(asyncio.CancelledError):
            await first

    in_session(of, body)


def test_a_waiter_that_is_cancelled_leaves_the_call_to_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    of = graph([node("end", call("hi"))], models=[model("m", "fake")])

    async def body(session: Session) -> None:
        adapter = install(monkeypatch, FakeModel(lambda request: said("yes")))
        adapter.opened_gate.clear()
        first = asyncio.create_task(session.run(deployed(of), Row("1", {})))
        while not adapter.under_way:
            await asyncio.sleep(0)
        second = asyncio.create_task(session.run(deployed(of), Row("1", {})))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        adapter.opened_gate.set()
        assert (await first).value == "yes"
        assert len(adapter.requests) == 1

    in_session(of, body)


def test_no_more_calls_are_under_way_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = install(monkeypatch, FakeModel(lambda request: said(request.node)))
    of = family()

    async def body(session: Session) -> None:
        await asyncio.gather(*(session.run(deployed(of), Row(str(row), {})) for row in range(10)))

    in_session(of, body, concurrency=3)
    assert adapter.most_under_way == 3


def test_the_clock_of_a_node_stands_still_while_its_call_queues() -> None:
    async def queue() -> None:
        slots = Slots(asyncio.Semaphore(0))
        async with asyncio.timeout(60) as timeout:
            waiting = asyncio.create_task(slots.taken(timeout).__aenter__())
            await asyncio.sleep(0)
            assert timeout.when() is None
            slots.places.release()
            await waiting
            assert timeout.when() is not None

    asyncio.run(queue())


def test_passing_failures_are_tried_again_by_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = install(monkeypatch, FakeModel([TransientError("busy", retry_after_s=0.0), said("yes")]))
    of = graph([node("end", call("hi"))], models=[model("m", "fake")])

    async def outcome() -> Outcome:
        async with Session(of) as session:
            return await session.run(deployed(of), Row("1", {}))

    assert asyncio.run(outcome()).value == "yes"
    assert len(adapter.requests) == 2


def test_models_are_opened_only_where_a_live_node_asks_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.delenv("ANTHROPIC_BASE_URL", raising=False)
    adapter = install(monkeypatch, FakeModel(lambda request: said("yes")))
    of = graph(
        [node("first", call("hi")), node("second", call("hi", model=ir.ModelIndex(1))), node("end", INBOX)],
        candidates={(0, 2): 0.9, (1, 2): 0.1},
        models=[model("cheap", "fake"), model("dear", "anthropic", "claude-haiku-4-5")],
    )
    assert run(of).value == ["yes"]
    with pytest.raises(MissingKeyError):
        run(of, Realization((True,) * 3, (True, True)))
    assert len(adapter.requests) == 1


def test_a_model_can_be_replaced_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, FakeModel(lambda request: said("replaced")))
    of = graph([node("end", call("hi"))], models=[model("fast", "anthropic", "claude-haiku-4-5")])

    async def body(session: Session) -> None:
        assert (await session.run(deployed(of), Row("1", {}))).value == "replaced"

    events: list[Event] = []
    in_session(of, body, models={"fast": model("other", "fake")}, listener=events.append)
    assert [event.model for event in events if isinstance(event, Asked | Answered)] == ["fast", "fast"]
    with pytest.raises(InputError, match=r"graph `graph` has no model `fsat`; did you mean `fast`\?"):
        Session(of, models={"fsat": model("other", "fake")})


def test_only_tools_that_can_be_called_are_loaded(tmp_path: Path) -> None:
    missing = tool("t", {}, STR, ir.PythonBinding("nowhere", "f"), str(tmp_path / "g.agraph"))
    assert run(graph([node("a", apply(0), on=False), node("end")], tools=[missing])).value == "end"
    with pytest.raises(ToolError, match="there is no module `nowhere`"):
        run(graph([node("a", apply(0)), node("end")], tools=[missing]))


def test_expressions_are_read_after_a_run_as_metrics_need_it(tmp_path: Path) -> None:
    tools = python_tools(tmp_path, "def double(x): return 2 * x", double=([INT], INT))
    double = apply(0, ir.Output())
    expression = ir.MakeList((double, ir.Column("target"), ir.Message(ir.NodeIndex(0))))
    metric = ir.Metric("exact", (double,), (), None, "g.agraph")
    of = graph([node("a"), node("end", ir.Constant(1), type=INT)], [(0, 1)], tools=tools)
    of = attrs.evolve(of, task=ir.Task(None, metric, (), ()))

    async def body(session: Session) -> None:
        row = Row("1", {})
        outcome = await session.run(deployed(of), row)
        assert await session.reading(expression)(row, outcome, {"target": 2}) == [2, 2, "a"]

    in_session(of, body)
