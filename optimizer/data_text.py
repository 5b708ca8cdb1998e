"""Data as the language writes it: demonstrations that were found, ready for the author's file."""

import re
from collections.abc import Sequence

from agraph.compiler.ir import Example, Json
from agraph.compiler.strings import encode

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NOT_BARE = {"true", "false", "null"}


def data_text(value: Json) -> str:
    """A value on one line; what the language reads from it is the value again."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return _plain(value)
        case list():
            return f"[{', '.join(map(data_text, value))}]"
        case dict():
            return _record([(key, data_text(item)) for key, item in value.items()])


def example_texts(examples: Sequence[Example]) -> tuple[str, ...]:
    """The record of each demonstration, its answer last."""
    return tuple(
        _record([(name, data_text(value)) for name, value in (*example.values, ("output", example.output))])
        for example in examples
    )


def _record(entries: Sequence[tuple[str, str]]) -> str:
    if not entries:
        return "{}"
    return "{ " + ", ".join(f"{_key(name)}: {text}" for name, text in entries) + " }"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) and name not in _NOT_BARE else _plain(name)


def _plain(text: str) -> str:
    # A text with line ends is one string, too: a list of records has no room for blocks.
    return encode(text, '"', "", "\n") if "\n" not in text else _with_line_ends(text)


def _with_line_ends(text: str) -> str:
    return '"' + "\\n".join(encode(line, '"', "", "\n")[1:-1] for line in text.split("\n")) + '"'
