"""The servers that the user opened to a project, remembered in the user's configuration folder.

They are not kept in the project: its files may come from the stranger who wants the server opened.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from agraph.runtime.errors import FileError, InputError
from agraph.runtime.lock_file import sole_use
from agraph.runtime.servers import Server


def trusted_servers(root: Path) -> frozenset[Server]:
    """The servers that the user opened to the project of a root.

    Raises:
        InputError: The list cannot be used.
    """
    return frozenset(Server(address, key) for address, key in _read().get(str(root), []))


def trust_server(root: Path, server: Server) -> None:
    """Remember that the user opened a server to the project of a root.

    Raises:
        InputError: The list cannot be used.
        FileError: It cannot be written.
    """
    path = _path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # What another process adds between the reading and the writing would be lost.
        with sole_use(path):
            trusted = _read()
            entries = trusted.setdefault(str(root), [])
            entry = [server.address, server.key]
            if entry not in entries:
                entries.append(entry)
            _write(path, trusted)
    except OSError as error:
        raise FileError(f"cannot write `{path}`: {(error.strerror or str(error)).lower()}") from error


def configuration_folder() -> Path:
    """Where it is kept: `$AGRAPH_CONFIG_DIR`, or `agraph` in the user's configuration folder."""
    if chosen := os.environ.get("AGRAPH_CONFIG_DIR"):
        return Path(chosen)
    own = os.environ.get("APPDATA" if sys.platform == "win32" else "XDG_CONFIG_HOME")
    return Path(own) / "agraph" if own else Path(os.path.expanduser("~"), ".config", "agraph")


def _path() -> Path:
    return configuration_folder() / "trusted.json"


def _write(path: Path, trusted: dict[str, list[Any]]) -> None:
    # Only its owner may read what `mkstemp` makes.
    handle, temporary = tempfile.mkstemp(prefix=path.name, dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(trusted, file, indent=2)
    os.replace(temporary, path)


def _read() -> dict[str, list[Any]]:
    path = _path()
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        # What cannot be read opens nothing.
        return {}
    except ValueError as error:
        raise InputError(f"`{path}` cannot be read: {error}") from None
    if not isinstance(said, dict) or not all(map(_is_list_of_servers, said.values())):
        raise InputError(f"`{path}` is no list of trusted servers: remove it, and you will be asked again")
    return said


def _is_list_of_servers(said: object) -> bool:
    return isinstance(said, list) and all(
        isinstance(each, list)
        and len(each) == 2
        and isinstance(each[0], str)
        and isinstance(each[1], str | None)
        for each in said
    )
