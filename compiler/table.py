"""The parser's table, kept in the user's cache folder between starts.

Building the table costs more than all other work on a small file. This is the one place where the compiler
touches the disk, and nothing depends on it: what cannot be read or written is built again. Paths are plain
strings: `pathlib` would take part of the time that this saves.
"""

import contextlib
import os
import sys
import tempfile


def cache_folder() -> str:
    """Where the table is kept: `$AGRAPH_CACHE_DIR`, or `agraph` in the user's cache folder.

    Raises:
        FileNotFoundError: The user has no home folder.
    """
    if chosen := os.environ.get("AGRAPH_CACHE_DIR"):
        return chosen
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return os.path.join(local or _at_home("AppData", "Local"), "agraph")
    cache = os.environ.get("XDG_CACHE_HOME")
    return os.path.join(cache or _at_home(".cache"), "agraph")


def stored_table(key: str) -> bytes | None:
    """The table stored under a key, or `None` where there is none that can be read."""
    try:
        with open(_path(key), "rb") as file:
            return file.read()
    except OSError:
        return None


def store_table(key: str, table: bytes) -> None:
    """Store a table, if the folder lets us; a reader at the same time sees all of it or nothing."""
    with contextlib.suppress(OSError):
        path = _path(key)
        folder, name = os.path.split(path)
        os.makedirs(folder, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=name, dir=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(table)
            os.replace(temporary, path)
        except OSError:
            os.unlink(temporary)
            raise


def _path(key: str) -> str:
    return os.path.join(cache_folder(), f"parser-{key}.bin")


def _at_home(*parts: str) -> str:
    home = os.path.expanduser("~")
    if home == "~":
        raise FileNotFoundError("there is no home folder")
    return os.path.join(home, *parts)
