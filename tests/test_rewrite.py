"""The rewrite of learned values is lossless."""

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agraph.compiler import compile_source
from agraph.compiler.edit import apply_edits
from agraph.compiler.format import formatted
from agraph.compiler.ir import FIXED, Example, Graph, Missing
from agraph.compiler.source import Source, Span
from agraph.optimizer.rewrite import Values, current_values, rewrite, rewritten
from tests.sources import PROBABILITIES, PROMPT_TEXTS, NoFiles, composed_files, files


def compiled(text: str) -> Graph:
    compilation = compile_source(Source("test.agraph", text), NoFiles())
    errors = [finding for finding in compilation.diagnostics if finding.severity == "error"]
    assert not errors, errors[0].message
    return compilation.graphs[-1]


def used_parameters(graph: Graph) -> set[int]:
    edges = {parameter for parameter in graph.edges.parameters if parameter != FIXED}
    gates = {node.gate for node in graph.nodes if node.gate is not None}
    return edges | gates | {parameter for _, choice in graph.choices for parameter in choice.parameters}


def places_of(graph: Graph) -> list[Span | Missing]:
    texts = [each.span for each in graph.prompts] + [each.span for each in graph.demonstrations]
    return [each.span for each in graph.probabilities] + texts


def outside(text: str, graph: Graph) -> list[str]:
    """The stretches of a text around its learnable literals."""
    spans = sorted(span for span in places_of(graph) if isinstance(span, Span))
    ends = [0, *(offset for span in spans for offset in (span.start, span.end)), len(text)]
    return [text[start:end] for start, end in zip(ends[::2], ends[1::2], strict=True)]


EXAMPLES = st.lists(PROMPT_TEXTS.map(lambda text: Example((), text)), max_size=3).map(tuple)


@st.composite
def rewrites(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> tuple[str, Values]:
    """A file and new values for some of its learnables, as the optimizer writes them."""
    text = draw(texts)
    graph = compiled(text)
    used = used_parameters(graph)
    probabilities = tuple(
        draw(PROBABILITIES) if parameter in used and draw(st.booleans()) else value
        for parameter, value in enumerate(graph.priors)
    )
    prompts = tuple(draw(PROMPT_TEXTS) if draw(st.booleans()) else prompt.text for prompt in graph.prompts)
    demonstrations = tuple(
        draw(EXAMPLES) if draw(st.booleans()) else each.examples for each in graph.demonstrations
    )
    return text, Values(probabilities, prompts, demonstrations)


SLOW_FILES = settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=150)
SLOWER_FILES = settings(SLOW_FILES, max_examples=40)


@SLOW_FILES
@given(rewrites(files()))
def test_text_outside_the_literals_is_untouched_and_the_literals_give_the_values_back(
    case: tuple[str, Values],
) -> None:
    text, values = case
    graph = compiled(text)
    rewritten = apply_edits(text, rewrite(graph, Source("test.agraph", text), values))
    again = compiled(rewritten)
    assert current_values(again) == values
    assert outside(rewritten, again) == outside(text, graph)
    assert [learnable.name for learnable in again.probabilities] == [
        learnable.name for learnable in graph.probabilities
    ]


@SLOW_FILES
@given(files())
def test_unchanged_values_make_no_edit(text: str) -> None:
    graph = compiled(text)
    assert rewrite(graph, Source("test.agraph", text), current_values(graph)) == ()


@SLOW_FILES
@given(rewrites(files()))
def test_numbers_written_one_by_one_keep_comments_and_unchanged_neighbours(case: tuple[str, Values]) -> None:
    text, values = case
    graph = compiled(text)
    edits = rewrite(graph, Source("test.agraph", text), values)
    for learnable in graph.probabilities:
        whole = learnable.span
        if learnable.element_spans and isinstance(whole, Span):
            inside = [edit.span for edit in edits if whole.start <= edit.span.start < whole.end]
            assert set(inside) <= set(learnable.element_spans)
            for span in inside:
                parameter = learnable.offset + learnable.element_spans.index(span)
                assert values.probabilities[parameter] != graph.priors[parameter]


def test_a_scalar_becomes_a_list_where_its_edges_differ() -> None:
    text = (
        'agraph 1\nmodel m = anthropic("x")\ngraph g(q: str) -> str {\n  model = m\n'
        '  node a[2] "A." {\n    prompt = "{{ q }}"\n  }\n'
        '  node b "B." {\n    prompt = "{{ inbox }}"\n  }\n'
        "  edge a -> b ~ 0.50  # keep\n  edge a -> a ~ 0.5\n  output b\n}"
    )
    graph = compiled(text)
    values = Values((0.912, 0.5, 0.0, 0.25, 0.75, 0.0), ())
    rewritten = apply_edits(text, rewrite(graph, Source("t.agraph", text), values))
    assert "edge a -> b ~ [0.912, 0.5]  # keep" in rewritten
    assert "edge a -> a ~ [[0, 0.25], [0.75, 0]]" in rewritten


# Instances: what is learned inside stands in blocks.


@SLOWER_FILES
@given(rewrites(composed_files()))
def test_blocks_take_the_values_and_nothing_else_of_the_file_changes(case: tuple[str, Values]) -> None:
    text, values = case
    graph, source = compiled(text), Source("test.agraph", text)
    edits = rewrite(graph, source, values)
    literals = [span for span in places_of(graph) if isinstance(span, Span)]
    for edit in edits:
        assert not source.slice(edit.span).strip(" \t") or any(
            literal.start <= edit.span.start and edit.span.end <= literal.end for literal in literals
        )
    rewritten = apply_edits(text, edits)
    again = compiled(rewritten)
    assert current_values(again) == values
    assert names_of(again) == names_of(graph)
    assert rewrite(again, Source("test.agraph", rewritten), values) == ()
    if "\r\n" in text:
        assert "\n" not in rewritten.replace("\r\n", "")


@SLOWER_FILES
@given(rewrites(composed_files()), st.randoms(use_true_random=False))
def test_what_stands_in_a_block_once_is_later_edited_in_place(
    case: tuple[str, Values], generator: random.Random
) -> None:
    text, _ = case
    graph = compiled(text)
    first = apply_edits(text, rewrite(graph, Source("test.agraph", text), other_values(graph, generator)))
    graph = compiled(first)
    edits = rewrite(graph, Source("test.agraph", first), other_values(graph, generator))
    assert all(edit.span.start < edit.span.end for edit in edits)
    assert not any(isinstance(place, Missing) for place in places_of(graph))


def names_of(graph: Graph) -> list[str]:
    texts = [each.name for each in graph.prompts] + [each.name for each in graph.demonstrations]
    return [each.name for each in graph.probabilities] + texts


def other_values(graph: Graph, generator: random.Random) -> Values:
    """Values that differ from those of the file everywhere."""
    used = used_parameters(graph)
    probabilities = tuple(
        next(drawn for drawn in iter(lambda: generator.randrange(1, 1000) / 1000, None) if drawn != value)
        if parameter in used
        else value
        for parameter, value in enumerate(graph.priors)
    )
    return Values(
        probabilities,
        tuple(f"{prompt.text}\nMore." for prompt in graph.prompts),
        tuple((*each.examples, Example((), "More.")) for each in graph.demonstrations),
    )


LIBRARY = """\
agraph 1
model m = anthropic("x")
model n = anthropic("y")
graph leaf(q: str) -> str {
  node a[2] "Says." {
    model ~ { m: 0.5, n: 0.5 }
    on ~ 0.5
    prompt ~ "{{ q }} {{ inbox }}"
  }
  node b "Ends." {
    model = m
    prompt ~ "{{ inbox }}"
  }
  edge a -> b ~ 0.5
  edge a -> a ~ 0.5
  output b
}
graph pair(q: str) -> str {
  node first ~ leaf(q)
  node second ~ leaf(first)
  edge first -> second ~ 0.5
  output second
}
"""


def tuned(main: str) -> str:
    """The graph after everything in it was learned: gates 0.1, edges 0.2, weights 0.3, prompts end in `!`."""
    text = LIBRARY + main
    graph = compiled(text)
    used, learned = used_parameters(graph), {"gate": 0.1, "edge": 0.2, "weight": 0.3}
    wanted = [learned[each.kind] for each in graph.probabilities for _ in each.values]
    values = tuple(
        new if parameter in used else old
        for parameter, (new, old) in enumerate(zip(wanted, graph.priors, strict=True))
    )
    source = Source("test.agraph", text)
    prompts = tuple(f"{prompt.text}!" for prompt in graph.prompts)
    return apply_edits(text, rewrite(graph, source, Values(values, prompts))).removeprefix(LIBRARY)


LEAF = '''\
a.model ~ { m: 0.3, n: 0.3 }
a.prompt ~ """
|{{ q }} {{ inbox }}!
|"""
a.on ~ 0.1
b.prompt ~ """
|{{ inbox }}!
|"""
edge a -> b ~ 0.2
edge a -> a ~ 0.2
'''


def leaf_lines(outer: str, unit: str, leaf: str = LEAF) -> str:
    lines = [line.replace("|", unit) for line in leaf.splitlines()]
    return "".join(f"{outer}{line}\n" for line in lines)


def test_missing_lines_come_in_the_order_of_the_graph_in_a_block_that_is_made_for_them() -> None:
    main = "graph g(q: str) -> str {\n    node x ~ pair(q)  # here\n    output x\n}\n"
    inside = leaf_lines("        ", "  ")
    assert tuned(main) == (
        "graph g(q: str) -> str {\n    node x ~ pair(q) {\n"
        f"      first {{\n{inside}      }}\n      second {{\n{inside}      }}\n"
        "      edge first -> second ~ 0.2\n    }  # here\n    output x\n}\n"
    )


def test_missing_lines_stand_at_the_end_of_the_block_that_is_there() -> None:
    main = (
        "graph g(q: str) -> str {\n\tnode x ~ pair(q) {\n\t\tfirst { edge a -> a = false }  # what is said\n"
        "\t\t# the end\n\t}\n\toutput x\n}"
    )
    first = leaf_lines("\t\t\t", "\t", LEAF.replace("edge a -> a ~ 0.2\n", ""))
    second = leaf_lines("\t\t\t", "\t")
    assert tuned(main) == (
        f"graph g(q: str) -> str {{\n\tnode x ~ pair(q) {{\n\t\tfirst {{ edge a -> a = false\n{first}\t\t}}"
        "  # what is said\n\t\t# the end\n"
        f"\t\tsecond {{\n{second}\t\t}}\n\t\tedge first -> second ~ 0.2\n\t}}\n\toutput x\n}}"
    )


# The one form.


@SLOWER_FILES
@given(rewrites((files() | composed_files()).map(lambda text: in_form(text))))
def test_a_file_in_the_one_form_has_it_after_a_rewrite(case: tuple[str, Values]) -> None:
    text, values = case
    graph, source = compiled(text), Source("test.agraph", text)
    result = rewritten(graph, source, values)
    assert in_form(result) == result
    assert current_values(compiled(result)) == values


def in_form(text: str) -> str:
    result = formatted(Source("test.agraph", text))
    assert isinstance(result, str)
    return result


def test_a_file_in_another_form_keeps_its_own_blanks() -> None:
    text = f"{LIBRARY}graph g(q: str) -> str {{\n  node x   ~ pair(q) {{ }}\n  output x\n}}\n"
    graph, source = compiled(text), Source("test.agraph", text)
    values = Values(
        tuple(0.1 if value == 0.5 else value for value in graph.priors), current_values(graph).prompts
    )
    assert rewritten(graph, source, values) == apply_edits(text, rewrite(graph, source, values))
    assert "node x   ~ pair(q) {\n    first {\n" in rewritten(graph, source, values)


def test_a_block_on_one_line_that_takes_another_line_is_broken() -> None:
    text = in_form(
        f"{LIBRARY}graph g(q: str) -> str {{ node x ~ pair(q) {{ first {{ a.on ~ 0.5 }} }}\noutput x }}"
    )
    graph, source = compiled(text), Source("test.agraph", text)
    assert "  node x ~ pair(q) { first { a.on ~ 0.5 } }\n" in text
    values = Values(tuple(0.1 for _ in graph.priors), current_values(graph).prompts)
    assert "  node x ~ pair(q) {\n    first {\n      a.on ~ 0.1\n      a.model ~" in rewritten(
        graph, source, values
    )
