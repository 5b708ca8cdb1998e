"""The file of a project's store: made, brought to the version of today, and set aside where it is damaged.

`.agraph/` in the root of the project holds it, and says to git that it is nobody else's business.
"""

import contextlib
import datetime
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from agraph.runtime.errors import DamagedStoreError, StoreError, StoreVersionError
from agraph.runtime.lock_file import sole_use

FOLDER = ".agraph"

FILE = "store.sqlite"

APPLICATION = 0x61677261
"""What tells a store from the databases of other programs, by SQLite's `application_id`."""

MIGRATIONS = (
    """
    CREATE TABLE calls (
        key TEXT PRIMARY KEY, node TEXT NOT NULL, row TEXT NOT NULL, model TEXT NOT NULL,
        reply TEXT NOT NULL, tokens INTEGER, created_s REAL NOT NULL
    );
    CREATE TABLE runs (
        number INTEGER PRIMARY KEY AUTOINCREMENT, verb TEXT NOT NULL, file TEXT NOT NULL, graph TEXT NOT NULL,
        arguments TEXT NOT NULL, started_s REAL NOT NULL, finished_s REAL, outcome TEXT
    );
    CREATE TABLE events (
        sequence INTEGER PRIMARY KEY, run INTEGER NOT NULL, count INTEGER NOT NULL, events TEXT NOT NULL
    );
    CREATE INDEX events_by_run ON events (run);
    CREATE TABLE checkpoints (key TEXT PRIMARY KEY, value TEXT NOT NULL, created_s REAL NOT NULL);
    """,
    "ALTER TABLE runs ADD COLUMN result TEXT;",
)
"""What makes each version of the one before it; the first makes version 1 of nothing."""

VERSION = len(MIGRATIONS)

TABLES = {"calls", "runs", "events", "checkpoints"}

BUSY_TIMEOUT_S = 60.0
"""How long one process waits for the others that write."""

DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT)


def store_path(root: Path) -> Path:
    """Where the store of a project lies, whether there is one or not."""
    return root / FOLDER / FILE


def make_folder(path: Path) -> None:
    """Make the folder of a store.

    Raises:
        StoreError: It cannot be made.
    """
    try:
        path.parent.mkdir(exist_ok=True)
        ignored = path.parent / ".gitignore"
        if not ignored.exists():
            ignored.write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise StoreError(
            f"the store `{path}` cannot be made: {(error.strerror or str(error)).lower()}"
        ) from error


def connected(path: Path) -> sqlite3.Connection:
    """A connection to a store, which is made or brought to the version of today where that is needed.

    Raises:
        DamagedStoreError: It is damaged.
        StoreVersionError: It is newer than this agraph, or no store at all.
        StoreError: It cannot be used for another reason.
    """
    with told(path), sole_use(path):
        connection = sqlite3.connect(
            path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection


def reading(path: Path) -> sqlite3.Connection:
    """A connection to a store in a folder that cannot be written to; it raises what `connected` does."""
    with told(path):
        try:
            return _reading(path, "mode=ro")
        except sqlite3.OperationalError:
            # Nobody can write it, and what readers else share in a file beside it cannot be made.
            return _reading(path, "mode=ro&immutable=1")


def _reading(path: Path, how: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?{how}", uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None,
        check_same_thread=False,
    )  # fmt: skip
    try:
        if _version(connection, path) < VERSION:
            raise StoreVersionError(
                f"`{path}` is a store of an older agraph, which cannot be brought up to date where "
                "nothing can be written"
            )
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    version = _version(connection, path)
    connection.execute("PRAGMA journal_mode = WAL")
    if version < VERSION:
        scripts = "".join(MIGRATIONS[version:])
        pragmas = f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};"
        connection.executescript(f"BEGIN IMMEDIATE; {scripts} {pragmas} COMMIT;")


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """The version of a store, which is whole; 0 of an empty file."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if application != APPLICATION and (application or version or tables):
        raise StoreVersionError(f"`{path}` is a database of another program; move it away")
    if version > VERSION:
        raise StoreVersionError(
            f"`{path}` is a store of version {version}, and this agraph reads version {VERSION} at most: "
            "upgrade agraph, or move the store away"
        )
    if version == VERSION and not tables >= TABLES:
        raise DamagedStoreError(
            f"the store `{path}` is damaged: it lacks {', '.join(sorted(TABLES - tables))}"
        )
    return int(version)


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what goes wrong with a database into a `StoreError` that names it."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        # The low byte is the kind, the others say more of it.
        if code is not None and code & 0xFF in DAMAGE:
            raise DamagedStoreError(f"the store `{path}` is damaged: {error}") from error
        raise StoreError(f"the store `{path}` cannot be used: {error}") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StoreError(f"the store `{path}` cannot be used: {reason}") from error


def identity(path: Path) -> int | None:
    """What tells a file from another that later has its name; `None` where there is no file."""
    try:
        return path.stat().st_ino
    except OSError:
        return None


def set_aside(path: Path, damaged: int | None) -> Path | None:
    """Rename a damaged store, so that a new one can take its place.

    Args:
        path: Of the store; no connection of this process is open to it.
        damaged: The identity of the damaged file: another process may have been here first.

    Returns:
        Its new path, or `None` where another process had set it aside.

    Raises:
        StoreError: It cannot be renamed.
    """
    with told(path), sole_use(path):
        if identity(path) != damaged:
            return None
        moment = datetime.datetime.now(datetime.UTC).strftime("%Y%m%d-%H%M%S-%f")
        target = path.with_name(f"{path.name}.damaged-{moment}")
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.rename(f"{path}{suffix}", f"{target}{suffix}")
        return target


def aside(path: Path) -> tuple[Path, ...]:
    """The files of the damaged stores that were set aside for one to take their place."""
    return tuple(sorted(path.parent.glob(f"{path.name}.damaged-*")))
