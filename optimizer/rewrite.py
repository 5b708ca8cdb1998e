"""From learned values to edits of the author's file: each literal after `~`, and nothing else."""

from collections.abc import Iterator, Sequence
from math import prod

import attrs

from agraph.compiler.edit import Edit, apply_edits
from agraph.compiler.format import formatted
from agraph.compiler.ir import FIXED, Example, Graph, Missing, Probabilities, Prompt
from agraph.compiler.source import Source, Span
from agraph.compiler.strings import encode
from agraph.optimizer.block_lines import (
    WIDEST_LINE,
    BlockLine,
    block_edits,
    indentation_at,
    line_end,
    row_by_row,
    unit_of,
)
from agraph.optimizer.data_text import example_texts


@attrs.frozen
class Values:
    """A value for every learnable of a graph.

    Attributes:
        probabilities: (parameters,) in 0 to 1; one that changes is written with three decimals, and is
            never 0 or 1. The weights of a choice are relative.
        prompts: The texts of the graph's prompts, in their order.
        demonstrations: The examples of each of the graph's lists of them, in their order.
    """

    probabilities: tuple[float, ...]
    prompts: tuple[str, ...]
    demonstrations: tuple[tuple[Example, ...], ...] = ()


def current_values(graph: Graph) -> Values:
    """The values that stand in the file."""
    return Values(
        graph.priors,
        tuple(prompt.text for prompt in graph.prompts),
        tuple(each.examples for each in graph.demonstrations),
    )


def rounded(probability: float) -> float:
    """A probability as it is written: three decimals, never 0 or 1."""
    return min(max(round(probability, 3), 0.001), 0.999)


def rewritten(graph: Graph, source: Source, values: Values) -> str:
    """The text of a file that says these values: in the one form where the file was, else as it stands.

    Args:
        graph: As compiled from the source.
        source: The author's file.
        values: What the file shall say.
    """
    text = apply_edits(source.text, rewrite(graph, source, values))
    if text == source.text or formatted(source) != source.text:
        return text
    # A block on one line that takes another one, or a longer list, wants line ends around what is no literal.
    again = formatted(Source(source.path, text))
    assert isinstance(again, str), "the rewritten file has syntax errors"
    return again


def rewrite(graph: Graph, source: Source, values: Values) -> tuple[Edit, ...]:
    """The edits that make a file say these values; unchanged values keep their bytes.

    Args:
        graph: As compiled from the source.
        source: The author's file.
        values: What the file shall say.
    """
    edits: list[Edit] = []
    lines: list[BlockLine] = []
    for changed in _changed_probabilities(graph, values):
        match changed.learnable.span:
            case Span() as span:
                edits += _probability_edits(changed, span, source)
            case Missing() as place:
                shape = changed.learnable.shape
                literal = _literal(changed.values, changed.possible, shape)
                lines.append(BlockLine(place, literal, _rows(changed.values, shape)))
    for prompt, text in zip(graph.prompts, values.prompts, strict=True):
        if text != prompt.text:
            match prompt.span:
                case Span() as span:
                    edits.append(_prompt_edit(prompt, span, text, source))
                case Missing() as place:
                    lines.append(BlockLine(place, None, text=text))
    for shown, examples in zip(graph.demonstrations, values.demonstrations, strict=True):
        if examples != shown.examples:
            rows = example_texts(examples)
            match shown.span:
                case Span() as span:
                    edits.append(_list_edit(rows, span, source))
                case Missing() as place:
                    lines.append(BlockLine(place, f"[{', '.join(rows)}]", rows))
    return (*edits, *block_edits(lines, source))


# Probabilities and weights.


@attrs.frozen
class _Changed:
    """A literal of which some number changes; elements that stand for no edge are 0 and stay 0."""

    learnable: Probabilities
    values: tuple[float, ...]
    possible: tuple[bool, ...]
    changed: tuple[bool, ...]


def _changed_probabilities(graph: Graph, values: Values) -> Iterator[_Changed]:
    """The literals that change; where a block has no line for a choice, all its options are to be written."""
    used: set[int] = {parameter for parameter in graph.edges.parameters if parameter != FIXED}
    used |= {node.gate for node in graph.nodes if node.gate is not None}
    used |= {parameter for _, choice in graph.choices for parameter in choice.parameters}
    found = [_compared(learnable, values, used) for learnable in graph.probabilities]
    written = {_choice_line(each.learnable) for each in found if any(each.changed)}
    for each in found:
        if any(each.changed) or _choice_line(each.learnable) in written - {None}:
            yield each


def _choice_line(learnable: Probabilities) -> Missing | None:
    """The missing line of a choice that a weight belongs to, or `None`."""
    place = learnable.span
    return attrs.evolve(place, option=None, order=()) if isinstance(place, Missing) and place.option else None


def _compared(learnable: Probabilities, values: Values, used: set[int]) -> _Changed:
    size = prod(learnable.shape)
    wanted = values.probabilities[learnable.offset : learnable.offset + size]
    possible = tuple(learnable.offset + element in used for element in range(size))
    changed = tuple(
        there and new != old for new, old, there in zip(wanted, learnable.values, possible, strict=True)
    )
    written = tuple(
        (rounded(new) if change else old) if there else 0.0
        for new, old, there, change in zip(wanted, learnable.values, possible, changed, strict=True)
    )
    return _Changed(learnable, written, possible, changed)


def _probability_edits(changed: _Changed, span: Span, source: Source) -> list[Edit]:
    learnable = changed.learnable
    if learnable.element_spans:
        return [
            Edit(element, number(value))
            for element, value, change in zip(
                learnable.element_spans, changed.values, changed.changed, strict=True
            )
            if change
        ]
    literal = _literal(changed.values, changed.possible, learnable.shape)
    if len(learnable.shape) > 1 and literal.startswith("["):
        return [_list_edit(_rows(changed.values, learnable.shape), span, source)]
    return [Edit(span, literal)]


def _list_edit(rows: Sequence[str], span: Span, source: Source) -> Edit:
    """A list in place of a literal, row by row where its line would be too long."""
    literal = f"[{', '.join(rows)}]"
    if source.position(span.start)[1] + len(literal) > WIDEST_LINE:
        literal = row_by_row(rows, indentation_at(source, span.start), source)
    return Edit(span, literal)


def _literal(values: Sequence[float], possible: Sequence[bool], shape: tuple[int, ...]) -> str:
    """The values on one line: one number where one stands for all."""
    distinct = {value for value, there in zip(values, possible, strict=True) if there}
    return number(distinct.pop()) if len(distinct) == 1 else _nested(values, shape)


def number(value: float) -> str:
    """A number in the fewest digits that mean it."""
    return f"{value:g}" if round(value, 3) == value else repr(value)


def _rows(values: Sequence[float], shape: tuple[int, ...]) -> tuple[str, ...]:
    """The items of the outermost of nested lists; none of a list of numbers."""
    size = prod(shape[1:])
    if len(shape) < 2:
        return ()
    return tuple(_nested(values[start : start + size], shape[1:]) for start in range(0, len(values), size))


def _nested(values: Sequence[float], shape: tuple[int, ...]) -> str:
    if not shape:
        return number(values[0])
    size = len(values) // shape[0]
    parts = (_nested(values[start : start + size], shape[1:]) for start in range(0, len(values), size))
    return f"[{', '.join(parts)}]"


# Prompts.


def _prompt_edit(prompt: Prompt, span: Span, text: str, source: Source) -> Edit:
    written = source.slice(span)
    if written.startswith('"""'):
        indentation = written.rsplit("\n", 1)[-1].rstrip('"')
    else:
        outer = indentation_at(source, span.start)
        indentation = outer + unit_of(source, outer)
    return Edit(span, encode(text, written, indentation, line_end(source)))
