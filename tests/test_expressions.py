"""What expressions mean: null is no message, fields and calls map over lists."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agraph.compiler import ir
from agraph.compiler.types import INT, STR, ListOf, Optional, Type, Variable
from agraph.runtime.errors import ToolCallError
from agraph.runtime.evaluation import Immediate, settled
from agraph.runtime.expressions import Scope, compiled, immediate
from agraph.runtime.frame import Frame, Row
from agraph.runtime.templates import render, template
from agraph.runtime.tools import OpenTool, checked
from tests.graphs import tool

ANYTHING = Variable("T")
BINDING = ir.PythonBinding("m", "f")


def opened(function: Callable[..., Any], *parameters: Type, returns: Type = ANYTHING) -> OpenTool:
    named = {f"p{i}": type_ for i, type_ in enumerate(parameters)}
    return checked(tool("f", named, returns, BINDING), function)


def value(
    expression: ir.Expression,
    *tools: OpenTool,
    values: Sequence[ir.Json] = (),
    heard: Sequence[int] | None = None,
    inbox: Sequence[int] | None = None,
) -> ir.Json:
    there = range(len(values)) if heard is None else heard
    unnamed = there if inbox is None else inbox
    scope = Scope(
        tools={ir.ToolIndex(i): each for i, each in enumerate(tools)},
        heard=frozenset(map(ir.NodeIndex, there)),
        inbox=tuple((ir.NodeIndex(i), f"n{i}") for i in unnamed),
    )
    frame = Frame(Row("row", {}), {"q": "question"}, values, output="out", columns={"c": 1})
    return asyncio.run(settled(compiled(expression, scope), frame))


def messages(*senders: int) -> ir.Messages:
    return ir.Messages(tuple(map(ir.NodeIndex, senders)))


def apply(*arguments: ir.Expression, mapped: tuple[int, ...] = ()) -> ir.Apply:
    return ir.Apply(ir.ToolIndex(0), arguments, mapped)


def of(*items: ir.Json) -> ir.Constant:
    return ir.Constant(list(items))


def test_names_read_inputs_messages_output_and_columns() -> None:
    parts = (ir.Input("q"), ir.Message(ir.NodeIndex(0)), ir.Output(), ir.Column("c"), ir.Column("none"))
    assert value(ir.MakeList(parts), values=["said"]) == ["question", "said", "out", 1, None]


def test_who_is_not_heard_reads_as_null_though_it_ran() -> None:
    assert value(ir.Message(ir.NodeIndex(0)), values=["said"], heard=[]) is None
    assert value(messages(0, 1), values=["a", "b"], heard=[1]) == [None, "b"]


def test_the_inbox_holds_messages_only_and_may_name_their_senders() -> None:
    assert value(ir.Inbox(named=False), values=["a", None, "c"]) == ["a", "c"]
    assert value(ir.Inbox(named=True), values=["a", None, {"x": 1}]) == ["n0: a", 'n2: {"x": 1}']
    assert value(ir.Inbox(named=False), values=["a", "b"], inbox=[1]) == ["b"]


def test_records_are_made_and_fields_read_through_lists_and_nulls() -> None:
    record = ir.MakeRecord((("a", ir.Constant(1)), ("b", ir.Input("q"))))
    assert value(ir.FieldOf(record, "b")) == "question"
    assert value(ir.FieldOf(ir.Constant(None), "a")) is None
    assert value(ir.FieldOf(of({"a": 1}, None, [{"a": 2}]), "a")) == [1, None, [2]]


def test_a_call_that_gets_null_for_what_is_not_optional_is_not_made() -> None:
    never = opened(lambda *_: pytest.fail("called"), STR, STR)
    assert value(apply(ir.Constant("a"), ir.Constant(None)), never) is None
    one = opened(lambda *_: pytest.fail("called"), STR)
    assert value(apply(ir.Constant(None)), one) is None


def test_an_optional_parameter_takes_null() -> None:
    assert value(apply(ir.Constant(None)), opened(lambda x: [x], Optional(STR))) == [None]
    two = opened(lambda x, y: [x, y], Optional(STR), STR)
    assert value(apply(ir.Constant(None), ir.Constant("y")), two) == [None, "y"]


def test_a_list_parameter_gets_no_nulls_unless_it_says_so() -> None:
    assert value(apply(messages(0, 1)), opened(len, ListOf(STR)), values=["a", None]) == 1
    assert value(apply(messages(0, 1)), opened(len, ListOf(Optional(STR))), values=["a", None]) == 2
    nested = opened(lambda x: x, ListOf(ListOf(STR)))
    assert value(apply(of(["a", None], None)), nested) == [["a"]]
    assert value(apply(ir.Inbox(named=False)), nested, values=[["a", None], None]) == [["a"]]
    inside = opened(lambda x: x, ListOf(Optional(ListOf(STR))))
    assert value(apply(of(["a", None], None)), inside) == [["a"], None]


def test_a_mapped_call_goes_item_by_item_and_keeps_nulls_in_place() -> None:
    double = opened(lambda x: 2 * x, INT, returns=INT)
    assert value(apply(of(1, None, 3), mapped=(0,)), double) == [2, None, 6]
    assert value(apply(ir.Constant(None), mapped=(0,)), double) is None


def test_a_mapped_call_repeats_what_is_not_mapped_and_pairs_what_is() -> None:
    join = opened(lambda x, y, z: f"{x}{y}{z}", STR, STR, STR)
    assert value(apply(of("a", "b"), ir.Constant("-"), of("c", "d"), mapped=(0, 2)), join) == ["a-c", "b-d"]
    assert value(apply(of("a"), ir.Constant(None), of("c"), mapped=(0, 2)), join) is None
    with pytest.raises(ToolCallError, match="lists of 1 and 2 items"):
        value(apply(of("a"), ir.Constant("-"), of("c", "d"), mapped=(0, 2)), join)


def test_asynchronous_tools_are_waited_for_wherever_they_stand() -> None:
    async def later(x: int) -> int:
        await asyncio.sleep(0)
        return x + 1

    waits = opened(later, INT, returns=INT)
    plain = opened(lambda x: x * 10, INT, returns=INT)
    inner = apply(ir.Constant(1))
    assert value(apply(inner), waits) == 3
    assert value(ir.Apply(ir.ToolIndex(1), (inner,)), waits, plain) == 20
    assert value(apply(of(1, None), mapped=(0,)), waits) == [2, None]
    assert value(ir.FieldOf(ir.MakeList((inner,)), "none"), waits) == [None]
    assert value(ir.Apply(ir.ToolIndex(1), (ir.MakeList((inner,)),), mapped=(0,)), waits, plain) == [20]
    assert value(apply(ir.Constant(None)), waits) is None


def test_an_error_among_mapped_asynchronous_calls_is_one_error() -> None:
    async def fail(x: int) -> int:
        raise ValueError(f"no {x}")

    with pytest.raises(ToolCallError, match="ValueError: no 1"):
        value(apply(of(1, 2), mapped=(0,)), opened(fail, INT, returns=INT))


def test_what_calls_no_asynchronous_tool_needs_no_waiting() -> None:
    scope = Scope({ir.ToolIndex(0): opened(len, ListOf(STR))}, frozenset(), ())
    assert isinstance(compiled(apply(of("a")), scope), Immediate)


@pytest.mark.parametrize(
    ("left", "operator", "right", "holds"),
    [
        (None, "==", None, True),
        (None, "!=", 1, True),
        (None, "<", 1, False),
        (1, ">", None, False),
        (None, "<=", None, True),
        (None, ">=", 1, False),
        (1, "<=", 1.0, True),
        ("a", "<", "b", True),
        ({"a": [1]}, "==", {"a": [1]}, True),
    ],
)
def test_null_equals_null_and_is_neither_more_nor_less(
    left: ir.Json, operator: Any, right: ir.Json, holds: bool
) -> None:
    assert value(ir.Compare(ir.Constant(left), operator, ir.Constant(right))) is holds


@given(st.lists(st.none() | st.integers()))
def test_mapping_then_collecting_drops_exactly_the_nulls(items: list[int | None]) -> None:
    negate = opened(lambda x: -x, INT, returns=INT)
    collect = opened(list, ListOf(INT), returns=ListOf(INT))
    expression = ir.Apply(ir.ToolIndex(1), (apply(of(*items), mapped=(0,)),))
    assert value(expression, negate, collect) == [-item for item in items if item is not None]


def test_values_render_as_the_language_says() -> None:
    assert render("text") == "text"
    assert render(["a", 1, [True, "b"]]) == "a\n\n1\n\ntrue\n\nb"
    assert render({"name": "Zoë", "none": None}) == '{"name": "Zoë", "none": null}'
    assert render(1.5) == "1.5"
    assert render(None) == ""


def test_a_template_is_its_texts_and_what_its_placeholders_show() -> None:
    scope = Scope({}, frozenset(), ())
    parts = ("a {", ir.Slot("q", ir.Constant(["x", "y"])), "} b")
    text = template(parts, lambda slot: immediate(slot.value, scope))
    assert text(Frame(Row("row", {}), {}, [])) == "a {x\n\ny} b"
