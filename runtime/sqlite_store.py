"""The store of a project: SQLite, JSON texts, safely shared by the processes of a machine."""

import contextlib
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import attrs

from agraph.compiler.ir import Json
from agraph.runtime.errors import DamagedStoreError
from agraph.runtime.event_json import event_text
from agraph.runtime.lock_file import claim
from agraph.runtime.models.protocol import Reply
from agraph.runtime.reply_json import reply_json, reply_of
from agraph.runtime.store import EventRecord, Holdings, RunRecord, StoredCall, Told
from agraph.runtime.store_file import connected, make_folder, reading, told
from agraph.runtime.writer import Work, Writer

Result = TypeVar("Result")

_RUN_COLUMNS = "verb, file, graph, arguments, started_s, finished_s, outcome, number, result"


class SqliteStore:
    """A `Store` in a file. Reads are made in place: one takes less time than a thread's switch."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Open the store; it raises what `store_file.connected` does.

        Args:
            path: Of its file, which is made where there is none.
            read_only: Write nothing, not even beside it: what would keep something raises a `StoreError`.
        """
        if not read_only:
            make_folder(path)
        opened = reading if read_only else connected
        self._path = path
        self._claims: dict[str, int | None] = {}
        self._reader = opened(path)
        self._writer = Writer(opened(path))
        self._told = 0
        self._written = 0

    def reply(self, key: str) -> Reply | None:
        """The reply that is kept for a key; what cannot be read as one counts as none."""
        found = self._rows("SELECT reply FROM calls WHERE key = ?", key)
        if not found:
            return None
        text = found[0][0]
        try:
            reply = reply_of(json.loads(text))
        except (ValueError, TypeError):
            reply = None
        if reply is None:
            # Else it would stand in the way of the one that is paid for now, and of each after that.
            statement = "DELETE FROM calls WHERE key = ? AND reply IS ?"
            self._writer.begin(lambda to: to.execute(statement, (key, text)))
        return reply

    async def keep(self, call: StoredCall) -> None:
        """Keep a call; see `Store`."""
        usage = call.reply.usage
        counts = (usage.input_tokens, usage.output_tokens)
        tokens = None if None in counts else sum(count or 0 for count in counts)
        row = (
            call.key, _text(call.node), _text(call.row), _text(call.model), _json(reply_json(call.reply)),
            tokens, time.time(),
        )  # fmt: skip
        await self._done(
            lambda to: to.execute("INSERT OR IGNORE INTO calls VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        )

    def begin(self, run: RunRecord) -> int:
        """Keep the record of a run that begins."""
        row = (
            run.verb, _text(run.file), _text(run.graph), _json(run.arguments), run.started_s, run.finished_s,
            run.outcome,
        )  # fmt: skip

        def insert(to: sqlite3.Connection) -> int:
            columns = _RUN_COLUMNS.removesuffix(", number, result")
            number = to.execute(f"INSERT INTO runs ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", row).lastrowid
            assert number is not None, "a row was inserted"
            return number

        return self._done_now(insert)

    def tell(self, run: int, events: Sequence[Told]) -> None:
        """Keep further events of a run; they become texts in the thread that writes."""
        self._told += len(events)

        def insert(to: sqlite3.Connection) -> None:
            # What fails is not written again and not waited for either.
            self._written += len(events)
            # One row for many events: between two rows this thread waits long for one that is busy.
            text = f"[{','.join([event_text(event, at_s) for event, at_s in events])}]"
            to.execute("INSERT INTO events (run, count, events) VALUES (?, ?, ?)", (run, len(events), text))

        self._writer.begin(insert)

    def end(self, run: int, outcome: str, finished_s: float) -> None:
        """Complete the record of a run."""
        row = (_text(outcome), finished_s, run)
        self._done_now(
            lambda to: to.execute("UPDATE runs SET outcome = ?, finished_s = ? WHERE number = ?", row)
        )

    def conclude(self, run: int, result: Json) -> None:
        """Keep what a run found or wrote."""
        row = (_json(result), run)
        self._done_now(lambda to: to.execute("UPDATE runs SET result = ? WHERE number = ?", row))

    def runs(self, most: int) -> tuple[RunRecord, ...]:
        """The records of the last runs, the newest first."""
        rows = self._rows(f"SELECT {_RUN_COLUMNS} FROM runs ORDER BY number DESC LIMIT ?", most)
        return tuple(self._record(row) for row in rows)

    def concluded(self) -> Iterator[RunRecord]:
        """The records of the runs that have a result, the newest first."""
        with told(self._path):
            statement = f"SELECT {_RUN_COLUMNS} FROM runs WHERE result IS NOT NULL ORDER BY number DESC"
            for row in self._reader.execute(statement):
                yield self._record(row)

    def run(self, number: int) -> RunRecord | None:
        """The record of one run."""
        rows = self._rows(f"SELECT {_RUN_COLUMNS} FROM runs WHERE number = ?", number)
        return self._record(rows[0]) if rows else None

    def events(self, run: int) -> Iterator[EventRecord]:
        """The events of a run, in order."""
        statement = "SELECT events FROM events WHERE run = ? ORDER BY sequence"
        with told(self._path):
            for (text,) in self._reader.execute(statement, (run,)):
                yield from self._events(text)

    def claim(self, command: str) -> bool:
        """Whether the checkpoints of a command are this store's until it is closed."""
        if command not in self._claims:
            self._claims[command] = claim(self._path.with_name(f"lock-{command}"))
        return self._claims[command] is not None

    def checkpoint(self, command: str, key: str) -> Json:
        """A checkpoint of a command, or null."""
        rows = self._rows("SELECT value FROM checkpoints WHERE key = ?", f"{command} {key}")
        return self._read(rows[0][0]) if rows else None

    async def set_checkpoint(self, command: str, key: str, value: Json) -> None:
        """Keep a checkpoint; see `Store`."""
        row = (f"{command} {key}", _json(value), time.time())
        statement = "INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?)"
        await self._done(lambda to: to.execute(statement, row), lasting=True)

    def forget(self, command: str) -> None:
        """Forget the checkpoints of a command."""
        # All that begins with the command and a space, found by the index.
        bounds = (f"{command} ", f"{command}!")
        self._done_now(lambda to: to.execute("DELETE FROM checkpoints WHERE key >= ? AND key < ?", bounds))

    @property
    def backlog(self) -> int:
        """How many events wait to be written."""
        return self._told - self._written

    async def settled(self) -> None:
        """Wait until everything is written that was told so far."""
        await self._done(lambda _: None)

    def holdings(self) -> Holdings:
        """How much is kept."""
        return self._held(self._reader, float("inf"))

    def prune(self, before_s: float) -> Holdings:
        """Forget the calls, and the runs with their events, that are older."""

        def delete(to: sqlite3.Connection) -> Holdings:
            held = self._held(to, before_s)
            old_runs = "SELECT number FROM runs WHERE started_s < ?"
            to.execute(f"DELETE FROM events WHERE run IN ({old_runs})", (before_s,))
            to.execute("DELETE FROM runs WHERE started_s < ?", (before_s,))
            to.execute("DELETE FROM calls WHERE created_s < ?", (before_s,))
            to.execute("DELETE FROM checkpoints WHERE created_s < ?", (before_s,))
            return held

        return self._shrunk(delete)

    def clear(self) -> Holdings:
        """Forget everything."""
        return self.prune(float("inf"))

    def close(self) -> None:
        """Write what waits, and close the file."""
        self._reader.close()
        with told(self._path):
            self._writer.close()
        for command, descriptor in self._claims.items():
            if descriptor is not None:
                # Away before it is let go, so that nobody is given a lock that is no longer there.
                with contextlib.suppress(OSError):
                    os.unlink(self._path.with_name(f"lock-{command}"))
                os.close(descriptor)
        self._claims = {}

    def _shrunk(self, delete: Work[Holdings]) -> Holdings:
        before_bytes = self._size_bytes()
        held = self._done_now(delete)
        # Where another process is at work the pages stay in the file, to be used again.
        with contextlib.suppress(sqlite3.OperationalError):
            self._reader.execute("VACUUM")
            self._reader.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return attrs.evolve(held, size_bytes=max(0, before_bytes - self._size_bytes()))

    def _held(self, connection: sqlite3.Connection, before_s: float) -> Holdings:
        def one(statement: str) -> Any:
            return connection.execute(statement, (before_s,)).fetchone()

        with told(self._path):
            calls, tokens = one("SELECT COUNT(*), TOTAL(tokens) FROM calls WHERE created_s < ?")
            (runs,) = one("SELECT COUNT(*) FROM runs WHERE started_s < ?")
            (events,) = one(
                "SELECT TOTAL(count) FROM events WHERE run IN (SELECT number FROM runs WHERE started_s < ?)"
            )
            (checkpoints,) = one("SELECT COUNT(*) FROM checkpoints WHERE created_s < ?")
        return Holdings(calls, int(tokens), runs, int(events), checkpoints, self._size_bytes())

    def _size_bytes(self) -> int:
        files = (Path(f"{self._path}{suffix}") for suffix in ("", "-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def _rows(self, statement: str, argument: str | int) -> list[Any]:
        with told(self._path):
            return self._reader.execute(statement, (argument,)).fetchall()

    def _record(self, row: tuple[Any, ...]) -> RunRecord:
        verb, file, graph, arguments, *others, result = row
        found = RunRecord(verb, file, graph, self._object(arguments), *others)
        return found if result is None else attrs.evolve(found, result=self._read(result))

    def _object(self, text: str) -> Mapping[str, Json]:
        value = self._read(text)
        if not isinstance(value, dict):
            raise DamagedStoreError(
                f"the store `{self._path}` is damaged: it holds `{text[:40]}` for an object"
            )
        return value

    def _events(self, text: str) -> list[EventRecord]:
        events = self._read(text)
        if not isinstance(events, list):
            raise DamagedStoreError(f"the store `{self._path}` is damaged: `{text[:40]}` is no list")
        return [event for event in events if isinstance(event, dict)]

    def _read(self, text: str) -> Json:
        try:
            value: Json = json.loads(text)
        except ValueError as error:
            raise DamagedStoreError(f"the store `{self._path}` is damaged: {error}") from error
        return value

    async def _done(self, work: Work[object], *, lasting: bool = False) -> None:
        with told(self._path):
            await self._writer.done(work, lasting=lasting)

    def _done_now(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        with told(self._path):
            return self._writer.done_now(work)


def _json(value: object) -> str:
    # ASCII, for SQLite takes no text with halves of surrogate pairs, and a model's reply may hold one.
    return json.dumps(value, separators=(",", ":"))


def _text(value: str) -> str:
    """A text that SQLite takes, for people: what is no Unicode in it is replaced."""
    return value.encode("utf-8", "replace").decode()
