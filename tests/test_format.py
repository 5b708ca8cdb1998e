"""The one form of a file: nothing is lost, nothing means anything else, and what has the form keeps it."""

import re
from pathlib import Path
from random import Random
from textwrap import indent

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agraph.compiler import compile_source
from agraph.compiler.brackets import DEEPEST
from agraph.compiler.diagnostics import has_errors
from agraph.compiler.format import formatted
from agraph.compiler.parser import parse
from agraph.compiler.pieces import pieces
from agraph.compiler.source import Source
from agraph.compiler.strings import decode_block, reindented
from tests.case_files import MAIN, Case, Files, cases
from tests.layouts import EVERY_CONSTRUCT, meaning, relaid, texts

ROOT = Path(__file__).parents[1]
CLEAN = [case for case in cases() if not case.marks]
FILES = [*(ROOT / "examples").glob("*.agraph"), *(ROOT / "stdlib").glob("*.agraph")]
SLOW = settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=150)


def form(text: str) -> str:
    """The text in the one form; it has no syntax errors."""
    result = formatted(Source(MAIN, text))
    assert isinstance(result, str), [finding.message for finding in result]
    return result


def tree(text: str) -> object:
    file, diagnostics = parse(Source(MAIN, text))
    assert diagnostics == ()
    return meaning(file)


def comments(text: str) -> list[str]:
    found = pieces(text.removeprefix("\ufeff"))
    return [comment.text for piece in found for comment in piece.comments]


def words(text: str) -> str:
    """What is no comment; commas at the end of a list may come and go, and blocks be indented."""
    found = [piece for piece in pieces(text.removeprefix("\ufeff")) if piece.kind != ","]
    return "".join(decode_block(each.text)[0] if each.kind == "block" else each.text for each in found)


def lines_of(text: str) -> str:
    """A text with plain line ends, and with a letter in the place of each block of text and each comment."""
    text = text.removeprefix("\ufeff")
    for piece in pieces(text):
        if piece.kind == "block":
            text = text.replace(piece.text, "x", 1)
    return re.sub("#[^\n]*", "x", text.replace("\r\n", "\n"))


def assert_form_is_kept(text: str) -> None:
    """Hold everything that formatting promises of one text."""
    result = form(text)
    assert form(result) == result
    assert tree(result) == tree(text)
    assert words(result) == words(text)
    assert comments(result) == comments(text)
    lines = lines_of(result)
    assert lines.endswith("\n")
    assert not re.search(r"\n\n\n|\A\n|\n\n\Z|[ \t]\n|[(\[{]\n\n|\n\n *[)}\]]", lines)
    assert all(len(blanks) % 2 == 0 for blanks in re.findall(r"^ *", lines, re.MULTILINE))


# Every layout.


@SLOW
@given(texts())
def test_any_layout_takes_the_form_and_keeps_what_it_says(text: str) -> None:
    assert_form_is_kept(text)


@SLOW
@given(st.sampled_from(CLEAN), st.randoms(use_true_random=False))
def test_a_program_has_the_same_graphs_after_formatting(case: Case, random: Random) -> None:
    text = relaid(case.text, random)
    assert graphs(case, form(text)) == graphs(case, text) == graphs(case, case.text)


def graphs(case: Case, text: str) -> object:
    compilation = compile_source(Source(MAIN, text), Files({**case.files, MAIN: text}))
    assert not has_errors(compilation.diagnostics)
    return meaning(compilation.graphs)


@given(st.lists(st.sampled_from(["a", "  b", "\t", "", "   ", "\r", '"""', "é", "\r\r", "x\r"]), max_size=6))
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_block_that_is_indented_anew_means_the_same_text(newline: str, lines: list[str]) -> None:
    written = newline.join(('""""', *(f"\t{line}" for line in lines), '\t""""'))
    again = reindented(written, "    ", newline)
    assert decode_block(again) == decode_block(written)
    assert reindented(again, "\t", newline) == reindented(written, "\t", newline)


# One rule at a time.

RULES = {
    "blanks between words": ("model  m=f( 1,k=2 ,)", "model m = f(1, k = 2)"),
    "nothing is lined up": ("model a   = f()\nmodel bcd = f()", "model a = f()\nmodel bcd = f()"),
    "types": ('tool t(a:( "x"|"y" ) ?)->list [ T ]=f()', 'tool t(a: ("x" | "y")?) -> list[T] = f()'),
    "a sign between operands": (
        "graph g() {\n  edge a[i-1] -> b[i +2] ~ g[-1, k=-1](x)[-1]\n  output [-1, -2]\n}",
        "graph g() {\n  edge a[i - 1] -> b[i + 2] ~ g[-1, k = -1](x)[-1]\n  output [-1, -2]\n}",
    ),
    "lists after words of statements": (
        "graph g() {\n  edge[a]->b [0]\n  output output [0]\n  expect[1] == edge\n}",
        "graph g() {\n  edge [a] -> b[0]\n  output output[0]\n  expect [1] == edge\n}",
    ),
    "a list on one line": ("model m = f(\t[1,\n2\n])", "model m = f([1, 2])"),
    "a list that begins with a line end": (
        "model m = f(\n1, [\n2], {\nk: {\n}},)",
        "model m = f(\n  1,\n  [\n    2,\n  ],\n  {\n    k: {},\n  },\n)",
    ),
    "a broken list inside of one that is not": ("model m = f(1, [\n2\n])", "model m = f(1, [\n  2,\n])"),
    "no comma where none may stand": (
        "type A {\na: (\nstr),\nb: str\n}",
        "type A {\n  a: (str)\n  b: str\n}",
    ),
    "the fields of a type": ("type A { a: str\nb: int,}", "type A { a: str, b: int }"),
    "a body of one statement on its line": ("graph g(){output a\n}", "graph g() { output a }"),
    "a body of two statements": (
        "graph g(){output a\noutput b}",
        "graph g() {\n  output a\n  output b\n}",
    ),
    "a body with a comment": ("graph g(){output a # c\n}", "graph g() {\n  output a  # c\n}"),
    "empty braces": ("type A {\n\n}\ngraph g( ) { }", "type A {}\ngraph g() {}"),
    "blank lines": (
        "\n\n\ngraph g() {\n\n\n  output a\n\n\n\n  # c\n\n}\n\n",
        "\ngraph g() {\n  output a\n\n  # c\n}",
    ),
    "comments at the ends of lines": (
        "model m = f(  # a\n1 # b\n, # c\n#d\n2 # e\n)#f  ",
        "model m = f(  # a\n  1,  # b\n  # c\n  #d\n  2,  # e\n)  #f",
    ),
    "comments amid an item": (
        "model m = f(k # a\n=\n# b\n1)",
        "model m = f(\n  k  # a\n    =\n    # b\n    1,\n)",
    ),
    "a comment alone between brackets": ("model m = f([ # a\n])", "model m = f([  # a\n])"),
    "a comment where no comma may stand": (
        "graph g() {\n  node a[ # a\n  3]\n}",
        "graph g() {\n  node a[  # a\n    3\n  ]\n}",
    ),
    "the comma of a record after a word of a statement": (
        "graph g() {\n  output {a:1,b:2,}\n}",
        "graph g() {\n  output { a: 1, b: 2 }\n}",
    ),
    "a text": (
        'model m = f("""  \n a \n\n  b\n """, 1)',
        'model m = f("""\n  a \n\n   b\n  """, 1)',
    ),
    "a text in a list": (
        'model m = f(\n"""\na\n""")',
        'model m = f(\n  """\n    a\n    """,\n)',
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_of_the_form(name: str) -> None:
    before, after = (f"agraph 1\n{text}\n" for text in RULES[name])
    assert form(before) == after
    assert_form_is_kept(before)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("agraph 1", "agraph 1\n"),
        ("agraph 1\r\n\n\n# c \r\n", "agraph 1\r\n\r\n# c\r\n"),
        ("agraph 1\n# c\r\n", "agraph 1\n# c\n"),
        ("\ufeff  agraph 1", "\ufeffagraph 1\n"),
        ("\n  # c\n\n\nagraph 1  ", "# c\n\nagraph 1\n"),
    ],
)
def test_the_ends_of_a_file_and_of_its_lines(before: str, after: str) -> None:
    assert form(before) == after
    assert form(after) == after


def test_a_text_keeps_its_carriage_returns() -> None:
    text = 'agraph 1\nmodel m = f("""\na\r\r\nb\r\n""")\n'
    assert form(text) == 'agraph 1\nmodel m = f("""\n  a\r\r\n  b\n  """)\n'
    assert tree(form(text)) == tree(text)


def test_the_deepest_nesting_that_can_be_read_can_be_formatted() -> None:
    for begin, end in (("[", "]"), ("[\n", "]"), ("{ k: ", " }"), ("f(", ")")):
        whole = f"agraph 1\nmodel m = {begin * DEEPEST}1{end * DEEPEST}\n"
        assert tree(form(whole)) == tree(whole)
        assert form(form(whole)) == form(whole)


def test_what_names_mean_is_no_matter() -> None:
    assert form("agraph 1\ntype A { a:strr }") == "agraph 1\ntype A { a: strr }\n"


def test_syntax_errors_are_given_back() -> None:
    source = Source(MAIN, "agraph 1\ntype A {\nmodel m = \n")
    assert formatted(source) == parse(source)[1]


def test_each_construct_of_the_example_has_the_form() -> None:
    assert form(EVERY_CONSTRUCT) == EVERY_CONSTRUCT


# What stands in this project.


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_of_the_project_has_the_form(path: Path) -> None:
    text = path.read_bytes().decode()
    assert form(text) == text


OTHERWISE = {"blocks: the ends of an edge, however blanks stand in them"}
"""Cases that are about another form."""


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.name)
def test_a_case_has_the_form(case: Case) -> None:
    unreadable = any(mark.code.startswith("AG01") for mark in case.marks)
    for name, text in {MAIN: case.text, **case.files}.items():
        again = formatted(Source(name, text))
        assert unreadable if not isinstance(again, str) else (again == text) == (case.name not in OTHERWISE)


SHOWN = re.compile(r"^(?:<!-- (.*) -->\n)?```agraph\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", ["README.md", "grammar/README.md"])
def test_what_is_shown_has_the_form(page: str) -> None:
    shown = SHOWN.findall((ROOT / page).read_text("utf-8"))
    assert shown
    for comment, text in shown:
        in_graph = f"agraph 1\ngraph g() {{\n{indent(text, '  ')}}}\n"
        whole = in_graph if comment.endswith("in a graph") else text
        again = formatted(Source(page, whole))
        otherwise = comment == "compiles in another form" or comment.startswith("refused AG01")
        assert (again == whole) != otherwise, text
