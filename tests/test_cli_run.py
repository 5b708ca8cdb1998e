"""`agraph run` as its users meet it: what it reads, what it answers, what it shows."""

import io
import json
import os
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from agraph.testing import MessagesServer, status
from tests import judge
from tests.commands import Verb, assert_refused, in_new_process, in_process
from tests.duel import write_duel, write_rows
from tests.judge import write_judge


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Verb:
    return partial(in_process, capsys, "run")


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("ANTHROPIC_") or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)


# Inputs and answers.

ECHO = """\
agraph 1

type Size { wide: float, high: float }

tool spelled(word: str, times: int, loud: bool, tags: list[str], size: Size, note: str?) -> str
  = python("echo:spelled")

graph first(word: str) -> str {
  node same = word
  output same
}

graph echo(word: str, times: int, loud: bool, tags: list[str], size: Size, note: str?) -> str {
  node all = spelled(word, times, loud, tags, size, note)
  output all
}
""".replace("\n  = python", " = python")

ECHO_PY = """\
def spelled(*values):
    return repr(values)
"""

INPUTS = {"word": "7", "times": 3, "loud": True, "tags": ["a", "b"], "size": {"wide": 1, "high": 2.5}}

SPELLED = repr(("7", 3, True, ["a", "b"], {"wide": 1.0, "high": 2.5}, None))


@pytest.fixture
def echo(tmp_path: Path) -> Path:
    (tmp_path / "echo.py").write_text(ECHO_PY)
    path = tmp_path / "echo.agraph"
    path.write_text(ECHO)
    return path


def pairs() -> Iterator[str]:
    """The inputs as pairs of the command line: a text as it is, all else as JSON."""
    for name, value in INPUTS.items():
        yield "-i"
        yield f"{name}={value if isinstance(value, str) else json.dumps(value)}"


def test_the_answer_alone_is_on_standard_output(tmp_path: Path) -> None:
    finished = in_new_process("run", write_duel(tmp_path), "-i", "question=What is 4 + 1?")
    assert (finished.code, finished.out, finished.err) == (0, "4\n", "")


def test_what_a_tool_prints_is_not_the_answer(run: Verb, echo: Path, tmp_path: Path) -> None:
    (tmp_path / "echo.py").write_text("def spelled(*values): print('thinking'); return 'done'")
    finished = run(echo, *pairs())
    assert (finished.code, finished.out, finished.err) == (0, "done\n", "thinking\n")


def test_inputs_are_texts_as_they_are_and_json_for_other_types(run: Verb, echo: Path) -> None:
    finished = run(echo, *pairs())
    assert (finished.code, finished.out, finished.err) == (0, SPELLED + "\n", "")


def test_inputs_come_from_a_file(run: Verb, echo: Path, tmp_path: Path) -> None:
    (tmp_path / "row.json").write_text(json.dumps(INPUTS))
    assert run(echo, "--input", tmp_path / "row.json").out == SPELLED + "\n"


def test_inputs_come_from_standard_input(run: Verb, echo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(INPUTS).encode())))
    assert run(echo, "--input", "-").out == SPELLED + "\n"


def test_single_inputs_go_before_those_of_a_file(run: Verb, echo: Path, tmp_path: Path) -> None:
    (tmp_path / "row.json").write_text(json.dumps({**INPUTS, "word": "other", "times": 9}))
    finished = run(echo, "--input", tmp_path / "row.json", "-i", "word=7", "-i", "times=3", "-i", "note=x=y")
    assert finished.out == SPELLED.replace("None", "'x=y'") + "\n"


def test_the_last_graph_runs_unless_one_is_named(run: Verb, echo: Path) -> None:
    assert run(f"{echo}:first", "-i", "word=Grüße 😀").out == "Grüße 😀\n"


def test_an_answer_that_is_no_text_is_json(run: Verb, tmp_path: Path) -> None:
    path = tmp_path / "x.agraph"
    path.write_text("agraph 1\ngraph x(word: str) -> list[str] {\n  node x = [word, word]\n  output x\n}\n")
    assert run(path, "-i", 'word=é"').out == '["é\\"", "é\\""]\n'


def test_json_tells_all_about_the_run(run: Verb, tmp_path: Path) -> None:
    path = write_judge(tmp_path)
    replies = write_rows(tmp_path / "replies.jsonl", judge.SCRIPT)
    finished = run(path, "-i", "claim=Wet", "--json", "--model", f'fast=scripted("{replies}")')
    assert (finished.code, finished.err) == (0, "")
    report = json.loads(finished.out)
    assert report.pop("time_s") > 0
    assert report == {
        "answer": judge.VERDICT, "graph": "judge", "nodes": ["pro", "verdict"],
        "calls": 3, "input_tokens": 0, "output_tokens": 0, "cost_usd": 0,
        "cache_read_tokens": 0, "cache_write_tokens": 0,
    }  # fmt: skip


def test_nodes_that_did_not_run_are_not_told_as_run(run: Verb, tmp_path: Path) -> None:
    path = write_duel(tmp_path)
    path.write_text(path.read_text("utf-8").replace("~ 0.5", "~ [0.1, 0.9]"), "utf-8")
    report = json.loads(run(path, "-i", "question=What is 4 + 1?", "--json").out)
    assert (report["answer"], report["nodes"]) == ("5", ["sage", "vote"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-i", "wrod=7"], ["graph `echo` has no input `wrod`", "did you mean `word`?"]),
        (["-i", "word=7"], ["graph `echo` needs the input `times`"]),
        (["-i", "times=many"], ["input `times`", '`"many"`']),
        (["-i", "times=2.5"], ["input `times`", "2.5"]),
        (["-i", "loud=yes"], ["input `loud`"]),
        (["-i", "tags=[1]"], ["input `tags`"]),
        (["-i", "size={}"], ["input `size`", "`Size`"]),
        (["--model", "fast=simulated()"], ["no model `fast`"]),
        (["--model", "simulated()"], ["write `NAME=simulated(…)`"]),
    ],
)
def test_inputs_that_do_not_fit_are_named(
    run: Verb, echo: Path, arguments: list[str], words: list[str]
) -> None:
    assert_refused(run(echo, *arguments), *words)


def test_a_graph_that_is_not_there_is_named_with_those_that_are(run: Verb, echo: Path) -> None:
    assert_refused(run(f"{echo}:ecko"), "no graph `ecko`", "`first`, `echo`", "did you mean `echo`?")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[1, 2]", "holds no JSON object"),
        (b'{"word": "7"', "is not JSON"),
        (b"\xff{}", "is not JSON in UTF-8"),
        (b"", "is not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"word": "a", "word": "b"}', "twice"),
        (b'{"size": {"wide": NaN, "high": 1}}', "`NaN`"),
        (b'{"times": 1' + b"0" * 5000 + b"}", "is not JSON"),
    ],
)
def test_a_file_of_inputs_that_cannot_be_used_is_refused(
    run: Verb, echo: Path, tmp_path: Path, content: bytes, words: str
) -> None:
    row = tmp_path / "row.json"
    row.write_bytes(content)
    assert_refused(run(echo, "--input", row), f"`{row}`", words)


@pytest.mark.parametrize("name", ["missing.json", "."])
def test_a_file_of_inputs_that_cannot_be_read_is_refused(
    run: Verb, echo: Path, tmp_path: Path, name: str
) -> None:
    assert_refused(run(echo, "--input", tmp_path / name), f"`{tmp_path / name}` cannot be read")


@pytest.mark.parametrize("arguments", [["-i", "word"], ["--seed", "3"], ["--sample", "--seed", "-1"], ["-x"]])
def test_a_wrong_use_has_the_exit_code_2(run: Verb, echo: Path, arguments: list[str]) -> None:
    finished = run(echo, *arguments)
    assert (finished.code, finished.out) == (2, "")
    assert "Usage:" in finished.err


def test_a_file_with_errors_shows_them_and_does_not_run(run: Verb, tmp_path: Path) -> None:
    path = tmp_path / "x.agraph"
    path.write_text("agraph 1\ngraph x(word: str) -> str {\n  node x = wrod\n  output x\n}\n")
    finished = run(path, "-i", "word=7")
    assert (finished.code, finished.out) == (1, "")
    assert "did you mean `word`?" in finished.err
    assert finished.err.endswith("1 error\n")


# A model replaced by one that cannot be.


@pytest.mark.parametrize("model", ["simulatd()", "simulated(", "7", "", "simulated(rigth = 0.5)"])
def test_a_replacement_that_is_no_model_is_refused(run: Verb, tmp_path: Path, model: str) -> None:
    finished = run(write_judge(tmp_path), "-i", "claim=Wet", "--model", f"fast={model}")
    assert (finished.code, finished.out) == (1, "")
    assert "error" in finished.err
    assert "Traceback" not in finished.err


# Sampling.

CHORUS = """\
agraph 1

import std.text

graph chorus() -> str {
  node a = "a"
  node b = "b"
  node c = "c"
  node d "Is there or not." {
    on ~ 0.5
    prompt = "x"
    model = said
  }
  node all = text.join(inbox, "")
  edge [a, b, c, d] -> all ~ [0.5, 0.5, 0.9, 0.5]
  output all
}

model said = scripted("said.jsonl")
"""


@pytest.fixture
def chorus(tmp_path: Path) -> Path:
    write_rows(tmp_path / "said.jsonl", [{"reply": "d"}])
    path = tmp_path / "chorus.agraph"
    path.write_text(CHORUS)
    return path


def test_a_sample_is_drawn_from_the_files_probabilities(run: Verb, chorus: Path) -> None:
    assert run(chorus).out == "abcd\n"
    answers = [run(chorus, "--sample", "--seed", str(seed)) for seed in range(60)]
    said = ["".join(sorted(answer.out.strip())) for answer in answers]
    # Every voice is heard and missed, the third seldom missed, the fourth missed more often than the first:
    # its node and its edge must both be there.
    missed = {name: sum(name not in each for each in said) for name in "abcd"}
    assert 0 < missed["c"] < missed["a"] < missed["d"] < len(said)
    assert 0 < missed["b"] < missed["d"]


def test_the_same_seed_draws_the_same(run: Verb, chorus: Path) -> None:
    first = [run(chorus, "--sample", "--seed", str(seed)) for seed in range(8)]
    assert first == [run(chorus, "--sample", "--seed", str(seed)) for seed in range(8)]


def test_a_random_seed_is_told_and_gives_the_same_again(run: Verb, chorus: Path) -> None:
    finished = run(chorus, "--sample")
    assert finished.err.startswith("drawn with --seed ")
    seed = finished.err.split()[-1]
    assert run(chorus, "--sample", "--seed", seed).out == finished.out


# Models.


def test_without_a_key_the_run_stops_and_says_what_to_do(run: Verb, tmp_path: Path) -> None:
    finished = run(write_judge(tmp_path), "-i", "claim=Wet")
    assert_refused(finished, "set ANTHROPIC_API_KEY", "`base_url`", "--model fast=simulated(…)")


def test_simulated_models_say_that_they_answer_only_where_the_target_is_known(
    run: Verb, tmp_path: Path
) -> None:
    finished = run(write_judge(tmp_path), "-i", "claim=Wet", "--model", "fast=simulated()")
    assert_refused(finished, "model `fast` is simulated", "agraph eval")


def test_prompts_are_shown_exactly_as_they_are_sent(
    run: Verb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_judge(tmp_path)
    with MessagesServer(judge.reply) as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.base_url)
        finished = run(path, "-i", "claim=Wet  is\nwet 😀", "--show-prompts")
    assert finished.code == 0
    assert json.loads(finished.out) == judge.VERDICT
    blocks = finished.err.split("--- ")
    assert blocks[:4] == [
        "",
        "pro asks fast\n",
        "system\nYou are terse.\n",
        'user\nArgue for: Wet  is\nwet 😀\n  {"keep": "{{ this"}\n',
    ]
    assert blocks[-2] == "user\nClaim: Wet  is\nwet 😀\npro: It wets.\n"
    shown = set(shown_texts(finished.err))
    for request in server.requests:
        assert set(sent_texts(request.body)) <= shown
    # Whoever answers is asked the same.
    replies = write_rows(tmp_path / "replies.jsonl", judge.SCRIPT)
    scripted = f'fast=scripted("{replies}")'
    again = run(path, "-i", "claim=Wet  is\nwet 😀", "--show-prompts", "--model", scripted)
    assert again == finished


def shown_texts(err: str) -> Iterator[str]:
    """What stands in the places of `--show-prompts`: each block without its heading, each value of JSON."""
    for block in err.split("--- "):
        heading, _, text = block.partition("\n")
        yield text.removesuffix("\n")
        if heading.startswith("tool "):
            name, _, rest = heading.removeprefix("tool ").partition(": ")
            yield name
            yield from (rest[: rest.index(" {")], rest[rest.index("{") :])
        if text.startswith("call "):
            _, name, arguments = text.split(maxsplit=2)
            yield from (name, arguments.removesuffix("\n"))
        yield text.removeprefix("result ").removesuffix("\n")


def sent_texts(body: Mapping[str, Any]) -> Iterator[str]:
    """What a request says, its tools and the form of its reply as JSON."""
    if "system" in body:
        yield body["system"]
    for message in body["messages"]:
        content = message["content"]
        for block in [{"type": "text", "text": content}] if isinstance(content, str) else content:
            match block:
                case {"type": "text", "text": text}:
                    yield text
                case {"type": "tool_use", "name": name, "input": arguments}:
                    yield from (name, json.dumps(arguments))
                case {"type": "tool_result", "content": content}:
                    yield content
    for tool in body.get("tools", ()):
        yield from (tool["name"], tool["description"], json.dumps(tool["input_schema"]))
    if "output_config" in body:
        yield json.dumps(body["output_config"]["format"]["schema"])


def test_prompts_are_shown_before_the_answer_of_a_model_that_fails(run: Verb, tmp_path: Path) -> None:
    path = write_judge(tmp_path)
    finished = run(path, "-i", "claim=Wet", "--model", "fast=simulated()", "--show-prompts")
    assert finished.code == 1
    assert "--- user\nArgue for: Wet\n" in finished.err
    assert finished.err.splitlines()[-1].startswith("error: graph `judge`, node `pro`: model `fast`")


def test_a_graph_without_models_shows_no_prompts(run: Verb, tmp_path: Path) -> None:
    finished = run(write_duel(tmp_path), "-i", "question=What is 4 + 1?", "--show-prompts")
    assert (finished.out, finished.err) == ("4\n", "")


# Failures.


def test_a_failing_model_is_told_with_graph_and_node(
    run: Verb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_judge(tmp_path)
    with MessagesServer(status(404, "no such model")) as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.base_url)
        assert_refused(run(path, "-i", "claim=Wet"), "graph `judge`, node `pro`: ", "no such model")


def test_a_failing_tool_is_told_with_graph_and_node(run: Verb, tmp_path: Path) -> None:
    finished = run(write_duel(tmp_path), "-i", "question=Why?")
    assert_refused(finished, "graph `duel`, node `liar`: ", 'nothing is recorded for `"Why?"`')


def test_a_run_without_an_answer_says_why(run: Verb, tmp_path: Path) -> None:
    path = write_duel(tmp_path)
    path.write_text(path.read_text("utf-8").replace("~ 0.5", "~ 0.1"), "utf-8")
    assert_refused(run(path, "-i", "question=What is 4 + 1?"), "graph `duel`: it gave no answer", "`vote`")
