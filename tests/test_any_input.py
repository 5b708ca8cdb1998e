"""Whatever a file holds, the compiler answers with values: graphs, or what is wrong."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agraph.compiler import Compilation
from agraph.compiler.diagnostics import has_errors
from tests.case_files import cases
from tests.compiling import compiled
from tests.sources import composed_files, files

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.agraph"))
PROGRAMS = [case.text for case in cases()] + [path.read_text(encoding="utf-8") for path in EXAMPLES]
TOKENS = re.compile(r'"""|"[^"\n]*"|\{\{|\}\}|\w+|\s|.')
VOCABULARY = sorted(
    {token for program in PROGRAMS for token in TOKENS.findall(program) if len(token) < 20}
    | {"\r\n", "\t", "😀", "\0", "\ufeff", "\u2028", "99999999999999999999", "1e999", "-1", "[i - 1]"}
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A program, valid or not, with some of its tokens removed, repeated, exchanged or replaced."""
    tokens = TOKENS.findall(draw(st.sampled_from(PROGRAMS) | files() | composed_files()))
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, len(tokens)))
        length = draw(st.sampled_from([1, 1, 1, 2, 5, 20]))
        match draw(st.sampled_from(["delete", "repeat", "exchange", "insert", "replace"])):
            case "delete":
                del tokens[place : place + length]
            case "repeat":
                tokens[place:place] = tokens[place : place + length]
            case "exchange":
                other = draw(st.integers(0, len(tokens)))
                first, second = tokens[place : place + length], tokens[other : other + length]
                tokens[other : other + length] = first
                tokens[place : place + length] = second
            case "insert":
                tokens[place:place] = [draw(st.sampled_from(VOCABULARY))]
            case "replace":
                tokens[place : place + 1] = [draw(st.sampled_from(VOCABULARY))]
    return "".join(tokens)


def assert_sound(compilation: Compilation, text: str) -> None:
    diagnostics = compilation.diagnostics
    assert list(diagnostics) == sorted(diagnostics, key=lambda diagnostic: diagnostic.sort_key)
    assert len(set(diagnostics)) == len(diagnostics)
    for diagnostic in diagnostics:
        assert diagnostic.source is compilation.module.source
        for span in (diagnostic.span, *(label.span for label in diagnostic.labels)):
            assert 0 <= span.start <= span.end <= len(text)
        assert "{" not in diagnostic.code
        assert "None" not in diagnostic.message or "None" in text
    if has_errors(diagnostics):
        assert compilation.graphs == ()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated())
def test_a_program_that_was_garbled_is_answered(text: str) -> None:
    assert_sound(compiled(text), text)


@settings(deadline=None)
@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    assert_sound(compiled(text), text)
    assert_sound(compiled(f"agraph 1\n{text}"), f"agraph 1\n{text}")


HEADER = 'agraph 1\nmodel m = anthropic("x")\ntool f(a: str) -> str = python("m:f")\n'


@pytest.mark.parametrize(
    "body",
    [
        "node a = q" + ".x" * 1000,
        "node a = " + "f(" * 90 + "q" + ")" * 90,
        "node a = " + "[" * 90 + "q" + "]" * 90,
        "node a = " + "{ x: " * 90 + "q" + " }" * 90,
        "node a -> " + "list[" * 90 + "str" + "]" * 90 + " = q",
        "node a -> str" + "?" * 1000 + " = q",
        'node a -> "a"' + ' | "a"' * 5000 + " = q",
        'node a { prompt = "{{ q' + ".x" * 1000 + ' }}" }',
        'node a { prompt = "{{ q[' + "9" * 5000 + '] }}" }',
        "node a[" + "9" * 400 + "] = q",
        "node a = q\nedge a[" + "9" * 400 + "] -> a",
        "node a[2] = q\nedge a[i + " + "9" * 400 + "] -> a[i]",
        "node a[10000] = q\nedge a -> a ~ 0.5",
        "node a = q\n" + "edge a -> a\n" * 500,
        "".join(f"node a{i} = f(a{i + 1})\nedge a{i + 1} -> a{i} ~ 0.5\n" for i in range(500))
        + "node a500 = f(a0)\nedge a0 -> a500 ~ 0.5",
    ],
    ids=lambda body: body[:30].replace("\n", " "),
)
def test_what_is_deep_long_or_large_is_answered(body: str) -> None:
    text = f"{HEADER}graph g(q: str) -> str {{\n{body}\noutput a\n}}\n"
    assert_sound(compiled(text), text)


NESTED = (
    "agraph 1\ngraph leaf[n = 2](q: str) -> str {\n  node a[n] = q\n  edge a -> a ~ 0.5\n  output a[0]\n}\n"
)


@pytest.mark.parametrize(
    "graphs",
    [
        "".join(f"graph g{i}(q: str) -> str {{\n node a = g{i + 1}(q)\n output a\n}}\n" for i in range(400)),
        "".join(
            f"graph g{i}(q: str) -> str {{\n node a[40] = g{i + 1}(q)\n output a[0]\n}}\n" for i in range(60)
        ),
        "graph g(q: str) -> str {\n node x[10000] ~ leaf[100](q)\n output x[0]\n}\n",
        "graph g(q: str) -> str {\n node x ~ leaf[1000000](q)\n output x\n}\n",
        "graph g(q: str) -> str {\n node x ~ leaf[-1](q)\n output x\n}\n",
        "graph g(q: str) -> str {\n node x ~ leaf(q) {\n" + "x {\n" * 90 + "}\n" * 90 + "}\n output x\n}\n",
        "graph g(q: str) -> str {\n node x ~ leaf(q)\n edge x" + ".a" * 500 + " -> x\n output x\n}\n",
        'graph g(q: str) -> str {\n node y { prompt = "{{ x' + "[0].a" * 40 + ' }}" }\n output y\n}\n',
    ],
    ids=lambda graphs: graphs[:40].replace("\n", " "),
)
def test_instances_that_are_deep_many_or_large_are_answered(graphs: str) -> None:
    assert_sound(compiled(NESTED + graphs), NESTED + graphs)


def test_types_in_types_are_answered_however_deep() -> None:
    chain = [f"type A{i} {{ x: A{i + 1}, y: A{i + 1} }}" for i in range(400)]
    for lines in (chain, chain[::-1]):
        text = "\n".join(["agraph 1", *lines, "type A400 { x: str }", ""])
        assert_sound(compiled(text), text)
