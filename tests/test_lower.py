"""The IR of a graph: what its families, edges, names, learnables and settings come to."""

import pytest

from agraph.compiler import ir, types
from agraph.compiler.source import Source, Span
from agraph.compiler.types import ListOf, Optional
from tests.compiling import PREAMBLE, compiled, edges_of, graph_of, named_edges, priors_of, slots_of

# Families, members and edges.


def test_a_family_is_laid_out_member_by_member() -> None:
    graph = graph_of('node a = "x"\nnode b[3] = index\nnode c = "y"\noutput c')
    assert [(node.name, node.family, node.member) for node in graph.nodes] == [
        ("a", "a", None), ("b[0]", "b", 0), ("b[1]", "b", 1), ("b[2]", "b", 2), ("c", "c", None),
    ]  # fmt: skip
    assert [node.work for node in graph.nodes[1:4]] == [ir.Constant(0), ir.Constant(1), ir.Constant(2)]


def test_a_family_of_one_is_a_family() -> None:
    graph = graph_of('node a[1] = "x"\nnode b = a\nedge a -> b ~ [0.25]\noutput a', "() -> list[str]")
    assert graph.nodes[0].name == "a[0]"
    assert graph.output_many
    assert graph.probabilities[0].shape == (1,)
    assert graph.nodes[1].work == ir.Messages((ir.NodeIndex(0),))


@pytest.mark.parametrize(
    ("edge", "expected"),
    [
        ("edge a -> b", [(s, r) for s in ("a[0]", "a[1]", "a[2]") for r in ("b[0]", "b[1]", "b[2]")]),
        ("edge a[-1] -> b[0]", [("a[2]", "b[0]")]),
        ("edge a[1] -> b", [("a[1]", "b[0]"), ("a[1]", "b[1]"), ("a[1]", "b[2]")]),
        ("edge [a[2], c] -> b[1]", [("a[2]", "b[1]"), ("c", "b[1]")]),
        ("edge a[i] -> b[i]", [("a[0]", "b[0]"), ("a[1]", "b[1]"), ("a[2]", "b[2]")]),
        ("edge a[i] -> b[i - 1]", [("a[1]", "b[0]"), ("a[2]", "b[1]")]),
        ("edge a[k + 1] -> b[k]", [("a[1]", "b[0]"), ("a[2]", "b[1]")]),
        ("edge a[i] -> a[i + 1]", [("a[0]", "a[1]"), ("a[1]", "a[2]")]),
        ("edge a[i] -> a[i + 2]", [("a[0]", "a[2]")]),
        ("edge [a[i], c] -> b[i]", [(s, f"b[{i}]") for i in range(3) for s in (f"a[{i}]", "c")]),
        ("edge a -> a ~ 0.5", [(f"a[{s}]", f"a[{r}]") for s in range(3) for r in range(3) if s != r]),
        ("edge [c, d] -> [d, c] ~ 0.5", [("c", "d"), ("d", "c")]),
    ],
)
def test_an_edge_joins_its_ends_in_written_order(edge: str, expected: list[tuple[str, str]]) -> None:
    nodes = 'node a[3] = "x"\nnode b[3] = "y"\nnode c = "z"\nnode d = "z"\n'
    assert edges_of(graph_of(f"{nodes}{edge}\noutput d")) == expected


def test_a_plural_edge_leaves_out_what_an_index_joins_wherever_it_stands() -> None:
    joins = "edge a[i] -> b[i]"
    plural = "edge a -> b ~ 0.5"
    nodes = 'node a[2] = "x"\nnode b[2] = "y"\n'
    for edges in (f"{joins}\n{plural}", f"{plural}\n{joins}"):
        graph = graph_of(f"{nodes}{edges}\noutput a[0]")
        assert priors_of(graph) == {
            ("a[0]", "b[0]"): None, ("a[1]", "b[1]"): None, ("a[0]", "b[1]"): 0.5, ("a[1]", "b[0]"): 0.5,
        }  # fmt: skip
        assert graph.probabilities[0].values == (0.0, 0.5, 0.5, 0.0)


# Priors.


@pytest.mark.parametrize(
    ("edge", "shape", "values"),
    [
        ("edge c -> d ~ 0.25", (), (0.25,)),
        ("edge a -> d ~ 0.25", (3,), (0.25,) * 3),
        ("edge d -> a ~ [0.1, 0.2, 0.3]", (3,), (0.1, 0.2, 0.3)),
        ("edge [c, d] -> a[0] ~ [0.1, 0.2]", (2,), (0.1, 0.2)),
        ("edge [c] -> [d] ~ [[0.1]]", (1, 1), (0.1,)),
        ("edge [a, c] -> d ~ [0.1, 0.2, 0.3, 0.4]", (4,), (0.1, 0.2, 0.3, 0.4)),
        ("edge a -> b ~ [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]", (3, 2), (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)),
        ("edge b -> b ~ [[0, 0.2], [0.3, 0]]", (2, 2), (0.0, 0.2, 0.3, 0.0)),
        ("edge b -> b ~ 0.5", (2, 2), (0.0, 0.5, 0.5, 0.0)),
        ("edge a[i] -> a[i + 1] ~ [0.1, 0.2]", (2,), (0.1, 0.2)),
        ("edge [a[i], c] -> d[i] ~ 0.5", (3, 2), (0.5,) * 6),
        ("edge a[i] -> [d[i], b] ~ 0.5", (3, 3), (0.5,) * 9),
    ],
)
def test_a_prior_has_a_list_for_the_index_then_the_senders_then_the_receivers(
    edge: str, shape: tuple[int, ...], values: tuple[float, ...]
) -> None:
    many = "[3]" if "d[i]" in edge else ""
    nodes = f'node a[3] = "x"\nnode b[2] = "y"\nnode c = "z"\nnode d{many} = "w"\n'
    [learnable] = graph_of(f"{nodes}{edge}\noutput c").probabilities
    assert (learnable.shape, learnable.values) == (shape, values)
    assert len(learnable.element_spans) == (len(values) if "[0" in edge.split("~")[1] else 0)


def test_each_edge_has_the_element_of_its_own_pair() -> None:
    edge = "edge a -> [b, a] ~ [[0.1, 0.2, 0, 0.4], [0.5, 0.6, 0.7, 0]]"
    graph = graph_of(f'node a[2] = "x"\nnode b[2] = "y"\n{edge}\noutput b[0]')
    assert priors_of(graph) == {
        ("a[0]", "b[0]"): 0.1, ("a[0]", "b[1]"): 0.2, ("a[0]", "a[1]"): 0.4,
        ("a[1]", "b[0]"): 0.5, ("a[1]", "b[1]"): 0.6, ("a[1]", "a[0]"): 0.7,
    }  # fmt: skip


def test_learnables_are_numbered_in_the_order_of_the_file_and_keep_their_places() -> None:
    body = '''\
node a[2] "Says." {
  on ~ [ 0.6 , # the first
    0.7 ]
  prompt ~ "1 {{ question }} {{ inbox }}"
}
edge b -> a ~ 0.3
node b "Says more." {
  prompt ~ """
    2 {{ inbox }}
    """
  on ~ 0.9
}
node c = "x"
edge a -> b ~ [0.1, 0.2]
output c'''
    text = f"{PREAMBLE}graph g(question: str) -> str {{\nmodel = fast\n{body}\n}}\n"
    source = Source("main.agraph", text)
    [graph] = compiled(text).graphs
    assert [(p.name, p.kind, p.offset) for p in graph.probabilities] == [
        ("a.on", "gate", 0), ("edge b -> a", "edge", 2), ("b.on", "gate", 4), ("edge a -> b", "edge", 5),
    ]  # fmt: skip
    assert graph.priors == (0.6, 0.7, 0.3, 0.3, 0.9, 0.1, 0.2)
    assert [source.slice(p.span) for p in graph.probabilities if isinstance(p.span, Span)] == [
        "[ 0.6 , # the first\n    0.7 ]", "0.3", "0.9", "[0.1, 0.2]",
    ]  # fmt: skip
    assert [source.slice(span) for span in graph.probabilities[0].element_spans] == ["0.6", "0.7"]
    assert [source.slice(prompt.span) for prompt in graph.prompts if isinstance(prompt.span, Span)] == [
        '"1 {{ question }} {{ inbox }}"', '"""\n    2 {{ inbox }}\n    """',
    ]  # fmt: skip
    assert [(prompt.name, prompt.text) for prompt in graph.prompts] == [
        ("a.prompt", "1 {{ question }} {{ inbox }}"), ("b.prompt", "2 {{ inbox }}"),
    ]  # fmt: skip


def test_the_members_of_a_family_share_a_prompt_and_have_a_gate_each() -> None:
    graph = graph_of(
        'node a[3] "Says." {\non ~ [0.1, 0.2, 0.3]\nprompt ~ "{{ question }}"\n}\nnode b = "x"\noutput b'
    )
    assert graph.prompts[0].nodes == (0, 1, 2)
    assert [node.work.learnable for node in graph.nodes if isinstance(node.work, ir.ModelCall)] == [0, 0, 0]
    assert [node.gate for node in graph.nodes] == [0, 1, 2, None]


def test_a_node_that_is_switched_off_by_hand_has_no_gate() -> None:
    graph = graph_of('node a = "x" {\non = false\n}\nnode b = "y"\noutput b')
    assert [(node.on, node.gate) for node in graph.nodes] == [(False, None), (True, None)]


# What a name means.


def test_a_family_is_read_as_the_list_of_its_members() -> None:
    graph = graph_of(
        'node a[2] = "x"\nnode b { prompt = "{{ a }} {{ a[-1] }} {{ question }}" }\nedge a -> b\noutput b'
    )
    zero, one = ir.NodeIndex(0), ir.NodeIndex(1)
    assert slots_of(graph, "b") == [ir.Messages((zero, one)), ir.Message(one), ir.Input("question")]
    assert named_edges(graph) == [("a[0]", "b"), ("a[1]", "b")]


def test_a_member_is_read_and_the_others_are_in_the_inbox() -> None:
    graph = graph_of('node a[3] = "x"\nnode b { prompt = "{{ a[-1] }} {{ inbox }}" }\nedge a -> b\noutput b')
    assert slots_of(graph, "b") == [ir.Message(ir.NodeIndex(2)), ir.Inbox(named=False)]
    assert named_edges(graph) == [("a[2]", "b")]


def test_over_an_index_a_name_means_one_value_and_the_others_come_in_the_inbox() -> None:
    graph = graph_of(
        'node a[2] = "x"\nnode b[2] { prompt = "{{ a }} {{ inbox }}" }\n'
        "edge a -> b ~ 0.5\nedge a[i] -> b[i]\noutput b[0]"
    )
    assert slots_of(graph, "b[0]")[0] == ir.Message(ir.NodeIndex(0))
    assert slots_of(graph, "b[1]")[0] == ir.Message(ir.NodeIndex(1))
    assert named_edges(graph) == [("a[0]", "b[0]"), ("a[1]", "b[1]")]


def test_the_first_of_a_chain_reads_null() -> None:
    graph = graph_of('node a[3] { prompt = "{{ a }}" }\nedge a[i] -> a[i + 1]\noutput a[-1]')
    assert [slots_of(graph, f"a[{member}]")[0] for member in range(3)] == [
        ir.Constant(None), ir.Message(ir.NodeIndex(0)), ir.Message(ir.NodeIndex(1)),
    ]  # fmt: skip
    assert graph.output == (2,)
    assert not graph.output_many


def test_beside_an_index_a_node_in_the_same_statement_is_read_as_ever() -> None:
    graph = graph_of(
        'node a[2] = "x"\nnode c[2] = "y"\nnode b[2] { prompt = "{{ a }} {{ c }}" }\n'
        "edge [a[i], c] -> b[i]\noutput b[0]"
    )
    assert slots_of(graph, "b[1]") == [
        ir.Message(ir.NodeIndex(1)), ir.Messages((ir.NodeIndex(2), ir.NodeIndex(3))),
    ]  # fmt: skip


def test_a_node_beside_an_index_reads_the_whole_family() -> None:
    graph = graph_of(
        'node a[2] = "x"\nnode b[2] { prompt = "{{ a }}" }\nnode c { prompt = "{{ a }}" }\n'
        "edge a[i] -> [b[i], c]\noutput c"
    )
    assert slots_of(graph, "b[1]") == [ir.Message(ir.NodeIndex(1))]
    assert slots_of(graph, "c") == [ir.Messages((ir.NodeIndex(0), ir.NodeIndex(1)))]


def test_of_two_index_statements_the_first_gives_the_name() -> None:
    graph = graph_of(
        'node a[3] = "x"\nnode b[3] { prompt = "{{ a }} {{ inbox }}" }\n'
        "edge a[i] -> b[i + 1]\nedge a[i] -> b[i]\noutput b[2]"
    )
    assert [slots_of(graph, f"b[{member}]")[0] for member in range(3)] == [
        ir.Message(ir.NodeIndex(0)), ir.Message(ir.NodeIndex(0)), ir.Message(ir.NodeIndex(1)),
    ]  # fmt: skip
    assert named_edges(graph) == [("a[0]", "b[1]"), ("a[1]", "b[2]"), ("a[0]", "b[0]")]


def test_names_are_read_by_the_system_prompt_and_the_condition_too() -> None:
    graph = graph_of(
        'node a = "x"\nnode b = "y"\nnode c = "z"\n'
        'node d {\nsystem = "{{ a }}"\nwhen = b == "y"\nprompt = "{{ inbox }}"\n}\n'
        "edge [a, b, c] -> d\noutput d"
    )
    assert named_edges(graph) == [("a", "d"), ("b", "d")]
    assert graph.nodes[3].when == ir.Compare(ir.Message(ir.NodeIndex(1)), "==", ir.Constant("y"))


def test_what_a_call_calls_is_not_a_node_that_is_read() -> None:
    graph = graph_of('node change = "x"\nnode a = change(inbox.named)\nedge change -> a\noutput change')
    assert named_edges(graph) == []
    assert graph.nodes[1].work == ir.Apply(ir.ToolIndex(0), (ir.Inbox(named=True),))


# Types.


def test_the_inbox_has_the_type_of_what_is_not_read_by_name() -> None:
    graph = graph_of(
        'node a[2] = 1.5\nnode b = "x"\nnode c[2] = { own: a, most: vote.majority(inbox) }\n'
        "edge a[i] -> c[i]\nedge b -> c\noutput b"
    )
    record = types.Record("", (("own", types.FLOAT), ("most", Optional(types.LiteralUnion(("x",))))))
    assert [node.type for node in graph.nodes if node.family == "c"] == [record, record]


def test_a_function_of_one_value_is_mapped_over_a_list() -> None:
    graph = graph_of(
        "node a[2] = question\nnode b = vote.majority(text.last_number(a))\nedge a -> b\noutput b",
        "(question: str) -> float?",
    )
    majority, last_number = ir.ToolIndex(1), ir.ToolIndex(0)
    messages = ir.Messages((ir.NodeIndex(0), ir.NodeIndex(1)))
    assert graph.nodes[2].work == ir.Apply(majority, (ir.Apply(last_number, (messages,), (0,)),))
    assert [tool.name for tool in graph.tools] == ["text.last_number", "vote.majority"]
    assert graph.nodes[2].type == types.FLOAT


def test_a_parameter_that_may_be_null_may_be_left_out_and_arguments_are_put_in_order() -> None:
    graph = graph_of('node a = both("x")\nnode b = both(right = "r", left = "l")\noutput a')
    assert graph.nodes[0].work == ir.Apply(ir.ToolIndex(0), (ir.Constant("x"), ir.Constant(None)))
    assert graph.nodes[1].work == ir.Apply(ir.ToolIndex(0), (ir.Constant("l"), ir.Constant("r")))


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        ('"x"', types.LiteralUnion(("x",))),
        ("1", types.INT),
        ("1.5", types.FLOAT),
        ("true", types.BOOL),
        ("question", types.STR),
        ("[question]", ListOf(types.STR)),
        ("[1, 2.5]", ListOf(types.FLOAT)),
        ("{ a: 1 }", types.Record("", (("a", types.INT),))),
        ("[{ a: 1 }, { a: 2.5 }]", ListOf(types.Record("", (("a", types.FLOAT),)))),
        ("text.last_number(question)", types.FLOAT),
        ("text.last_number([question])", ListOf(Optional(types.FLOAT))),
        ("change(question)", types.STR),
        ("change([1])", ListOf(types.INT)),
        ("vote.best_of([question], [1])", types.STR),
    ],
)
def test_a_node_has_the_type_of_its_right_side(value: str, type_: types.Type) -> None:
    assert graph_of(f'node a = {value}\nnode b = "x"\noutput b').nodes[0].type == type_


def test_a_model_node_is_text_unless_it_says_otherwise() -> None:
    graph = graph_of('node a { prompt = "x" }\nnode b -> float { prompt = "x" }\noutput a')
    assert [node.type for node in graph.nodes] == [types.STR, types.FLOAT]


def test_types_go_along_chains_of_any_length_whatever_the_order() -> None:
    count = 3000
    nodes = [f"node a{i} = change(a{i - 1})\nedge a{i - 1} -> a{i}" for i in range(count, 0, -1)]
    graph = graph_of("\n".join([*nodes, "node a0 = question", f"output a{count}"]))
    assert {node.type for node in graph.nodes} == {types.STR}


# The output.


@pytest.mark.parametrize(
    ("output", "type_", "nodes", "many", "nulls"),
    [
        ("b", "str", (3,), False, False),
        ("a[1]", "str", (1,), False, False),
        ("a[-1]", "str?", (2,), False, False),
        ("a", "list[str]", (0, 1, 2), True, False),
        ("a", "list[str?]", (0, 1, 2), True, True),
        ("a", "list[str]?", (0, 1, 2), True, False),
    ],
)
def test_the_output_is_a_node_or_the_list_of_a_family(
    output: str, type_: str, nodes: tuple[int, ...], many: bool, nulls: bool
) -> None:
    graph = graph_of(f'node a[3] = "x"\nnode b = "y"\noutput {output}', f"() -> {type_}")
    assert (graph.output, graph.output_many, graph.output_nulls) == (nodes, many, nulls)


# Settings.


def test_a_graph_gives_its_nodes_defaults_and_a_node_overrides_them() -> None:
    graph = graph_of(
        'system = "S {{ question }}"\nretries = 2\ntimeout = 5\nrequires = 1\non_error = skip\n'
        "max_turns = 3\ncache = false\ntools = [text.strip]\n"
        'node a { prompt = "x" }\n'
        'node b {\nprompt = "x"\nmodel = smart\nretries = 0\ntimeout = 0.5\nrequires = 2\non_error = "none"\n'
        'cache = true\nmax_turns = 1\ntools = []\nsystem = ""\n}\n'
        "node c = question\nedge a -> [b, c]\noutput c"
    )
    a, b, c = graph.nodes
    assert isinstance(a.work, ir.ModelCall)
    assert isinstance(b.work, ir.ModelCall)
    assert [model.name for model in graph.models] == ["fast", "smart"]
    assert (a.work.model, a.work.max_turns, a.work.tools) == (0, 3, (0,))
    assert a.work.system == ("S ", ir.Slot("question", ir.Input("question")))
    assert (b.work.model, b.work.max_turns, b.work.tools, b.work.system) == (1, 1, (), ())
    assert (a.retries, a.timeout_s, a.on_error, a.cache) == (2, 5.0, "skip", False)
    assert (b.retries, b.timeout_s, b.on_error, b.cache) == (0, 0.5, ir.Constant("none"), True)
    assert (c.retries, c.timeout_s, c.on_error, c.cache) == (2, 5.0, "skip", False)
    assert [node.requires for node in graph.nodes] == [0, 2, 1]


def test_a_node_says_what_the_language_says_where_it_says_nothing() -> None:
    graph = graph_of('node a { prompt = "x" }\noutput a')
    [node] = graph.nodes
    assert (node.on, node.gate, node.when, node.requires, node.retries) == (True, None, None, 0, 0)
    assert (node.timeout_s, node.on_error, node.cache, node.description) == (None, "fail", True, None)


def test_the_first_of_a_chain_is_not_held_to_what_it_requires() -> None:
    graph = graph_of('node a[3] {\nrequires = 1\nprompt = "{{ a }}"\n}\nedge a[i] -> a[i + 1]\noutput a[-1]')
    assert [node.requires for node in graph.nodes] == [0, 1, 1]


def test_a_template_keeps_its_texts_and_writes_braces() -> None:
    graph = graph_of('node a { prompt = "A {\\"b\\": {{ question }}} {{ \\"{{\\" }} c" }\noutput a')
    [node] = graph.nodes
    assert isinstance(node.work, ir.ModelCall)
    question = ir.Slot("question", ir.Input("question"))
    assert node.work.prompt == ('A {"b": ', question, "} ", "{{", " c")


def test_an_optimize_block_is_the_task_of_its_graph() -> None:
    text = """\
agraph 1
graph g(question: str) -> str {
  node a = question
  output a
}
optimize g {
  data = jsonl("rows.jsonl", target = "answer")
  metric = number(output, row.other, tolerance = 0.5)
  columns = { question: "problem" }
  budget = [usd(2), calls(500)]
}
graph h(question: str) -> str {
  node a = question
  output a
}
"""
    first, second = compiled(text).graphs
    assert second.task is None
    assert first.task == ir.Task(
        ir.DataSet("jsonl", "rows.jsonl", "answer"),
        ir.Metric("number", (ir.Output(), ir.Column("other")), (("tolerance", 0.5),), None, "main.agraph"),
        (("question", "problem"),),
        (("usd", 2.0), ("calls", 500.0)),
    )


# Imports.


def test_what_is_imported_is_named_by_its_alias_and_knows_its_file() -> None:
    library = 'agraph 1\nmodel fast = anthropic("m")\ntool look(key: str) -> str = python("tools:look")\n'
    text = """\
agraph 1
import "library.agraph" as other
graph g(question: str) -> str {
  model = other.fast
  node a {
    tools = [other.look]
    prompt = "x"
  }
  node b = other.look(question)
  output b
}
"""
    compilation = compiled(text, library=library)
    [graph] = compilation.graphs
    assert [(model.name, model.origin) for model in graph.models] == [("other.fast", "library.agraph")]
    assert [(tool.name, tool.origin) for tool in graph.tools] == [("other.look", "library.agraph")]
    assert graph.origin == "main.agraph"


def test_a_file_that_is_imported_twice_is_read_once() -> None:
    compilation = compiled(
        'agraph 1\nimport "left.agraph"\nimport "right.agraph"\n',
        left='agraph 1\nimport "base.agraph"\n',
        right='agraph 1\nimport "./base.agraph"\n',
        base="agraph 1\ntype Answer { text: str }\n",
    )
    assert compilation.diagnostics == ()
    imports = compilation.module.imports
    assert imports["left"].imports["base"] is imports["right"].imports["base"]


def test_several_graphs_are_compiled_in_order() -> None:
    body = "(question: str) -> str {\nnode a = question\noutput a\n}\n"
    compilation = compiled(f"agraph 1\ngraph b{body}graph a{body}")
    assert [graph.name for graph in compilation.graphs] == ["b", "a"]


def test_a_file_with_a_warning_is_compiled() -> None:
    graph = graph_of("node a = question\nnode b = question\nedge a -> b ~ 1\noutput b")
    assert graph.priors == (1.0,)
