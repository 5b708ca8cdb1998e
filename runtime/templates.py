"""How values become text: in prompts, in tool results, on the standard output."""

import json
from collections.abc import Callable, Iterator

import attrs

from agraph.compiler.ir import Json, Slot, Template
from agraph.runtime.attachments import Attachment
from agraph.runtime.frame import Frame
from agraph.runtime.models.protocol import Placed


def render(value: Json) -> str:
    """A value as a prompt shows it.

    Text as it is; a list item by item with an empty line between; null as nothing; all else as JSON.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n\n".join(map(render, value))
    return "" if value is None else json.dumps(value, ensure_ascii=False)


@attrs.frozen
class Written:
    """A template with values in the places of its placeholders."""

    text: str
    files: tuple[Placed, ...] = ()


def prompt(
    parts: Template, compiled: Callable[[Slot], Callable[[Frame], Json]]
) -> Callable[[Frame], Written]:
    """A function that gives the text of a template and the files in it; see `template`."""
    pieces = [part if isinstance(part, str) else compiled(part) for part in parts]

    def written(frame: Frame) -> Written:
        texts: list[str] = []
        files: list[Placed] = []
        length = 0
        for piece in pieces:
            for shown in (piece,) if isinstance(piece, str) else _shown(piece(frame)):
                if isinstance(shown, Attachment):
                    files.append(Placed(length, shown.content))
                else:
                    texts.append(shown)
                    length += len(shown)
        return Written("".join(texts), tuple(files))

    return written


def _shown(value: Json) -> Iterator[str]:
    """The texts and files that a value is shown as, in order."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            if number:
                yield "\n\n"
            yield from _shown(item)
    elif isinstance(value, Attachment):
        yield value
    else:
        yield render(value)


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
