"""What has settled becomes fixed structure, and the file deploys what it deployed."""

from collections.abc import Mapping
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agraph.compiler import Compilation, compile_source, ir
from agraph.compiler.edit import apply_edits
from agraph.compiler.format import formatted
from agraph.compiler.pieces import pieces
from agraph.compiler.source import Source
from agraph.optimizer.decisions import Open
from agraph.optimizer.freeze import Frozen, freeze_graph
from agraph.optimizer.rewrite import current_values, rewrite
from agraph.runtime.options import options_by_node, settled
from agraph.runtime.plan import deployed, plan
from tests.case_files import Files
from tests.compiling import PREAMBLE
from tests.sources import composed_files, files

SETTLED = st.sampled_from([0.001, 0.02, 0.1, 0.3, 0.5, 0.6, 0.9, 0.97, 0.999])


def compiled(text: str, **others: str) -> tuple[Compilation, Files]:
    loader = Files({f"{name}.agraph": other for name, other in others.items()})
    compilation = compile_source(Source("main.agraph", text), loader)
    errors = [each.message for each in compilation.diagnostics if each.severity == "error"]
    assert not errors, errors
    return compilation, loader


def frozen_file(
    text: str, threshold: float = 0.9, everything: bool = False, graph: str | None = None, **others: str
) -> Frozen:
    compilation, loader = compiled(text, **others)
    name = graph or compilation.graphs[-1].name
    return freeze_graph(compilation, name, loader, threshold, everything)


def running(graph: ir.Graph) -> tuple[Mapping[str, object], set[tuple[str, str]]]:
    """The live nodes with the model, tools and prompt that each takes, and the edges between them."""
    realization = deployed(graph)
    planned = plan(graph, realization)
    options = options_by_node(graph, realization.options)
    nodes: dict[str, object] = {}
    for index, node in enumerate(graph.nodes):
        if planned.live[index]:
            work = node.work
            nodes[node.name] = node.requires
            if isinstance(work, ir.ModelCall):
                call = settled(work, options.get(ir.NodeIndex(index), ()))
                shown = [part if isinstance(part, str) else part.path for part in call.prompt]
                nodes[node.name] = graph.models[call.model].name, len(call.tools), shown, call.examples
    ends = zip(graph.edges.senders, graph.edges.receivers, strict=True)
    named = [(graph.nodes[sender].name, graph.nodes[receiver].name) for sender, receiver in ends]
    return nodes, {named[index] for index in planned.edges}


# Whatever the file.


@st.composite
def learned(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> str:
    """A file in which learning has gone far."""
    text = draw(texts)
    graph = compiled(text)[0].graphs[-1]
    numbers = tuple(value and draw(SETTLED) for value in graph.priors)
    values = attrs.evolve(current_values(graph), probabilities=numbers)
    return apply_edits(text, rewrite(graph, Source("main.agraph", text), values))


THOROUGH = settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=40)


@st.composite
def tangled_files(draw: st.DrawFn) -> str:
    """A file with all that keeps things from being fixed: names that are read, tests, `[i]`, cycles."""
    count = draw(st.integers(2, 5))
    sizes = [draw(st.sampled_from([None, None, 2, 3])) for _ in range(count)]
    number = SETTLED.map(str)

    def prior(*shape: int | None) -> str:
        sizes = [size for size in shape if size is not None]
        if not sizes or draw(st.booleans()):
            return draw(number)
        if len(sizes) == 1:
            return f"[{', '.join(draw(number) for _ in range(sizes[0]))}]"
        return draw(number)

    heard: dict[int, list[str]] = {node: [] for node in range(count)}
    edges = []
    for sender in range(count):
        for receiver in range(count):
            kind = draw(st.sampled_from(["", "", "~", "~", "=", "i"]))
            alike = sizes[sender] is not None and sizes[sender] == sizes[receiver]
            if not kind or (sender == receiver and (kind != "~" or sizes[sender] is None)):
                continue
            if kind == "=" and sender > receiver:
                kind = "~"
            if kind == "i" and alike:
                edges.append(f"edge n{sender}[i] -> n{receiver}[i] ~ {prior(sizes[sender])}")
                if draw(st.booleans()):
                    edges.append(f"edge n{sender} -> n{receiver} ~ {draw(number)}")
            elif kind == "=":
                edges.append(f"edge n{sender} -> n{receiver}")
            else:
                edges.append(f"edge n{sender} -> n{receiver} ~ {prior(sizes[sender], sizes[receiver])}")
            if sender != receiver:
                heard[receiver].append(f"n{sender}")
    lines = []
    for node, size in enumerate(sizes):
        reads = [name for name in heard[node] if draw(st.integers(0, 3)) == 0]
        shown = "".join(f"{{{{ {name} }}}}" for name in ["question", "inbox", *reads])
        lines += [f'node n{node}{"" if size is None else f"[{size}]"} "Works." {{']
        if node < count - 1 and draw(st.booleans()):
            lines.append(f"  on ~ {prior(size)}")
        if draw(st.booleans()):
            lines.append(f"  model ~ {{ fast: {prior(size)}, smart: {prior(size)} }}")
        if draw(st.booleans()):
            lines.append("  requires = 1")
        if draw(st.booleans()):
            lines += [f"  prompt ~ {{ a: {draw(number)}, b: {prior(size)} }}", f'  prompt a = "{shown}"']
            lines += ['  prompt b = "{{ inbox }}!"', "}"]
        else:
            lines += [f'  prompt {draw(st.sampled_from("=~"))} "{shown}"', "}"]
    last = count - 1
    signature = "(question: str) -> " + ("str" if sizes[last] is None else "list[str]")
    body = "".join(f"  {line}\n" for line in [*lines, *draw(st.permutations(edges)), f"output n{last}"])
    text = f"{PREAMBLE}graph g{signature} {{\n  model = fast\n{body}}}\n"
    if draw(st.booleans()):
        text += f'test g "n" {{\n  question = "x"\n  expect n{draw(st.integers(0, last))} == null\n}}\n'
    return text


def hold(text: str, threshold: float, everything: bool) -> None:
    before = compiled(text)[0]
    result = frozen_file(text, threshold, everything)
    after = compiled(result.text)[0]
    assert [running(each) for each in after.graphs] == [running(each) for each in before.graphs]
    again = frozen_file(result.text, threshold, everything)
    assert (again.text, again.fixed, again.removed) == (result.text, (), ())
    assert learnable_still(again) == learnable_still(result)
    left, was = (learnable_numbers(each.graphs[-1]) for each in (after, before))
    assert left.items() <= was.items()
    if everything:
        assert bool(signs(result.text)) == any("cannot be removed" not in each.why for each in result.stays)
    # Other graphs and what stands around them keep their bytes.
    assert outside(text, before) == outside(result.text, after)
    if "\r\n" in text:
        assert "\n" not in result.text.replace("\r\n", "")


def learnable_still(result: Frozen) -> list[Open]:
    return [each for each in result.stays if "cannot be removed" not in each.why]


def learnable_numbers(graph: ir.Graph) -> dict[str, float]:
    edges, names = graph.edges, [node.name for node in graph.nodes]
    pairs = zip(edges.senders, edges.receivers, edges.parameters, strict=True)
    found = {f"{names[s]} -> {names[r]}": p for s, r, p in pairs if p != ir.FIXED}
    found |= {node.name: node.gate for node in graph.nodes if node.gate is not None}
    for index, choice in graph.choices:
        options = zip(choice.names, choice.parameters, strict=True)
        found |= {f"{names[index]} {choice.kind} {option}": weight for option, weight in options}
    return {name: graph.priors[parameter] for name, parameter in found.items()}


def signs(text: str) -> int:
    """How many `~` stand in the last graph of a file."""
    graph = list(compiled(text)[0].module.graphs.values())[-1]
    return sum(piece.text == "~" for piece in pieces(text[graph.span.start : graph.span.end]))


def outside(text: str, compilation: Compilation) -> tuple[str, str]:
    span = list(compilation.module.graphs.values())[-1].span
    return text[: span.start], text[span.end :]


@THOROUGH
@given(learned(files()), st.sampled_from([0.5, 0.9, 0.97, 1.0]), st.booleans())
def test_a_frozen_file_deploys_the_same_and_has_nothing_left_to_freeze(
    text: str, threshold: float, everything: bool
) -> None:
    hold(text, threshold, everything)


@settings(THOROUGH, max_examples=25)
@given(learned(composed_files()), st.sampled_from([0.9, 0.97]), st.booleans())
def test_a_frozen_file_with_instances_deploys_the_same(text: str, threshold: float, everything: bool) -> None:
    hold(text, threshold, everything)


@settings(THOROUGH, max_examples=60)
@given(tangled_files(), st.sampled_from([0.5, 0.9, 0.97]), st.booleans())
def test_a_frozen_tangle_deploys_the_same(text: str, threshold: float, everything: bool) -> None:
    hold(text, threshold, everything)


@settings(THOROUGH, max_examples=25)
@given(learned((files() | composed_files()).map(lambda text: in_form(text))).map(lambda text: in_form(text)))
def test_a_file_in_the_one_form_has_it_afterwards(text: str) -> None:
    result = frozen_file(text).text
    assert in_form(result) == result


def in_form(text: str) -> str:
    result = formatted(Source("main.agraph", text))
    assert isinstance(result, str)
    return result


# Edges.


def graph_text(body: str, signature: str = "(question: str) -> str", after: str = "") -> str:
    return f"{PREAMBLE}graph g{signature} {{\n  model = fast\n{body}  output out\n}}\n{after}"


def body_of(text: str) -> str:
    return text.partition("  model = fast\n")[2].partition("  output out\n")[0]


def frozen_body(body: str, **said: Any) -> str:
    return body_of(frozen_file(graph_text(body), **said).text)


NODES = """\
  node a[3] "Answers." { prompt = "{{ question }} {{ inbox }}" }
  node b[3] "Answers." { prompt = "{{ question }} {{ inbox }}" }
  node c = question
  node out "Ends." { prompt = "{{ question }} {{ inbox }}" }
  edge [a, b, c] -> out
"""


def frozen_edges(edges: str, **said: Any) -> str:
    """What becomes of edge statements between `a[3]`, `b[3]` and `c`."""
    result = frozen_body(NODES + edges, **said)
    assert result.startswith(NODES)
    return result.removeprefix(NODES)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("  edge c -> a ~ 0.97  # sure\n", "  edge c -> a  # sure\n"),
        ("  edge c -> a ~ 0.03  # unsure\n", ""),
        ("  edge c -> a ~ 0.5  # open\n", "  edge c -> a ~ 0.5  # open\n"),
        ("  edge c   ->a~[0.9,0.99, 1]\n", "  edge c   ->a\n"),
        ("  edge c -> a ~ [0.99, 0.02, 0.01]\n", "  edge c -> a[0]\n"),
        ("  edge a -> b[-1] ~ [0.99, 0.02, 0.99]\n", "  edge [a[0], a[2]] -> b[-1]\n"),
        (
            "  edge [a, c] -> b[0] ~ [0.99, 0.99, 0.98, 0.50]  # whom\n",
            "  edge a -> b[0]  # whom\n  edge c -> b[0] ~ 0.50\n",
        ),
        (
            "  edge c -> a ~ [0.6, 0.5, 0.01]\n  edge c -> b\n",
            "  edge c -> [a[0], a[1]] ~ [0.6, 0.5]\n  edge c -> b\n",
        ),
        (
            "  edge a -> b ~ [[0.99, 0.5, 0], [0.98, 0.5, 0.1], [0.6, 0.7, 0.04]]\n",
            "  edge [a[0], a[1]] -> b[0]\n  edge [a[0], a[1]] -> b[1] ~ 0.5\n"
            "  edge a[2] -> [b[0], b[1]] ~ [0.6, 0.7]\n",
        ),
        # A pair of a member with itself is none, and may be named beside others.
        (
            "  edge a -> a ~ [[0, 0.99, 0.98], [0.01, 0, 0.97], [0.02, 0.03, 0]]\n",
            "  edge [a[0], a[1]] -> [a[1], a[2]]\n",
        ),
        ("  edge a[i] -> b[i] ~ 0.98\n", "  edge a[i] -> b[i]\n"),
        ("  edge a[i] -> a[i + 1] ~ [0.98, 0.02]\n", "  edge a[0] -> a[1]\n"),
        ("  edge a[i] -> b[i] ~ [0.98, 0.5, 0.02]\n", "  edge a[0] -> b[0]\n  edge a[1] -> b[1] ~ 0.5\n"),
    ],
)
def test_pairs_that_have_settled_are_there_or_go(before: str, after: str) -> None:
    assert frozen_edges(before) == after


def test_comments_between_the_numbers_stand_above_what_is_left() -> None:
    before = "  edge c -> a ~ [\n    0.99,  # the first\n    0.98,\n    0.99,  # the last\n  ]  # all\n"
    assert frozen_edges(before) == "  # the first\n  # the last\n  edge c -> a  # all\n"


def test_a_comment_above_several_edges_goes_with_the_last_of_them() -> None:
    some = "  # Whom a hears.\n  edge c -> a ~ 0.01\n  edge b -> a ~ {}\n\n  edge c -> b\n"
    assert frozen_edges(some.format(0.97)) == "  # Whom a hears.\n  edge b -> a\n\n  edge c -> b\n"
    assert frozen_edges(some.format(0.03)) == "\n  edge c -> b\n"


def test_the_threshold_says_what_has_settled() -> None:
    before = "  edge c -> a ~ [0.8, 0.2, 0.9]\n"
    assert frozen_edges(before) == "  edge c -> a[2]\n  edge c -> [a[0], a[1]] ~ [0.8, 0.2]\n"
    assert frozen_edges(before, threshold=0.8) == "  edge c -> [a[0], a[2]]\n"
    assert frozen_edges(before, threshold=1) == before
    assert (
        frozen_edges("  edge c -> a ~ [0.6, 0.5, 0.499]\n", everything=True) == "  edge c -> [a[0], a[1]]\n"
    )


def test_no_fixed_edge_closes_a_cycle() -> None:
    before = "  edge c -> a[0] ~ 0.95\n  edge a[0] -> b[0] ~ 0.96\n  edge b[0] -> a[0] ~ 0.97\n"
    assert frozen_edges(before) == "  edge c -> a[0]\n  edge b[0] -> a[0]\n"


def test_an_edge_that_would_close_a_cycle_with_what_is_off_stays_and_is_told() -> None:
    body = NODES.replace("node c = question", "node c = question {\n    on ~ 0.4\n  }")
    edges = "  edge a[0] -> c\n  edge c -> a[1]\n  edge a[1] -> a[0] ~ 0.97\n"
    result = frozen_file(graph_text(body + edges))
    assert body_of(result.text) == body + edges
    assert ("edge a[1] -> a[0]", "as a fixed edge it would close a cycle through what is off") in told(result)


def test_a_plural_edge_leaves_out_what_an_indexed_edge_that_went_left_to_it() -> None:
    before = "  edge a[i] -> b[i] ~ 0.01\n  edge a -> b ~ 0.99\n"
    result = frozen_file(graph_text(NODES + before))
    assert body_of(result.text).count("edge a[") == 3
    assert compiled(result.text)[0].graphs[0].probabilities == ()


def test_an_edge_that_is_read_by_name_stays_and_is_told() -> None:
    body = NODES.replace('out "Ends." { prompt = "{{ question }}', 'out "Ends." { prompt = "{{ c }}').replace(
        "[a, b, c] -> out", "[a, b, c] -> out ~ [1, 1, 1, 1, 1, 1, 0.01]"
    )
    result = frozen_file(graph_text(body))
    assert "  edge [a, b] -> out\n  edge c -> out ~ 0.01\n" in result.text
    [why] = [why for what, why in told(result) if what == "c -> out"]
    assert why.startswith(
        "it cannot be left out: `out` reads `c`, but no edge leads from `c` to it, in `node out"
    )


def test_over_indexed_edges_a_name_keeps_its_meaning() -> None:
    body = NODES.replace('b[3] "Answers." { prompt = "{{ question }}', 'b[3] "Answers." { prompt = "{{ a }}')
    edges = "  edge a[i] -> b[i] ~ [0.99, 0.98, 0.01]\n"
    result = frozen_file(graph_text(body + edges))
    assert body_of(result.text) == body + edges
    assert [why for what, why in told(result) if what == "edge a[i] -> b[i]"] == [
        "it cannot be fixed: `b[0]` would work otherwise"
    ]


def told(result: Frozen) -> list[tuple[str, str]]:
    return [(each.what, each.why) for each in result.stays]


# Gates and choices.


def frozen_node(lines: str, head: str = 'node a "Answers."', **said: Any) -> tuple[str, Frozen]:
    """What becomes of a node of some lines that the output hears."""
    end = '  node out "Ends." { prompt = "{{ inbox }}" }\n  edge a -> out\n'
    result = frozen_file(graph_text(f"  {head} {{\n{lines}  }}\n{end}"), **said)
    return body_of(result.text).removesuffix(end), result


PROMPT = '    prompt = "{{ question }}"\n'


def test_a_gate_that_settled_on_loses_its_line() -> None:
    node, _ = frozen_node(f"    # Mostly.\n    on ~ 0.95  # by now\n{PROMPT}")
    assert node == f'  node a "Answers." {{\n{PROMPT}  }}\n'
    node, _ = frozen_node("    on ~ 0.95\n", "node a = question")
    assert node == "  node a = question\n"
    node, _ = frozen_node("    on ~ 0.95\n    # a word\n", "node a = question")
    assert node == "  node a = question {\n    # a word\n  }\n"


def test_a_node_whose_gate_settled_off_goes_with_its_comments_and_edges() -> None:
    node, result = frozen_node(f"    on ~ 0.05\n{PROMPT}", '# Says little.\n  node a "Answers."')
    assert node == '  node out "Ends." { prompt = "{{ inbox }}" }\n'
    assert (result.fixed, result.removed) == ((("a.on", "off"),), ("node a",))


def test_members_that_differ_keep_their_gates() -> None:
    lines = f"    on ~ [0.99, 0.01]\n{PROMPT}"
    node, result = frozen_node(lines, 'node a[2] "Answers."')
    assert node == f'  node a[2] "Answers." {{\n{lines}  }}\n'
    assert told(result) == [("a.on", "some are on and some are off, and a fixed `on` speaks of all")]
    assert frozen_node(f"    on ~ [0.99, 0.91]\n{PROMPT}", 'node a[2] "Answers."')[0].count("on") == 1


def test_a_choice_becomes_its_option() -> None:
    node, result = frozen_node(f"    model ~ {{ fast: 1, smart: 99 }}  # which\n{PROMPT}")
    assert node == f'  node a "Answers." {{\n    model = smart  # which\n{PROMPT}  }}\n'
    assert result.fixed == (("a.model", "smart"),)
    lines = f"    model ~ {{ fast: [1, 9], smart: [99, 1] }}\n{PROMPT}"
    assert told(frozen_node(lines, 'node a[2] "Answers."')[1]) == [
        ("a.model", "the members take different ones")
    ]
    open_ = frozen_node(f"    model ~ {{ fast: 3, smart: 1 }}\n{PROMPT}")[1]
    assert told(open_) == [("a.model", "its largest share is 0.75")]


def test_the_text_of_a_chosen_prompt_stays_where_it_is() -> None:
    node, _ = frozen_node('''\
    tools ~ { none: 0.99, one: 0.01 }
    tools none = []
    tools one = [text.strip]
    prompt short = "{{ question }}"

    prompt ~ { short: 0.02, long: 0.98 }
    # The long one.
    prompt long = """
      {{ question }}
      At length.
      """
''')
    assert (
        node
        == '''\
  node a "Answers." {
    tools = []

    # The long one.
    prompt = """
      {{ question }}
      At length.
      """
  }
'''
    )


def test_all_takes_every_choice_and_the_texts_as_they_stand() -> None:
    examples = '    examples ~ [{ question: "x", output: "y" }]\n'
    choice = "    model ~ { fast: 0.4, smart: 0.3 }\n"
    lines = examples + choice + PROMPT.replace("=", "~")
    _, some = frozen_node(lines)
    why = "texts have no probability: `--all` fixes them as they stand"
    assert told(some) == [("a.examples", why), ("a.model", "its largest share is 0.571"), ("a.prompt", why)]
    node, result = frozen_node(lines, everything=True)
    assert (
        node
        == f"""\
  node a "Answers." {{
{examples.replace("~", "=")}    model = fast
{PROMPT}  }}
"""
    )
    assert result.stays == ()


# Nodes that no longer reach the output.


def test_nodes_that_no_longer_reach_the_output_go_whatever_in_them_is_learnable() -> None:
    body = """\
  # Feeds b.
  node a "Answers." {
    on ~ 0.5
    prompt ~ "{{ question }}"
  }

  node b "Answers." { prompt ~ "{{ question }} {{ inbox }}" }

  # Stays.
  node c = question
  node parked = question

  node out "Ends." { prompt = "{{ inbox }}" }

  edge a -> b ~ 0.5
  edge [b, c] -> out ~ [0.01, 0.99]
"""
    result = frozen_file(graph_text(body))
    assert (
        body_of(result.text)
        == """\

  # Stays.
  node c = question
  node parked = question

  node out "Ends." { prompt = "{{ inbox }}" }

  edge c -> out
"""
    )
    assert result.removed == ("node a", "node b")
    assert result.stays == ()


def test_a_node_that_never_hears_enough_goes_too() -> None:
    body = (
        NODES
        + """\
  node picky "Wants two." {
    requires = 2
    prompt = "{{ inbox }}"
  }
  edge [a[0], c] -> picky ~ [0.5, 0.01]
  edge picky -> out ~ 0.6
"""
    )
    assert frozen_body(body) == NODES


@pytest.mark.parametrize(
    ("body", "after", "line"),
    [
        ("", 'test g "x" {\n  question = "x"\n  expect idle == null\n}\n', "expect idle == null"),
        (
            "  node more = both(question, idle)\n  edge idle -> more ~ 0.02\n  edge more -> out\n",
            "",
            "node more",
        ),
        (
            "  node more = question {\n    when = idle == question\n  }\n"
            "  edge idle -> more\n  edge more -> out\n",
            "",
            "when = idle",
        ),
    ],
)
def test_a_node_that_something_names_stays_switched_off_and_is_told(body: str, after: str, line: str) -> None:
    idle = "  node idle = question {{\n    on {}\n  }}\n"
    text = graph_text(NODES + idle.format("~ 0.01") + body + "  edge idle -> out ~ 0.6\n", after=after)
    result = frozen_file(text)
    assert idle.format("= false") in result.text
    [why] = [why for what, why in told(result) if what == "node idle"]
    assert why.startswith("it cannot be removed: `idle` is not known here")
    assert line in why


# Instances.


LEAF = """\
graph leaf(question: str) -> str {
  model = fast
  node a[2] "Answers." {
    on ~ 0.97
    prompt = "{{ question }} {{ inbox }}"
  }
  node b "Ends." {
    model ~ { fast: 0.95, smart: 0.05 }
    prompt ~ { short: 0.03, long: 0.97 }
    prompt short = "{{ inbox }}"
    prompt long = \"\"\"
      {{ question }}
      {{ inbox }}
      \"\"\"
  }
  edge a -> b ~ 0.98
  edge a -> a ~ 0.02
  output b
}
"""


def instance(line: str, leaf: str = LEAF, **said: Any) -> tuple[str, Frozen]:
    """What becomes of an instance of `leaf`; the text of that graph stays."""
    text = f"{PREAMBLE}{leaf}graph g(question: str) -> str {{\n{line}  output out\n}}\n"
    result = frozen_file(text, **said)
    assert leaf in result.text
    return result.text.partition("graph g(question: str) -> str {\n")[2].removesuffix(
        "  output out\n}\n"
    ), result


def test_an_instance_in_which_all_has_settled_is_fixed() -> None:
    assert instance("  node out ~ leaf(question)\n")[0] == "  node out = leaf(question)\n"


def test_an_instance_with_something_open_inside_stays_and_says_what() -> None:
    line = "  node out ~ leaf(question)\n"
    after, result = instance(line, LEAF.replace("edge a -> b ~ 0.98", "edge a -> b ~ 0.7"))
    assert after == line
    assert told(result) == [("node out", "inside it `out: edge a -> b` is open: its probability is 0.7")]
    after, result = instance(line, LEAF.replace('prompt = "', 'prompt ~ "'))
    assert (after, len(told(result))) == (line, 1)
    assert "`out.a.prompt` inside can be learned: `--all`" in told(result)[0][1]
    assert instance(line, LEAF.replace('prompt = "', 'prompt ~ "'), everything=True)[0] == line.replace(
        "~", "="
    )
    examples = LEAF.replace("    on ~ 0.97\n", '    on ~ 0.97\n    examples ~ [{ output: "x" }]\n')
    assert "`out.a.examples` inside can be learned" in told(instance(line, examples)[1])[0][1]


def test_the_lines_of_a_block_are_fixed_in_their_place() -> None:
    after, result = instance(
        """\
  node out[2] ~ leaf(question) {
    a.on ~ [[0.99, 0.98], [0.97, 0.99]]  # there
    b.model ~ { fast: [0.01, 0.02], smart: [0.99, 0.98] }
    b.prompt ~ { short: 0.01, long: 0.99 }
    edge a -> b ~ [[0.99, 0.98], [0.97, 0.5]]
    edge a -> a ~ [[[0, 0.01], [0.02, 0]], [[0, 0.01], [0.02, 0]]]
  }
""".replace("out[2]", "x[2]")
        + "  node out = x[0]\n  edge x -> out\n"
    )
    assert (
        after.partition("  node out")[0]
        == '''\
  node x[2] = leaf(question) {
    a.on = true  # there
    b.model = smart
    b.prompt = """
      {{ question }}
      {{ inbox }}
      """
    edge a -> b ~ [[0.99, 0.98], [0.97, 0.5]]
    edge a -> a = false
  }
'''
    )
    assert told(result) == [("x: edge a -> b", "its probability is 0.5")]


def test_nested_blocks_are_fixed_and_the_models_of_an_import_are_called_as_here() -> None:
    leaf = PREAMBLE + LEAF + "graph pair(question: str) -> str {\n  node x ~ leaf(question)\n  output x\n}\n"
    block = "    x {\n      b.model ~ { smart: 0.99, fast: 0.01 }\n      a.on ~ 0.02\n    }\n"
    text = (
        f'agraph 1\nimport "teams.agraph"\ngraph g(question: str) -> str {{\n'
        f"  node out ~ teams.pair(question) {{\n{block}  }}\n  output out\n}}\n"
    )
    result = frozen_file(text, teams=leaf)
    assert "      b.model = teams.smart\n      a.on = false\n" in result.text
    assert "node out = teams.pair(question)" in result.text


def test_a_graph_that_another_of_the_file_uses_keeps_what_that_one_says_of_it() -> None:
    block = "{\n    edge a -> a ~ 0.6\n  }"
    user = f"graph user(question: str) -> str {{\n  node x ~ leaf(question) {block}\n  output x\n}}\n"
    text = f"{PREAMBLE}{LEAF}{user}"
    result = frozen_file(text, graph="leaf")
    assert "edge a -> b\n  edge a -> a ~ 0.02\n" in result.text
    assert user in result.text
    assert [what for what, _ in told(result)] == ["edge a -> a"]
