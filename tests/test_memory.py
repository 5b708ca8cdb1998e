"""What an evaluation holds: its scores, and the rows that are under way."""

import asyncio
import json
import os
import threading
import tracemalloc
from functools import partial
from pathlib import Path

import pytest

from agraph.evaluating import evaluate
from agraph.optimizer.rows import open_rows
from agraph.runtime.errors import DataError
from agraph.runtime.frame import Row
from agraph.runtime.plan import deployed
from agraph.runtime.session import Session
from tests.commands import Verb, in_process
from tests.duel import write_rows
from tests.graphs import call, graph, model, node

TEXT = """\
agraph 1

model fast = simulated(right = 1)

graph ask(question: str) -> str {
  node answer "Answers." -> "a" | "b" {
    model = fast
    prompt = "{{ question }}"
  }
  output answer
}
"""

ROWS = 300

ROW_BYTES = 20_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ask.agraph"
    path.write_text(TEXT)
    return path


@pytest.fixture
def evaluate_verb(capsys: pytest.CaptureFixture[str]) -> Verb:
    return partial(in_process, capsys, "eval")


def rows(folder: Path, count: int, suffix: str = "jsonl") -> Path:
    path = folder / f"rows.{suffix}"
    if suffix == "jsonl":
        write_rows(
            path, [{"question": f"{n} {'x' * ROW_BYTES}", "answer": "ab"[n % 2]} for n in range(count)]
        )
    else:
        lines = [f"{n} {'x' * ROW_BYTES},{'ab'[n % 2]}\n" for n in range(count)]
        path.write_text("".join(["question,answer\n", *lines]))
    return path


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_an_evaluation_holds_no_more_rows_than_are_under_way(suffix: str, path: Path, tmp_path: Path) -> None:
    score = partial(evaluate, str(path), target_column="answer", concurrency=4)
    score(str(rows(tmp_path, 4, suffix)))  # Imports what it needs.
    data = str(rows(tmp_path, ROWS, suffix))
    tracemalloc.start()
    try:
        result = score(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (result.rows, result.score) == (ROWS, 1.0)
    assert peak < ROWS * ROW_BYTES / 3


def test_replies_are_held_only_where_rows_are_run_again(tmp_path: Path) -> None:
    replies = write_rows(tmp_path / "replies.jsonl", [{"reply": "4"}, {"reply": "4"}])
    of = graph([node("end", call("2 + 2?"))], models=[model("fast", "scripted", str(replies), origin="")])

    async def made_and_shared(sharing: bool) -> tuple[int, int]:
        async with Session(of, sharing=sharing) as session:
            for _ in range(2):
                await session.run(deployed(of), Row("1", {}))
            return session.usage.calls, session.calls_shared

    assert asyncio.run(made_and_shared(True)) == (1, 1)
    assert asyncio.run(made_and_shared(False)) == (2, 0)


def test_rows_are_the_same_each_time_and_those_of_one_content_have_keys_of_their_own(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", [{"a": 1}, {"a": 2}, {"a": 1}, {"a": 1}])
    found = open_rows(path)
    assert (len(found), list(found)) == (4, list(found))
    first, other, second, third = (row.key for row in found)
    assert (second, third) == (f"{first}-2", f"{first}-3")
    assert other.partition("-")[0] != first


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_a_file_that_changes_while_it_is_used_is_refused(suffix: str, path: Path, tmp_path: Path) -> None:
    data = rows(tmp_path, 10, suffix)
    found = open_rows(data)
    reading = iter(found)
    next(reading)
    with open(data, "a", encoding="utf-8") as file:
        file.write("\n")
    with pytest.raises(DataError, match="the file changed while it was used"):
        list(reading)
    with pytest.raises(DataError, match="the file changed while it was used"):
        list(found)


def test_what_is_wrong_with_any_line_is_told_before_a_row_is_used(tmp_path: Path) -> None:
    data = tmp_path / "rows.jsonl"
    data.write_text('{"a": 1}\n{"b": 1}\nno JSON\n')
    with pytest.raises(DataError, match=r"rows\.jsonl:3: this line is not JSON"):
        open_rows(data, target="a")


def test_the_rows_of_a_pipe_are_held(path: Path, tmp_path: Path, evaluate_verb: Verb) -> None:
    pipe = tmp_path / "pipe.jsonl"
    os.mkfifo(pipe)
    content = rows(tmp_path, 3).read_text()
    writer = threading.Thread(target=lambda: pipe.write_text(content))
    writer.start()
    finished = evaluate_verb(path, "--data", pipe, "--target", "answer", "--json")
    writer.join()
    assert json.loads(finished.out)["rows"] == 3
