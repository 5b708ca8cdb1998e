"""Keeping replies against one commit for each by hand, and running graphs with every event stored."""

import asyncio
import random
import sqlite3
import tempfile
import time
from pathlib import Path
from statistics import median

from agraph.runtime.frame import Row
from agraph.runtime.journal import Journal
from agraph.runtime.models.protocol import Reply, Usage
from agraph.runtime.plan import deployed
from agraph.runtime.session import Session
from agraph.runtime.sqlite_store import SqliteStore
from agraph.runtime.store import RunRecord, StoredCall
from agraph.runtime.store_file import set_aside, store_path
from benchmarks.execution import Shape, as_graph, by_hand, chain, fan, layers, scattered, seconds
from benchmarks.measurement import Measurement

WRITES = 2000

WRITERS = 200
"""How many wait for a commit at once, as calls under way do."""

REPETITIONS = 9

ROWS = 10
"""Runs of a graph, one after the other, after which the events must be there."""

TEXT = "A reply of about two thousand characters. " * 48


def call(number: int) -> StoredCall:
    """A call that was answered at length."""
    return StoredCall(
        f"key {number}", "node", "row", "model", Reply(TEXT, (), "end_turn", Usage(1, 500, 500))
    )


def kept_s(folder: Path) -> float:
    """Seconds for the store to keep the calls, each waited for."""
    store = SqliteStore(store_path(folder))
    calls = [call(number) for number in range(WRITES)]

    async def write(mine: list[StoredCall]) -> None:
        for each in mine:
            await store.keep(each)

    async def everybody() -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(WRITERS):
                group.create_task(write(calls[number::WRITERS]))

    try:
        return asyncio.run(seconds(everybody))
    finally:
        store.close()


def bare_s(folder: Path) -> float:
    """Seconds for the same texts with SQLite alone and a commit for each."""
    connection = sqlite3.connect(folder / "bare.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("CREATE TABLE calls (key TEXT PRIMARY KEY, reply TEXT)")
    start = time.perf_counter()
    for number in range(WRITES):
        connection.execute("INSERT INTO calls VALUES (?, ?)", (f"key {number}", TEXT))
    taken_s = time.perf_counter() - start
    connection.close()
    return taken_s


def writing() -> Measurement:
    """Time to keep replies that are waited for, against a commit for each."""
    ratios = []
    for _ in range(5):
        with tempfile.TemporaryDirectory() as folder:
            ratios.append(kept_s(Path(folder)) / bare_s(Path(folder)))
    return Measurement(f"keeping {WRITES} replies", median(ratios), 2.0, "sqlite3, one commit each")


async def recorded(shape: Shape, folder: Path) -> Measurement:
    """Time with every event written, until the last is committed, against the same work by hand."""
    graph = as_graph(shape)
    realization = deployed(graph)
    path = store_path(folder)
    store = SqliteStore(path)
    record = RunRecord("run", "measured", graph.name, {}, 0.0)
    journal = Journal(lambda: store, record, print, lambda: set_aside(path, None))
    journal.open()
    ratios = []
    async with Session(graph, journal=journal) as session:

        async def ours() -> None:
            for _ in range(ROWS):
                await session.run(realization, Row("row", {}))
            journal.flush()
            await store.settled()

        async def theirs() -> None:
            for _ in range(ROWS):
                await by_hand(shape.senders, ())

        for repetition in range(REPETITIONS + 1):
            ours_s = await seconds(ours)
            theirs_s = await seconds(theirs)
            if repetition:  # The first one compiles the steps.
                ratios.append(ours_s / theirs_s)
    return Measurement(f"recording a {shape.name}", median(ratios), 3.0, "asyncio by hand")


def run() -> list[Measurement]:
    """All measurements of storing."""
    measurements = [writing()]
    for shape in (chain(100), fan(200), layers(10, 10), scattered(1000, 3000, random.Random(1))):
        with tempfile.TemporaryDirectory() as folder:
            measurements.append(asyncio.run(recorded(shape, Path(folder))))
    return measurements
