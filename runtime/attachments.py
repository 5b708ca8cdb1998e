"""Files as values: what stands at run time where the language says `image` or `file`.

An `Attachment` is the text of its path, so that data, tools and traces hold it as they hold any text, and it
knows the file behind. The content is read when it is sent, and nowhere kept.
"""

import codecs
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import NoReturn

import attrs

from agraph.compiler.ir import Json
from agraph.compiler.types import File, ListOf, Optional, Record, Type, holds_files
from agraph.runtime.errors import ModelError
from agraph.runtime.file_tokens import most_tokens

LARGEST_BYTES = 32_000_000
"""Of any file; a request of the service holds no more."""

HEAD_BYTES = 4096
"""What tells a file's kind."""

PDF = "application/pdf"
TEXT = "text/plain"

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", PDF),
)


class AttachmentError(ValueError):
    """A path stands for no file of the type that is wanted; the message says why."""


@attrs.frozen
class Content:
    """A file that is there.

    Attributes:
        path: Where it is read, without symbolic links.
        name: As people know it, without its folder.
        media_type: What it is, by its first bytes.
        size_bytes: When it was looked at.
    """

    path: str
    name: str
    media_type: str
    size_bytes: int

    @cached_property
    def sha256(self) -> str:
        """The hash of what it holds, in hexadecimal digits.

        Raises:
            ModelError: It cannot be read any more.
        """
        return hashlib.sha256(self._bytes()).hexdigest()

    @cached_property
    def most_tokens(self) -> int:
        """The most tokens that a model reads of it."""
        return most_tokens(self.media_type, self.read())

    @property
    def is_image(self) -> bool:
        """Whether it is a picture; else it is a document."""
        return self.media_type.startswith("image/")

    def read(self) -> bytes:
        """What it holds.

        Raises:
            ModelError: It cannot be read, or is not what it was when it was hashed.
        """
        content = self._bytes()
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise ModelError(f"`{self.name}` changed while it was used")
        return content

    def _bytes(self) -> bytes:
        try:
            with open(self.path, "rb") as file:
                # Not all that may come: Python takes memory for as much as is asked for.
                content = file.read(self.size_bytes + 1)
        except OSError as error:
            raise ModelError(f"`{self.name}` cannot be read: {_reason(error)}") from None
        if len(content) != self.size_bytes:
            raise ModelError(f"`{self.name}` changed while it was used")
        return content

    def told(self) -> dict[str, Json]:
        """What traces and stores hold of it."""
        return {
            "name": self.name,
            "media_type": self.media_type,
            "size_bytes": self.size_bytes,
            "sha256": self.sha256,
        }


class Attachment(str):
    """A file as a value: the text is its path."""

    __slots__ = ("content",)
    content: Content

    def __new__(cls, path: str, content: Content) -> "Attachment":
        """A value.

        Args:
            path: As a tool can open it from the working folder.
            content: The file.
        """
        made = super().__new__(cls, path)
        made.content = content
        return made

    def __getnewargs__(self) -> tuple[str, Content]:  # type: ignore[override]
        """What a copy is made of."""
        return str(self), self.content


Attach = Callable[[object], object]
"""Gives a value in which paths have become files; what is no path is left as it is.

It raises an `AttachmentError`.
"""

Refusal = Callable[[Path], str | None]
"""Why a file may not be read, or `None` where it may."""


def attaching(type_: Type, folder: str | Path, refusal: Refusal | None = None) -> Attach | None:
    """What attaches the files in values of a type, or `None` where the type holds none.

    Args:
        type_: Of the values.
        folder: What paths are relative to.
        refusal: Whether a file may be read; all may where it is `None`, for the user named them.
    """
    if not holds_files(type_):
        return None
    match type_:
        case File():
            return lambda value: _attached(value, type_, Path(folder), refusal)
        case Optional(item):
            return attaching(item, folder, refusal)
        case ListOf(item):
            attach = attaching(item, folder, refusal)
            assert attach is not None, "a list holds what its items hold"
            return lambda value: list(map(attach, value)) if isinstance(value, list) else value
        case Record(_, fields):
            found = {name: attaching(field, folder, refusal) for name, field in fields}
            by_name = {name: attach for name, attach in found.items() if attach is not None}
            return lambda value: _attached_fields(value, by_name)
        case _:
            raise ValueError(f"a {type_} holds no files")


def _attached_fields(value: object, by_name: dict[str, Attach]) -> object:
    if not isinstance(value, dict):
        return value
    return {name: by_name[name](field) if name in by_name else field for name, field in value.items()}


def _attached(value: object, type_: File, folder: Path, refusal: Refusal | None) -> object:
    if isinstance(value, Attachment) or not isinstance(value, str | os.PathLike):
        return value
    written = os.fspath(value)
    if not isinstance(written, str):
        return value
    content = _content(written, folder / written, refusal)
    if content.is_image != (type_.name == "image"):
        wanted = "a PNG, JPEG, GIF or WebP picture" if type_.name == "image" else "a PDF or a text in UTF-8"
        raise AttachmentError(f"`{written}` is {_KINDS[content.media_type]}, and `{type_.name}` is {wanted}")
    return Attachment(str(folder / written), content)


_KINDS = {
    "image/png": "a PNG picture",
    "image/jpeg": "a JPEG picture",
    "image/gif": "a GIF picture",
    "image/webp": "a WebP picture",
    PDF: "a PDF",
    TEXT: "a text",
}


def _content(written: str, place: Path, refusal: Refusal | None) -> Content:
    """The file at a place; whether it may be read is asked before whether it is there."""
    refused = None if refusal is None else refusal(place)
    if refused is not None:
        raise AttachmentError(refused)
    try:
        real = os.path.realpath(place)
        if not os.path.isfile(real):
            _refuse(written, real)
        size = os.path.getsize(real)
        with open(real, "rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise AttachmentError(f"`{written}` cannot be read: {_reason(error)}") from None
    except AttachmentError:
        raise
    except ValueError:
        raise AttachmentError("a path holds no NUL character") from None
    if size > LARGEST_BYTES:
        raise AttachmentError(
            f"`{written}` has {spelled_size(size)}, and a file may have {spelled_size(LARGEST_BYTES)}"
        )
    media_type = _media_type(head, whole=size <= HEAD_BYTES)
    if not head:
        raise AttachmentError(f"`{written}` is empty")
    if media_type is None:
        raise AttachmentError(f"`{written}` is no picture, no PDF and no text in UTF-8")
    return Content(real, os.path.basename(written), media_type, size)


def _refuse(written: str, real: str) -> NoReturn:
    if os.path.isdir(real):
        raise AttachmentError(f"`{written}` is a folder")
    if os.path.exists(real):
        raise AttachmentError(f"`{written}` is no ordinary file")
    raise AttachmentError(f"there is no file `{written}`")


def _media_type(head: bytes, *, whole: bool) -> str | None:
    """What a file is, by its first bytes; `None` where it is nothing that a model is shown."""
    for magic, media_type in _MAGIC:
        if head.startswith(magic):
            return media_type
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=whole)
    except UnicodeDecodeError:
        return None
    return None if b"\0" in head else TEXT


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def spelled_size(size_bytes: int) -> str:
    """A size for people."""
    if size_bytes < 1000:
        return f"{size_bytes} bytes"
    return f"{size_bytes / 1000:.0f} kB" if size_bytes < 1_000_000 else f"{size_bytes / 1e6:.1f} MB"


def mark(told: dict[str, Json]) -> str:
    """What stands for a file where what is sent is shown to people; see `Content.told`."""
    kind = "image" if str(told["media_type"]).startswith("image/") else "file"
    size = told["size_bytes"]
    assert isinstance(size, int)
    return f"[{kind} {told['name']}, {spelled_size(size)}, sha256 {str(told['sha256'])[:12]}…]"


def with_marks(text: str, marks: Iterable[tuple[int, str]]) -> str:
    """A text with what stands at positions of it put there; the positions rise."""
    parts: list[str] = []
    before = 0
    for position, each in marks:
        parts += [text[before:position], each]
        before = position
    return "".join([*parts, text[before:]])


def contents(value: Json) -> Iterator[Content]:
    """The files in a value, in order."""
    match value:
        case Attachment():
            yield value.content
        case list():
            for item in value:
                yield from contents(item)
        case dict():
            for item in value.values():
                yield from contents(item)


def identified(value: Json) -> Json:
    """A value with the hash of its content in the place of each file."""
    match value:
        case Attachment():
            return {"sha256": value.content.sha256}
        case list():
            return list(map(identified, value))
        case dict():
            return {name: identified(item) for name, item in value.items()}
        case _:
            return value
