"""The IR as JSON and back, the tree as text."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agraph.compiler import compile_source, ir, types
from agraph.compiler.dump import UnsupportedVersion, dump_tree, from_json, to_json
from agraph.compiler.source import Source, Span
from agraph.files import FileLoader
from tests.drawn import DRAWN
from tests.graphs import graph, model, node, tool
from tests.sources import files

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3),
    max_leaves=8,
)
TYPES = st.recursive(
    st.sampled_from([types.STR, types.INT, types.FLOAT, types.BOOL, types.NULL, types.Variable("T")])
    | st.lists(st.text(), min_size=1, max_size=3).map(lambda options: types.LiteralUnion(tuple(options))),
    lambda inner: (
        inner.map(types.ListOf)
        | inner.map(types.Optional)
        | st.lists(st.tuples(st.text(), inner), max_size=3).map(
            lambda fields: types.Record("R", tuple(fields))
        )
    ),
    max_leaves=5,
)
LEAVES = st.one_of(
    JSON.map(ir.Constant),
    st.text().map(ir.Input),
    st.builds(ir.Message, st.just(ir.NodeIndex(0))),
    st.builds(ir.Messages, st.just((ir.NodeIndex(0), ir.NodeIndex(1))), st.booleans()),
    st.booleans().map(ir.Inbox),
)
EXPRESSIONS: st.SearchStrategy[ir.Expression] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(ir.FieldOf, inner, st.text()),
        st.lists(inner, max_size=3).map(lambda items: ir.MakeList(tuple(items))),
        st.lists(st.tuples(st.text(), inner), max_size=3).map(lambda items: ir.MakeRecord(tuple(items))),
        st.lists(st.tuples(st.text(), inner), max_size=3).map(
            lambda entries: ir.Enter(tuple(entries), (types.STR, types.Optional(types.INT)))
        ),
        st.builds(ir.Apply, st.just(ir.ToolIndex(0)), st.tuples(inner), st.just((0,))),
    ),
    max_leaves=6,
)


def back(original: ir.Graph) -> ir.Graph:
    return from_json(json.loads(json.dumps(to_json(original))))


def compiled(text: str) -> ir.Graph:
    return compile_source(Source("a.agraph", text), FileLoader()).graphs[-1]


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=50)
@given(files())
def test_a_compiled_graph_comes_back_from_json_as_it_was(text: str) -> None:
    original = compiled(text)
    assert back(original) == original


@given(EXPRESSIONS, TYPES, st.lists(JSON, max_size=3), JSON)
def test_every_value_comes_back_from_json_as_it_was(
    expression: ir.Expression, type_: types.Type, arguments: list[ir.Json], constant: ir.Json
) -> None:
    original = graph(
        [node("a", expression, on_error=ir.Constant(constant), type=type_), node("b")],
        [(0, 1)],
        inputs={"question": type_},
        models=[model("m", "simulated", *arguments, option=constant)],
        tools=[tool("t", {"x": type_}, types.STR, ir.PythonBinding("module", "function"))],
    )
    restored = back(original)
    assert restored == original
    # Equal is not enough: 1, 1.0 and true are equal, and only a tuple can be a part of the IR.
    assert repr(restored) == repr(original)


COMPOSED = """\
agraph 1

import std.text

model fast = simulated(right = 0.7)
model smart = simulated(right = 0.9)

graph inner(question: str, hint: str?) -> list[str] {
  model = fast
  node ask[2] "Asks." {
    on ~ [0.5, 0.6]
    prompt ~ "{{ question }} {{ hint }}"
  }
  node say[2] "Says." {
    prompt = "{{ ask }}"
  }
  edge ask[i] -> say[i]
  output say
}

graph outer(question: str) -> str {
  node x[2] "Is two." ~ inner(question)
  node end {
    model ~ { fast: 1, smart: 2 }
    tools ~ { none: 1, some: 1 }
    tools none = []
    tools some = [text.last_number]
    prompt ~ { short: 1, long: 1 }
    prompt short = "{{ x }}"
    prompt long = "All: {{ x }} {{ inbox }}"
    examples = [{ x: [["a", null]], inbox: [{ b: 1.0 }], output: "c" }]
  }
  edge x -> end
  output end
}
"""


def test_a_composed_graph_comes_back_from_json_as_it_was() -> None:
    original = compiled(COMPOSED)
    restored = back(original)
    assert restored == original
    assert repr(restored) == repr(original)
    assert {type(each.span) for each in restored.probabilities} == {Span, ir.Missing}
    assert [choice.kind for _, choice in restored.choices] == ["model", "tools", "prompt"]


def test_another_version_is_refused_by_its_name() -> None:
    shown = to_json(compiled(DRAWN))
    assert isinstance(shown, dict)
    with pytest.raises(UnsupportedVersion, match=r"version `7`.*reads version 1"):
        from_json({**shown, "version": 7})


@pytest.mark.parametrize(
    "change",
    [{"class": "Node"}, {"nodes": [{"class": "Strange"}]}, {"extra": 1}, {"nodes": [{"class": "Input"}]}],
)
def test_what_is_no_graph_is_refused(change: dict[str, ir.Json]) -> None:
    shown = to_json(compiled(DRAWN))
    assert isinstance(shown, dict)
    with pytest.raises(ValueError, match="this is not a graph"):
        from_json({**shown, **change})


def test_spans_survive() -> None:
    assert back(compiled(DRAWN)).probabilities[0].span == Span(DRAWN.index("[0.9"), DRAWN.index("[0.9") + 11)


def test_the_tree_names_each_construct_and_its_place() -> None:
    source = Source("a.agraph", "agraph 1\ntype A { b: list[str]? }\n")
    tree = compile_source(source, FileLoader()).module.tree
    assert dump_tree(tree, source) == (
        "File 1:1-3:1\n"
        "  version: Number 1:8-1:9\n"
        "    value: 1\n"
        "  items:\n"
        "    TypeDeclaration 2:1-2:25\n"
        "      name: Name A 2:6-2:7\n"
        "      fields:\n"
        "        TypedName 2:10-2:23\n"
        "          name: Name b 2:10-2:11\n"
        "          type: TypeOptional 2:13-2:23\n"
        "            item: TypeApplication 2:13-2:22\n"
        "              name: Name list 2:13-2:17\n"
        "              arguments:\n"
        "                TypeName 2:18-2:21\n"
        "                  name: Name str 2:18-2:21\n"
    )
