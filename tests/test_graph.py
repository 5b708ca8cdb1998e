"""The Python API of notebooks: a loaded graph runs, streams, is scored and optimized, and draws itself."""

import asyncio
import inspect
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import agraph
from agraph.blocking import blocking
from agraph.compiler.ir import Model
from agraph.runtime.errors import CompileError, InputError, RunError
from agraph.runtime.events import Answered, Asked, Event, RunBegan, RunEnded
from agraph.runtime.session import Outcome
from agraph.testing import MessagesServer, slow, text
from tests.duel import write_duel

PANEL = Path(__file__).parent.parent / "examples" / "panel.agraph"

ASKING = """\
agraph 1

model m = anthropic("any-model", base_url = "{url}")

graph echo(x: str, models: str?) -> str {{
  node a "Answers." {{
    model = m
    prompt = "{{{{ x }}}}{{{{ models }}}}"
  }}
  output a
}}

graph other(x: str) -> str {{
  node a = x
  output a
}}
"""


@pytest.fixture
def asking(tmp_path: Path) -> Path:
    path = tmp_path / "asking.agraph"
    path.write_text(ASKING.format(url="http://127.0.0.1:9"))
    return path


def test_the_last_graph_is_loaded_unless_one_is_named(asking: Path) -> None:
    assert agraph.load(asking).name == "other"
    assert agraph.load(f"{asking}:echo").name == "echo"
    with pytest.raises(InputError, match="no graph `nothing`"):
        agraph.load(f"{asking}:nothing")


def test_an_input_that_is_no_json_is_an_error_of_the_input(asking: Path) -> None:
    with pytest.raises(agraph.AgraphError, match="the inputs cannot be written as JSON") as caught:
        agraph.load(asking).run(x=object())  # type: ignore[arg-type]
    assert isinstance(caught.value, InputError)


def test_a_notebook_completes_the_names_of_the_front_door() -> None:
    assert set(agraph.__all__) == set(dir(agraph))


def test_a_file_with_errors_is_not_loaded(tmp_path: Path) -> None:
    (tmp_path / "a.agraph").write_text("agraph 1\ngraph g(x: strr) -> str {\n  node a = x\n  output a\n}\n")
    with pytest.raises(CompileError, match="strr"):
        agraph.load(tmp_path / "a.agraph")


def test_it_runs(asking: Path) -> None:
    graph = agraph.load(asking)
    assert graph.run(x="4").value == "4"
    assert graph.run({"x": "4"}).value == "4"
    assert graph.run({"x": "4"}, x="5").value == "5"
    with pytest.raises(InputError, match="has no input `y`"):
        graph.run(x="4", y="5")


def test_it_runs_where_a_loop_runs_already(asking: Path) -> None:
    graph = agraph.load(asking)

    async def cell() -> tuple[Any, Any]:
        return graph.run(x="4").value, (await graph.arun(x="5")).value

    assert asyncio.run(cell()) == ("4", "5")


def test_what_fails_in_a_loop_of_its_own_is_raised() -> None:
    async def fails() -> None:
        raise KeyError("here")

    async def cell() -> None:
        blocking(fails())

    with pytest.raises(KeyError, match="here"):
        asyncio.run(cell())


def test_models_are_replaced_by_texts_or_values(asking: Path) -> None:
    (asking.parent / "replies.jsonl").write_text('{"reply": "said"}\n')
    replies = str(asking.parent / "replies.jsonl")
    for model in (f'scripted("{replies}")', Model("any", "scripted", (replies,), (), "")):
        graph = agraph.load(f"{asking}:echo", models={"m": model})
        assert graph.run(x="4").value == "said"


def test_an_input_may_have_the_name_of_an_option(asking: Path) -> None:
    with MessagesServer(lambda request: text(request.prompt)) as server:
        asking.write_text(ASKING.format(url=server.base_url))
        assert agraph.load(f"{asking}:echo").run(x="4", models="5").value == "45"


def test_events_come_while_it_runs_and_the_outcome_last(asking: Path) -> None:
    async def listened() -> list[Event | Outcome]:
        return [event async for event in agraph.load(f"{asking}:echo").stream(x="4")]

    with MessagesServer(text("said")) as server:
        asking.write_text(ASKING.format(url=server.base_url))
        *events, outcome = asyncio.run(listened())
    assert isinstance(outcome, Outcome)
    assert outcome.value == "said"
    kinds = [type(event) for event in events]
    assert kinds.index(Asked) < kinds.index(Answered)
    assert {RunBegan, RunEnded} <= set(kinds) or RunBegan not in kinds


def test_a_run_that_fails_ends_its_stream_with_the_error(tmp_path: Path) -> None:
    path = tmp_path / "a.agraph"
    path.write_text("agraph 1\ngraph g(x: str?) -> str {\n  node a = x\n  output a\n}\n")

    async def listen() -> None:
        async for _ in agraph.load(path).stream():
            pass

    with pytest.raises(RunError):
        asyncio.run(listen())


def test_who_stops_listening_stops_the_run(asking: Path) -> None:
    async def listen() -> None:
        stream = agraph.load(f"{asking}:echo").stream(x="4")
        async for event in stream:
            if isinstance(event, Asked):
                break
        await stream.aclose()
        assert len(asyncio.all_tasks()) == 1

    with MessagesServer(slow(30, text("late"))) as server:
        asking.write_text(ASKING.format(url=server.base_url))
        asyncio.run(listen())


def test_a_sampled_graph_is_that_of_the_seed(tmp_path: Path) -> None:
    graph = agraph.load(write_duel(tmp_path))
    question = "What is 1 + 1?"
    for seed in range(8):
        try:
            drawn = graph.sample(seed).run(question=question).ran
        except RunError:
            with pytest.raises(RunError):
                agraph.run(graph.path, {"question": question}, sample_seed=seed)
        else:
            assert drawn == agraph.run(graph.path, {"question": question}, sample_seed=seed).ran


def test_it_is_scored_and_optimized(tmp_path: Path) -> None:
    graph = agraph.load(write_duel(tmp_path))
    before = graph.evaluate()
    assert before.score == agraph.evaluate(graph.path).score
    assert graph.optimize(plan=True).written is False
    assert graph.optimize().written is True
    # The graph is as it was loaded.
    assert graph.evaluate().score == before.score
    assert agraph.load(graph.path).evaluate().score > before.score


def test_it_draws_itself(tmp_path: Path) -> None:
    shutil.copy(PANEL, tmp_path)
    graph = agraph.load(tmp_path / PANEL.name)
    drawn = graph._repr_mimebundle_()
    assert drawn["text/plain"] == str(graph)
    assert "flowchart LR" in drawn["text/vnd.mermaid"]
    picture = ElementTree.fromstring(drawn["image/svg+xml"])
    svg = "{http://www.w3.org/2000/svg}"
    names = [text.text for text in picture.iter(f"{svg}text") if text.get("class") == "name"]
    assert names == [node.name for node in graph.ir.nodes]
    assert len([path for path in picture.iter(f"{svg}path") if path.get("marker-end")]) == len(graph.ir.edges)
    assert repr(graph) == "<agraph.Graph panel(question: str) -> float?>"


def test_nodes_that_may_hear_each_other_are_drawn_without_one_upon_another(tmp_path: Path) -> None:
    path = tmp_path / "a.agraph"
    path.write_text(
        "agraph 1\ngraph g(x: str) -> str {\n  node a = x\n  node b = inbox\n  node c = inbox\n"
        "  node d = x\n  edge [a, b] -> c ~ 0.5\n  edge c -> b ~ 0.5\n  edge c -> d\n  output d\n}\n"
    )
    path.write_text(path.read_text().replace("= inbox", '"Speaks." = x'))
    picture = ElementTree.fromstring(agraph.load(path)._repr_mimebundle_()["image/svg+xml"])
    boxes = [(box.get("x"), box.get("y")) for box in picture.iter("{http://www.w3.org/2000/svg}rect")]
    assert len(set(boxes)) == len(boxes) == 4
    assert len({x for x, _ in boxes}) == 3


def test_the_words_are_those_of_the_command_line() -> None:
    assert {"budget", "metric", "data", "concurrency"} <= set(
        inspect.signature(agraph.Graph.evaluate).parameters
    )
    assert {"models", "allow", "allow_read", "allow_url"} <= set(inspect.signature(agraph.load).parameters)
