"""Prompt search as its users meet it: better prompts are found, and nothing else of the file changes."""

import difflib
import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from agraph.graph_argument import load_graph
from agraph.optimizer.moves import Kind
from agraph.optimizer.prompt_search import FRUITLESS_ROUNDS
from agraph.optimizing import Optimization, optimize
from agraph.runtime.errors import InputError, ModelError
from agraph.testing import Behaviour, MessagesServer, ReceivedRequest, text
from tests.commands import Verb, assert_refused, in_process
from tests.phrase_worlds import TEXT, write_world


@pytest.fixture
def verb(capsys: pytest.CaptureFixture[str]) -> Verb:
    return partial(in_process, capsys, "optimize")


def prompts_of(path: Path) -> list[str]:
    return [prompt.text for prompt in load_graph(str(path))[1].prompts]


# Without a proposer.


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_better_prompt_is_found_offline_and_no_other_byte_changes(tmp_path: Path, newline: str) -> None:
    path = write_world(tmp_path, newline=newline)
    result = optimize(str(path), seed=1)
    assert result.written
    [prompt] = prompts_of(path)
    assert "step by step" in prompt
    assert "{{ question }}" in prompt
    before, after = TEXT.replace("\n", newline), path.read_bytes().decode()
    opening, closing = f'prompt ~ """{newline}', '"""   # a comment: “stays”'
    assert after.partition(opening)[0] == before.partition(opening)[0]
    assert after.partition(closing)[2] == before.partition(closing)[2]
    assert set(after) - set(prompt) <= set(before)
    assert (newline == "\n") == ("\r" not in after)


def test_the_same_seed_gives_the_same_file_at_any_concurrency(tmp_path: Path) -> None:
    path = write_world(tmp_path)
    diffs = {optimize(str(path), seed=2, concurrency=each, plan=True).diff for each in (1, 16)}
    assert len(diffs) == 1
    assert "step by step" in diffs.pop()


def test_a_prompt_that_is_always_right_is_left_alone(tmp_path: Path) -> None:
    path = write_world(tmp_path, TEXT.replace("right = 0.3", "right = 2").replace("right = 2", "right = 1"))
    path.write_text(path.read_text("utf-8").replace('"concise": -0.2', '"concise": 0.2'), "utf-8")
    result = optimize(str(path))
    assert (result.verdict, result.written) == (None, False)
    assert result.prompts is not None
    assert result.prompts.proposed == 0


def test_the_command_tells_what_became_of_the_proposals_and_shows_the_diff(
    verb: Verb, tmp_path: Path
) -> None:
    finished = verb(write_world(tmp_path), "--seed", "1")
    assert (finished.code, finished.err) == (0, "")
    added = [line for line in finished.out.splitlines() if line.startswith("+ ")]
    assert any("step by step" in line for line in added)
    assert "learnable" not in finished.out
    assert " prompts proposed, " in finished.out


def test_a_budget_that_ends_the_search_keeps_the_best_so_far(tmp_path: Path) -> None:
    block = 'data = jsonl("problems.jsonl", target = "answer")'
    path = write_world(tmp_path, TEXT.replace(block, f"{block}\n  budget = calls(200)"))
    result = optimize(str(path), seed=1)
    assert result.stopped
    assert result.usage.calls <= 200
    assert result.written


def test_a_budget_for_nothing_leaves_the_file_as_it_is(tmp_path: Path) -> None:
    block = 'data = jsonl("problems.jsonl", target = "answer")'
    path = write_world(tmp_path, TEXT.replace(block, f"{block}\n  budget = calls(5)"))
    result = optimize(str(path))
    assert result.stopped is not None
    assert (result.verdict, result.runs, result.usage.calls <= 5) == (None, 0, True)


# What is learned at all.


def test_only_restricts_what_is_learned(verb: Verb, tmp_path: Path) -> None:
    path = write_world(tmp_path)
    assert_refused(verb(path, "--only", "edges,examples"), "has no edge, gate or choice, examples to learn")
    assert verb(path, "--only", "prompts", "--plan", "--seed", "1").code == 0
    finished = verb(path, "--only", "prompt")
    assert finished.code == 2
    assert "`--only` takes `edges`, `prompts`, `examples`, not `prompt`" in finished.err
    only: tuple[Kind, ...] = ("examples",)
    with pytest.raises(InputError, match="examples to learn"):
        optimize(str(path), only=only)


# With a proposer.

GOOD = "Think step by step. {{ question }}"


def with_proposer(folder: Path, base_url: str, phrases: str | None = None) -> Path:
    declared = f'model smart = anthropic("m", base_url = "{base_url}")\nmodel fast'
    block = 'data = jsonl("problems.jsonl", target = "answer")'
    proposing = TEXT.replace("model fast", declared, 1).replace(block, f"{block}\n  proposer = smart")
    written = '{ "step by step": 0.4, "concise": -0.2 }'
    return write_world(folder, proposing.replace(written, phrases or written))


def answering(*rounds: Sequence[str]) -> Callable[[ReceivedRequest], Behaviour]:
    """A model that proposes these prompts, and then nothing new."""
    asked: Iterator[int] = count()

    def answer(_: ReceivedRequest) -> Behaviour:
        place = next(asked)
        prompts = list(rounds[place]) if place < len(rounds) else []
        return text(json.dumps({"diagnosis": "It is too short.", "prompts": prompts}))

    return answer


def proposing(
    folder: Path, *rounds: Sequence[str], phrases: str | None = None
) -> tuple[Optimization, list[str]]:
    """An optimization with a model that proposes these prompts, and the questions that it was asked."""
    questions: list[str] = []
    answer = answering(*rounds)

    def listening(request: ReceivedRequest) -> Behaviour:
        questions.append(request.prompt)
        return answer(request)

    with MessagesServer(listening) as server:
        path = with_proposer(folder, server.base_url, phrases)
        return optimize(str(path), concurrency=1, seed=1), questions


def test_a_model_proposes_and_what_it_must_not_is_dropped_and_counted(tmp_path: Path) -> None:
    copied = "Like: what is 12 plus 5? It is 17. {{ question }}"
    result, _ = proposing(
        tmp_path,
        ["No placeholder.", "{{ question }} {{ answer }}"],
        ["{{ question }} {{ ", "x" * 401 + "{{ question }}"],
        [GOOD, "Be concise. # not a comment\n{{ question }}\n"],
        [copied, "{{ question }} {{ question.text + 1 }}"],
    )
    assert result.prompts is not None
    assert result.written
    [prompt] = prompts_of(tmp_path / "world.agraph")
    assert GOOD in prompt
    assert "concise" not in prompt
    refused = dict(result.prompts.refused)
    assert (refused["placeholders"], refused["not compiled"], refused["too long"]) == (3, 1, 1)
    assert refused["known"] >= 1
    assert result.prompts.adopted >= 1


def test_the_proposer_is_told_the_node_what_failed_what_was_tried_and_what_was_rejected(
    tmp_path: Path,
) -> None:
    bad = "Be concise, concise. {{ question }}"
    phrases = '{ "step by step": 0.4, "concise": -0.05 }'
    _, questions = proposing(tmp_path, [bad, "{{ problem }}"], [], [GOOD], phrases=phrases)
    first, later = questions[0], questions[-1]
    assert "What it is for: Solves a word problem." in first
    assert "{{ question }}" in first
    assert "it went wrong\nquestion:\n<<<\nWhat is " in first
    assert "the expected answer:" in first
    assert "it went right" in first
    assert "Prompts that were rejected" not in first
    assert "it lacks `{{ question }}` and it has `{{ problem }}`" in questions[2]
    assert questions[2].count(bad) == 2, "among the tried, and among the rejected"
    assert later.index(bad) < later.rindex(GOOD)
    scores = [float(part.split()[0]) for part in later.partition("were tried")[2].split("\nscore ")[1:]]
    assert scores == sorted(scores)
    assert len(scores) >= 3


def test_the_search_stops_after_rounds_without_a_prompt_that_is_surely_better(tmp_path: Path) -> None:
    result, questions = proposing(tmp_path, phrases="{ }")
    assert len(questions) == FRUITLESS_ROUNDS * 2
    # Before it ends, earlier prompts are edited.
    assert result.prompts is not None
    assert 0 < result.prompts.proposed <= 2


def test_a_proposer_that_answers_nothing_usable_is_an_error(tmp_path: Path) -> None:
    with MessagesServer(lambda _: text("Here you are: ...")) as server:
        path = with_proposer(tmp_path, server.base_url)
        before = path.read_bytes()
        with pytest.raises(ModelError, match="the proposer gave no usable answer"):
            optimize(str(path))
    assert path.read_bytes() == before


def test_a_proposer_without_a_key_is_refused_before_anything_is_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    path = write_world(tmp_path)
    path.write_text(
        TEXT.replace("model fast", 'model smart = anthropic("m")\nmodel fast', 1).replace(
            "  data =", "  proposer = smart\n  data ="
        ),
        "utf-8",
    )
    with pytest.raises(ModelError, match="ANTHROPIC_API_KEY"):
        optimize(str(path))


# Several prompts, and prompts elsewhere.

TWO = """\
agraph 1

import std.text

model fast = simulated(right = 0.2, phrases = { "step by step": 0.6 })

graph solve(question: str) -> str {
  node idle "Says something." {
    model = fast
    prompt ~ "Say something about {{ question }}"
  }
  node unused "Is never heard." {
    model = fast
    prompt ~ "Say it again: {{ question }}"
  }
  node reader "Solves a word problem." {
    model = fast
    prompt ~ "Solve {{ question }}"
  }
  node answer = text.last_line(pick(idle, reader))
  edge [idle, reader] -> answer
  output answer
}

tool pick(first: str, second: str) -> str = python("picking:second")

optimize solve { data = jsonl("problems.jsonl", target = "answer") }
"""


def test_the_prompt_to_blame_is_learned_and_the_others_keep_their_bytes(tmp_path: Path) -> None:
    (tmp_path / "picking.py").write_text("def second(first, second):\n    return second\n")
    path = write_world(tmp_path, TWO)
    result = optimize(str(path), seed=3)
    assert [change.name for change in result.texts] == ["reader.prompt"]
    changed = [
        line for line in difflib.ndiff(TWO.splitlines(), path.read_text("utf-8").splitlines())
        if line.startswith("- ")
    ]  # fmt: skip
    assert changed == ['-     prompt ~ "Solve {{ question }}"']


INSTANCE = """\
agraph 1

import std.text

model fast = simulated(right = 0.2, phrases = { "step by step": 0.6 })

graph inner(question: str) -> str {
  node reader[3] "Solves a word problem." {
    model = fast
    prompt ~ "Solve {{ question }}"
  }
  node first = reader[0]
  edge reader[0] -> first
  output first
}

graph solve(question: str) -> str {
  node part "Solves it." ~ inner(question)
  node answer = text.last_line(part)
  edge part -> answer
  output answer
}

optimize solve { data = jsonl("problems.jsonl", target = "answer") }
"""


def test_a_prompt_inside_an_instance_is_written_into_its_block(tmp_path: Path) -> None:
    path = write_world(tmp_path, INSTANCE)
    assert optimize(str(path), seed=3).written
    after = path.read_text("utf-8")
    inner, line = INSTANCE.partition("graph solve")[0], '  node part "Solves it." ~ inner(question)'
    assert after.startswith(inner)
    begins = after.index(line + " {\n    reader.prompt ~ ")
    assert "step by step" in after[begins:]
    assert "step by step" in prompts_of(path)[0]


# Together with edges.

JOINT = """\
agraph 1

import std.text
import std.vote

model good = simulated(right = 0.4, phrases = { "step by step": 0.4 })
model bad = simulated(right = 0)

graph solve(question: str) -> str? {
  node reader "Solves a word problem." {
    model = good
    prompt ~ "Solve {{ question }}"
  }
  node liar[2] "Is always wrong." {
    model = bad
    prompt = "Lie about {{ question }}"
  }
  node answer = vote.majority(text.last_line(inbox))
  edge [liar, reader] -> answer ~ 0.5
  output answer
}

optimize solve { data = jsonl("problems.jsonl", target = "answer") }
"""


def test_edges_and_prompts_are_learned_together(tmp_path: Path) -> None:
    path = write_world(tmp_path, JOINT)
    result = optimize(str(path), seed=1)
    assert {change.name for change in result.changes if change.new >= 0.5} == {"reader -> answer"}
    [prompt] = prompts_of(path)
    assert "step by step" in prompt
    assert result.runs <= 1600


# A run that is repeated or goes on.


def test_a_run_that_a_budget_ended_goes_on_to_the_same_result_and_asks_nothing_twice(tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(request: ReceivedRequest) -> Behaviour:
        asked.append(request.prompt)
        rounds = request.prompt.count("\nscore ")
        prompts = [f"Try {rounds} times, step by step. {{{{ question }}}}", f"{{{{ question }}}} ({rounds})"]
        return text(json.dumps({"diagnosis": "It is too short.", "prompts": prompts}))

    def learned(folder: Path, budget: str = "calls=100000") -> tuple[str, str | None]:
        result = optimize(str(folder / "world.agraph"), seed=1, plan=True, budget=budget)
        return result.diff.partition("@@")[2], result.stopped

    with MessagesServer(answer) as server:
        for name in ("whole", "cut"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "pyproject.toml").write_text("")
            with_proposer(tmp_path / name, server.base_url)
        uninterrupted = learned(tmp_path / "whole")
        questions = sorted(asked)
        asked.clear()
        assert learned(tmp_path / "cut", "calls=150")[1] is not None
        assert 0 < len(asked) < len(questions)
        assert learned(tmp_path / "cut") == uninterrupted
        assert sorted(asked) == questions
        assert learned(tmp_path / "cut") == uninterrupted
        assert sorted(asked) == questions, "the calls of the proposer are kept"
    assert "step by step" in uninterrupted[0]
