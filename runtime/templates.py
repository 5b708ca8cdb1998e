"""How values become text: in prompts, in tool results, on the standard output."""

import json
from collections.abc import Callable

from agraph.compiler.ir import Json, Slot, Template
from agraph.runtime.frame import Frame


def render(value: Json) -> str:
    """A value as a prompt shows it.

    Text as it is; a list item by item with an empty line between; null as nothing; all else as JSON.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n\n".join(map(render, value))
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def template(parts: Template, compiled: Callable[[Slot], Callable[[Frame], Json]]) -> Callable[[Frame], str]:
    """A function that gives the text of a template.

    Args:
        parts: Literal texts and placeholders.
        compiled: Gives the function that reads a placeholder's value.
    """
    pieces = [part if isinstance(part, str) else compiled(part) for part in parts]

    def text(frame: Frame) -> str:
        return "".join(piece if isinstance(piece, str) else render(piece(frame)) for piece in pieces)

    return text
