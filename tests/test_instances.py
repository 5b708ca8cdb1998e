"""Graphs as nodes: what their inner nodes, edges and learnables come to in the flat graph."""

import random

import pytest

from agraph.compiler import ir
from agraph.compiler.ir import Missing
from agraph.compiler.source import Span
from agraph.runtime.plan import deployed
from tests.compiling import compiled, edges_of, last_graph, named_edges, priors_of, slots_of, whole_text

INNER = """
graph inner[size = 2](question: str) -> str {
  model = fast
  node a[size] "Answers." {
    on ~ 0.9
    prompt ~ "{{ question }} {{ inbox }}"
  }
  node b "Ends." { prompt = "{{ a }} {{ inbox }}" }
  edge a -> a ~ 0.25
  edge a -> b ~ 0.75
  output b
}
"""


def test_an_instance_is_an_entry_and_the_nodes_inside() -> None:
    graph = last_graph(INNER, "node x ~ inner(question)\nnode y = x\nedge x -> y\noutput y")
    assert [node.name for node in graph.nodes] == ["x()", "x.a[0]", "x.a[1]", "x.b", "y"]
    assert [node.family for node in graph.nodes] == ["x", "a", "a", "b", "y"]
    assert [node.instance for node in graph.nodes] == [None, 0, 0, 0, None]
    assert ("x.b", "y") in edges_of(graph)
    assert graph.output == (4,)
    assert slots_of(graph, "x.a[0]") == [ir.Input("question"), ir.Inbox(named=False)]
    entries = [(sender, receiver) for sender, receiver in named_edges(graph) if sender == "x()"]
    assert entries == [("x()", "x.a[0]"), ("x()", "x.a[1]"), ("x()", "x.b")]


def test_an_instance_that_answers_a_family_has_an_exit() -> None:
    many = "graph many(q: str) -> list[str] {\n  node a[2] = q\n  output a\n}\n"
    graph = last_graph(many, "node x[2] = many(question)\nnode y = x[1]\nedge x[1] -> y\noutput x[0]",
                       "(question: str) -> list[str]")  # fmt: skip
    assert [node.name for node in graph.nodes] == [
        "x[0]()", "x[0].a[0]", "x[0].a[1]", "x[0]", "x[1]()", "x[1].a[0]", "x[1].a[1]", "x[1]", "y",
    ]  # fmt: skip
    leaving = graph.nodes[3]
    assert leaving.work == ir.Messages((ir.NodeIndex(1), ir.NodeIndex(2)), nulls=False)
    assert (leaving.member, leaving.instance) == (0, 0)
    assert graph.output == (3,)


def test_a_graph_used_three_times_has_three_independent_sets_of_learnables() -> None:
    uses = "".join(f"node x{i} ~ inner(question)\nedge x{i} -> y\n" for i in range(3))
    graph = last_graph(INNER, f"{uses}node y = x0\noutput y")
    assert [each.name for each in graph.probabilities] == [
        f"x{i}{name}" for i in range(3) for name in (".a.on", ": edge a -> a", ": edge a -> b")
    ]  # fmt: skip
    assert [each.name for each in graph.prompts] == ["x0.a.prompt", "x1.a.prompt", "x2.a.prompt"]
    gates = [node.gate for node in graph.nodes if node.gate is not None]
    assert len(set(gates)) == len(gates) == 6
    used = [parameter for parameter in graph.edges.parameters if parameter != ir.FIXED]
    assert len(set(used)) == len(used) == 12
    texts = [node.work.learnable for node in graph.nodes if isinstance(node.work, ir.ModelCall)]
    assert texts == [0, 0, None, 1, 1, None, 2, 2, None]


def test_a_list_has_the_families_around_first_then_the_senders_then_the_receivers() -> None:
    outer = """
graph outer(question: str) -> str {
  node x[4] ~ inner[3](question)
  node last = x[0]
  edge x -> last
  output last
}
"""
    graph = last_graph(INNER + outer, "node o[2] ~ outer(question)\nnode y = o[0]\nedge o -> y\noutput y")
    assert {each.name: each.shape for each in graph.probabilities} == {
        "o.x.a.on": (2, 4, 3), "o.x: edge a -> a": (2, 4, 3, 3), "o.x: edge a -> b": (2, 4, 3),
    }  # fmt: skip
    by_name = {each.name: each for each in graph.probabilities}
    node = graph.nodes[graph.node_index["o[1].x[2].a[1]"]]
    assert node.gate == by_name["o.x.a.on"].offset + (1 * 4 + 2) * 3 + 1
    edges = dict(zip(edges_of(graph), graph.edges.parameters, strict=True))
    pair = "o[1].x[3].a[2]", "o[1].x[3].a[0]"
    assert edges[pair] == by_name["o.x: edge a -> a"].offset + ((1 * 4 + 3) * 3 + 2) * 3 + 0
    assert by_name["o.x: edge a -> a"].values[:9] == (0, 0.25, 0.25, 0.25, 0, 0.25, 0.25, 0.25, 0)


NESTED = INNER + """
graph outer(question: str) -> str {
  node x[2] ~ inner(question) {
    a.on ~ [[0.1, 0.2], [0.3, 0.4]]
    edge a -> b ~ 0.6
  }
  node last = x[0]
  edge x -> last
  output last
}
"""  # fmt: skip


def gates_of(graph: ir.Graph) -> dict[str, float]:
    return {node.name: graph.priors[node.gate] for node in graph.nodes if node.gate is not None}


def test_values_come_from_the_graphs_text_then_the_inner_block_and_the_outermost_block_wins() -> None:
    plain = last_graph(NESTED, "node o ~ outer(question)\noutput o")
    assert gates_of(plain) == {"o.x[0].a[0]": 0.1, "o.x[0].a[1]": 0.2, "o.x[1].a[0]": 0.3, "o.x[1].a[1]": 0.4}
    assert priors_of(plain)["o.x[1].a[0]", "o.x[1].b"] == 0.6
    assert priors_of(plain)["o.x[1].a[0]", "o.x[1].a[1]"] == 0.25
    assert all(isinstance(each.span, Missing) for each in plain.probabilities)
    block = "{\nx {\na.on ~ 0.7\nedge a -> a ~ 0.8\n}\n}"
    graph = last_graph(NESTED, f"node o ~ outer(question) {block}\noutput o")
    assert set(gates_of(graph).values()) == {0.7}
    assert priors_of(graph)["o.x[1].a[0]", "o.x[1].b"] == 0.6
    assert priors_of(graph)["o.x[1].a[0]", "o.x[1].a[1]"] == 0.8
    assert [type(each.span) for each in graph.probabilities] == [Span, Span, Missing]


def test_a_list_of_an_inner_block_is_repeated_for_each_instance_around() -> None:
    graph = last_graph(NESTED, "node o[2] ~ outer(question)\noutput o[0]")
    [on] = [each for each in graph.probabilities if each.name == "o.x.a.on"]
    assert (on.shape, on.values) == ((2, 2, 2), (0.1, 0.2, 0.3, 0.4) * 2)


def test_a_line_that_is_missing_says_where_it_belongs() -> None:
    text = 'node x "X." ~ outer(question)\nnode y "Y." ~ outer(question) {\nx {\n}\n}\nedge x -> y\noutput y'
    graph = last_graph(NESTED, text)
    source = whole_text(NESTED, text)
    first, second = (
        next(each for each in graph.probabilities if each.name == name).span
        for name in ("x.x.a.on", "y.x.a.on")
    )
    assert isinstance(first, Missing)
    assert isinstance(second, Missing)
    assert (first.braces, first.blocks, first.statement) == (True, ("x",), "a.on")
    assert source[: first.at].endswith("~ outer(question)")
    assert (second.braces, second.blocks, second.statement) == (False, (), "a.on")
    assert source[second.at :].startswith("}\n}\nedge x")
    assert source[second.begins :].startswith("x {")


# Fixed instances.


def ran(graph: ir.Graph, prefix: str) -> tuple[set[str], set[tuple[str, str]]]:
    """The nodes that a file's deployed graph has under a prefix, and the edges between them."""
    realization = deployed(graph)
    there = {n.name for n, on in zip(graph.nodes, realization.nodes, strict=True) if on}
    edges = {ends for ends, on in zip(edges_of(graph), realization.edges, strict=True) if on}
    return (
        {name.removeprefix(prefix) for name in there if name.startswith(prefix)},
        {
            (a.removeprefix(prefix), b.removeprefix(prefix))
            for a, b in edges
            if a.startswith(prefix) and b.startswith(prefix) and {a, b} <= there
        },
    )


def random_graph(generator: random.Random) -> str:
    """A graph of four gated nodes, each pair joined both ways, with many ties among the priors."""
    names = "abcd"
    tied = [0.2, 0.5, 0.5, 0.6, 0.6, 0.9]
    nodes = "".join(
        f'  node {name} {{\n    on ~ {generator.choice(tied)}\n    prompt = "{{{{ inbox }}}}"\n  }}\n'
        for name in names
    )
    ends = [(a, b) for a in names for b in names if a != b]
    generator.shuffle(ends)
    edges = "".join(f"  edge {a} -> {b} ~ {generator.choice(tied)}\n" for a, b in ends)
    end = '  node end { prompt = "{{ inbox }}" }\n  edge [a, b, c, d] -> end ~ 0.5\n  output end\n'
    return f"graph inner(question: str) -> str {{\n  model = fast\n{nodes}{edges}{end}}}\n"


@pytest.mark.parametrize("seed", range(40))
def test_a_fixed_instance_is_the_graph_that_its_own_file_deploys(seed: int) -> None:
    inner = random_graph(random.Random(seed))
    own = last_graph(inner, None)
    outer = last_graph(inner, "node x = inner(question)\noutput x")
    assert outer.probabilities == ()
    assert outer.prompts == ()
    assert set(outer.edges.parameters) <= {ir.FIXED}
    assert ran(outer, "x.") == ran(own, "")


def test_in_a_fixed_instance_an_inner_tunable_one_is_deployed_with_it() -> None:
    outer = "graph outer(question: str) -> str {\n  node x ~ inner(question)\n  output x\n}\n"
    for seed in range(10):
        inner = random_graph(random.Random(seed))
        own = last_graph(inner + outer, None)
        fixed = last_graph(inner + outer, "node o = outer(question)\noutput o")
        assert ran(fixed, "o.") == ran(own, "")
        assert fixed.probabilities == ()


def test_in_a_fixed_instance_only_what_its_block_writes_with_a_tilde_is_learned() -> None:
    block = '{\na.on ~ 0.3\na.prompt ~ "{{ question }} {{ inbox }} New."\nedge a -> b = false\n}'
    graph = last_graph(INNER, f"node x = inner(question) {block}\noutput x")
    assert [each.name for each in graph.probabilities] == ["x.a.on"]
    assert gates_of(graph) == {"x.a[0]": 0.3, "x.a[1]": 0.3}
    assert [(each.name, each.text) for each in graph.prompts] == [
        ("x.a.prompt", "{{ question }} {{ inbox }} New.")
    ]
    assert [ends for ends in edges_of(graph) if ends[0] != "x()"] == []


def test_a_line_of_an_instance_around_a_fixed_one_is_learned() -> None:
    outer = "graph outer(question: str) -> str {\n  node x = inner(question)\n  output x\n}\n"
    graph = last_graph(INNER + outer, "node o ~ outer(question) {\nx {\na.on ~ 0.3\n}\n}\noutput o")
    assert [(each.name, type(each.span)) for each in graph.probabilities] == [("o.x.a.on", Span)]


def test_weights_settle_the_option_of_a_fixed_instance() -> None:
    inner = """
graph inner(question: str) -> str {
  node a[2] {
    model ~ { fast: [0.9, 0.1], smart: [0.1, 0.9] }
    prompt = "{{ question }}"
  }
  output a[0]
}
"""
    graph = last_graph(inner, "node x = inner(question)\noutput x")
    works = [node.work for node in graph.nodes if isinstance(node.work, ir.ModelCall)]
    assert [graph.models[work.model].name for work in works] == ["fast", "smart"]
    assert [work.choices for work in works] == [(), ()]
    tunable = last_graph(inner, "node x ~ inner(question)\noutput x")
    assert [len(choice.parameters) for _, choice in tunable.choices] == [2, 2]


def test_a_block_names_the_options_of_the_graph_inside_as_the_graph_does() -> None:
    inner = """
graph inner[m: model](question: str) -> str {
  node a {
    model ~ { m: 0.9, smart: 0.1 }
    prompt = "{{ question }}"
  }
  output a
}
"""
    block = "{\na.model ~ { m: 0.3, smart: 0.7 }\n}"
    graph = last_graph(inner, f"node x ~ inner[fast](question) {block}\noutput x")
    [(_, choice)] = graph.choices
    assert [graph.models[model].name for model in choice.models] == ["fast", "smart"]
    assert [graph.priors[parameter] for parameter in choice.parameters] == [0.3, 0.7]


# What comes in and goes out.


def test_edges_lead_to_inner_nodes_and_from_them() -> None:
    body = """
node hint = "h"
node x[2] ~ inner(question)
node y[2] ~ inner(question)
edge hint -> x[0].b
edge x[i].a[0] -> y[i].b
edge y.a -> last ~ 0.5
node last { prompt = "{{ y.a }} {{ inbox.named }}" }
edge x.b -> last
output last
"""
    graph = last_graph(INNER, body)
    edges = edges_of(graph)
    assert ("hint", "x[0].b") in edges
    assert ("x[1].a[0]", "y[1].b") in edges
    assert ("x[0].a[0]", "y[1].b") not in edges
    last = graph.node_index["last"]
    senders = tuple(graph.node_index[name] for name in ("y[0].a[0]", "y[0].a[1]", "y[1].a[0]", "y[1].a[1]"))
    assert slots_of(graph, "last") == [ir.Messages(senders), ir.Inbox(named=True)]
    named = {sender for sender, receiver in named_edges(graph) if receiver == "last"}
    assert named == {graph.nodes[sender].name for sender in senders}
    assert last not in graph.edges.senders


def test_a_member_of_an_inner_family_is_read_by_its_path() -> None:
    body = """
node x[2] = inner(question)
node last { prompt = "{{ x[0].a[-1] }} {{ x[1].a }} {{ inbox }}" }
edge x.a -> last
output last
"""
    graph = last_graph(INNER, body)
    index = graph.node_index
    assert slots_of(graph, "last") == [
        ir.Message(index["x[0].a[1]"]),
        ir.Messages((index["x[1].a[0]"], index["x[1].a[1]"])),
        ir.Inbox(named=False),
    ]
    named = {sender for sender, receiver in named_edges(graph) if receiver == "last"}
    assert named == {"x[0].a[1]", "x[1].a[0]", "x[1].a[1]"}


def test_over_index_edges_the_path_of_an_inner_node_means_one_value() -> None:
    body = 'node x[2] = inner(question)\nnode y[2] { prompt = "{{ x.b }}" }\nedge x[i].b -> y[i]\noutput y[0]'
    graph = last_graph(INNER, body)
    assert slots_of(graph, "y[1]") == [ir.Message(graph.node_index["x[1].b"])]


def test_requires_counts_messages_from_outside_and_not_the_arguments() -> None:
    inner = """
graph inner(question: str) -> str {
  node a = question
  node b = "b" { requires = 1 }
  node c = "c" { requires = 2 }
  edge a -> c
  output c
}
"""
    plain = last_graph(inner, "node x = inner(question)\noutput x")
    assert {node.name: node.requires for node in plain.nodes} == {"x()": 0, "x.a": 0, "x.b": 0, "x.c": 2}
    graph = last_graph(inner, "node h = question\nnode x = inner(question)\nedge h -> x.b\noutput x")
    assert graph.nodes[graph.node_index["x.b"]].requires == 1


def test_what_an_imported_graph_uses_is_named_after_the_way_to_its_file() -> None:
    files = {
        "agents": 'agraph 1\nimport "base.agraph"\nmodel fast = anthropic("theirs")\n'
        "graph outer(question: str) -> str {\n  node x = base.inner[fast](question)\n  output x\n}\n",
        "base": 'agraph 1\nmodel fast = anthropic("deep")\n'
        'tool search(query: str) -> str = python("tools:search")\n'
        "graph inner[m: model](question: str) -> str {\n"
        '  node a {\n    model = m\n    prompt = "{{ question }}"\n    tools = [search]\n  }\n'
        '  node b {\n    model = fast\n    prompt = "{{ a }}"\n  }\n  edge a -> b\n  output b\n}\n',
    }
    text = 'agraph 1\nimport "agents.agraph" as them\nmodel fast = anthropic("mine")\n' \
        "graph g(question: str) -> str {\n  node o = them.outer(question)\n  output o\n}\n"  # fmt: skip
    compilation = compiled(text, **files)
    assert compilation.diagnostics == ()
    [graph] = compilation.graphs
    assert {model.name: model.arguments for model in graph.models} == {
        "them.fast": ("theirs",), "them.base.fast": ("deep",),
    }  # fmt: skip
    assert [(tool.name, tool.origin) for tool in graph.tools] == [("them.base.search", "base.agraph")]
