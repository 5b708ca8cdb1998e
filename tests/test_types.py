"""Types: what fits where, and what a list of several holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agraph.compiler import types
from agraph.compiler.types import (
    ANY,
    BOOL,
    FLOAT,
    INT,
    NULL,
    STR,
    ListOf,
    LiteralUnion,
    Optional,
    Record,
    Variable,
    fits,
    join,
    optional,
    required,
    show,
    substitute,
)

LETTERS = st.lists(st.sampled_from("abc"), min_size=1, unique=True)
SCALARS = st.sampled_from([STR, INT, FLOAT, BOOL]) | LETTERS.map(lambda options: LiteralUnion(tuple(options)))


def deeper(inner: st.SearchStrategy[types.Type]) -> st.SearchStrategy[types.Type]:
    records = st.dictionaries(st.sampled_from("xyz"), inner, max_size=2).map(
        lambda fields: Record("", tuple(fields.items()))
    )
    return inner.map(ListOf) | inner.map(optional) | records


TYPES = st.recursive(SCALARS, deeper, max_leaves=5)


@given(TYPES)
def test_every_type_fits_itself_and_its_optional(type_: types.Type) -> None:
    assert fits(type_, type_)
    assert fits(type_, optional(type_))
    assert fits(optional(type_), type_)
    assert fits(NULL, type_)


@given(TYPES)
def test_what_could_not_be_understood_fits_everywhere(type_: types.Type) -> None:
    assert fits(ANY, type_)
    assert fits(type_, ANY, {})
    assert join([type_, ANY]) == join([ANY, type_]) == join([type_])


@given(st.lists(TYPES, min_size=1, max_size=4))
def test_each_of_several_types_fits_their_join(several: list[types.Type]) -> None:
    joined = join(several)
    if joined is not None:
        assert all(fits(type_, joined) for type_ in several)


@given(st.lists(TYPES, min_size=1, max_size=3), TYPES)
def test_a_join_is_no_wider_than_any_type_that_all_fit(several: list[types.Type], wanted: types.Type) -> None:
    if all(fits(type_, wanted) for type_ in several):
        joined = join(several)
        assert joined is not None
        assert fits(joined, wanted)


@given(TYPES, TYPES)
def test_the_order_of_a_join_changes_only_the_order_within(left: types.Type, right: types.Type) -> None:
    one, other = join([left, right]), join([right, left])
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert fits(one, other)
        assert fits(other, one)


@given(st.lists(TYPES, max_size=4))
def test_a_join_is_made_one_after_another(several: list[types.Type]) -> None:
    joined: types.Type | None = NULL
    for type_ in several:
        joined = None if joined is None else join([joined, type_])
    assert join(several) == joined


@given(TYPES)
def test_a_variable_stands_for_what_it_met(type_: types.Type) -> None:
    bound: dict[str, types.Type] = {}
    assert fits(type_, Variable("T"), bound)
    assert fits(ListOf(type_), ListOf(Optional(Variable("T"))), bound)
    assert substitute(Variable("T"), bound) == required(type_)


@pytest.mark.parametrize(
    ("given_", "wanted", "expected"),
    [
        (INT, FLOAT, True),
        (FLOAT, INT, False),
        (BOOL, INT, False),
        (STR, LiteralUnion(("a",)), False),
        (LiteralUnion(("a",)), STR, True),
        (LiteralUnion(("a",)), LiteralUnion(("b", "a")), True),
        (LiteralUnion(("a", "c")), LiteralUnion(("b", "a")), False),
        (ListOf(INT), ListOf(FLOAT), True),
        (ListOf(Optional(INT)), ListOf(FLOAT), True),
        (STR, ListOf(STR), False),
        (Record("A", (("x", INT),)), Record("B", (("x", INT),)), False),
        (Record("", (("x", INT),)), Record("B", (("x", FLOAT),)), True),
        (Record("", (("x", INT),)), Record("B", (("x", FLOAT), ("y", Optional(STR)))), True),
        (Record("", (("x", INT),)), Record("B", (("x", FLOAT), ("y", STR))), False),
        (Record("", (("x", INT), ("y", INT))), Record("B", (("x", FLOAT),)), False),
    ],
)
def test_what_fits_where(given_: types.Type, wanted: types.Type, expected: bool) -> None:
    assert fits(given_, wanted) is expected


@pytest.mark.parametrize(
    ("several", "expected"),
    [
        ([], NULL),
        ([INT, FLOAT], FLOAT),
        ([STR, INT], None),
        ([STR, ANY, INT], None),
        ([LiteralUnion(("a",)), LiteralUnion(("b",))], LiteralUnion(("a", "b"))),
        ([LiteralUnion(("a",)), STR, LiteralUnion(("b",))], STR),
        ([Optional(LiteralUnion(("a",))), LiteralUnion(("b",))], Optional(LiteralUnion(("a", "b")))),
        ([ListOf(INT), ListOf(FLOAT)], ListOf(FLOAT)),
        ([ListOf(NULL), ListOf(FLOAT)], ListOf(FLOAT)),
        ([Record("", (("x", INT),)), Record("A", (("x", FLOAT),))], Record("A", (("x", FLOAT),))),
        ([Record("A", (("x", INT),)), Record("B", (("x", INT),))], None),
    ],
)
def test_what_a_list_of_several_holds(several: list[types.Type], expected: types.Type | None) -> None:
    assert join(several) == expected


def test_one_variable_means_one_type_in_a_signature() -> None:
    bound: dict[str, types.Type] = {}
    assert fits(INT, Variable("T"), bound)
    assert fits(FLOAT, Variable("T"), bound)
    assert not fits(STR, Variable("T"), bound)
    assert bound == {"T": FLOAT}


def test_a_type_is_shown_as_it_is_written() -> None:
    union = LiteralUnion(("a", "b"))
    assert show(ListOf(Optional(union))) == 'list[("a" | "b")?]'
    assert show(Optional(ListOf(Record("Verdict", ())))) == "list[Verdict]?"
    assert show(Record("", (("x", INT), ("y", NULL)))) == "{ x: int, y: null }"
