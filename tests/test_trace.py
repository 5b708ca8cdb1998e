"""Traces from events: what belongs to which realization, and how it is shown."""

from agraph.compiler.ir import Json
from agraph.runtime.event_json import event_json
from agraph.runtime.events import Answered, Event, NodeEnded, RunBegan, RunEnded
from agraph.runtime.models.protocol import Reply, Request, ToolCall, ToolResult, Turn, Usage
from agraph.runtime.store import RunRecord
from agraph.trace import RunTrace, trace
from agraph.trace_text import trace_text

RECORD = RunRecord("run", "g.agraph", "g", {}, 1.0, 2.5, "done", 7)


def traced(*events: Event) -> list[RunTrace]:
    return trace(event_json(event, 0.0) for event in events)


def lines(*events: Event, full: bool = False) -> list[str]:
    """What is shown of the events, without the head."""
    return trace_text(RECORD, traced(*events), full=full).splitlines()[3:]


def ended(node: str, value: Json = "x", run: int = 0) -> NodeEnded:
    return NodeEnded(run, node, 0.25, value)


def answer(node: str, text: str, *, run: int = 0, turns: tuple[Turn, ...] = (), **known: bool) -> Answered:
    request = Request("Be kind.", turns or (Turn("user", "Hi"),), (), None, node, "r")
    reply = Reply(text, (), "end_turn", Usage(1, 10, 2, 0.25))
    return Answered("m", request, reply, known.get("shared", False), known.get("stored", False), run, 0.1)


def test_realizations_that_run_at_once_are_told_apart() -> None:
    runs = traced(
        RunBegan(0, "r", {}), RunBegan(1, "r", {}), answer("n", "one", run=1), answer("n", "zero", run=0),
        ended("n", "zero"), RunEnded(0, 1.0, "zero"),
    )  # fmt: skip
    assert [[call.reply for call in run.calls] for run in runs] == [[("zero",)], [("one",)]]
    assert [run.duration_s for run in runs] == [1.0, None]


def test_events_before_the_first_realization_that_is_known_are_left_out() -> None:
    assert traced(ended("n"), answer("n", "late"), RunEnded(0, 1.0, None)) == []


def test_instances_are_branches_of_their_own() -> None:
    nodes = [ended("t.step[0].rate", 1), ended("t.step[1].rate", {"a": [2]}), ended("end")]
    shown = lines(RunBegan(0, "r", {"q": "why"}), *nodes, RunEnded(0, 1.5, "x"))
    assert shown == [
        "#0  1.5 s  q = why",
        "├─ t",
        "│  ├─ step[0]",
        "│  │  └─ rate  250.0 ms",
        "│  │     = 1",
        "│  └─ step[1]",
        "│     └─ rate  250.0 ms",
        '│        = {"a": [2]}',
        "└─ end  250.0 ms",
        "   = x",
        "= x",
    ]


def test_who_answered_is_told_and_only_a_model_costs() -> None:
    calls = [answer("n", "a"), answer("n", "b", shared=True), answer("n", "c", shared=True, stored=True)]
    shown = lines(RunBegan(0, "r", {}), *calls, ended("n"))
    assert shown[0] == "#0  not ended, 1 call, 1 from the cache, 1 shared, 10 + 2 tokens, $0.2500"


def test_the_system_text_is_told_once_and_of_a_conversation_what_is_new() -> None:
    call = ToolCall("1", "add", {"a": 1})
    turns = (
        Turn("user", "Hi"), Turn("assistant", "", calls=(call,)),
        Turn("user", "", results=(ToolResult("1", "2"), ToolResult("2", "no", is_error=True))),
    )  # fmt: skip
    first = answer("n", "Wait.")
    shown = lines(RunBegan(0, "r", {}), first, answer("n", "Two.", turns=turns), ended("n"))
    assert shown[2:8] == [
        "   m ‹ Be kind.", "   m ‹ Hi", "   m › Wait.", "   m ‹ result 2", "   m ‹ error no", "   m › Two.",
    ]  # fmt: skip


def test_a_text_of_several_lines_stays_in_its_branch() -> None:
    shown = lines(RunBegan(0, "r", {}), answer("n", "a\n\nb"), ended("n"), ended("o"), full=True)
    assert shown[4:7] == ["│  m › a", "│", "│      b"]


def test_a_failure_stands_in_the_place_of_a_value() -> None:
    events = [NodeEnded(0, "n", 0.1, None, "it broke"), NodeEnded(0, "o", 0.0, None, None, True)]
    shown = lines(RunBegan(0, "r", {}), *events, RunEnded(0, 0.1, None, "node `n`: it broke"))
    assert shown[1:] == ["├─ n  100.0 ms", "│  ! it broke", "└─ o  skipped", "! node `n`: it broke"]


def test_a_command_that_cost_nothing_says_why_it_has_no_events() -> None:
    assert trace_text(RECORD, []).splitlines()[1:] == ["done; no events are kept of what costs nothing"]
