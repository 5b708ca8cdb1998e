"""Locks between processes: files of their own, which the system gives up with the process that has them."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where an open file cannot be replaced anyway.
    fcntl = None  # type: ignore[assignment]


@contextlib.contextmanager
def sole_use(path: Path) -> Iterator[None]:
    """Keep other processes out while the block runs; they wait for it.

    Args:
        path: Of the file that is used; the lock is the file `lock` beside it.

    Raises:
        OSError: There can be no lock.
    """
    if fcntl is None:
        yield
        return
    # A file of its own: closing any descriptor of a database would give up SQLite's locks on it.
    descriptor = os.open(path.with_name("lock"), os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def claim(lock: Path) -> int | None:
    """A descriptor that has a lock until it is closed; `None` where another has it, or there can be none."""
    if fcntl is None:
        return None
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
