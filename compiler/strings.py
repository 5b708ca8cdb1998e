"""What a string literal means, and how a text is written as one.

Decoding is total: a literal with a flaw still has the value of all that could be read.
"""

import re

import attrs

from agraph.compiler.diagnostics import Kind
from agraph.compiler.kinds import BLOCK_INDENTATION, UNKNOWN_ESCAPE
from agraph.compiler.source import Span

_ESCAPE = re.compile(
    r"\\u\{(?P<braced>[0-9A-Fa-f]{1,6})\}"
    r"|\\u(?P<high>[Dd][89ABab][0-9A-Fa-f]{2})\\u(?P<low>[Dd][C-Fc-f][0-9A-Fa-f]{2})"
    r"|\\u(?P<four>[0-9A-Fa-f]{4})"
    r"|\\u\{[^}\"\\]*\}?"
    r"|\\(?P<letter>.)",
    re.DOTALL,
)
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_WRITTEN = {meaning: f"\\{letter}" for letter, meaning in _LETTERS.items()}

# Characters that only an escape can carry: controls, and surrogates, which are no text in UTF-8.
_UNPRINTABLE = "\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\ud800-\\udfff"
_NOT_FOR_BLOCKS = re.compile(f"[{_UNPRINTABLE}]")
_TO_ESCAPE = re.compile(f'[\\n\\t"\\\\{_UNPRINTABLE}]')
_OPENING = re.compile(r'"{3,}')


@attrs.frozen
class Flaw:
    """Something in a literal that means nothing.

    Attributes:
        kind: What is wrong.
        span: The place, counted from the start of the literal.
        values: What the kind's format strings name.
    """

    kind: Kind
    span: Span
    values: dict[str, str]


def decode_plain(literal: str) -> tuple[str, tuple[Flaw, ...]]:
    r"""The text that a `"…"` literal means.

    Two `\uXXXX` that make a surrogate pair are one character, as in JSON.
    """
    if "\\" not in literal:
        return literal[1:-1], ()
    flaws = []

    def meaning(match: re.Match[str]) -> str:
        text = _meaning(match)
        if text is None:
            values = {"found": match.group()}
            flaws.append(Flaw(UNKNOWN_ESCAPE, Span(match.start(), match.end()), values))
            return match.group()
        return text

    # The pattern ends before the closing quote, which an incomplete `\u{` must not swallow.
    value = _ESCAPE.sub(meaning, literal[:-1])[1:]
    return value, tuple(flaws)


def _meaning(match: re.Match[str]) -> str | None:
    if match["high"]:
        pair = int(match["high"], 16) - 0xD800 << 10 | int(match["low"], 16) - 0xDC00
        return chr(0x10000 + pair)
    digits = match["braced"] or match["four"]
    if digits:
        return chr(int(digits, 16)) if int(digits, 16) <= 0x10FFFF else None
    return _LETTERS.get(match["letter"] or "")


def decode_block(literal: str) -> tuple[str, tuple[Flaw, ...]]:
    r'''The text that a block between three or more quotes means.

    >>> decode_block('"""\n    Hello,\n      you.\n    """')
    ('Hello,\n  you.', ())
    '''
    opening, *lines, closing = literal.split("\n")
    run = opening.rstrip(" \t\r")
    indentation = closing[: -len(run)]
    start = len(opening) + 1
    texts, flaws = [], []
    for line in lines:
        text = line.removesuffix("\r")
        if text.startswith(indentation):
            texts.append(text[len(indentation) :])
        else:
            unindented = text.lstrip(" \t")
            texts.append(unindented)
            if unindented:
                blanks = Span(start, start + max(1, len(text) - len(unindented)))
                flaws.append(Flaw(BLOCK_INDENTATION, blanks, {"run": run}))
        start += len(line) + 1
    return "\n".join(texts), tuple(flaws)


def encode(value: str, like: str, indentation: str, newline: str) -> str:
    r"""A literal that means `value`, written as near to an old literal as the text allows.

    Text of one line in place of a plain string stays a plain string. Everything else becomes a block where a
    block can hold it: not the empty text, and no control characters but tabs and line ends.

    Args:
        value: The text.
        like: The literal that stood there: its form and its count of quotes are kept where they can be.
        indentation: Blanks before the closing run and every line of a block.
        newline: `"\n"` or `"\r\n"`, the line end of the file.
    """
    opening = _OPENING.match(like)
    one_line = "\n" not in value
    if not value or (one_line and not opening) or _NOT_FOR_BLOCKS.search(value):
        return f'"{_TO_ESCAPE.sub(_escape, value)}"'
    longest = max(map(len, re.findall('"+', value)), default=0)
    count = len(opening.group()) if opening else 3
    run = '"' * (count if longest < count else longest + 1)
    lines = (indentation + line if line else "" for line in value.split("\n"))
    return newline.join((run, *lines, indentation + run))


def reindented(literal: str, indentation: str, newline: str) -> str:
    r"""A block that means the same text, with other indentation.

    Args:
        literal: A block without flaws.
        indentation: Blanks before the closing run and every line.
        newline: `"\n"` or `"\r\n"`, the line end of the file.
    """
    opening = _OPENING.match(literal)
    assert opening is not None, "a block begins with quotes"
    lines = literal.split("\n")
    texts = decode_block(literal)[0].split("\n") if len(lines) > 2 else ()
    # A carriage return at the end of a line is of the text where another one follows.
    written = (
        (indentation + text if text else "") + ("\r\n" if text.endswith("\r") else newline) for text in texts
    )
    return "".join((opening.group(), newline, *written, indentation, opening.group()))


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    return _WRITTEN.get(character) or f"\\u{{{ord(character):X}}}"
