"""The inputs of a graph, checked before anything runs."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from agraph.compiler.diagnostics import nearest
from agraph.compiler.ir import Graph, Json
from agraph.compiler.types import Optional
from agraph.runtime.attachments import AttachmentError, Refusal, attaching
from agraph.runtime.errors import InputError
from agraph.runtime.values import MisfitError, reader

Given = Json | os.PathLike[str]
"""What a caller may give for an input: a value, and for a file its path."""


def attached_inputs(
    graph: Graph, given: Mapping[str, Given], folder: str | Path = ".", refusal: Refusal | None = None
) -> dict[str, Json]:
    """The values given for inputs, with the files that their paths name.

    Args:
        graph: Says which inputs are files.
        given: The values; what else is wrong with them is told when the graph runs.
        folder: What paths are relative to.
        refusal: Whether a file may be read; all may where it is `None`, for the user named them.

    Raises:
        InputError: There is no such file, or it is of another kind.
    """
    values: dict[str, Json] = {**given}  # type: ignore[dict-item]  # A path that stays is refused later.
    for name, type_ in graph.inputs:
        attach = attaching(type_, folder, refusal)
        if attach is not None and name in values:
            try:
                values[name] = attach(values[name])  # type: ignore[assignment]
            except AttachmentError as error:
                raise InputError(f"input `{name}`: {error}") from None
    return values


def inputs_reader(graph: Graph) -> Callable[[Mapping[str, Json]], dict[str, Json]]:
    """A function that gives a value for each input of the graph, null where an optional one is left out.

    The function raises `InputError` for an input that is missing, unknown or of another type.
    """
    readers = {name: reader(type_) for name, type_ in graph.inputs}
    may_lack = {name for name, type_ in graph.inputs if isinstance(type_, Optional)}

    def read(given: Mapping[str, Json]) -> dict[str, Json]:
        for name in given:
            if name not in readers:
                raise InputError(_unknown(graph, name))
        values: dict[str, Json] = {}
        for name, read_value in readers.items():
            if name not in given and name not in may_lack:
                raise InputError(f"graph `{graph.name}` needs the input `{name}`")
            try:
                values[name] = read_value(given.get(name))
            except MisfitError as error:
                place = f"`{name}`" if not error.path else f"`{name}` at "
                raise InputError(f"input {place}{'' if error.path else ': '}{error}") from None
        return values

    return read


def _unknown(graph: Graph, name: str) -> str:
    known = [known for known, _ in graph.inputs]
    listed = ", ".join(f"`{each}`" for each in known) or "none"
    hint = nearest(name, known) or f"its inputs: {listed}"
    return f"graph `{graph.name}` has no input `{name}`; {hint}"
