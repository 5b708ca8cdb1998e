"""Events as JSON: the text in the store and the object for other tools say the same."""

import json

from hypothesis import given
from hypothesis import strategies as st

from agraph.compiler.ir import Json
from agraph.runtime.event_json import event_json, event_text
from agraph.runtime.events import Answered, Event, NodeEnded, RunEnded
from agraph.runtime.models.protocol import Reply, Request, ToolCall, ToolResult, Truth, Turn, Usage

SECONDS = st.floats(0, 2e9)
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
REQUEST = Request(
    "s", (Turn("user", "p", results=(ToolResult("1", "r"),)),), (), None, "n", "r", ("heard",), Truth("t", ())
)
REPLY = Reply("", (ToolCall("2", "t", {"a": [1]}),), "tool_use", Usage(1, None, 2), ({"type": "thinking"},))

node_ends = st.builds(
    NodeEnded, st.integers(0), st.text(), SECONDS, VALUES, st.none() | st.text(), st.booleans()
)
run_ends = st.builds(RunEnded, st.integers(0), SECONDS, VALUES, st.none() | st.text())
answers = st.builds(Answered, st.text(), st.just(REQUEST), st.just(REPLY), st.booleans(), duration_s=SECONDS)


@given(node_ends | run_ends | answers, SECONDS)
def test_the_text_of_an_event_says_the_same_as_its_object(event: Event, at_s: float) -> None:
    text = event_text(event, at_s)
    assert json.loads(text) == event_json(event, at_s)
    assert text.isascii()
    assert "\n" not in text


@given(VALUES)
def test_a_value_is_told_as_it_is(value: Json) -> None:
    assert event_json(NodeEnded(0, "n", 0.1, value), 0.0)["value"] == value


def test_what_only_an_evaluator_knows_is_not_told() -> None:
    told = event_json(Answered("m", REQUEST, REPLY, shared=False), 0.0)
    assert isinstance(told["request"], dict)
    assert {"turns", "system", "row"} <= told["request"].keys()
    assert not {"heard", "truth"} & told["request"].keys()


def test_calls_and_results_in_a_conversation_are_objects() -> None:
    told = json.loads(event_text(Answered("m", REQUEST, REPLY, shared=False), 0.0))
    assert told["request"]["turns"][0]["results"] == [{"id": "1", "content": "r", "is_error": False}]
    assert told["reply"]["calls"] == [{"id": "2", "name": "t", "arguments": {"a": [1]}}]
    assert told["reply"]["usage"]["output_tokens"] == 2
