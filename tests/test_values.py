"""Values held to their types, and read from texts."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agraph.compiler.ir import Json
from agraph.compiler.types import (
    BOOL,
    FLOAT,
    INT,
    NULL,
    STR,
    ListOf,
    LiteralUnion,
    Null,
    Optional,
    Primitive,
    Record,
    Type,
    Variable,
)
from agraph.runtime.values import MisfitError, json_schema, parse_reply, parse_text, reader, shorten
from tests.matching import matches

SIDE = LiteralUnion(("pro", "con"))
VERDICT = Record("Verdict", (("winner", SIDE), ("why", Optional(STR)), ("scores", ListOf(FLOAT))))

types: st.SearchStrategy[Type] = st.recursive(
    st.sampled_from([STR, INT, FLOAT, BOOL, SIDE]),
    lambda inner: st.one_of(
        inner.map(ListOf),
        inner.filter(lambda type_: not isinstance(type_, Optional)).map(Optional),
        st.lists(inner, min_size=1, max_size=3).map(
            lambda fields: Record("R", tuple((f"f{i}", field) for i, field in enumerate(fields)))
        ),
    ),
    max_leaves=6,
)


def values(type_: Type) -> st.SearchStrategy[Any]:
    match type_:
        case Primitive("str"):
            return st.text()
        case Primitive("int"):
            return st.integers()
        case Primitive("float"):
            return st.floats(allow_nan=False, allow_infinity=False)
        case Primitive():
            return st.booleans()
        case LiteralUnion(options):
            return st.sampled_from(options)
        case ListOf(item):
            return st.lists(values(item), max_size=3)
        case Optional(item):
            return st.none() | values(item)
        case Record(_, fields):
            return st.fixed_dictionaries({name: values(field) for name, field in fields})
        case _:
            raise AssertionError(type_)


typed_values = types.flatmap(lambda type_: st.tuples(st.just(type_), values(type_)))


@given(typed_values)
def test_a_value_of_the_type_is_given_back(typed: tuple[Type, Any]) -> None:
    type_, value = typed
    assert matches(type_)(value)
    assert reader(type_)(value) == value


@given(typed_values)
def test_a_reply_in_json_is_read_back(typed: tuple[Type, Any]) -> None:
    type_, value = typed
    if type_ != STR:
        assert parse_reply(type_, json.dumps(value)) == value
        assert parse_reply(type_, f"```json\n{json.dumps(value)}\n```") == value


@given(typed_values)
def test_the_schema_says_of_every_value_of_the_type_that_it_is_one(typed: tuple[Type, Any]) -> None:
    type_, value = typed
    assert satisfies(value, json_schema(type_))


def satisfies(value: Any, schema: Any) -> bool:
    if "anyOf" in schema:
        return any(satisfies(value, option) for option in schema["anyOf"])
    if "enum" in schema:
        return value in schema["enum"]
    match schema["type"]:
        case "object":
            if not isinstance(value, dict):
                return False
            known = schema["properties"]
            complete = all(name in value for name in schema["required"])
            return complete and all(name in known and satisfies(value[name], known[name]) for name in value)
        case "array":
            return isinstance(value, list) and all(satisfies(item, schema["items"]) for item in value)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case name:
            return isinstance(
                value, {"string": str, "number": int | float, "boolean": bool, "null": type(None)}[name]
            )


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (STR, 1),
        (STR, None),
        (INT, True),
        (INT, 1.0),
        (INT, "1"),
        (FLOAT, True),
        (FLOAT, float("nan")),
        (FLOAT, 10**400),
        (BOOL, 0),
        (SIDE, "both"),
        (ListOf(INT), (1, 2)),
        (ListOf(INT), [1, None]),
        (VERDICT, {"winner": "pro"}),
        (VERDICT, {"winner": "pro", "scores": [], "extra": 1}),
        (NULL, 0),
        (Variable("T"), {1: "keys are texts"}),
        (Variable("T"), [object()]),
    ],
)
def test_a_value_of_another_type_is_a_misfit(type_: Type, value: object) -> None:
    assert not matches(type_)(value)


@pytest.mark.parametrize("value", [None, True, 3, 0.5, "text", [1, "a", [None]], {"a": {"b": []}}])
def test_a_variable_takes_any_json(value: Json) -> None:
    assert matches(Variable("T"))(value)


def test_whole_numbers_become_floats_where_floats_stand() -> None:
    read = reader(VERDICT)({"winner": "pro", "scores": [1, 2.5]})
    assert repr(read) == "{'winner': 'pro', 'why': None, 'scores': [1.0, 2.5]}"


def test_a_misfit_names_the_place_the_type_and_the_value() -> None:
    with pytest.raises(MisfitError) as caught:
        reader(ListOf(VERDICT))([{"winner": "pro", "scores": []}, {"winner": "nobody", "scores": []}])
    assert str(caught.value) == '[1].winner: expected `"pro" | "con"` and got `"nobody"`'


def test_long_values_are_shortened_in_messages() -> None:
    assert len(shorten("x" * 10_000)) < 300
    assert shorten({1, 2}) == "`{1, 2}`"


def test_what_may_be_null_may_be_left_out_of_a_record() -> None:
    schema = json_schema(VERDICT)
    assert schema["required"] == ["winner", "scores"]
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        (STR, '"quoted"', '"quoted"'),
        (STR, "12", "12"),
        (Optional(STR), "12", "12"),
        (Optional(STR), "null", None),
        (INT, "12", 12),
        (FLOAT, "12", 12.0),
        (BOOL, "true", True),
        (SIDE, "pro", "pro"),
        (SIDE, '"pro"', "pro"),
        (ListOf(INT), "[1, 2]", [1, 2]),
    ],
)
def test_inputs_are_read_from_the_command_line(type_: Type, text: str, value: Json) -> None:
    assert parse_text(type_, text) == value


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        (INT, "twelve"),
        (INT, "1.5"),
        (FLOAT, "NaN"),
        (BOOL, "yes"),
        (SIDE, "both"),
        (ListOf(INT), "[" * 100_000),
    ],
)
def test_a_text_that_stands_for_no_value_is_a_misfit(type_: Type, text: str) -> None:
    with pytest.raises(MisfitError):
        parse_text(type_, text)


def test_a_literal_type_takes_the_bare_word_of_a_reply() -> None:
    assert parse_reply(SIDE, " con\n") == "con"
    assert parse_reply(Optional(SIDE), "pro") == "pro"


def test_a_text_reply_is_taken_as_it_is() -> None:
    assert parse_reply(STR, '```json\n"x"\n```') == '```json\n"x"\n```'


def test_null_alone_has_a_type() -> None:
    assert reader(Null())(None) is None
