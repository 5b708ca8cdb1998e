"""Calls that are kept: what was paid for once is not paid for again, and what is not to be kept is not."""

import json
import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from agraph.runtime.store_file import store_path
from agraph.testing import MessagesServer
from tests.asking import ROWS, TEXT, answered, write_asking
from tests.commands import Verb, in_process
from tests.duel import names_in, write_duel

KEY = "sk-ant-secret-0123456789"


@pytest.fixture
def evaluate(capsys: pytest.CaptureFixture[str]) -> Verb:
    return partial(in_process, capsys, "eval")


@pytest.fixture
def optimize(capsys: pytest.CaptureFixture[str]) -> Verb:
    return partial(in_process, capsys, "optimize")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Verb:
    return partial(in_process, capsys, "run")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MessagesServer]:
    with MessagesServer(answered) as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.base_url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
        yield server


def without_time(out: str) -> dict[str, object]:
    told = json.loads(out)
    del told["time_s"]
    return dict(told)


def test_a_second_evaluation_is_free_and_says_the_same(
    evaluate: Verb, server: MessagesServer, tmp_path: Path
) -> None:
    path = write_asking(tmp_path)
    first = without_time(evaluate(path, "--json").out)
    again = without_time(evaluate(path, "--json").out)
    assert len(server.requests) == 2 * ROWS
    assert (first["calls"], first["calls_recalled"]) == (2 * ROWS, 0)
    assert (again["calls"], again["calls_recalled"], again["input_tokens"]) == (0, 2 * ROWS, 0)
    assert again["score"] == first["score"]


def test_a_run_says_what_it_used_and_not_what_an_earlier_one_did(
    run: Verb, server: MessagesServer, tmp_path: Path
) -> None:
    path = write_asking(tmp_path)
    calls = [json.loads(run(path, "-i", "question=2?", "--json").out)["calls"] for _ in range(2)]
    assert calls == [2, 0]


def test_without_the_cache_everything_is_asked_again_and_nothing_kept(
    evaluate: Verb, server: MessagesServer, tmp_path: Path
) -> None:
    path = write_asking(tmp_path)
    for _ in range(2):
        evaluate(path, "--no-cache")
    assert len(server.requests) == 4 * ROWS
    evaluate(path)
    assert len(server.requests) == 6 * ROWS


def test_a_node_can_opt_out(evaluate: Verb, server: MessagesServer, tmp_path: Path) -> None:
    path = write_asking(tmp_path, TEXT.replace('prompt = "Draft', 'cache = false\n    prompt = "Draft'))
    evaluate(path)
    evaluate(path)
    assert len(server.requests) == 3 * ROWS


def test_another_server_gives_other_answers(
    evaluate: Verb, server: MessagesServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_asking(tmp_path)
    evaluate(path)
    with MessagesServer(answered) as other:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", other.base_url)
        evaluate(path)
        assert len(other.requests) == 2 * ROWS


def test_an_optimization_that_is_repeated_costs_nothing_and_gives_the_same_file(
    optimize: Verb, server: MessagesServer, tmp_path: Path
) -> None:
    path = write_asking(tmp_path)
    first = optimize(path, "--runs", "96", "--plan")
    asked = len(server.requests)
    again = optimize(path, "--runs", "96", "--plan")
    assert asked > 0
    assert len(server.requests) == asked
    assert again.code == first.code
    assert again.out.splitlines()[:-2] == first.out.splitlines()[:-2]


@pytest.mark.parametrize("models", [(), ("--model", "fast=simulated(right = 1)")])
def test_who_asks_no_real_model_leaves_no_folder(
    evaluate: Verb, tmp_path: Path, models: tuple[str, ...]
) -> None:
    path = write_asking(tmp_path) if models else write_duel(tmp_path)
    before = names_in(tmp_path)
    assert evaluate(path, *models).code == 0
    assert names_in(tmp_path) == before


def test_the_key_reaches_neither_store_nor_events(
    evaluate: Verb, server: MessagesServer, tmp_path: Path
) -> None:
    path = write_asking(tmp_path)
    evaluate(path, "--events", tmp_path / "events.jsonl")
    assert {request.headers["authorization"] for request in server.requests} == {f"Bearer {KEY}"}
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert store_path(tmp_path) in files
    assert [file for file in files if KEY.encode() in file.read_bytes()] == []


def test_a_damaged_store_is_reported_and_set_aside_and_the_run_goes_on(
    evaluate: Verb, server: MessagesServer, tmp_path: Path
) -> None:
    path = write_asking(tmp_path)
    store_path(tmp_path).parent.mkdir()
    store_path(tmp_path).write_bytes(b"no database" * 100)
    finished = evaluate(path)
    assert finished.code == 0
    damaged, aside = finished.err.splitlines()
    assert damaged.startswith("warning: the store `")
    assert "is damaged: file is not a database" in damaged
    assert "a new one is begun" in aside
    assert list(store_path(tmp_path).parent.glob("*.damaged-*")) != []
    assert evaluate(path).err == ""
    assert len(server.requests) == 2 * ROWS


def test_damage_that_shows_while_it_runs_is_set_aside_too(
    evaluate: Verb, server: MessagesServer, tmp_path: Path
) -> None:
    path = write_asking(tmp_path)
    evaluate(path)
    store = store_path(tmp_path)
    connection = sqlite3.connect(store)
    ((page,),) = connection.execute(
        "SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_calls_1'"
    )
    ((size,),) = connection.execute("PRAGMA page_size")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with store.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * size)
    finished = evaluate(path, "--json")
    assert finished.code == 0
    assert "is damaged" in finished.err
    assert "a new one is begun" in finished.err
    assert json.loads(finished.out)["calls"] == 2 * ROWS
    assert json.loads(evaluate(path, "--json").out)["calls"] == 0


def test_a_store_of_a_newer_version_stops_a_run_before_its_first_call(
    evaluate: Verb, server: MessagesServer, tmp_path: Path
) -> None:
    path = write_asking(tmp_path)
    evaluate(path)
    asked = len(server.requests)
    connection = sqlite3.connect(store_path(tmp_path))
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    finished = evaluate(path, "--no-cache")
    assert finished.code == 1
    assert finished.err.startswith("error: ")
    assert "is a store of version 9" in finished.err
    assert len(server.requests) == asked


def test_where_no_store_can_be_made_the_run_goes_on_without(
    evaluate: Verb, server: MessagesServer, tmp_path: Path
) -> None:
    path = write_asking(tmp_path)
    (tmp_path / ".agraph").write_text("in the way")
    finished = evaluate(path)
    assert finished.code == 0
    assert finished.err.startswith("warning: the store `")
    assert finished.err.endswith("cannot be made: file exists; going on without it\n")
