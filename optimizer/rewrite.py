"""From learned values to edits of the author's file: each literal after `~`, and nothing else."""

from collections.abc import Sequence
from math import prod

import attrs

from agraph.compiler.edit import Edit
from agraph.compiler.ir import FIXED, Graph, Probabilities, Prompt
from agraph.compiler.source import Source
from agraph.compiler.strings import encode

WIDEST_LINE = 100
"""Lists of lists that would make a longer line are written row by row."""


@attrs.frozen
class Values:
    """A value for every learnable of a graph.

    Attributes:
        probabilities: (parameters,) in 0 to 1; one that changes is written with three decimals, and is
            never 0 or 1.
        prompts: The texts of the graph's prompts, in their order.
    """

    probabilities: tuple[float, ...]
    prompts: tuple[str, ...]


def current_values(graph: Graph) -> Values:
    """The values that stand in the file."""
    return Values(graph.priors, tuple(prompt.text for prompt in graph.prompts))


def rounded(probability: float) -> float:
    """A probability as it is written: three decimals, never 0 or 1."""
    return min(max(round(probability, 3), 0.001), 0.999)


def rewrite(graph: Graph, source: Source, values: Values) -> tuple[Edit, ...]:
    """The edits that make a file say these values; unchanged values keep their bytes.

    Args:
        graph: As compiled from the source.
        source: The author's file.
        values: What the file shall say.
    """
    used = {parameter for parameter in graph.edges.parameters if parameter != FIXED}
    used |= {node.gate for node in graph.nodes if node.gate is not None}
    edits: list[Edit] = []
    for learnable in graph.probabilities:
        size = prod(learnable.shape)
        wanted = values.probabilities[learnable.offset : learnable.offset + size]
        possible = [learnable.offset + element in used for element in range(size)]
        edits += _probability_edits(learnable, wanted, possible, source)
    for prompt, text in zip(graph.prompts, values.prompts, strict=True):
        if text != prompt.text:
            edits.append(_prompt_edit(prompt, text, source))
    return tuple(edits)


def _probability_edits(
    learnable: Probabilities, wanted: Sequence[float], possible: Sequence[bool], source: Source
) -> list[Edit]:
    """The edits of one literal; elements that stand for no edge are 0 and stay 0."""
    changed = [
        there and new != old for new, old, there in zip(wanted, learnable.values, possible, strict=True)
    ]
    if not any(changed):
        return []
    values = [
        (rounded(new) if change else old) if there else 0.0
        for new, old, there, change in zip(wanted, learnable.values, possible, changed, strict=True)
    ]
    if learnable.element_spans:
        return [
            Edit(span, _number(value))
            for span, value, change in zip(learnable.element_spans, values, changed, strict=True)
            if change
        ]
    distinct = {value for value, there in zip(values, possible, strict=True) if there}
    if len(distinct) == 1:
        return [Edit(learnable.span, _number(distinct.pop()))]
    return [Edit(learnable.span, _lists(values, learnable, source))]


def _number(value: float) -> str:
    """A number in the fewest digits that mean it."""
    return f"{value:g}" if round(value, 3) == value else repr(value)


def _lists(values: Sequence[float], learnable: Probabilities, source: Source) -> str:
    """Nested lists of a shape, on one line where it fits."""
    one_line = _nested(values, learnable.shape)
    _, column = source.position(learnable.span.start)
    if len(learnable.shape) == 1 or column + len(one_line) <= WIDEST_LINE:
        return one_line
    row_shape = learnable.shape[1:]
    size = prod(row_shape)
    indentation, newline = _indentation(source, learnable.span.start), _newline(source)
    rows = (_nested(values[start : start + size], row_shape) for start in range(0, len(values), size))
    lines = [f"{indentation}  {row}," for row in rows]
    return newline.join(("[", *lines, f"{indentation}]"))


def _nested(values: Sequence[float], shape: tuple[int, ...]) -> str:
    if not shape:
        return _number(values[0])
    size = len(values) // shape[0]
    parts = (_nested(values[start : start + size], shape[1:]) for start in range(0, len(values), size))
    return f"[{', '.join(parts)}]"


def _prompt_edit(prompt: Prompt, text: str, source: Source) -> Edit:
    written = source.slice(prompt.span)
    if written.startswith('"""'):
        indentation = written.rsplit("\n", 1)[-1].rstrip('"')
    else:
        indentation = _indentation(source, prompt.span.start) + "  "
    return Edit(prompt.span, encode(text, written, indentation, _newline(source)))


def _indentation(source: Source, offset: int) -> str:
    """The blanks at the start of the line of a place."""
    line = source.line(source.position(offset)[0])
    return line[: len(line) - len(line.lstrip(" \t"))]


def _newline(source: Source) -> str:
    """The line end of a file: that of its first line."""
    first = source.text.partition("\n")[0]
    return "\r\n" if first.endswith("\r") else "\n"
