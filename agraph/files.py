"""Files of graphs: their text as it stands on disk, and what the compiler makes of it."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from agraph import stdlib
from agraph.compiler import Compilation, compile_source
from agraph.compiler.diagnostics import Diagnostic
from agraph.compiler.loader import Loader, Unreadable
from agraph.compiler.source import Source
from agraph.runtime.errors import FileError

if TYPE_CHECKING:
    from agraph.runtime.permissions import Permissions

LARGEST_BYTES = 16 * 2**20
"""No file that a person writes is larger; one that is would be read for minutes before it is refused."""

PIECE_BYTES = 2**16


def load(path: str, loader: Loader | None = None) -> Compilation:
    """What the compiler makes of a file and of what it imports.

    Args:
        path: The file.
        loader: Reads what it imports; from disk where `None`.

    Raises:
        FileError: The file cannot be read.
    """
    return compile_source(read_source(path), FileLoader() if loader is None else loader)


def check(path: str) -> tuple[Diagnostic, ...]:
    """Everything that is wrong with a file, by place; no code of the user's is run.

    Raises:
        FileError: The file cannot be read.
    """
    return load(path).diagnostics


def read_source(path: str) -> Source:
    """The text of a file, its line ends and its byte order mark kept.

    Raises:
        FileError: It is missing, a folder, too large, not UTF-8, or cannot be read.
    """
    text = read_text(path)
    if isinstance(text, Unreadable):
        raise FileError(f"cannot read `{path}`: {text.reason}")
    return Source(shown_path(path), text)


def decoded(content: bytes) -> str | Unreadable:
    """The text of a file's bytes, or why they are no text."""
    if len(content) > LARGEST_BYTES:
        return Unreadable(f"it is larger than {LARGEST_BYTES // 2**20} MB")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        return Unreadable(f"it is not UTF-8: byte 0x{byte:02x} at offset {error.start}, on line {line}")


def shown_path(path: str) -> str:
    """The one name of a file however it is reached: relative to the working folder where it lies below it."""
    try:
        real = os.path.realpath(path)
        # What stands behind a pipe (`/dev/fd/63`) has no name of its own.
        if not os.path.isfile(real):
            return path
        below = os.path.relpath(real)
    except (OSError, ValueError):
        return path
    if below.startswith(os.pardir + os.sep):
        return real
    # `std/…` names the standard library.
    return os.path.join(os.curdir, below) if below.startswith("std" + os.sep) else below


class FileLoader:
    """Reads the imports of one file from disk, where it may read them, and the std modules."""

    def __init__(self, permissions: "Permissions | None" = None) -> None:
        """Prepare a loader.

        Args:
            permissions: What may be read; where `None`, what the project of the first importing file may.
        """
        self._permissions = permissions

    def std_modules(self) -> tuple[str, ...]:
        """The names of the std modules."""
        names = os.listdir(stdlib.__path__[0])
        return tuple(sorted(name.removesuffix(".agraph") for name in names if name.endswith(".agraph")))

    def std(self, name: str) -> Source:
        """The text of a std module."""
        text = read_text(os.path.join(stdlib.__path__[0], f"{name}.agraph"))
        assert isinstance(text, str), f"the std module `{name}` is part of the package"
        return Source(f"std/{name}.agraph", text)

    def relative(self, path: str, importer: Source) -> Source | Unreadable:
        """The text of a file beside the importing one, or below or above it."""
        place = os.path.join(os.path.dirname(importer.path), path)
        if self._permissions is None:
            # Only here, for most files import nothing but std modules.
            from agraph.runtime.permissions import project_permissions

            self._permissions = project_permissions(importer.path)
        refusal = self._permissions.file_refusal(place)
        if refusal is not None:
            return Unreadable(refusal)
        text = read_text(place)
        return text if isinstance(text, Unreadable) else Source(shown_path(place), text)


def _beginning(file: BinaryIO) -> bytes:
    """What a file holds, of a larger one a little more than is allowed: a device may have no end.

    Read piece by piece: asked for many bytes at once, Python takes memory for all of them.
    """
    pieces, length = [], 0
    while length <= LARGEST_BYTES and (piece := file.read(PIECE_BYTES)):
        pieces.append(piece)
        length += len(piece)
    return b"".join(pieces)


def read_text(path: str) -> str | Unreadable:
    """The text of a file, or why it cannot be had."""
    try:
        if os.path.isdir(path):
            return Unreadable("it is a folder")
        with open(path, "rb") as file:
            return decoded(_beginning(file))
    except FileNotFoundError:
        return Unreadable("there is no such file")
    except OSError as error:
        return Unreadable((error.strerror or str(error)).lower())
    except ValueError:
        return Unreadable("a path holds no NUL character")


_SKIPPED = {"node_modules", "build", "dist"}


def graph_files(folder: str) -> Iterator[str]:
    """The .agraph files below a folder by name, hidden folders and those that tools fill left out."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name[0] != "." and name not in _SKIPPED)
        yield from (os.path.join(place, name) for name in sorted(names) if name.endswith(".agraph"))
