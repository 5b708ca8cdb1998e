"""Replacing the author's file: at once or not at all, and never over somebody else's change."""

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from agraph.compiler.source import Source
from agraph.runtime.errors import FileError

try:
    import fcntl
except ImportError:  # Windows, where a file that is held open could not be replaced.
    fcntl = None  # type: ignore[assignment]


@contextlib.contextmanager
def sole_use(path: str | os.PathLike[str]) -> Iterator[None]:
    """Keep other runs of agraph from rewriting a file until the block ends, however it ends.

    Raises:
        FileError: Another run is at it, or the file cannot be opened.
    """
    if fcntl is None:
        yield
        return
    try:
        descriptor = _locked(path)
    except BlockingIOError as error:
        raise FileError(f"`{os.fspath(path)}` is being optimized by another run") from error
    except OSError as error:
        raise FileError(f"`{os.fspath(path)}` cannot be read: {_reason(error)}") from error
    try:
        yield
    finally:
        os.close(descriptor)


def _locked(path: str | os.PathLike[str]) -> int:
    """A descriptor that holds the lock of the file at a path for as long as it is open."""
    while True:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Between the two lines above a run that ended may have put another file in this one's place.
            if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                return descriptor
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)


def require_writable(path: str | os.PathLike[str]) -> None:
    """Hold that a file could be replaced, before time is spent on what would be written.

    Raises:
        FileError: Its folder takes no new file, or it is a folder, a pipe or a device itself.
    """
    target = Path(path).resolve()
    if target.is_dir():
        raise FileError(f"`{os.fspath(path)}` cannot be rewritten: it is a folder")
    if target.exists() and not target.is_file():
        raise FileError(f"`{os.fspath(path)}` cannot be rewritten: it is no regular file")
    try:
        descriptor, temporary = _temporary(target.parent)
    except OSError as error:
        raise FileError(f"`{os.fspath(path)}` cannot be rewritten: {_reason(error)}") from error
    os.close(descriptor)
    os.unlink(temporary)


def replace_file(path: str | os.PathLike[str], text: str, read: Source | None) -> None:
    """Write a file whole: to a temporary file beside it, synced, then renamed.

    Permissions are kept, and the target of a symbolic link is replaced, not the link.

    Args:
        path: The file.
        text: What it shall hold.
        read: The file as it was read, or `None` for a file that need not exist.

    Raises:
        FileError: The file changed since it was read, or cannot be written; it is then as it was.
    """
    target = Path(path).resolve()
    try:
        mode = _unchanged_mode(target, path, read)
        _replace(target, text.encode(), mode)
    except OSError as error:
        raise FileError(
            f"`{os.fspath(path)}` cannot be written: {_reason(error)}; nothing was changed"
        ) from error


def _unchanged_mode(target: Path, path: str | os.PathLike[str], read: Source | None) -> int | None:
    """The permissions of the file, or `None` where there is none."""
    if read is None:
        return stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    if target.read_bytes() != read.text.encode():
        raise FileError(f"`{os.fspath(path)}` changed since it was read; nothing was written")
    return stat.S_IMODE(target.stat().st_mode)


def _replace(target: Path, content: bytes, mode: int | None) -> None:
    descriptor, temporary = _temporary(target.parent)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _new_file_mode() if mode is None else mode)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(target.parent)


def _temporary(folder: Path) -> tuple[int, str]:
    """A new file, open and with its path; its name is short, for the author's may be as long as can be."""
    return tempfile.mkstemp(prefix=".agraph-", suffix=".tmp", dir=folder)


def _new_file_mode() -> int:
    """The permissions that this process gives to a new file."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _sync_folder(folder: Path) -> None:
    """Make the rename last; not every file system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
