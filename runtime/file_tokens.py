"""The most tokens that a model reads of a file, known before it is sent.

Source:
    The service's pages on vision (an image is scaled down until it has at most 4,784 tokens) and on PDF (a
    page is read as its text, of 1,500 to 3,000 tokens, and as an image; a request has at most 600 pages).
"""

import re
import zlib
from collections.abc import Iterator
from contextlib import suppress

IMAGE_TOKENS = 5_000
PAGE_TOKENS = 3_000 + IMAGE_TOKENS
MOST_PAGES = 600

LARGEST_STREAM_BYTES = 16 * 2**20
"""Of one compressed stream, which could unpack to any size."""

_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_STREAM = re.compile(rb"stream\r?\n")


def most_tokens(media_type: str, content: bytes) -> int:
    """The most tokens of a file; a token of a text stands for at least one byte."""
    if media_type.startswith("image/"):
        return IMAGE_TOKENS
    if media_type == "application/pdf":
        return min(pages(content) or MOST_PAGES, MOST_PAGES) * PAGE_TOKENS
    return len(content)


def pages(content: bytes) -> int:
    """How many pages a PDF has; 0 where nothing tells, as in an encrypted one."""
    return sum(len(_PAGE.findall(part)) for part in (content, *_unpacked(content)))


def _unpacked(content: bytes) -> Iterator[bytes]:
    """The compressed objects of a PDF, among which its pages may be."""
    whole = memoryview(content)
    for named in re.finditer(b"/ObjStm", content):
        begun = _STREAM.search(content, named.end())
        if begun is None:
            return
        with suppress(zlib.error):
            yield zlib.decompressobj().decompress(whole[begun.end() :], LARGEST_STREAM_BYTES)
