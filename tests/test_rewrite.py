"""The rewrite of learned values is lossless."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agraph.compiler import compile_source
from agraph.compiler.edit import apply_edits
from agraph.compiler.ir import FIXED, Graph
from agraph.compiler.source import Source
from agraph.optimizer.rewrite import Values, current_values, rewrite
from tests.sources import PROBABILITIES, PROMPT_TEXTS, NoFiles, files


def compiled(text: str) -> Graph:
    compilation = compile_source(Source("test.agraph", text), NoFiles())
    errors = [finding for finding in compilation.diagnostics if finding.severity == "error"]
    assert not errors, errors[0].message
    return compilation.graphs[-1]


def used_parameters(graph: Graph) -> set[int]:
    edges = {parameter for parameter in graph.edges.parameters if parameter != FIXED}
    return edges | {node.gate for node in graph.nodes if node.gate is not None}


def outside(text: str, graph: Graph) -> list[str]:
    """The stretches of a text around its learnable literals."""
    spans = sorted([p.span for p in graph.probabilities] + [p.span for p in graph.prompts])
    ends = [0, *(offset for span in spans for offset in (span.start, span.end)), len(text)]
    return [text[start:end] for start, end in zip(ends[::2], ends[1::2], strict=True)]


@st.composite
def rewrites(draw: st.DrawFn) -> tuple[str, Values]:
    """A file and new values for some of its learnables, as the optimizer writes them."""
    text = draw(files())
    graph = compiled(text)
    used = used_parameters(graph)
    probabilities = tuple(
        draw(PROBABILITIES) if parameter in used and draw(st.booleans()) else value
        for parameter, value in enumerate(graph.priors)
    )
    prompts = tuple(draw(PROMPT_TEXTS) if draw(st.booleans()) else prompt.text for prompt in graph.prompts)
    return text, Values(probabilities, prompts)


SLOW_FILES = settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=150)


@SLOW_FILES
@given(rewrites())
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
@given(rewrites())
def test_numbers_written_one_by_one_keep_comments_and_unchanged_neighbours(case: tuple[str, Values]) -> None:
    text, values = case
    graph = compiled(text)
    edits = rewrite(graph, Source("test.agraph", text), values)
    for learnable in graph.probabilities:
        if learnable.element_spans:
            inside = [
                edit.span for edit in edits if learnable.span.start <= edit.span.start < learnable.span.end
            ]
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
