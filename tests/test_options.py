"""Choices at run time: what is deployed, what is asked, and which models are opened."""

import asyncio
from collections.abc import Mapping

import pytest

from agraph.compiler import ir
from agraph.optimizer.policy import draw_one
from agraph.runtime import session as session_module
from agraph.runtime.events import Asked, Event
from agraph.runtime.frame import Row
from agraph.runtime.models.protocol import ModelAdapter
from agraph.runtime.options import heaviest
from agraph.runtime.plan import Realization, deployed, plan
from agraph.runtime.session import Session
from tests.adapters import FakeModel, said
from tests.compiling import graph_of
from tests.graphs import call, graph, model, node

MODELS = [model("m", "first"), model("n", "second"), model("o", "third")]


def of(weights: Mapping[str, float]) -> ir.Graph:
    return graph([node("a", call("Hm?"))], choices={0: weights}, models=MODELS)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The providers that were opened; each model answers with its provider's name."""
    names: list[str] = []

    def open_model(model: ir.Model, prices: object) -> ModelAdapter:
        names.append(model.provider)
        return FakeModel([said(model.provider)] * 9)

    monkeypatch.setattr(session_module, "open_model", open_model)
    return names


def answers(of: ir.Graph, *realizations: Realization) -> tuple[list[ir.Json], list[Event]]:
    events: list[Event] = []

    async def every() -> list[ir.Json]:
        async with Session(of, listener=events.append) as session:
            return [(await session.run(each, Row("1", {}))).value for each in realizations]

    return asyncio.run(every()), events


def test_the_option_of_the_largest_weight_is_deployed_and_of_equals_the_first() -> None:
    assert deployed(of({"m": 1, "n": 3, "o": 2})).options == (1,)
    assert deployed(of({"m": 1, "n": 3, "o": 3})).options == (1,)
    assert deployed(of({"m": 0, "n": 0, "o": 0.1})).options == (2,)
    assert heaviest(of({"m": 1, "n": 3}), [5, 4]) == (0,)


def test_what_runs_is_the_option_taken_and_no_other_model_is_opened(opened: list[str]) -> None:
    choosing = of({"m": 1, "n": 3, "o": 2})
    assert answers(choosing, deployed(choosing))[0] == ["second"]
    assert opened == ["second"]


def test_realizations_that_differ_in_an_option_are_told_apart(opened: list[str]) -> None:
    choosing = of({"m": 1, "n": 3})
    first, second = (Realization((True,), (), (option,)) for option in (0, 1))
    assert answers(choosing, second, first, second)[0] == ["second", "first", "second"]
    # Without options each choice takes its first.
    assert answers(choosing, Realization((True,), ()))[0] == ["first"]


def test_the_model_of_a_node_that_does_not_run_is_not_opened(opened: list[str]) -> None:
    nodes = [node("a", call("Hm?")), node("b", call("?"))]
    choosing = graph(nodes, candidates={(0, 1): 0.2}, choices={0: {"m": 1, "o": 2}}, models=MODELS)
    assert answers(choosing, deployed(choosing))[0] == ["first"]
    assert opened == ["first"]


def test_options_that_do_not_fit_the_graph_are_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        plan(of({"m": 1, "n": 3}), Realization((True,), (), (0, 1)))


def test_prompts_and_tools_are_chosen_as_models_are(opened: list[str]) -> None:
    choosing = graph_of(
        """
  node a {
    prompt ~ { short: 1, long: 2 }
    prompt short = "Hm?"
    prompt long = "Say at length: hm?"
    tools ~ { none: 1, one: 0.5 }
    tools none = []
    tools one = [text.last_number]
    model ~ { smart: 1, fast: 1 }
  }
  output a
""",
        "() -> str",
    )
    assert [choice.kind for _, choice in choosing.choices] == ["model", "tools", "prompt"]
    assert deployed(choosing).options == (0, 0, 1)
    sent = [asked(choosing, options) for options in (deployed(choosing).options, (1, 1, 0))]
    assert sent == [("smart", "Say at length: hm?", []), ("fast", "Hm?", ["text_last_number"])]


def asked(of: ir.Graph, options: tuple[int, ...]) -> tuple[str, str, list[str]]:
    """The model, the prompt and the tools of the first call."""
    _, events = answers(of, Realization((True,), (), options))
    first = next(event for event in events if isinstance(event, Asked))
    return first.model, first.request.turns[-1].text, [tool.name for tool in first.request.tools]


def test_a_sample_draws_the_options_by_their_weights() -> None:
    choosing = of({"m": 1, "n": 0, "o": 1})
    assert {draw_one(choosing, seed).options for seed in range(20)} == {(0,), (2,)}
