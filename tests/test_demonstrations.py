"""Demonstrations: how examples reach a model as turns of a conversation."""

import asyncio
from pathlib import Path

import pytest

from agraph.compiler import ir
from agraph.compiler.ir import Example, Slot
from agraph.runtime.examples import example_turns
from agraph.runtime.frame import Row
from agraph.runtime.models.protocol import Request, Truth, Turn
from agraph.runtime.models.scripted import open_scripted
from agraph.runtime.models.simulated import open_simulated
from agraph.runtime.plan import Realization, deployed
from agraph.runtime.session import Session
from tests.adapters import FakeModel, install, said
from tests.commands import in_process
from tests.compiling import graph_of
from tests.graphs import model

HIDDEN = ir.Input("hidden")
PROMPT: ir.Template = (
    "Q: ", Slot("task.title", HIDDEN), "\n", Slot("pro[-1]", HIDDEN), "|", Slot("inbox", HIDDEN), "|",
    Slot("inbox.named", HIDDEN), "|", Slot("index", ir.Constant(2)), "|", Slot("x.judge.why", HIDDEN),
)  # fmt: skip


def shown(**values: ir.Json) -> str:
    """What the user's turn of an example with these values says."""
    [user, assistant] = example_turns(PROMPT, (Example(tuple(values.items()), "yes"),))
    assert (user.role, assistant) == ("user", Turn("assistant", "yes"))
    return user.text


def test_what_an_example_does_not_give_renders_as_nothing() -> None:
    assert shown() == "Q: \n|||2|"


def test_placeholders_read_fields_members_and_messages_of_an_example() -> None:
    assert shown(task={"title": "sum", "parts": []}) == "Q: sum\n|||2|"
    assert shown(pro=["a", "b"]) == "Q: \nb|||2|"
    assert shown(pro=[]) == "Q: \n|||2|"
    assert shown(inbox=["a: 1", "b: 2"]) == "Q: \n|a: 1\n\nb: 2|a: 1\n\nb: 2|2|"
    assert shown(inbox="all") == "Q: \n|all|all|2|"
    assert shown(index=7) == "Q: \n|||7|"
    assert shown(x={"judge": {"why": "w"}}) == "Q: \n|||2|w"


def test_the_longest_part_of_a_path_that_is_given_counts() -> None:
    values: dict[str, ir.Json] = {"x": {"judge": {"why": "short"}}, "x.judge": {"why": "long"}}
    assert shown(**values) == "Q: \n|||2|long"


def test_an_output_that_is_no_text_is_said_as_json() -> None:
    turns = example_turns(("?",), (Example((), {"winner": "é"}), Example((), 1.5)))
    assert [turn.text for turn in turns] == ["?", '{"winner": "é"}', "?", "1.5"]


GRAPH = """
  node a {
    examples = [{ question: "1 + 1", output: "2" }, { question: "2 + 2", output: "4" }]
    prompt ~ { plain: 1, polite: 2 }
    prompt plain = "{{ question }}"
    prompt polite = "Please: {{ question }}"
  }
  output a
"""


def asked(monkeypatch: pytest.MonkeyPatch, realization: Realization) -> Request:
    of = graph_of(GRAPH)
    adapter = install(monkeypatch, FakeModel([said("fine")]))

    async def run() -> None:
        async with Session(of, models={"fast": model("fast", "fake")}) as session:
            await session.run(realization, Row("1", {"question": "why"}))

    asyncio.run(run())
    return adapter.requests[0]


def test_each_example_is_two_turns_before_the_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    request = asked(monkeypatch, Realization((True,), (), (0,)))
    assert [(turn.role, turn.text) for turn in request.turns] == [
        ("user", "1 + 1"), ("assistant", "2"), ("user", "2 + 2"), ("assistant", "4"), ("user", "why"),
    ]  # fmt: skip
    assert request.asked == (Turn("user", "why"),)


def test_examples_are_rendered_with_the_prompt_that_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    request = asked(monkeypatch, deployed(graph_of(GRAPH)))
    assert [turn.text for turn in request.turns] == [
        "Please: 1 + 1",
        "2",
        "Please: 2 + 2",
        "4",
        "Please: why",
    ]


def question(*demonstrations: Turn) -> Request:
    turns = (*demonstrations, Turn("user", "why"))
    return Request(None, turns, (), None, "a", "1", truth=Truth("7", ("8",)), examples=len(demonstrations))


def test_simulated_models_ignore_examples() -> None:
    simulated = open_simulated(model("m", "simulated", right=0.5, phrases={"step by step": 0.5}))
    demonstrated = question(Turn("user", "step by step"), Turn("assistant", "7"))
    assert simulated.chance(demonstrated, "7") == 0.5
    plain = [asyncio.run(simulated.ask(request)).text for request in (question(), demonstrated)]
    assert plain[0] == plain[1]


def test_scripted_models_ignore_examples(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text('{"contains": "step", "reply": "wrong"}\n{"reply": "right"}\n')
    scripted = open_scripted(model("m", "scripted", "r.jsonl", origin=str(tmp_path / "a.agraph")))
    demonstrated = question(Turn("user", "step by step"), Turn("assistant", "7"))
    assert asyncio.run(scripted.ask(demonstrated)).text == "right"


def test_prompts_are_shown_with_their_examples(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "r.jsonl").write_text('{"reply": "fine"}\n')
    path = tmp_path / "a.agraph"
    path.write_text(
        'agraph 1\nmodel fast = scripted("r.jsonl")\ngraph g(question: str) -> str {\n  model = fast\n'
        f"{GRAPH}}}\n"
    )
    finished = in_process(capsys, "run", path, "-i", "question=why", "--show-prompts")
    assert (finished.code, finished.out) == (0, "fine\n")
    lines = finished.err.splitlines()
    assert lines[:5] == ["--- a asks fast", "--- user", "Please: 1 + 1", "--- assistant", "2"]
