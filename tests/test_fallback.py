"""The next model where one fails for good, and the order in the events."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import attrs
import pytest

from agraph.compiler import compile_source, ir
from agraph.compiler.source import Source
from agraph.files import FileLoader
from agraph.runtime.errors import (
    CutOffError,
    InputError,
    ModelError,
    RefusedError,
    ReplyError,
    RunError,
    TransientError,
    UnavailableError,
)
from agraph.runtime.events import Answered, Event, Failed, FellBack
from agraph.runtime.frame import Row
from agraph.runtime.models import providers
from agraph.runtime.models.protocol import Request, ToolCall
from agraph.runtime.plan import deployed
from agraph.runtime.retry import RetryPolicy
from agraph.runtime.session import Outcome, Session
from tests.adapters import Answer, FakeModel, said
from tests.graphs import call, graph, model, node, tool

QUICK = RetryPolicy(attempts=2, first_s=0.0)


class Three:
    """Three models that give these answers, of which each falls back on the next."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **answers: Sequence[Answer]) -> None:
        self.adapters = {name: FakeModel(given) for name, given in answers.items()}
        monkeypatch.setitem(providers.PROVIDERS, "fake", lambda declared: self.adapters[declared.name])
        names = list(answers)
        self.models = [
            attrs.evolve(model(name, "fake", name), fallback=tuple(names[position + 1 : position + 2]))
            for position, name in enumerate(names)
        ]
        self.events: list[Event] = []

    def run(self, work: ir.ModelCall, tools: Sequence[ir.Tool] = (), **attributes: object) -> Outcome:
        of = graph([node("end", work, **attributes)], models=self.models, tools=tools)
        # A graph calls what lies in its own project.
        of = attrs.evolve(of, origin=tools[0].origin) if tools else of

        async def outcome() -> Outcome:
            async with Session(of, retry=QUICK, listener=self.events.append) as session:
                return await session.run(deployed(of), Row("1", {}))

        return asyncio.run(outcome())

    @property
    def order(self) -> list[str]:
        """Who failed, who took over and who answered."""
        return [
            f"{event.model} failed" if isinstance(event, Failed)
            else f"{event.model} → {event.other}: {event.reason}" if isinstance(event, FellBack)
            else f"{event.model} answered"
            for event in self.events
            if isinstance(event, Failed | FellBack | Answered)
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (UnavailableError("no such model"), "no such model"),
        (said("", stop_reason="refusal"), "the model refused to answer"),
        (said("I won't.", stop_reason="refusal"), "the model refused to answer: I won't."),
    ],
)
def test_the_next_model_answers_where_one_cannot_be_had_or_refuses(
    monkeypatch: pytest.MonkeyPatch, answer: Answer, reason: str
) -> None:
    three = Three(monkeypatch, first=[answer], second=[said("hello")], third=[])
    assert three.run(call("hi")).value == "hello"
    assert f"first → second: {reason}" in three.order
    assert three.order[-1] == "second answered"


def test_each_has_all_its_attempts_before_the_next_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = TransientError("busy")
    three = Three(monkeypatch, first=[busy, busy], second=[busy, busy], third=[busy, said("hello")])
    assert three.run(call("hi")).value == "hello"
    assert three.order == [
        "first failed",
        "first failed",
        "first → second: busy",
        "second failed",
        "second failed",
        "second → third: busy",
        "third failed",
        "third answered",
    ]


@pytest.mark.parametrize(
    "answer",
    [ModelError("bad request"), ReplyError("no message"), said("It is", stop_reason="max_tokens")],
)
def test_what_another_model_would_not_mend_is_the_nodes_failure(
    monkeypatch: pytest.MonkeyPatch, answer: Answer
) -> None:
    three = Three(monkeypatch, first=[answer], second=[said("hello")])
    with pytest.raises(RunError):
        three.run(call("hi"))
    assert three.adapters["second"].requests == []


def test_the_failure_of_the_last_is_the_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    three = Three(monkeypatch, first=[UnavailableError("gone")], second=[UnavailableError("gone too")])
    with pytest.raises(RunError, match="gone too"):
        three.run(call("hi"))


@pytest.mark.parametrize(
    ("stop_reason", "kind"),
    [
        ("refusal", RefusedError),
        ("max_tokens", CutOffError),
        ("model_context_window_exceeded", CutOffError),
    ],
)
def test_an_unfinished_reply_is_an_error_with_its_own_name(
    monkeypatch: pytest.MonkeyPatch, stop_reason: str, kind: type[ReplyError]
) -> None:
    alone = Three(monkeypatch, first=[said("It", stop_reason=stop_reason)])
    with pytest.raises(RunError) as caught:
        alone.run(call("hi"))
    assert type(caught.value.__cause__) is kind


def test_a_refused_reply_is_paid_for(monkeypatch: pytest.MonkeyPatch) -> None:
    three = Three(monkeypatch, first=[said("", stop_reason="refusal")], second=[said("hello")])
    assert three.run(call("hi")).usage.calls == 2


def test_a_conversation_goes_on_with_who_took_over_and_without_what_the_first_thought(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "tools.py").write_text("def look():\n    return 'seen'\n")
    origin = str(tmp_path / "g.agraph")
    look = tool("look", {}, attrs.evolve(node("x")).type, ir.PythonBinding("tools", "look"), origin)
    thought = attrs.evolve(
        said("", ToolCall("1", "look", {}), stop_reason="tool_use"),
        blocks=({"type": "thinking", "thinking": "…", "signature": "s"},),
    )
    three = Three(
        monkeypatch,
        first=[thought, UnavailableError("gone")],
        second=[said("", ToolCall("2", "look", {}), stop_reason="tool_use"), said("done")],
    )
    assert three.run(call("hi", tools=(ir.ToolIndex(0),)), [look]).value == "done"
    of_first: Request = three.adapters["first"].requests[1]
    assert of_first.turns[1].blocks == thought.blocks
    for request in three.adapters["second"].requests:
        assert all(turn.blocks == () for turn in request.turns)
    assert len(three.adapters["second"].requests) == 2


def test_a_graph_has_the_models_that_stand_in_for_its_own_also_those_of_imports(tmp_path: Path) -> None:
    (tmp_path / "b.agraph").write_text(
        'agraph 1\n\nmodel big = anthropic("x", fallback = [tiny])\nmodel tiny = anthropic("y")\n'
    )
    text = (
        'agraph 1\n\nimport "b.agraph"\n\nmodel smart = anthropic("z", fallback = [b.big])\n\n'
        'graph g(q: str) -> str {\n  node a "Answers." -> str {\n    model = smart\n'
        '    prompt = "{{ q }}"\n  }\n  output a\n}\n'
    )
    (tmp_path / "a.agraph").write_text(text)
    compilation = compile_source(Source(str(tmp_path / "a.agraph"), text), FileLoader())
    assert compilation.diagnostics == ()
    models = compilation.graphs[0].models
    assert [(each.name, each.fallback) for each in models] == [
        ("smart", ("b.big",)),
        ("b.big", ("b.tiny",)),
        ("b.tiny", ()),
    ]


def test_a_replacement_may_not_fall_back_on_itself_or_on_nobody() -> None:
    fast, smart = model("fast", "scripted", "a"), attrs.evolve(model("smart", "fake"), fallback=("fast",))
    of = graph([node("end", call("hi"))], models=[smart, fast])
    with pytest.raises(InputError, match="no model `fats` to fall back on; did you mean `fast`"):
        Session(of, models={"fast": attrs.evolve(fast, fallback=("fats",))})
    with pytest.raises(InputError, match="falls back on itself: `smart` → `fast` → `smart`"):
        Session(of, models={"fast": attrs.evolve(fast, fallback=("smart",))})
