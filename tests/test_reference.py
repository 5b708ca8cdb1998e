"""The language reference: its examples do what the comments before them say, and nothing is left out."""

import json
import re
from collections.abc import Iterable
from pathlib import Path

import attrs
import pytest

from agraph.compiler import Compilation, compile_source, ir, kinds
from agraph.compiler.attributes import ATTRIBUTES
from agraph.compiler.build import RESERVED
from agraph.compiler.declarations import PROVIDERS
from agraph.compiler.diagnostics import Kind
from agraph.compiler.format import formatted
from agraph.compiler.names import resolve
from agraph.compiler.parser import grammar_text
from agraph.compiler.source import Source
from agraph.compiler.tasks import BUDGET_UNITS, METRICS, SETTINGS
from agraph.compiler.types import show
from agraph.evaluating import evaluate
from agraph.files import FileLoader
from agraph.optimizer.rewrite import Values, current_values, rewritten
from agraph.running import run
from agraph.runtime.errors import RunError
from agraph.testing_blocks import test as run_tests

ROOT = Path(__file__).parents[1]
REFERENCE = (ROOT / "grammar" / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"((?:^<!-- .* -->\n)*)^```(\w+)\n((?:.*\n)*?)```$", re.MULTILINE)

SCAFFOLD = """\
agraph 1

import std.text
import std.vote
import "teams.agraph"

model fast = anthropic("claude-haiku-4-5")
model smart = anthropic("claude-opus-5-5")

graph example(question: str) -> str? {{
  model = fast
  node a[3] "Answers." {{ prompt = "{{{{ question }}}} {{{{ inbox }}}}" }}
  node b[3] "Answers." {{ prompt = "{{{{ question }}}} {{{{ inbox }}}}" }}
  node c "Answers." {{ prompt = "{{{{ question }}}} {{{{ inbox }}}}" }}
  node d "Answers." {{ prompt = "{{{{ question }}}} {{{{ inbox }}}}" }}
{fragment}
  node last "Takes the majority." = vote.majority(inbox)
  edge [c, d] -> last
  output last
}}
"""


@attrs.frozen
class Example:
    """A block of the reference, and one thing that the comments before it say of it.

    Attributes:
        what: The first word of the comment: what to do with the text.
        rest: The words after it.
        text: A whole file.
        line: Of the reference, where the text begins.
    """

    what: str
    rest: str
    text: str
    line: int


def examples() -> tuple[Example, ...]:
    found = []
    for block in BLOCK.finditer(REFERENCE):
        line = REFERENCE.count("\n", 0, block.start(3)) + 1
        for comment in re.findall("<!-- (.*) -->", block[1]):
            what, _, rest = comment.partition(" ")
            in_graph = comment.endswith("in a graph")
            text = SCAFFOLD.format(fragment=block[3]) if in_graph else block[3]
            found.append(Example(what, rest.removesuffix("in a graph").strip(), text, line))
    return tuple(found)


EXAMPLES = examples()


def doing(*what: str) -> pytest.MarkDecorator:
    chosen = [example for example in EXAMPLES if example.what in what]
    return pytest.mark.parametrize("example", chosen, ids=lambda each: f"line {each.line}, {each.what}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files that the reference shows."""
    for example in EXAMPLES:
        if example.what == "file":
            (tmp_path / example.rest).write_text(example.text, encoding="utf-8")
    return tmp_path


def compiled(example: Example, folder: Path) -> Compilation:
    return compile_source(Source(str(folder / "example.agraph"), example.text), FileLoader())


def written(example: Example, folder: Path) -> str:
    path = folder / "example.agraph"
    path.write_text(example.text, encoding="utf-8")
    return str(path)


def test_each_block_of_the_language_is_an_example() -> None:
    known = {
        "compiles", "warns", "refused", "runs", "scores", "passes", "fails", "rewritten", "formatted", "file"
    }  # fmt: skip
    blocks = [block for block in BLOCK.finditer(REFERENCE) if block[2] == "agraph"]
    assert len(blocks) == REFERENCE.count("```agraph\n")
    assert [block[3] for block in blocks if not block[1]] == []
    assert {example.what for example in EXAMPLES} == known


@doing("compiles", "runs", "scores", "passes", "fails", "rewritten", "formatted")
def test_an_example_that_works_has_no_findings(example: Example, folder: Path) -> None:
    assert compiled(example, folder).diagnostics == ()


@doing("warns", "refused")
def test_an_example_that_is_wrong_gives_the_code_that_it_names(example: Example, folder: Path) -> None:
    found = {(finding.code, finding.severity) for finding in compiled(example, folder).diagnostics}
    assert found == {(example.rest, "warning" if example.what == "warns" else "error")}


@doing("runs")
def test_an_example_that_runs_gives_what_it_says(example: Example, folder: Path) -> None:
    inputs, gives, value = example.rest.partition(" gives ")
    target = written(example, folder)
    if gives:
        assert run(target, json.loads(inputs)).value == json.loads(value)
    else:
        with pytest.raises(RunError):
            run(target, json.loads(inputs.removesuffix(" fails")))


@doing("scores")
def test_an_example_that_is_scored_scores_what_it_says(example: Example, folder: Path) -> None:
    assert evaluate(written(example, folder)).score == float(example.rest)


@doing("passes", "fails")
def test_an_example_of_tests_passes_or_fails(example: Example, folder: Path) -> None:
    results = run_tests(written(example, folder))
    assert [result.error for result in results] == [None] * len(results)
    assert {result.passed for result in results} == {example.what == "passes"}


@doing("rewritten")
def test_a_rewritten_example_is_the_one_before_with_its_values(example: Example, folder: Path) -> None:
    before = EXAMPLES[EXAMPLES.index(example) - 1]
    graph = _graph(before, folder)
    values = _values_by_name(graph, _graph(example, folder))
    assert values != current_values(graph)
    assert _with_values(before, graph, values) == example.text


@doing("formatted")
def test_a_formatted_example_is_the_one_before_in_the_one_form(example: Example) -> None:
    before = EXAMPLES[EXAMPLES.index(example) - 1]
    assert before.text != example.text
    assert formatted(Source("example.agraph", before.text)) == example.text


def _graph(example: Example, folder: Path) -> ir.Graph:
    return compiled(example, folder).graphs[-1]


def _values_by_name(graph: ir.Graph, written: ir.Graph) -> Values:
    """The values of another writing of the graph, in whose blocks other lines may come first."""
    numbers = {learnable.name: learnable.values for learnable in written.probabilities}
    texts = {prompt.name: prompt.text for prompt in written.prompts}
    return Values(
        tuple(value for learnable in graph.probabilities for value in numbers[learnable.name]),
        tuple(texts[prompt.name] for prompt in graph.prompts),
    )


def _with_values(example: Example, graph: ir.Graph, values: Values) -> str:
    return rewritten(graph, Source(graph.origin, example.text), values)


def test_the_programs_of_the_front_page_have_no_findings() -> None:
    front_page = (ROOT / "README.md").read_text(encoding="utf-8")
    programs = [block[3] for block in BLOCK.finditer(front_page) if block[2] == "agraph"]
    sources = [Source(str(ROOT / "example.agraph"), program) for program in programs]
    assert [compile_source(source, FileLoader()).diagnostics for source in sources] == [()] * len(sources)
    assert sources


# Nothing is left out.


def unmentioned(names: Iterable[str]) -> list[str]:
    """Those of the names that the reference does not have between backticks."""
    words = re.findall(r"[A-Za-z_]\w*", " ".join(re.findall("`([^`]+)`", BLOCK.sub("", REFERENCE))))
    return sorted({*names} - {*words})


def test_each_attribute_stands_in_the_table_of_attributes() -> None:
    table = REFERENCE.partition("### Attributes")[2].partition("### Families")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| .* \| (.*) \| .* \|$", table, re.MULTILINE))
    assert rows.keys() == ATTRIBUTES.keys()
    for name, attribute in ATTRIBUTES.items():
        assert ("M" in rows[name], "graph" in rows[name]) == (attribute.of_models, attribute.default), name


def test_each_word_of_the_compilers_tables_is_mentioned() -> None:
    options = [option for options in METRICS.values() for option in options]
    words = [*RESERVED, *PROVIDERS, *SETTINGS, *METRICS, *options, *BUDGET_UNITS]
    assert unmentioned(words) == []


def test_each_function_of_the_standard_library_stands_with_its_signature() -> None:
    loader = FileLoader()
    signatures = {
        f"{name}.{tool.name}({', '.join(f'{each}: {show(type_)}' for each, type_ in tool.parameters)})"
        f" -> {show(tool.returns)}"
        for name in loader.std_modules()
        for tool in resolve(loader.std(name), loader)[0].tools.values()
    }
    assert {f"`{signature}`" for signature in signatures} == set(
        re.findall(r"^\| (`\w+\.\w+\(.*?\) -> [^`]+`) \|", REFERENCE, re.MULTILINE)
    )


def test_the_codes_are_those_of_the_compiler() -> None:
    known = {kind.code for kind in vars(kinds).values() if isinstance(kind, Kind)}
    not_yet = {code for code in known if code.startswith("AG09")}
    assert set(re.findall(r"AG\d{4}", REFERENCE)) == known
    shown = REFERENCE.partition("## Not yet\n")[2]
    assert set(re.findall(r"refused (AG\d{4})", shown)) == not_yet


def test_the_grammar_is_that_of_the_parser() -> None:
    shown = next(block[3] for block in BLOCK.finditer(REFERENCE) if block[2] == "ebnf")
    assert _rules(shown, "=") == _rules(_without_terminals(grammar_text()), ":")


def _without_terminals(grammar: str) -> str:
    """The rules of the parser's grammar, each terminal that is a plain text or word replaced by that text."""
    plain = dict(re.findall(r'^([A-Z]+): (".+")$', grammar, re.MULTILINE))
    words = re.findall(r"^([A-Z]+): /([a-z]+)\(\?!\[A-Za-z0-9_\]\)/$", grammar, re.MULTILINE)
    plain |= {name: f'"{word}"' for name, word in words}
    rules = grammar.partition("\nAGRAPH:")[0].replace("_NL", "NL")
    return re.sub("[A-Z]+", lambda word: plain.get(word.group(), word.group()), re.sub("//.*", "", rules))


def _rules(text: str, sign: str) -> dict[str, str]:
    found = re.findall(rf"^\??(\w+) ?{sign} (.*(?:\n +\|.*)*)", text, re.MULTILINE)
    return {name: " ".join(body.split()) for name, body in found}
