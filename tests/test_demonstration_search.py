"""Demonstration search: rows that the graph got right are shown where that helps."""

from pathlib import Path

from agraph.graph_argument import load_graph
from agraph.optimizing import optimize
from tests.phrase_worlds import write_world

TEXT = """\
agraph 1

import std.text

model fast = simulated(right = 0.4, shown = 0.12)

graph solve(question: str) -> str {
  node reader[2] "Solves a word problem." {
    model = fast
    examples ~ []   # stays
    prompt = "{{ question }} {{ inbox.named }} {{ index }}"
  }
  node answer = text.last_line(reader[-1])
  edge reader[0] -> reader[1]
  edge reader -> answer
  output answer
}

optimize solve { data = jsonl("problems.jsonl", target = "answer") }
"""


def test_examples_that_help_are_written_into_the_file_and_nothing_else(tmp_path: Path) -> None:
    path = write_world(tmp_path, TEXT)
    result = optimize(str(path), seed=1)
    assert result.written
    assert result.examples is not None
    assert result.examples.adopted >= 1
    after = path.read_text("utf-8")
    before_list, behind_list = TEXT.split("[]", 1)
    assert after.startswith(before_list)
    assert after.endswith(behind_list)
    [learned] = load_graph(str(path))[1].demonstrations
    assert 1 < len(learned.examples) <= 4
    for example in learned.examples:
        values = dict(example.values)
        number = int(str(values["question"]).split()[2])
        assert str(example.output).splitlines()[-1] == str(number + number % 7)
        assert set(values) <= {"question", "inbox"}


def test_examples_that_do_not_help_are_not_written(tmp_path: Path) -> None:
    path = write_world(tmp_path, TEXT.replace("shown = 0.12", "shown = -0.2"))
    assert not optimize(str(path)).written
    assert path.read_text("utf-8") == TEXT.replace("shown = 0.12", "shown = -0.2")


def test_the_examples_that_are_there_may_be_dropped(tmp_path: Path) -> None:
    written = '[{ question: "What is 1 plus 1?", output: "3" }, { question: "What is 2?", output: "5" }]'
    harmful = TEXT.replace("shown = 0.12", "shown = -0.2").replace("[]", written)
    path = write_world(tmp_path, harmful)
    assert optimize(str(path), seed=1).written
    [left] = load_graph(str(path))[1].demonstrations
    assert len(left.examples) < 2


def test_the_page_about_prompts_shows_a_file_that_learns_both(tmp_path: Path) -> None:
    page = (Path(__file__).parents[1] / "docs" / "prompts.md").read_text("utf-8")
    path = write_world(tmp_path, page.partition("```agraph\n")[2].partition("```")[0])
    result = optimize(str(path), seed=1)
    assert result.written
    assert {change.name for change in result.texts} == {"reader.prompt", "reader.examples"}
    assert result.verdict is not None
    assert result.verdict.kind == "improved"
