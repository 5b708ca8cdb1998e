"""What the functions of the standard library give."""

import ast
import importlib
import math
import operator
import re
from collections.abc import Callable
from importlib import resources

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agraph.stdlib import text, vote
from agraph.stdlib.arithmetic import calculate

ANSWERS = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.0, 1.0, 0.5, "a", "b"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("xy"), inner, max_size=2),
    max_leaves=4,
)


def same(left: object, right: object) -> bool:
    """Equality of JSON values, where Python's own takes `True` for `1`."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return left == right


@given(st.lists(ANSWERS, max_size=8))
@example(["a", True, 1])
@example(["a", [{"x": 0}], [{"x": False}]])
@example(["a", [1], [1.0]])
def test_majority_is_the_earliest_answer_that_nobody_outvotes(answers: list[object]) -> None:
    present = [answer for answer in answers if answer is not None]
    counts = [sum(same(answer, other) for other in present) for answer in present]
    expected = present[counts.index(max(counts))] if present else None
    winner = vote.majority(answers)
    assert same(winner, expected)
    assert type(winner) is type(expected)


@given(st.lists(st.tuples(ANSWERS, st.none() | st.integers(0, 3).map(float)), max_size=6))
def test_best_of_is_the_first_with_the_highest_score(pairs: list[tuple[object, float | None]]) -> None:
    scored = [(score, value) for value, score in pairs if value is not None and score is not None]
    expected = max(scored, key=lambda pair: pair[0])[1] if scored else None
    assert same(vote.best_of([value for value, _ in pairs], [score for _, score in pairs]), expected)


def test_best_of_refuses_a_missing_score() -> None:
    with pytest.raises(ValueError, match="2 values and 1 scores"):
        vote.best_of(["a", "b"], [1.0])


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("It costs $1,234.50 in all.", 1234.5),
        ("A: 18", 18),
        ("18.", 18),
        ("first 3, then 4.", 4),
        ("-3", -3),
        ("it falls to −3 degrees", -3),
        ("-$5", -5),
        ("$-5", -5),
        ("16-3", 3),
        ("16 - 3", 3),
        ("pages 10–20", 20),
        ("3/4", 0.75),
        ("-1/2 of it", -0.5),
        ("3/0", 0),
        ("on 24/12/2025", 2025),
        ("50%", 50),
        ("1e-05", 1e-05),
        (".5", 0.5),
        ("1,2,3", 3),
        ("1,2345", 2345),
        ("<<16-3=13>>13 eggs", 13),
        ("3 and " + "9" * 400, 3),
        ("no number", None),
        ("", None),
    ],
)
def test_last_number_reads_numbers_as_people_write_them(words: str, number: float | None) -> None:
    assert text.last_number(words) == number


@given(st.text(alphabet=" abc:=\n"), st.floats(allow_nan=False, allow_infinity=False))
def test_last_number_reads_what_python_writes(before: str, number: float) -> None:
    assert text.last_number(f"{before} {number!r}.") == number


@given(st.integers(-(10**15), 10**15))
def test_last_number_passes_over_thousands_separators(number: int) -> None:
    assert text.last_number(f"5 of ${number:,} in all") == number


@given(st.text(alphabet="0123456789.,-−$/+ a%()"))
def test_last_number_is_there_exactly_where_a_digit_is(words: str) -> None:
    assert (text.last_number(words) is not None) == any(character.isdigit() for character in words)


@given(st.lists(st.text(alphabet="ab \t")), st.sampled_from(["\n", "\r\n", "\r"]))
def test_lines_are_those_that_hold_something(parts: list[str], end: str) -> None:
    whole = end.join(parts)
    expected = [part.rstrip() for part in parts if part.strip()]
    assert text.lines(whole) == expected
    assert text.first_line(whole) == (expected[0].strip() if expected else None)
    assert text.last_line(whole) == (expected[-1].strip() if expected else None)


def test_after_takes_the_last_marker() -> None:
    assert text.after("A: 1\nA: 2 ", "A:") == "2"
    assert text.after("2", "A:") is None


@given(st.lists(st.text(alphabet="ab", min_size=1), min_size=1))
def test_join_puts_the_separator_between(parts: list[str]) -> None:
    assert text.join(parts, "; ").split("; ") == parts


@given(st.text(alphabet="ab \n"), st.integers(1, 6))
@example("", 3)
@example("a" * 20, 3)
def test_the_parts_of_a_text_are_the_text(words: str, count: int) -> None:
    parts = [text.part(words, index, count) for index in range(count)]
    assert "".join(part for part in parts if part is not None) == words
    assert "" not in parts


def test_a_part_ends_with_a_paragraph_or_a_line_or_a_word() -> None:
    assert text.part("a b\n\nc d\ne f", 0, 2) == "a b\n\n"
    assert text.part("a b\nc d e f", 0, 2) == "a b\n"
    assert text.part("a\n\nb c d e f g h i", 0, 2) == "a\n\nb c d "
    assert text.part("a b c d", 0, 2) == "a "
    assert text.part("abcd", 0, 2) == "ab"


def test_a_part_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="2 parts have no part number 2"):
        text.part("a b", 2, 2)


@given(st.text(alphabet="ab `\n").filter(lambda words: "```" not in words), st.sampled_from(["", "python"]))
def test_code_is_what_stands_between_the_last_fences(program: str, language: str) -> None:
    fenced = f"First:\n```\nx\n```\nThen:\n```{language}\n{program}\n```\nDone."
    assert text.code(fenced) == program.rstrip()


def test_code_without_fences_is_the_text() -> None:
    assert text.code(" x = 1\n") == "x = 1"


@given(st.lists(st.integers()))
def test_first_and_last_are_the_ends_where_there_are_any(values: list[int]) -> None:
    assert vote.first(values) == next(iter(values), None)
    assert vote.last(values) == next(reversed(values), None)


NUMBERS = st.one_of(
    st.integers(0, 20).map(str),
    st.floats(0, 20).map(lambda number: f"{number:.3f}"),
    st.sampled_from(["pi", "e"]),
)
FORMULAS = st.recursive(
    NUMBERS,
    lambda inner: st.one_of(
        st.builds("{} {} {}".format, inner, st.sampled_from(["+", "-", "*", "/", "//", "%", "**"]), inner),
        st.builds("({})".format, inner),
        st.builds("{}{}".format, st.sampled_from("+-"), inner),
        st.builds("{}({})".format, st.sampled_from(["abs", "sqrt", "floor", "ceil", "sin"]), inner),
        st.builds("max({}, {})".format, inner, inner),
    ),
    max_leaves=8,
)
OPERATORS: dict[type[ast.AST], Callable[..., float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}
NAMES: dict[str, Callable[..., float]] = {
    "abs": abs, "sqrt": math.sqrt, "floor": math.floor, "ceil": math.ceil, "sin": math.sin, "max": max,
}  # fmt: skip


def reference(node: ast.expr) -> float:
    """The value that Python gives, without the powers that would not come to an end."""
    match node:
        case ast.Constant(value=int() | float() as value):
            return value
        case ast.Name(id=name):
            return {"pi": math.pi, "e": math.e}[name]
        case ast.UnaryOp(op=op, operand=operand):
            return OPERATORS[type(op)](reference(operand))
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            base, exponent = reference(left), reference(right)
            if base and abs(exponent) * abs(math.log(abs(base))) > 600:
                raise OverflowError
            value = base**exponent
            if isinstance(value, complex):
                raise ValueError
            return float(value) if isinstance(value, float) else value
        case ast.BinOp(left=left, op=op, right=right):
            return OPERATORS[type(op)](reference(left), reference(right))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return NAMES[name](*map(reference, arguments))
        case _:
            raise AssertionError(ast.dump(node))


@given(FORMULAS)
@example("-2 ** 2")
@example("2 ** 3 ** 2")
@example("2 ** -1")
@example("7 - 3 - 2")
@example("-7 // 2 % 3")
def test_calculate_agrees_with_python(formula: str) -> None:
    try:
        expected = float(reference(ast.parse(formula, mode="eval").body))
    except (ValueError, ArithmeticError):
        return
    if abs(expected) < 1e200:
        assert calculate(formula) == pytest.approx(expected, rel=1e-9)


def test_calculate_reads_the_signs_of_typography() -> None:
    assert calculate("2 × 3 ^ 2 ÷ 6 − 1") == 2


def test_calculate_rounds_to_digits() -> None:
    assert calculate("round(2.456, 2) + round(7.2) + log(8, 2)") == pytest.approx(12.46)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("", "the expression is empty"),
        ("2 +", "ends too early"),
        ("(2", "ends too early, expected `)`"),
        ("2 3", "unexpected `3`"),
        ("1,234 + 1", "without thousands separators"),
        ("two + 2", "unknown name `two`"),
        ("__import__('os')", "unknown name `__import__`"),
        ("(1).real", "unexpected `.`"),
        ("1 / 0", "division by zero"),
        ("0 ** -1", "division by zero"),
        ("9 ** 9 ** 9", "too large"),
        ("1e999", "too large"),
        ("exp(1000)", "too large"),
        ("(-8) ** 0.5", "no real number"),
        ("sqrt(-1)", "`sqrt` has no value for -1"),
        ("round(1, 0.5)", "`round` has no value for 1, 0.5"),
        ("sqrt(1, 2)", "`sqrt` does not take 2 values"),
        ("(" * 400, "nested deeper"),
        ("-" * 400 + "1", "nested deeper"),
        ("1" * 1001, "longer than 1000"),
    ],
)
def test_calculate_says_what_is_wrong(expression: str, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        calculate(expression)


def test_calculate_adds_up_as_many_numbers_as_fit() -> None:
    assert calculate("+".join(["1"] * 500)) == 500


@given(st.text(max_size=60) | st.text(alphabet="0123456789.,()+-*/%^e pisqrtround\x00", max_size=60))
@example("round(5, -1000000000)")
@example("99**99**99")
@example("٣ + 1")
def test_calculate_comes_to_an_end_with_a_number_or_a_reason(expression: str) -> None:
    reason, value = "", math.nan
    try:
        value = calculate(expression)
    except ValueError as error:
        reason = str(error)
    assert reason or math.isfinite(value)


@pytest.mark.parametrize("module", ["vote", "text", "math"])
def test_each_declared_tool_exists_and_has_a_comment(module: str) -> None:
    source = (resources.files("agraph.stdlib") / f"{module}.agraph").read_text(encoding="utf-8")
    declared = re.findall(r'# [^\n]+\ntool (\w+)\((.*?)\) -> \S+ = python\("([\w.]+):(\w+)"\)\n', source)
    assert len(declared) == source.count("\ntool ")
    for name, parameters, place, function in declared:
        code = getattr(importlib.import_module(place), function).__code__
        assert name == function
        assert re.findall(r"(\w+):", parameters) == list(code.co_varnames[: code.co_argcount])
