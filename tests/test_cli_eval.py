"""`agraph eval` as its users meet it: the score, what failed, and how many are asked at once."""

import asyncio
import contextlib
import csv
import json
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from agraph.compiler.ir import Json
from agraph.testing import Behaviour, MessagesServer, ReceivedRequest, status, text
from tests.commands import (
    Finished,
    Verb,
    assert_refused,
    ended,
    in_new_process,
    in_process,
    started,
)
from tests.duel import ROWS, TEXT, write_duel, write_rows


@pytest.fixture
def evaluate(capsys: pytest.CaptureFixture[str]) -> Verb:
    return partial(in_process, capsys, "eval")


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("ANTHROPIC_") or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)


def report(finished: Finished) -> dict[str, Any]:
    """The JSON of a report, which is all that a command said."""
    assert (finished.code, finished.err) == (0, "")
    value = json.loads(finished.out)
    assert isinstance(value, dict)
    return value


SAGE_ALONE = TEXT.replace("vote ~ 0.5", "vote ~ [0.1, 0.9]")

SUMS = """\
agraph 1

model fast = anthropic("any-model")

graph sums(question: str) -> str {
  node solver "Answers." {
    model = fast
    prompt = "{{ question }}"
  }
  output solver
}

optimize sums {
  data = jsonl("sums.jsonl", target = "answer")
  metric = number
}
"""


def write_sums(folder: Path, source: str = SUMS, rows: int = ROWS) -> Path:
    """A graph of one model that answers questions, with its data beside it."""
    write_rows(folder / "sums.jsonl", [{"question": f"{n} + 1", "answer": n + 1} for n in range(rows)])
    path = folder / "sums.agraph"
    path.write_text(source)
    return path


# The score.


def test_the_score_of_the_deployed_graph_is_told(evaluate: Verb, tmp_path: Path) -> None:
    finished = evaluate(write_duel(tmp_path, SAGE_ALONE))
    assert (finished.code, finished.err) == (0, "")
    score, used = finished.out.splitlines()
    # Wilson's interval for 24 of 24: 24 / (24 + 1.96²).
    assert score == "score  1.000  (95% interval 0.862 to 1.000, 24 rows)"
    assert used.startswith("used   0 calls, 0 tokens, $0.00, ")
    assert "score  0.000  (95% interval 0.000 to 0.138" in evaluate(write_duel(tmp_path)).out


def test_json_tells_all(evaluate: Verb, tmp_path: Path) -> None:
    told = report(evaluate(write_duel(tmp_path, SAGE_ALONE), "--json"))
    assert told.pop("time_s") > 0
    assert told.pop("interval") == pytest.approx([0.862, 1], abs=0.001)
    assert told == {
        "score": 1, "rows": 24, "graph": "duel", "failures": [],
        "calls": 0, "input_tokens": 0, "output_tokens": 0, "cost_usd": 0,
        "cache_read_tokens": 0, "cache_write_tokens": 0, "calls_recalled": 0,
    }  # fmt: skip


def test_nothing_but_the_report_is_said_off_a_terminal(tmp_path: Path) -> None:
    finished = in_new_process("eval", write_duel(tmp_path), "--json")
    assert (finished.code, finished.err) == (0, "")
    assert json.loads(finished.out)["score"] == 0


def test_the_file_is_not_touched(evaluate: Verb, tmp_path: Path) -> None:
    path = write_duel(tmp_path)
    path.chmod(0o444)
    before = path.stat()
    evaluate(path)
    assert path.stat().st_mtime_ns == before.st_mtime_ns


# Rows and metrics.


def write_json(path: Path, rows: list[dict[str, str]]) -> None:
    path.write_text(json.dumps(rows))


def write_csv(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize(
    ("suffix", "write"), [("jsonl", write_rows), ("json", write_json), ("csv", write_csv)]
)
def test_rows_come_in_three_formats(evaluate: Verb, tmp_path: Path, suffix: str, write: Verb) -> None:
    path = write_duel(tmp_path, SAGE_ALONE)
    rows = [{"question": f"What is {n} + 1?", "answer": str(n + n % 2)} for n in range(8)]
    write(other := tmp_path / f"other.{suffix}", rows)
    # The sage says n + 1, which the odd rows expect.
    told = report(evaluate(path, "--data", other, "--json"))
    assert (told["score"], told["rows"]) == (0.5, 8)


def test_a_graph_without_a_block_is_evaluated_on_rows_that_are_given(evaluate: Verb, tmp_path: Path) -> None:
    path = write_duel(tmp_path, SAGE_ALONE[: SAGE_ALONE.index("optimize")])
    assert_refused(evaluate(path), "graph `duel` has no data set")
    assert_refused(evaluate(path, "--data", tmp_path / "duel.jsonl"), "names none")
    told = report(evaluate(path, "--data", tmp_path / "duel.jsonl", "--target", "answer", "--json"))
    assert told["score"] == 1


def test_another_column_can_be_the_target(evaluate: Verb, tmp_path: Path) -> None:
    assert report(evaluate(write_duel(tmp_path), "--target", "wrong", "--json"))["score"] == 1


METRICS_PY = """\
def long(output):
    return len(output) > 1

def trusted(output, row, trace):
    return 0.25 * (trace["sage"] == row["answer"]), "the vote was wrong"
"""


@pytest.mark.parametrize(
    ("metric", "score"),
    [
        ("exact", 0.0),
        ("number(tolerance = 1)", 1.0),
        ("number(tolerance = 0.01)", 0.0),
        ("contains(output, row.wrong)", 1.0),
        ("exact(output, row.wrong)", 1.0),
        ('one_of(output, ["3", "4"])', 2 / ROWS),
        ('python("metrics:long")', 14 / ROWS),
        ('python("metrics:trusted")', 0.25),
    ],
)
def test_the_metric_can_be_given(evaluate: Verb, tmp_path: Path, metric: str, score: float) -> None:
    path = write_duel(tmp_path)
    (tmp_path / "metrics.py").write_text(METRICS_PY)
    assert report(evaluate(path, "--metric", metric, "--json"))["score"] == pytest.approx(score)


def test_what_a_metric_prints_is_not_the_report(evaluate: Verb, tmp_path: Path) -> None:
    (tmp_path / "metrics.py").write_text("def loud(output): print('scoring'); return 1")
    finished = evaluate(write_duel(tmp_path), "--metric", 'python("metrics:loud")', "--json")
    assert json.loads(finished.out)["score"] == 1
    assert finished.err == "scoring\n" * ROWS


@pytest.mark.parametrize(
    "metric",
    ["exat", "exact(", "7", 'python("metrics")', "number(tolerance = many)", "exact(output.answer)", ""],
)
def test_a_metric_that_is_none_is_refused(evaluate: Verb, tmp_path: Path, metric: str) -> None:
    finished = evaluate(write_duel(tmp_path), "--metric", metric)
    assert (finished.code, finished.out) == (1, "")
    assert finished.err.startswith("error")
    assert "Traceback" not in finished.err


# Models.


def test_a_simulated_model_takes_the_place_of_one_that_needs_a_key(evaluate: Verb, tmp_path: Path) -> None:
    path = write_sums(tmp_path)
    assert_refused(evaluate(path), "set ANTHROPIC_API_KEY", "--model fast=simulated(…)")
    told = report(evaluate(path, "--model", "fast=simulated(right = 1)", "--json"))
    assert (told["score"], told["calls"]) == (1, ROWS)
    assert report(evaluate(path, "--model", "fast=simulated(right = 0)", "--json"))["score"] == 0


def test_what_a_server_counts_is_told(
    evaluate: Verb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_sums(tmp_path, rows=4)
    with MessagesServer(text("2", usage={"input_tokens": 7, "output_tokens": 3})) as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.base_url)
        told = report(evaluate(path, "--json"))
        assert "used   4 calls, 40 tokens, cost unknown" in evaluate(path, "--no-cache").out
    assert told["score"] == 0.25
    assert (told["calls"], told["input_tokens"], told["output_tokens"]) == (4, 28, 12)
    assert told["cost_usd"] is None


# Rows without an answer.


def refuse_even(request: ReceivedRequest) -> Behaviour:
    number = int(request.prompt.split()[0])
    return status(400, "even numbers are beneath me") if number % 2 == 0 else text(str(number + 1))


def test_rows_without_an_answer_count_as_nothing_and_are_listed(
    evaluate: Verb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_sums(tmp_path, rows=16)
    with MessagesServer(refuse_even) as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.base_url)
        finished = evaluate(path)
        in_json = evaluate(path, "--json")
    assert finished.code == 0
    assert finished.out.startswith("score  0.500  ")
    lines = finished.err.splitlines()
    assert len(lines) == 6
    assert lines[1].startswith("row 3 has no answer: graph `sums`, node `solver`: model `fast`")
    assert "even numbers are beneath me" in lines[1]
    assert lines[5] == "and 3 more rows have none"
    failures = json.loads(in_json.out)["failures"]
    assert [failure["row"] for failure in failures] == [1, 3, 5, 7, 9, 11, 13, 15]
    assert all("even numbers are beneath me" in failure["reason"] for failure in failures)


def test_the_first_failure_is_the_error_where_every_row_fails(
    evaluate: Verb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_sums(tmp_path)
    with MessagesServer(status(401, "invalid key")) as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.base_url)
        assert_refused(evaluate(path, "--json"), "graph `sums`, node `solver`: ", "invalid key")


def test_where_no_row_has_an_answer_the_exit_code_is_1(evaluate: Verb, tmp_path: Path) -> None:
    finished = evaluate(write_duel(tmp_path, TEXT.replace("~ 0.5", "~ 0.1")))
    assert finished.code == 1
    assert finished.out.startswith("score  0.000  ")
    assert "row 1 has no answer: graph `duel`: it gave no answer" in finished.err


# Many at once.


class Gathering(MessagesServer):
    """Answers none before as many requests are under way as it waits for."""

    def __init__(self, waited_for: int) -> None:
        super().__init__(text("1"))
        self.under_way = 0
        self.most_under_way = 0
        self._waited_for = waited_for
        self._gathered = asyncio.Event()

    async def _do(
        self, behaviour: Behaviour, request: web.Request, body: dict[str, Json]
    ) -> web.StreamResponse:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        if self.under_way == self._waited_for:
            self._gathered.set()
        try:
            # Who waits in vain goes on, and the number tells.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._gathered.wait(), 10)
            self._gathered.set()
            return await super()._do(behaviour, request, body)
        finally:
            self.under_way -= 1


FAMILY = SUMS.replace("node solver", "node solver[6]").replace("-> str {", "-> list[str] {", 1)


@pytest.mark.parametrize(
    ("source", "concurrency", "most"),
    [(SUMS, 1, 1), (SUMS, 5, 5), (SUMS, 16, 16), (SUMS, 99, ROWS), (FAMILY, 3, 3)],
)
def test_rows_are_run_at_once_as_many_as_allowed(
    evaluate: Verb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, concurrency: int, most: int
) -> None:
    path = write_sums(tmp_path, source)
    (tmp_path / "one.py").write_text("def one(output):\n    return 1\n")
    with (server := Gathering(most)):
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.base_url)
        finished = evaluate(path, "--concurrency", str(concurrency), "--metric", 'python("one:one")')
    assert finished.code == 0
    assert server.most_under_way == most


def test_sixteen_is_what_is_allowed_where_nothing_is_said(
    evaluate: Verb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_sums(tmp_path)
    with (server := Gathering(16)):
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.base_url)
        assert evaluate(path).code == 0
    assert server.most_under_way == 16


# On a terminal.


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo terminals")
@pytest.mark.parametrize(("verb", "title"), [("eval", "scoring"), ("optimize", "optimizing")])
def test_a_terminal_gets_a_progress_bar_and_standard_output_does_not(
    tmp_path: Path, verb: str, title: str
) -> None:
    import pty

    path = write_duel(tmp_path)
    terminal, end = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "24"}
    with started(verb, path, stderr=end, env=environment) as process:
        os.close(end)
        shown = read_to_end(terminal)
        finished = ended(process)
    assert finished.code == 0
    assert title not in finished.out
    assert "\x1b" not in finished.out
    assert title in shown
    assert "score " in shown
    assert "0 calls, $0.00" in shown
    # The bar is wiped away in the end.
    assert shown.rstrip().endswith("\x1b[2K")


def read_to_end(terminal: int) -> str:
    """All that comes to a terminal until nobody holds its other end."""
    chunks = []
    try:
        while chunk := os.read(terminal, 65536):
            chunks.append(chunk)
    except OSError:
        pass  # How Linux says that the other end was closed.
    finally:
        os.close(terminal)
    return b"".join(chunks).decode()
