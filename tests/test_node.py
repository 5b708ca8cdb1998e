"""Model nodes: what is sent, typed replies, the tool loop."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from agraph.compiler import ir
from agraph.compiler.types import INT, STR, ListOf, LiteralUnion, Optional, Record
from agraph.runtime.errors import ReplyError, RunError
from agraph.runtime.events import Answered, Asked, Event
from agraph.runtime.frame import Row
from agraph.runtime.models.protocol import ToolCall, ToolDefinition, ToolResult, Truth, Turn
from agraph.runtime.plan import deployed
from agraph.runtime.session import Outcome, Session
from tests.adapters import Answer, FakeModel, install, said
from tests.anywhere import ANYWHERE
from tests.graphs import call, graph, model, node, tool

SIDE = LiteralUnion(("pro", "con"))
VERDICT = Record("Verdict", (("winner", SIDE), ("why", STR)))
GOOD = '{"winner": "pro", "why": "x"}'


class Asking:
    """Runs graphs against a model that gives these answers."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: Answer) -> None:
        self.adapter = install(monkeypatch, FakeModel(answers))
        self.events: list[Event] = []

    def run(self, of: ir.Graph, truth: Truth | None = None, **inputs: ir.Json) -> Outcome:
        async def outcome() -> Outcome:
            async with Session(of, listener=self.events.append, permissions=ANYWHERE) as session:
                return await session.run(deployed(of), Row("7", inputs, truth))

        return asyncio.run(outcome())

    def value(self, work: ir.ModelCall, tools: "list[ir.Tool] | None" = None, **attributes: Any) -> ir.Json:
        return self.run(
            graph([node("end", work, **attributes)], models=[model("m", "fake")], tools=tools or [])
        ).value


def test_what_is_sent_is_what_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    asking = Asking(monkeypatch, said("fine"))
    prompt = ("Q: ", ir.Slot("q", ir.Input("q")), "\n", ir.Slot("inbox.named", ir.Inbox(named=True)))
    of = graph(
        [
            node("a", ir.Constant("hello")),
            node("hidden", ir.Constant("psst")),
            node("end", call(*prompt, system=("Be ", ir.Slot("q", ir.Input("q"))))),
        ],
        [(0, 2), (1, 2)],
        by_name=[(1, 2)],
        inputs={"q": STR},
        models=[model("m", "fake")],
    )
    truth = Truth("x", ())
    asking.run(of, truth, q="why")
    (request,) = asking.adapter.requests
    assert request.turns == (Turn("user", "Q: why\na: hello"),)
    assert request.system == "Be why"
    assert (request.schema, request.tools, request.node, request.row) == (None, (), "end", "7")
    assert request.truth is truth
    # Only what the prompt shows was heard.
    assert request.heard == ("hello",)
    told = [event for event in asking.events if isinstance(event, Asked | Answered)]
    assert told == [Asked("m", request), Answered("m", request, said("fine"), shared=False)]


def test_a_text_reply_is_the_value(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Asking(monkeypatch, said(" as it is\n")).value(call("hi")) == " as it is\n"


def test_a_typed_reply_is_asked_for_and_read(monkeypatch: pytest.MonkeyPatch) -> None:
    asking = Asking(monkeypatch, said(f"```json\n{GOOD}\n```"))
    assert asking.value(call("hi"), type=VERDICT) == {"winner": "pro", "why": "x"}
    schema = asking.adapter.requests[0].schema
    assert schema is not None
    assert schema["required"] == ["winner", "why"]


def test_a_reply_that_does_not_fit_is_shown_to_the_model_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asking = Asking(monkeypatch, said('{"winner": "nobody", "why": "x"}'), said(GOOD))
    assert asking.value(call("hi", max_turns=1), type=VERDICT) == {"winner": "pro", "why": "x"}
    hi, wrong, complaint = asking.adapter.requests[1].turns
    assert hi == Turn("user", "hi")
    assert wrong == Turn("assistant", '{"winner": "nobody", "why": "x"}')
    assert '.winner: expected `"pro" | "con"` and got `"nobody"`' in complaint.text

    asking = Asking(monkeypatch, said("first"), said("second"), said(GOOD))
    with pytest.raises(RunError, match='does not fit: expected `Verdict` and got `"second"`') as caught:
        asking.value(call("hi"), type=VERDICT)
    assert isinstance(caught.value.__cause__, ReplyError)


def test_an_optional_reply_may_be_null(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RunError, match="the value of `end` is null"):
        Asking(monkeypatch, said("null")).value(call("hi"), type=Optional(INT))


@pytest.mark.parametrize(
    ("stop_reason", "message"),
    [
        ("max_tokens", "cut off at the model's `max_tokens`"),
        ("refusal", "refused to answer: half"),
        ("model_context_window_exceeded", "longer than the model can read"),
    ],
)
def test_an_unfinished_reply_is_no_value(
    monkeypatch: pytest.MonkeyPatch, stop_reason: str, message: str
) -> None:
    with pytest.raises(RunError, match=message):
        Asking(monkeypatch, said("half", stop_reason=stop_reason)).value(call("hi"))


def test_a_second_attempt_asks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asking = Asking(monkeypatch, said("half", stop_reason="max_tokens"), said("whole"))
    assert asking.value(call("hi"), retries=1) == "whole"


def search_tools(folder: Path) -> list[ir.Tool]:
    (folder / "tools.py").write_text(
        "import asyncio\nBARRIER = asyncio.Barrier(2)\n"
        "async def search(query, limit):\n"
        "    await BARRIER.wait()\n"
        "    return [query, str(limit or '')]\n"
        "def size(text):\n"
        "    return len(text) // int(text != 'fail')\n"
    )
    origin = str(folder / "g.agraph")
    return [
        tool(
            "web.search",
            {"query": STR, "limit": Optional(INT)},
            ListOf(STR),
            ir.PythonBinding("tools", "search"),
            origin,
        ),
        tool("size", {"text": STR}, INT, ir.PythonBinding("tools", "size"), origin),
    ]


BOTH = (ir.ToolIndex(0), ir.ToolIndex(1))


def test_tools_are_offered_with_their_signature(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asking = Asking(monkeypatch, said("done"))
    asking.value(call("hi", tools=BOTH), search_tools(tmp_path))
    assert asking.adapter.requests[0].tools == (
        ToolDefinition(
            "web_search",
            "web.search(query: str, limit: int?) -> list[str]",
            {
                "type": "object",
                "properties": {
                    "query": {"type": "string"},
                    "limit": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                },
                "required": ["query"],
                "additionalProperties": False,
            },
        ),
        ToolDefinition(
            "size",
            "size(text: str) -> int",
            {
                "type": "object",
                "properties": {"text": {"type": "string"}},
                "required": ["text"],
                "additionalProperties": False,
            },
        ),
    )


def test_calls_of_one_turn_run_together_and_their_results_go_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # The tool waits until both calls are under way.
    calls = (
        ToolCall("1", "web_search", {"query": "a"}),
        ToolCall("2", "web_search", {"query": "b", "limit": 3}),
    )
    asking = Asking(monkeypatch, said("let me see", *calls, stop_reason="tool_use"), said("done"))
    assert asking.value(call("hi", tools=BOTH), search_tools(tmp_path)) == "done"
    assert asking.adapter.requests[1].turns == (
        Turn("user", "hi"),
        Turn("assistant", "let me see", calls=calls),
        Turn("user", "", results=(ToolResult("1", "a\n\n"), ToolResult("2", "b\n\n3"))),
    )


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("size", {"text": "fail"}, "tool `size`: it raised ZeroDivisionError"),
        ("size", {"text": 3}, ".text: expected `str` and got `3`"),
        ("size", {}, "`size` needs the argument `text`"),
        ("size", {"text": "a", "more": 1}, "`size` has no parameter `more`"),
        ("siez", {}, "There is no tool `siez`. The tools are: `web_search`, `size`."),
    ],
)
def test_what_goes_wrong_in_a_tool_is_told_to_the_model(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, arguments: dict[str, ir.Json], told: str
) -> None:
    asking = Asking(
        monkeypatch, said("", ToolCall("1", name, arguments), stop_reason="tool_use"), said("done")
    )
    assert asking.value(call("hi", tools=BOTH), search_tools(tmp_path)) == "done"
    (result,) = asking.adapter.requests[1].turns[-1].results
    assert result.is_error
    assert told in result.content


def test_a_model_that_never_stops_calling_tools_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    again = said("", ToolCall("1", "size", {"text": "a"}), stop_reason="tool_use")
    asking = Asking(monkeypatch, again, again, again)
    with pytest.raises(RunError, match="no answer within 2 turns: it still calls tools"):
        asking.value(call("hi", tools=BOTH, max_turns=2), search_tools(tmp_path))
    assert len(asking.adapter.requests) == 2


def test_usage_counts_every_turn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asking = Asking(
        monkeypatch, said("", ToolCall("1", "size", {"text": "a"}), stop_reason="tool_use"), said("done")
    )
    of = graph(
        [node("end", call("hi", tools=BOTH))], models=[model("m", "fake")], tools=search_tools(tmp_path)
    )
    assert asking.run(of).usage.calls == 2
