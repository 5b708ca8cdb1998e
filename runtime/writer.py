"""One thread that writes to a database for many: whatever waits is committed in one transaction."""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import attrs

MOST_AT_ONCE = 1000

Result = TypeVar("Result")
Work = Callable[[sqlite3.Connection], Result]
"""Statements that belong together; begins and ends no transaction itself."""


@attrs.frozen(eq=False)
class _Job:
    """Work, and who waits for it: nobody, a coroutine, or another thread."""

    work: Work[Any]
    lasting: bool
    waiter: "asyncio.Future[Any] | Future[Any] | None"


class Writer:
    """Owns the connection that writes, and a thread that nothing else uses it in."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Start the thread.

        Args:
            connection: In autocommit mode, and allowed in another thread than that which made it.
        """
        self._connection = connection
        self._synchronous = ""
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        # A daemon, so that a process whose store nobody closes can end.
        self._thread = threading.Thread(target=self._run, name="agraph store", daemon=True)
        self._thread.start()

    def begin(self, work: Work[object]) -> None:
        """Have work done at some time; nobody is told of its failure."""
        self._jobs.put(_Job(work, False, None))

    async def done(self, work: Work[Result], *, lasting: bool = False) -> Result:
        """Have work done, and wait until it is committed.

        Args:
            work: What to do; it is done also where the waiting coroutine is cancelled.
            lasting: Whether a failure of power must not lose it; else only that of a process.

        Raises:
            sqlite3.Error: It could not be done.
        """
        waiter: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._jobs.put(_Job(work, lasting, waiter))
        return await waiter

    def done_now(self, work: Work[Result]) -> Result:
        """Have work done and committed, while this thread stands still; see `done`."""
        waiter: Future[Result] = Future()
        self._jobs.put(_Job(work, False, waiter))
        return waiter.result()

    def close(self) -> None:
        """Do all that waits, and close the connection."""
        self._jobs.put(None)
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        closing = False
        while not closing:
            jobs = [self._jobs.get()]
            with contextlib.suppress(Empty):
                while len(jobs) < MOST_AT_ONCE:
                    jobs.append(self._jobs.get_nowait())
            closing = None in jobs
            self._commit([job for job in jobs if job is not None])

    def _commit(self, jobs: Sequence[_Job]) -> None:
        if not jobs:
            return
        try:
            results = self._transaction(jobs)
        except Exception as error:
            # Waiting for another process takes its time, which each job alone would take once more.
            if len(jobs) == 1 or _is_busy(error):
                _tell([(job.waiter, None) for job in jobs], error)
                return
            # What fails takes nothing else with it.
            for job in jobs:
                self._commit([job])
            return
        _tell([(job.waiter, result) for job, result in zip(jobs, results, strict=True)], None)

    def _transaction(self, jobs: Sequence[_Job]) -> list[Any]:
        connection = self._connection
        wanted = "FULL" if any(job.lasting for job in jobs) else "NORMAL"
        # Each statement is a wait for the thread that is busy, and most need nothing lasting.
        if wanted != self._synchronous:
            connection.execute(f"PRAGMA synchronous = {wanted}")
            self._synchronous = wanted
        # A transaction that only later wants to write fails at once where another process writes.
        connection.execute("BEGIN IMMEDIATE")
        try:
            results = [job.work(connection) for job in jobs]
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        return results


def _is_busy(error: Exception) -> bool:
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF == sqlite3.SQLITE_BUSY


def _tell(
    outcomes: "Sequence[tuple[asyncio.Future[Any] | Future[Any] | None, Any]]", error: Exception | None
) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any] | Future[Any], Any]]] = {}
    for waiter, result in outcomes:
        if isinstance(waiter, asyncio.Future):
            by_loop.setdefault(waiter.get_loop(), []).append((waiter, result))
        elif waiter is not None:
            _resolve([(waiter, result)], error)
    for loop, waiters in by_loop.items():
        # The loop may have ended meanwhile, and nobody waits any more.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_resolve, waiters, error)


def _resolve(
    waiters: "Sequence[tuple[asyncio.Future[Any] | Future[Any], Any]]", error: Exception | None
) -> None:
    for waiter, result in waiters:
        if waiter.done():
            continue
        if error is None:
            waiter.set_result(result)
        else:
            waiter.set_exception(error)
