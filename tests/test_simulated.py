"""The simulated world: chances, determinism, and values of any type."""

import asyncio
import json
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agraph.compiler.ir import Json, Model
from agraph.compiler.types import FLOAT, INT, STR, ListOf, LiteralUnion, Optional, Record, Type
from agraph.runtime.errors import ModelError
from agraph.runtime.models.carried import carried
from agraph.runtime.models.protocol import Request, Truth, Turn, Usage
from agraph.runtime.models.providers import open_model
from agraph.runtime.models.simulated import FIRST_LINE, Simulated, is_right, open_simulated, wrong_answer
from agraph.runtime.values import json_schema
from tests.graphs import model
from tests.matching import matches

TRUTH = Truth("paris", ("paris", "rome", "oslo"))


def asked(row: str = "1", node: str = "n", prompt: str = "hi", **more: Any) -> Request:
    settings: dict[str, Any] = {
        "system": None,
        "turns": (Turn("user", prompt),),
        "tools": (),
        "schema": None,
        "node": node,
        "row": row,
        "truth": TRUTH,
        **more,
    }
    return Request(**settings)


def reply(simulated: Simulated, request: Request) -> str:
    return asyncio.run(simulated.ask(request)).text


def test_a_text_says_that_it_is_simulated_and_ends_with_the_answer() -> None:
    assert reply(Simulated("m", right=1.0), asked()) == f"{FIRST_LINE}\nparis"


def test_a_wrong_answer_is_one_of_the_others() -> None:
    never = Simulated("m", right=0.0)
    assert {reply(never, asked(str(row))).split("\n")[-1] for row in range(50)} == {"rome", "oslo"}
    chosen = Simulated("m", right=0.0, choices=["x", "paris"])
    assert {reply(chosen, asked(str(row))).split("\n")[-1] for row in range(20)} == {"x"}


def test_it_is_right_about_as_often_as_it_should() -> None:
    async def count() -> int:
        simulated = Simulated("m")
        replies = [await simulated.ask(asked(str(row))) for row in range(2000)]
        return sum(answer.text.endswith("paris") for answer in replies)

    assert 1300 < asyncio.run(count()) < 1500


def test_draws_depend_on_seed_node_row_and_request_only() -> None:
    def draws(simulated: Simulated, **request: Any) -> list[str]:
        return [reply(simulated, asked(str(row), **request)) for row in range(40)]

    even = Simulated("m", right=0.5)
    first = draws(even)
    assert draws(even)[::-1] == [reply(even, asked(str(row))) for row in reversed(range(40))]
    assert draws(Simulated("another name", right=0.5)) == first
    assert draws(Simulated("m", right=0.5, seed=1)) != first
    assert draws(even, node="other") != first
    assert draws(even, prompt="other") != first
    assert draws(even, system="other") != first


def test_messages_and_phrases_move_the_chance() -> None:
    simulated = Simulated(
        "m", right=0.5, heard_right=0.2, heard_wrong=-0.1, phrases={"step by step": 0.05, "quick": -1.0}
    )
    request = asked(heard=("so: paris", "It is\nparis", "rome", "oslo"), prompt="think step by step")
    # "so: paris" is not the target alone on its last line.
    assert simulated.chance(request, "paris") == pytest.approx(0.5 + 0.2 - 0.3 + 0.05)
    assert simulated.chance(asked(prompt="be quick"), "paris") == 0.0
    assert attrs.evolve(simulated, right=2.0).chance(asked(), "paris") == 1.0
    assert simulated.chance(asked(system="step by step"), "paris") == pytest.approx(0.55)


@pytest.mark.parametrize(
    ("message", "target", "right"),
    [
        ("paris", "paris", True),
        ("The answer:\n paris \n", "paris", True),
        ("It is paris.", "paris", False),
        ("So it is 1,200 in all", 1200, True),
        ("So it is 1,200 in all", "1200", True),
        ("12 or 13", 12, False),
        (12, "12", True),
        (12.0, 12, True),
        (None, "x", False),
        (True, 1, False),
        ("True", True, True),
        ({"winner": "pro", "score": 1.0}, "pro", True),
        ({"winner": "con", "score": 1.0}, "pro", False),
        (["a"], ["a"], True),
    ],
)
def test_when_a_message_is_right(message: Json, target: Json, right: bool) -> None:
    assert is_right(message, target) is right


@given(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.integers().map(str)
    | st.floats(-1e300, 1e300).map(str),
    st.floats(0, 1, exclude_max=True),
)
def test_a_wrong_answer_is_never_right(target: Json, draw: float) -> None:
    assert not is_right(wrong_answer(target, [target], draw), target)


SIDE = LiteralUnion(("pro", "con"))
VERDICT = Record("Verdict", (("why", STR), ("winner", SIDE), ("score", FLOAT), ("notes", ListOf(STR))))


@pytest.mark.parametrize(
    ("type_", "value", "says"),
    [
        (SIDE, "con", "con"),
        (INT, "12", 12),
        (FLOAT, 12, 12.0),
        (STR, 12, "12"),
        (ListOf(INT), 3, [3]),
        (ListOf(INT), [3, 4], [3, 4]),
        (Optional(INT), 3, 3),
        (SIDE, "neither", "pro"),
        (VERDICT, "con", {"why": "con", "winner": "con", "score": 0.0, "notes": ["con"]}),
        (
            VERDICT,
            {"why": "so", "winner": "con", "score": 2, "notes": []},
            {"why": "so", "winner": "con", "score": 2.0, "notes": []},
        ),
    ],
)
def test_typed_outputs_carry_the_value(type_: Type, value: Json, says: Json) -> None:
    assert carried(value, json_schema(type_)) == says


@given(
    st.recursive(
        st.sampled_from([STR, INT, FLOAT, SIDE, VERDICT]),
        lambda inner: inner.map(ListOf) | inner.map(Optional),
    ),
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.lists(st.integers())
    | st.just({"winner": "pro"}),
)
def test_a_typed_output_is_always_of_its_type(type_: Type, value: Json) -> None:
    assert matches(type_)(carried(value, json_schema(type_)))


def test_a_typed_reply_is_json() -> None:
    request = asked(schema=json_schema(VERDICT), truth=Truth("con", ()))
    assert json.loads(reply(Simulated("m", right=1.0), request))["winner"] == "con"


def test_it_refuses_to_answer_where_nobody_knows_better() -> None:
    with pytest.raises(ModelError, match=r"model `m` is simulated: .*`agraph eval`"):
        reply(Simulated("m"), asked(truth=None))


def test_a_reply_costs_what_it_should() -> None:
    def usage(simulated: Simulated) -> Usage:
        return asyncio.run(simulated.ask(asked())).usage

    assert usage(Simulated("m", cost_usd=0.25)) == Usage(calls=1, cost_usd=0.25)
    assert usage(Simulated("m")) == Usage(calls=1)


def test_latency_passes_before_the_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    slept_s: list[float] = []

    async def sleep(duration_s: float) -> None:
        slept_s.append(duration_s)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    reply(Simulated("m", latency_s=1.5), asked())
    reply(Simulated("m"), asked())
    assert slept_s == [1.5]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rigth": 0.5}, "model `m`: `simulated` has no option `rigth`; did you mean `right`?"),
        ({"zzz": 0.5}, "it takes `right`, `heard_right`"),
        ({"right": "often"}, '`right` should be a number from 0 to 1, not `"often"`'),
        ({"right": True}, "`right` should be a number from 0 to 1, not `true`"),
        ({"phrases": {"a": "b"}}, "`phrases` should be a record of numbers"),
        ({"right": 7}, "`right` should be a number from 0 to 1, not `7`"),
        ({"choices": "a"}, "`choices` should be a list"),
        ({"choices": []}, "`choices` should be a list that is not empty"),
        ({"seed": 0.5}, "`seed` should be a whole number"),
        ({"cost_usd": -1}, "`cost_usd` should be a number that is not negative"),
        ({"latency_s": -1}, "`latency_s` should be a number that is not negative"),
    ],
)
def test_options_that_it_does_not_take_are_named(options: dict[str, Json], message: str) -> None:
    with pytest.raises(ModelError, match=message.replace("?", r"\?")):
        open_simulated(Model("m", "simulated", (), tuple(options.items()), "g.agraph"))


def test_options_by_position_are_refused() -> None:
    with pytest.raises(ModelError, match="by name only"):
        open_simulated(model("m", "simulated", 0.5))


def test_an_unknown_provider_is_named_with_the_nearest() -> None:
    with pytest.raises(
        ModelError, match=r"model `m`: there is no provider `simulate`; did you mean `simulated`\?"
    ):
        open_model(model("m", "simulate"))
