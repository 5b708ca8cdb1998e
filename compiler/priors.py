"""The numbers after `~`: one for all, or lists of the shape that the place has."""

from collections.abc import Iterator
from math import prod

import attrs

from agraph.compiler import kinds, syntax
from agraph.compiler.diagnostics import Findings
from agraph.compiler.literals import describe
from agraph.compiler.source import Span


@attrs.frozen
class Prior:
    """A prior as read.

    Attributes:
        values: One for each element of the shape, row by row; 0 where nothing can be.
        element_spans: The place of each, or nothing where one number stands for all.
    """

    values: tuple[float, ...]
    element_spans: tuple[Span, ...]


def read_prior(
    expression: syntax.Expression,
    shape: tuple[int, ...],
    possible: frozenset[int],
    most: int | None,
    findings: Findings,
) -> Prior | None:
    """The values of a prior, or `None` where they cannot be told, with the reason reported.

    Args:
        expression: What stands after `~`.
        shape: The full shape of the place.
        possible: Which elements, counted row by row, stand for something.
        most: 1 for probabilities, `None` for weights, which are relative.
        findings: Where mistakes are noted.
    """
    size = prod(shape)
    if isinstance(expression, syntax.Number):
        value = _number(expression, most, findings)
        if value is None:
            return None
        _report_settled([expression], most, findings)
        return Prior(tuple(value if element in possible else 0.0 for element in range(size)), ())
    misfit = _first_misfit(expression, shape)
    if misfit is not None:
        _report_misfit(*misfit, shape, findings)
        return None
    numbers = list(_flatten(expression))
    values = [_number(number, most, findings) for number in numbers]
    for element, (number, value) in enumerate(zip(numbers, values, strict=True)):
        if value and element not in possible:
            reason = "a node never sends to itself, and no pair is joined twice"
            findings.add(kinds.PRIOR_FOR_NO_EDGE, number.span, reason=reason, value=number.value)
    if None in values:
        return None
    meant = [number for element, number in enumerate(numbers) if element in possible]
    _report_settled(meant, most, findings)
    return Prior(tuple(value or 0.0 for value in values), tuple(number.span for number in numbers))


def _number(number: syntax.Number, most: int | None, findings: Findings) -> float | None:
    if number.value < 0 or (most is not None and number.value > most):
        kind = kinds.WEIGHT_OUT_OF_RANGE if most is None else kinds.PRIOR_OUT_OF_RANGE
        findings.add(kind, number.span, value=number.value)
        return None
    return float(number.value)


def _report_settled(numbers: list[syntax.Number], most: int | None, findings: Findings) -> None:
    """One lint for a literal, at the first of its numbers that never learns."""
    for number in numbers:
        if number.value in (0, most):
            hint = (
                "write 0.999 to let it move; without `~` it is fixed"
                if number.value
                else "write 0.001 to let it move; as it stands, it is as if it were not written"
            )
            findings.add(kinds.PRIOR_SETTLED, number.span, value=number.value, hint=hint)
            return


def _first_misfit(
    expression: syntax.Expression, shape: tuple[int, ...]
) -> tuple[syntax.Expression, tuple[int, ...]] | None:
    """The first part of nested lists that is not of its shape, with that shape."""
    match expression:
        case syntax.Number() if not shape:
            return None
        case syntax.ListValue(items) if shape and len(items) == shape[0]:
            return next(filter(None, (_first_misfit(item, shape[1:]) for item in items)), None)
        case _:
            return expression, shape


def _report_misfit(
    part: syntax.Expression, wanted: tuple[int, ...], shape: tuple[int, ...], findings: Findings
) -> None:
    if not isinstance(part, syntax.Number | syntax.ListValue):
        findings.add(kinds.BAD_PRIOR, part.span, found=describe(part))
        return
    given = f"a list of {len(part.items)}" if isinstance(part, syntax.ListValue) else "a number"
    if not shape:
        hint = "write it without brackets"
    elif wanted == shape:
        hint = "one number alone stands for all"
    else:
        hint = f"the whole is {describe_shape(shape)}; one number alone stands for all"
    findings.add(kinds.PRIOR_SHAPE, part.span, wanted=describe_shape(wanted), given=given, hint=hint)


def _flatten(expression: syntax.Expression) -> Iterator[syntax.Number]:
    """The numbers of nested lists, row by row."""
    match expression:
        case syntax.Number():
            yield expression
        case syntax.ListValue(items):
            for item in items:
                yield from _flatten(item)


def describe_shape(shape: tuple[int, ...]) -> str:
    """A shape in words: `one number`, `a list of 3`, `2 lists of 3`."""
    match shape:
        case ():
            return "one number"
        case (size,):
            return f"a list of {size}"
        case (*outer, size):
            return "".join(f"{count} list{'s' if count != 1 else ''} of " for count in outer) + str(size)
    raise AssertionError(shape)
