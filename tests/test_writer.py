"""The thread that writes for many, and what a journal does with a store that fails."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agraph.runtime.errors import StoreError
from agraph.runtime.events import RunBegan
from agraph.runtime.journal import LONGEST_BACKLOG, TOLD_AT_ONCE, Journal
from agraph.runtime.models.protocol import Reply, Usage
from agraph.runtime.store import RunRecord, StoredCall
from agraph.runtime.writer import Writer
from agraph.testing.memory_store import MemoryStore

CALL = StoredCall("key", "node", "row", "model", Reply("x", (), "end_turn", Usage(calls=1)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "numbers.sqlite"


@pytest.fixture
def writer(path: Path) -> Iterator[Writer]:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE numbers (number INTEGER PRIMARY KEY)")
    writer = Writer(connection)
    yield writer
    writer.close()


def numbers(path: Path) -> list[int]:
    """What another process sees."""
    connection = sqlite3.connect(path)
    rows = [number for (number,) in connection.execute("SELECT number FROM numbers ORDER BY number")]
    connection.close()
    return rows


async def insert(writer: Writer, number: int, *, lasting: bool = False) -> None:
    await writer.done(lambda to: to.execute(f"INSERT INTO numbers VALUES ({number})"), lasting=lasting)


def test_what_is_waited_for_is_committed(writer: Writer, path: Path) -> None:
    async def body() -> None:
        for number in range(5):
            await insert(writer, number, lasting=number % 2 == 0)
            assert numbers(path) == list(range(number + 1))

    asyncio.run(body())


def test_what_fails_takes_nothing_else_with_it(writer: Writer, path: Path) -> None:
    async def body() -> list[object]:
        given = [0, 1, 1, 2, 0, 3]
        return await asyncio.gather(*(insert(writer, number) for number in given), return_exceptions=True)

    results = asyncio.run(body())
    assert [isinstance(result, sqlite3.IntegrityError) for result in results] == [
        False, False, True, False, True, False,
    ]  # fmt: skip
    assert numbers(path) == [0, 1, 2, 3]


def test_what_waits_for_another_process_in_vain_waits_once_for_all(path: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0)
    connection.execute("CREATE TABLE numbers (number INTEGER PRIMARY KEY)")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    told, attempts = threading.Event(), []

    def traced(statement: str) -> None:
        told.wait()
        if statement.startswith("BEGIN"):
            attempts.append(statement)

    connection.set_trace_callback(traced)
    writer = Writer(connection)
    writer.begin(lambda _: None)

    async def body() -> list[object]:
        waiting = asyncio.gather(*(insert(writer, number) for number in range(5)), return_exceptions=True)
        await asyncio.sleep(0)
        told.set()
        return [*await waiting]

    results = asyncio.run(body())
    assert [type(result) for result in results] == [sqlite3.OperationalError] * 5
    assert len(attempts) <= 2
    writer.close()
    other.close()


def test_what_nobody_waits_for_any_more_is_done(writer: Writer, path: Path) -> None:
    async def body() -> None:
        task = asyncio.create_task(insert(writer, 1))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(body())
    writer.done_now(lambda _: None)
    assert numbers(path) == [1]


def test_closing_does_what_waits(path: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("CREATE TABLE numbers (number INTEGER PRIMARY KEY)")
    writer = Writer(connection)
    for number in range(2000):
        writer.begin(lambda to, number=number: to.execute("INSERT INTO numbers VALUES (?)", (number,)))  # type: ignore[misc]
    writer.close()
    assert numbers(path) == list(range(2000))


# The journal.


class Failing(MemoryStore):
    """A store whose disk is full."""

    async def keep(self, call: StoredCall) -> None:
        raise StoreError("the disk is full")


class Behind(MemoryStore):
    """A store that cannot keep up until it is waited for."""

    backlog = LONGEST_BACKLOG + 1

    async def settled(self) -> None:
        self.backlog = 0


def journal(store: MemoryStore, reports: list[str], *, cache: bool = True) -> Journal:
    made = Journal(
        lambda: store, RunRecord("run", "g.agraph", "g", {}, 0.0), reports.append, lambda: None, cache
    )
    made.open()
    return made


def test_a_store_that_fails_is_reported_once_and_done_without() -> None:
    reports: list[str] = []
    failing = journal(Failing(), reports)

    async def body() -> None:
        await asyncio.gather(*(failing.keep(CALL) for _ in range(3)))

    asyncio.run(body())
    assert reports == ["the disk is full; going on without it"]
    assert failing.reply("key") is None
    failing.close("done")


def test_events_wait_for_company_and_are_there_in_the_end() -> None:
    store = MemoryStore()
    told = journal(store, [])
    for number in range(TOLD_AT_ONCE + 1):
        told.tell(RunBegan(number, "row", {}))
    assert len(store.events(1)) == TOLD_AT_ONCE
    told.close("done")
    assert [event["run"] for event in store.events(1)] == list(range(TOLD_AT_ONCE + 1))
    (record,) = store.runs(1)
    assert record.outcome == "done"


def test_a_run_waits_for_a_store_that_is_far_behind() -> None:
    store = Behind()
    asyncio.run(journal(store, []).room())
    assert store.backlog == 0


def test_without_the_cache_the_record_is_kept_and_no_reply() -> None:
    store = MemoryStore()
    plain = journal(store, [], cache=False)
    asyncio.run(plain.keep(CALL))
    assert store.reply("key") is None
    asyncio.run(store.keep(CALL))
    assert plain.reply("key") is None
    plain.close("done")
    assert len(store.runs(1)) == 1


def test_what_is_told_before_the_store_is_open_is_let_go() -> None:
    store = MemoryStore()
    closed = Journal(lambda: store, RunRecord("run", "g", "g", {}, 0.0), print, lambda: None)
    closed.tell(RunBegan(0, "row", {}))
    asyncio.run(closed.keep(CALL))
    asyncio.run(closed.room())
    closed.close("done")
    assert store.runs(1) == ()
    assert store.reply("key") is None
