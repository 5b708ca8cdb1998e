"""The verbs that tell what is kept: `agraph runs`, `agraph trace`, `agraph cache`; and `--events`."""

import json
import re
import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from agraph.runtime.store_file import store_path
from agraph.testing import MessagesServer, status
from tests.asking import TEXT, answered, write_asking
from tests.commands import Finished, assert_refused, in_process


@pytest.fixture
def agraph(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator["partial[Finished]"]:
    """The command line, in a project of its own with a server that answers."""
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    with MessagesServer(answered) as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.base_url)
        yield partial(in_process, capsys)


def timeless(out: str) -> str:
    """An output without its times."""
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "WHEN", re.sub(r"\d+\.\d m?s\b", "TIME", out))


# Runs.


def test_before_any_run_there_is_nothing_to_tell(agraph: "partial[Finished]", tmp_path: Path) -> None:
    assert agraph("runs").out == "no runs yet\n"
    assert agraph("runs", "--json").out == "[]\n"
    assert agraph("cache", "stats").out == "nothing is kept\n"
    assert agraph("cache", "prune").out == "nothing is kept\n"
    assert agraph("cache", "clear").out == "nothing is kept\n"
    assert_refused(agraph("trace"), "there is no run yet")
    assert not (tmp_path / ".agraph").exists()


def test_runs_are_listed_from_the_newest_on(agraph: "partial[Finished]", tmp_path: Path) -> None:
    write_asking(tmp_path)
    agraph("run", "asking.agraph", "-i", "question=3?")
    agraph("eval", "asking.agraph")
    head, *rows = [line.split() for line in timeless(agraph("runs").out).splitlines()]
    assert head == ["run", "when", "took", "verb", "graph", "outcome"]
    assert rows == [
        ["2", "WHEN", "TIME", "eval", "asking.agraph:asking", "done"],
        ["1", "WHEN", "TIME", "run", "asking.agraph:asking", "done"],
    ]
    newest, oldest = json.loads(agraph("runs", "--json").out)
    assert (newest["number"], newest["verb"], oldest["number"], oldest["verb"]) == (2, "eval", 1, "run")
    assert oldest["arguments"] == {"inputs": {"question": "3?"}}
    assert oldest["started_s"] <= oldest["finished_s"] <= newest["started_s"]
    assert len(json.loads(agraph("runs", "--json", "-n", "1").out)) == 1


def test_a_run_that_failed_says_why(
    agraph: "partial[Finished]", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_asking(tmp_path)
    with MessagesServer(status(400, "too odd")) as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.base_url)
        assert agraph("run", "asking.agraph", "-i", "question=3?").code == 1
    (record,) = json.loads(agraph("runs", "--json").out)
    assert "too odd" in record["outcome"]
    shown = agraph("trace").out
    assert "! " in shown
    assert "too odd" in shown


def test_the_record_names_replaced_models_without_their_options(
    agraph: "partial[Finished]", tmp_path: Path
) -> None:
    write_asking(tmp_path)
    agraph("eval", "asking.agraph", "--model", 'fast=anthropic("other", metadata = { user_id: "hush" })')
    (record,) = json.loads(agraph("runs", "--json").out)
    assert record["arguments"]["models"] == {"fast": "anthropic other"}
    assert b"hush" not in store_path(tmp_path).read_bytes()


# The trace.


def test_the_trace_is_a_tree_of_nodes_with_prompts_and_answers(
    agraph: "partial[Finished]", tmp_path: Path
) -> None:
    write_asking(tmp_path)
    agraph("run", "asking.agraph", "-i", "question=4?")
    assert (
        timeless(agraph("trace").out)
        == """\
run 1: run asking.agraph:asking, WHEN, TIME
done; 1 realization, 2 calls, 20 + 10 tokens, cost unknown

#0  TIME, 2 calls, 20 + 10 tokens, cost unknown  question = 4?
├─ draft  TIME, 1 call, 10 + 5 tokens, cost unknown
│  fast ‹ Draft: 4?
│  fast › 4
└─ final  TIME, 1 call, 10 + 5 tokens, cost unknown
   fast ‹ Answer: 4? 4
   fast › 4
= 4
"""
    )
    agraph("run", "asking.agraph", "-i", "question=4?")
    again = timeless(agraph("trace").out).splitlines()
    assert again[1] == "done; 1 realization, 2 from the cache"
    assert again[4] == "├─ draft  TIME, 1 from the cache"
    assert "2 calls" in agraph("trace", "1").out


def test_long_texts_are_shortened_unless_all_is_wanted(agraph: "partial[Finished]", tmp_path: Path) -> None:
    write_asking(tmp_path)
    long = "word " * 100 + "7?"
    agraph("run", "asking.agraph", "-i", f"question={long}")
    assert max(map(len, agraph("trace").out.splitlines())) < 180
    assert f"Draft: {long}" in agraph("trace", "--full").out


def test_of_many_realizations_some_are_shown(agraph: "partial[Finished]", tmp_path: Path) -> None:
    write_asking(tmp_path, rows=14)
    agraph("eval", "asking.agraph")
    shown = agraph("trace").out
    assert shown.count("\n#") == 10
    assert shown.endswith("\nand 4 more; `--full` shows all, `--only N` one of them\n")
    assert agraph("trace", "--full").out.count("\n#") == 14
    alone = agraph("trace", "--only", "12").out
    assert "\n#12  " in alone
    assert alone.count("\n#") == 1
    assert_refused(agraph("trace", "--only", "14"), "run 1 has no realization 14")
    assert_refused(agraph("trace", "2"), "there is no run 2")


def test_a_skipped_node_is_said_to_be(agraph: "partial[Finished]", tmp_path: Path) -> None:
    write_asking(tmp_path, TEXT.replace('prompt = "Draft', 'when = question == "no"\n    prompt = "Draft'))
    agraph("run", "asking.agraph", "-i", "question=4?")
    assert "├─ draft  skipped\n└─ final" in agraph("trace").out


def test_another_project_can_be_named(
    agraph: "partial[Finished]", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_asking(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / ".git").mkdir()
    monkeypatch.chdir(elsewhere)
    agraph("run", path, "-i", "question=4?")
    assert agraph("runs").out == "no runs yet\n"
    assert "asking.agraph:asking" in agraph("runs", "--project", path).out
    assert "Draft: 4?" in agraph("trace", "--project", path.parent).out


# The cache.


def test_what_is_kept_can_be_counted_pruned_and_cleared(agraph: "partial[Finished]", tmp_path: Path) -> None:
    write_asking(tmp_path)
    agraph("run", "asking.agraph", "-i", "question=4?")
    kept = r"2 answers of models \(30 tokens\), 1 run with \d+ events, \d+ kB\n"
    assert re.fullmatch(kept, agraph("cache", "stats").out)
    assert agraph("cache", "prune", "--older-than", "1d").out.startswith("forgot 0 answers")
    assert re.fullmatch(kept, agraph("cache", "stats").out)
    assert re.fullmatch(f"forgot {kept}", agraph("cache", "clear").out)
    assert agraph("cache", "stats").out.startswith("0 answers of models (0 tokens), 0 runs with 0 events")
    assert agraph("runs").out == "no runs yet\n"


def test_an_age_is_a_number_and_a_unit(agraph: "partial[Finished]", tmp_path: Path) -> None:
    write_asking(tmp_path)
    agraph("run", "asking.agraph", "-i", "question=4?")
    assert agraph("cache", "prune", "--older-than", "0s").out.startswith("forgot 2 answers")
    wrong = agraph("cache", "prune", "--older-than", "soon")
    assert wrong.code == 2
    assert "`soon` is no age" in wrong.err


def test_a_damaged_store_can_be_cleared(agraph: "partial[Finished]", tmp_path: Path) -> None:
    write_asking(tmp_path)
    agraph("run", "asking.agraph", "-i", "question=4?")
    store_path(tmp_path).write_bytes(b"no database at all " * 300)
    assert_refused(agraph("cache", "stats"), "is damaged")
    assert agraph("cache", "clear").out == "removed 1 damaged store\n"
    assert agraph("cache", "stats").out == "nothing is kept\n"
    assert not list(store_path(tmp_path).parent.glob("store*"))


def test_stores_that_were_set_aside_are_counted_and_cleared(
    agraph: "partial[Finished]", tmp_path: Path
) -> None:
    write_asking(tmp_path)
    for _ in range(2):
        agraph("run", "asking.agraph", "-i", "question=4?")
        store_path(tmp_path).write_bytes(b"no database at all " * 300)
    assert "is set aside as" in agraph("run", "asking.agraph", "-i", "question=4?").err
    assert agraph("cache", "stats").out.endswith("\n2 damaged stores set aside, 11 kB\n")
    assert agraph("cache", "clear").out.endswith("\nremoved 2 damaged stores\n")
    assert len(agraph("cache", "stats").out.splitlines()) == 1


def test_what_is_kept_is_read_where_nothing_can_be_written(
    agraph: "partial[Finished]", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_asking(tmp_path)
    agraph("run", "asking.agraph", "-i", "question=4?")
    # Root could write there all the same.
    monkeypatch.setattr("agraph.recording.os.access", lambda *_: False)
    assert "asking.agraph:asking" in agraph("runs").out
    assert "Draft: 4?" in agraph("trace").out
    assert "nothing was learned" in agraph("history", "asking.agraph").out
    assert_refused(agraph("cache", "clear"), "cannot be used", "readonly")


# Events.


def test_events_do_not_go_where_the_result_goes(agraph: "partial[Finished]", tmp_path: Path) -> None:
    write_asking(tmp_path)
    finished = agraph("eval", "asking.agraph", "--events", "-")
    assert (finished.code, finished.out) == (2, "")
    assert "standard output is for the result" in finished.err
    assert not (tmp_path / "-").exists()


def test_events_are_written_as_lines_of_json(agraph: "partial[Finished]", tmp_path: Path) -> None:
    write_asking(tmp_path)
    agraph("run", "asking.agraph", "-i", "question=4?", "--events", "events.jsonl")
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert [event["event"] for event in events] == [
        "run_began", "asked", "answered", "node_ended", "asked", "answered", "node_ended", "run_ended",
    ]  # fmt: skip
    assert events[1]["request"]["turns"][0]["text"] == "Draft: 4?"
    assert events[2]["reply"]["text"] == "4"
    assert events[-1]["value"] == "4"
    assert [event["at_s"] for event in events] == sorted(event["at_s"] for event in events)


def test_what_an_evaluator_knows_is_in_no_event(agraph: "partial[Finished]", tmp_path: Path) -> None:
    write_asking(tmp_path)
    agraph("eval", "asking.agraph", "--events", "events.jsonl", "--model", "fast=simulated(right = 1)")
    lines = (tmp_path / "events.jsonl").read_text()
    assert '"truth"' not in lines
    assert '"choices"' not in lines


def test_a_file_for_events_that_cannot_be_written_is_told(
    agraph: "partial[Finished]", tmp_path: Path
) -> None:
    write_asking(tmp_path)
    finished = agraph("run", "asking.agraph", "-i", "question=4?", "--events", "nowhere/events.jsonl")
    assert_refused(finished, "`nowhere/events.jsonl` cannot be written: no such file or directory")


def test_a_newer_store_is_not_read(agraph: "partial[Finished]", tmp_path: Path) -> None:
    write_asking(tmp_path)
    agraph("run", "asking.agraph", "-i", "question=4?")
    connection = sqlite3.connect(store_path(tmp_path))
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    for verb in (["runs"], ["trace"], ["cache", "stats"], ["cache", "clear"]):
        assert_refused(agraph(*verb), "is a store of version 9", "upgrade agraph")
