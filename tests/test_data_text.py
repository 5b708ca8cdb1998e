"""Data that is written into a file is read back as it was."""

from hypothesis import given
from hypothesis import strategies as st

from agraph.compiler.diagnostics import Findings
from agraph.compiler.ir import Example, Json
from agraph.compiler.literals import literal
from agraph.compiler.parser import parse
from agraph.compiler.source import Source
from agraph.compiler.syntax import Call, ModelDeclaration
from agraph.optimizer.data_text import data_text, example_texts

TEXTS = st.text(max_size=8) | st.sampled_from(["\n", "\r\n", '"""', "\\", "{{ x }}", "é\x07\n\n"])
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.floats(-1e300, 1e300) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def read(text: str) -> Json:
    source = Source("test.agraph", f"agraph 1\nmodel m = anthropic({text})\n")
    tree, found = parse(source)
    assert not found, found[0].message
    [declaration] = tree.items
    assert isinstance(declaration, ModelDeclaration)
    assert isinstance(declaration.value, Call)
    return literal(declaration.value.arguments[0].value, Findings(source))


@given(VALUES)
def test_what_is_written_is_read_as_the_same_value(value: Json) -> None:
    assert repr(read(data_text(value))) == repr(value)


def test_an_example_ends_with_its_output_and_odd_names_are_quoted() -> None:
    example = Example((("question", "Why?"), ("x.judge", [1, None])), {"null": True})
    assert example_texts([example]) == (
        '{ question: "Why?", "x.judge": [1, null], output: { "null": true } }',
    )
