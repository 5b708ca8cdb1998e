"""Texts with files in them as blocks of the Messages protocol, and whether a server takes such.

Source:
    The protocol's image and document blocks; the service's pages on vision and on PDF, for the largest.
"""

import base64
from collections.abc import Iterator, Sequence

from agraph.compiler.ir import Json
from agraph.runtime.attachments import PDF, Content, spelled_size
from agraph.runtime.errors import ModelError
from agraph.runtime.models.profiles import PROFILES, Profile
from agraph.runtime.models.protocol import Placed

LARGEST_IMAGE_BYTES = 10_000_000
LARGEST_REQUEST_BYTES = 32_000_000
"""Both as they are sent, in base64."""


def content_blocks(text: str, files: Sequence[Placed]) -> list[dict[str, Json]]:
    """The blocks of a turn: each file where it stands in the text, and the text around it.

    Raises:
        ModelError: A file cannot be read any more, or is another by now.
    """
    return list(_blocks(text, files))


def _blocks(text: str, files: Sequence[Placed]) -> Iterator[dict[str, Json]]:
    before = 0
    for placed in files:
        yield from _text_block(text[before : placed.at], alone=False)
        yield file_block(placed.content)
        before = placed.at
    yield from _text_block(text[before:], alone=not files)


def _text_block(text: str, *, alone: bool) -> Iterator[dict[str, Json]]:
    # The service refuses an empty text block, and beside a file one of blanks.
    if text if alone else text.strip():
        yield {"type": "text", "text": text}


def file_block(content: Content) -> dict[str, Json]:
    """A file as a block.

    Raises:
        ModelError: It cannot be read any more, or is another by now.
    """
    read = content.read()
    if content.is_image or content.media_type == PDF:
        spelled = base64.b64encode(read).decode("ascii")
        source: Json = {"type": "base64", "media_type": content.media_type, "data": spelled}
        return {"type": "image" if content.is_image else "document", "source": source}
    try:
        words = read.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ModelError(f"`{content.name}` is not UTF-8 throughout") from None
    return {"type": "document", "source": {"type": "text", "media_type": content.media_type, "data": words}}


def files_refusal(files: Sequence[Content], profile: Profile, host: str) -> str | None:
    """Why a server takes no such files, or `None` where it does.

    Args:
        files: All of a request.
        profile: What the server can do.
        host: Its name, for people.
    """
    for content in files:
        if not (profile.images if content.is_image else profile.documents):
            return _incapable(profile, host, content)
        if content.is_image and _sent_bytes(content) > LARGEST_IMAGE_BYTES:
            return (
                f"`{content.name}` has {spelled_size(content.size_bytes)}, and an image may have "
                f"{spelled_size(LARGEST_IMAGE_BYTES)} in base64: make it smaller"
            )
    if sum(map(_sent_bytes, files)) > LARGEST_REQUEST_BYTES:
        return (
            f"the files of one prompt have {spelled_size(sum(content.size_bytes for content in files))}, "
            f"and a request may have {spelled_size(LARGEST_REQUEST_BYTES)} in base64"
        )
    return None


def _sent_bytes(content: Content) -> int:
    if content.is_image or content.media_type == PDF:
        return 4 * ((content.size_bytes + 2) // 3)
    return content.size_bytes


def _incapable(profile: Profile, host: str, content: Content) -> str:
    """That a server takes no such file, and what to do where it may be one that does."""
    what, name = "images" if content.is_image else "documents", content.name
    if profile.name in PROFILES:
        return f"`{host}` is a server of the kind `{profile.name}`, which takes no {what}, such as `{name}`"
    able = [
        known.name for known in PROFILES.values() if (known.images if content.is_image else known.documents)
    ]
    return (
        f"`{host}` is a server of an unknown kind, and may ignore {what}, such as `{name}`: say what it is, "
        f'as in `server = "{able[-1]}"`; those that take them are {", ".join(f"`{each}`" for each in able)}'
    )
