"""How answers are scored."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agraph.compiler import ir
from agraph.compiler.ir import Json
from agraph.optimizer.comparisons import contains, exact, near, one_of
from agraph.optimizer.grade import Grade
from agraph.optimizer.metrics import open_metric
from agraph.optimizer.rows import DataRow
from agraph.runtime.errors import DataError, InputError, ToolError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-3, 3) | st.text("abAB1 ", max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("xy"), inner, max_size=2),
    max_leaves=4,
)


def row_of(columns: dict[str, Json]) -> DataRow:
    return DataRow("rows.jsonl:5", 4, columns, True, "key")


def metric_of(name: str, *arguments: ir.Expression, **options: Json) -> ir.Metric:
    return ir.Metric(name, arguments, tuple(options.items()), None, "g.agraph")


def score(metric: ir.Metric, output: Json, columns: dict[str, Json], target: str | None = "answer") -> float:
    return open_metric(metric, target)(output, row_of(columns), {}).value


# What is equal, near, contained.


@given(VALUES)
def test_every_value_is_exactly_itself_and_one_of_itself(value: Json) -> None:
    assert exact(value, value)
    assert exact(json.loads(json.dumps(value)), value)
    assert one_of(value, [None, value])


@given(VALUES, VALUES)
def test_exact_is_symmetric(left: Json, right: Json) -> None:
    assert exact(left, right) == exact(right, left)


@pytest.mark.parametrize(
    ("answer", "expected", "holds"),
    [
        (" pro\n", "pro", True),
        ("Pro", "pro", False),
        (18, "18", True),
        (18, "18.0", True),
        ("18", 18, True),
        (18, "eighteen", False),
        (1, 1.0, True),
        (True, 1, False),
        (1, True, False),
        ([True], [1], False),
        (True, "TRUE", True),
        (True, "1", False),
        (None, "null", False),
        (None, None, True),
        (["a "], ["a"], True),
        (["a"], ["a", "b"], False),
        ({"x": 1}, {"x": "1"}, True),
        ({"x": 1}, {"y": 1}, False),
        (2**5000, "1", False),
    ],
)
def test_exact(answer: Json, expected: Json, holds: bool) -> None:
    assert exact(answer, expected) is holds


@pytest.mark.parametrize(
    ("answer", "expected", "holds"),
    [
        ("It is 18.", "18", True),
        (18.0, "$18", True),
        (1234, "1,234", True),
        ("16 - 3 = 13", 13, True),
        (18.0000001, 18, True),
        (18.1, 18, False),
        (1e9 + 1, 1e9, True),
        ("nothing", 18, False),
        (None, 0, False),
        (True, 1, False),
        ([18], 18, False),
        (10**400, 1, False),
    ],
)
def test_number(answer: Json, expected: Json, holds: bool) -> None:
    assert near(answer, expected, 1e-6) is holds


@pytest.mark.parametrize(
    ("answer", "expected", "holds"),
    [
        ("The city is Paris.", " Paris ", True),
        ("The city is paris.", "Paris", False),
        ("It is 18", 18, True),
        (["a", "Paris"], "Paris", True),
        (["in Paris"], "Paris", False),
        (None, "Paris", False),
    ],
)
def test_contains(answer: Json, expected: Json, holds: bool) -> None:
    assert contains(answer, expected) is holds


@pytest.mark.parametrize(
    ("answer", "expected", "holds"),
    [
        ("b", "a | b", True),
        ("a | b", "a | b", False),
        (18, "17|18", True),
        ("b", ["a", "b"], True),
        ("c", ["a", "b"], False),
        (None, "a|b", False),
        (3, 3, False),
    ],
)
def test_one_of(answer: Json, expected: Json, holds: bool) -> None:
    assert one_of(answer, expected) is holds


# What a metric compares.


def test_without_arguments_the_output_is_held_against_the_target() -> None:
    assert score(metric_of("exact"), "a", {"answer": "a"}) == 1.0
    assert score(metric_of("exact"), "b", {"answer": "a"}) == 0.0


def test_one_argument_is_held_against_the_target() -> None:
    winner = metric_of("exact", ir.FieldOf(ir.Output(), "winner"))
    assert score(winner, {"winner": "pro", "why": "…"}, {"answer": "pro"}) == 1.0
    assert score(winner, None, {"answer": "pro"}) == 0.0
    assert score(winner, [{"winner": "pro"}], {"answer": ["pro"]}) == 1.0


def test_two_arguments_are_held_against_each_other() -> None:
    pair = ir.MakeList((ir.FieldOf(ir.Output(), "x"), ir.Constant(2)))
    metric = metric_of("exact", pair, ir.MakeList((ir.Column("first"), ir.FieldOf(ir.Column("rest"), "y"))))
    assert score(metric, {"x": 1}, {"first": 1, "rest": {"y": 2}}, target=None) == 1.0
    record = metric_of("exact", ir.MakeRecord((("a", ir.Output()),)), ir.Column("first"))
    assert score(record, 1, {"first": {"a": 1}}, target=None) == 1.0


def test_options_change_the_comparison() -> None:
    assert score(metric_of("number"), 18.4, {"answer": 18}) == 0.0
    assert score(metric_of("number", tolerance=0.05), 18.4, {"answer": 18}) == 1.0
    assert score(metric_of("number", tolerance=0), 18.0000001, {"answer": 18}) == 0.0
    for name in ("exact", "contains", "one_of"):
        assert score(metric_of(name), "PARIS", {"answer": "Paris"}) == 0.0
        assert score(metric_of(name, ignore_case=True), "PARIS", {"answer": "Paris"}) == 1.0


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (metric_of("exakt"), "there is no metric `exakt` (did you mean `exact`?)"),
        (metric_of("number", tolerence=1), "has no option `tolerence` (did you mean `tolerance`?)"),
        (metric_of("number", tolerance=-1), "a number of at least 0, not `-1`"),
        (metric_of("number", tolerance=True), "a number of at least 0, not `true`"),
        (metric_of("exact", ignore_case="no"), '`ignore_case` of `exact` is true or false, not `"no"`'),
        (metric_of("exact", *[ir.Output()] * 3), "compares two values, not 3"),
    ],
)
def test_a_metric_that_cannot_be_is_refused(metric: ir.Metric, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        open_metric(metric, "answer")


def test_a_metric_that_needs_a_target_says_so() -> None:
    with pytest.raises(InputError, match="`exact` compares with a target, and the data set names none"):
        open_metric(metric_of("exact"), None)


def test_a_row_that_cannot_be_scored_is_named() -> None:
    with pytest.raises(DataError, match=r'rows\.jsonl:5: row 4 expects `"abc"`, which holds no number'):
        score(metric_of("number"), 1, {"answer": "abc"})
    with pytest.raises(DataError, match=r"row 4 has no column `answer` \(did you mean `anwser`\?\)"):
        score(metric_of("exact"), 1, {"anwser": 1})


# Python metrics.

FUNCTIONS = """
def output_only(output): return output == 3
def with_row(output, row): return output / row["answer"]
def with_trace(output, row, trace): return trace["a"]
def anything(*values): return len(values)
def optional(output, row=None, *, strict=False): return row["answer"]
def feedback(output): return 0.5, "half of it"
def raises(output): raise KeyError("lost")
def leaves(output): raise SystemExit(0)
def nothing(output): return None
def infinite(output): return float("inf")
def words(output): return "good"
def changes(output, row): row.clear(); output.clear(); return 1
def none_taken(): return 1
def four(a, b, c, d): return 1
def keyword(output, *, strict): return 1
async def waits(output): return 1
"""


def python(folder: Path, function: str, output: Json, trace: Mapping[str, Json] | None = None) -> Grade:
    (folder / "scores.py").write_text(FUNCTIONS)
    metric = ir.Metric("python", (), (), f"scores:{function}", str(folder / "g.agraph"))
    return open_metric(metric, "answer")(output, row_of({"answer": 6}), trace or {})


def test_a_function_takes_as_many_values_as_it_names(tmp_path: Path) -> None:
    assert python(tmp_path, "output_only", 3) == Grade(1.0)
    assert python(tmp_path, "with_row", 3) == Grade(0.5)
    assert python(tmp_path, "with_trace", 3, {"a": 7}) == Grade(7.0)
    assert python(tmp_path, "anything", 3) == Grade(3.0)
    assert python(tmp_path, "optional", 3) == Grade(6.0)


def test_a_function_may_give_feedback(tmp_path: Path) -> None:
    assert python(tmp_path, "feedback", 3) == Grade(0.5, "half of it")


def test_a_function_cannot_change_what_is_scored(tmp_path: Path) -> None:
    output: Json = {"x": 1}
    python(tmp_path, "changes", output)
    assert output == {"x": 1}


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("raises", "the metric `scores:raises` failed on row 4 (rows.jsonl:5): KeyError: 'lost'"),
        ("leaves", "the metric `scores:leaves` failed on row 4 (rows.jsonl:5): SystemExit: 0"),
        ("nothing", "gave `None` on row 4 (rows.jsonl:5), not a finite number"),
        ("infinite", "gave `inf`"),
        ("words", "gave `'good'`"),
        ("none_taken", "takes one to three values"),
        ("four", "takes one to three values"),
        ("keyword", "takes one to three values"),
        ("waits", "is an `async` function"),
        ("absent", "the metric `scores:absent`: "),
    ],
)
def test_a_function_that_fails_is_named(tmp_path: Path, function: str, message: str) -> None:
    with pytest.raises(ToolError, match=re.escape(message)):
        python(tmp_path, function, 3)
