"""A calculator for expressions that a model wrote: the function behind `std.math`.

The expression is evaluated as it is parsed, by operator precedence. Nothing of Python is reachable from it,
and since every intermediate value is bounded, it cannot run away.
"""

import math
import re
from collections.abc import Callable, Mapping

import attrs

_LONGEST = 1000
_DEEPEST = 50
_LARGEST = 1e308

Number = int | float

_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)"
    r"|(?P<name>[^\W\d]\w*)|(?P<sign>\*\*|//|\S)"
)
_SPELLINGS = str.maketrans({"^": "**", "×": "*", "·": "*", "÷": "/", "−": "-", "–": "-"})


def calculate(expression: str) -> float:
    """The value of an arithmetic expression.

    Operators bind as in Python: `-2 ** 2` is -4, `2 ** 3 ** 2` is 512.

    >>> calculate("2 * (3 + 4) ** 2"), calculate("max(1, sqrt(16)) / 3 ^ 2")
    (98.0, 0.4444444444444444)

    Raises:
        ValueError: It is no such expression, or its value is no finite real number; the message says why.
    """
    if len(expression) > _LONGEST:
        raise ValueError(f"the expression is longer than {_LONGEST} characters")
    text = expression.translate(_SPELLINGS)
    tokens = _Tokens(tuple(_TOKEN.finditer(text)))
    try:
        value = _expression(tokens, 0, 0)
        if tokens.kind is not None:
            raise ValueError(_unexpected(tokens))
        return float(value)
    except ZeroDivisionError:
        raise ValueError("division by zero") from None
    except OverflowError:
        raise ValueError("a value is too large") from None


@attrs.define
class _Tokens:
    """Where in the expression the evaluation is."""

    matches: tuple[re.Match[str], ...]
    position: int = 0

    @property
    def kind(self) -> str | None:
        """`number`, `name` or `sign`, or `None` at the end."""
        return self.matches[self.position].lastgroup if self.position < len(self.matches) else None

    @property
    def text(self) -> str:
        return self.matches[self.position].group() if self.position < len(self.matches) else ""

    def take(self) -> str:
        text = self.text
        self.position += 1
        return text

    def expect(self, sign: str) -> None:
        if self.text != sign:
            raise ValueError(f"{_unexpected(self)}, expected `{sign}`")
        self.position += 1


def _unexpected(tokens: _Tokens) -> str:
    if tokens.kind is None:
        return "the expression ends too early" if tokens.matches else "the expression is empty"
    if tokens.text == ",":
        return "unexpected `,` (numbers are written without thousands separators)"
    return f"unexpected `{tokens.text}`"


def _expression(tokens: _Tokens, binding: int, depth: int) -> Number:
    """The value of the longest expression here whose operators bind tighter than `binding`."""
    if depth > _DEEPEST:
        raise ValueError(f"the expression is nested deeper than {_DEEPEST}")
    value = _operand(tokens, depth + 1)
    while (operator := _OPERATORS.get(tokens.text)) and operator.left > binding:
        tokens.take()
        value = _bounded(operator.apply(value, _expression(tokens, operator.right, depth + 1)))
    return value


def _operand(tokens: _Tokens, depth: int) -> Number:
    match tokens.kind, tokens.text:
        case "number", _:
            return _number(tokens.take())
        case "name", _:
            return _named(tokens, depth)
        case _, "(":
            tokens.take()
            value = _expression(tokens, 0, depth)
            tokens.expect(")")
            return value
        case _, "-":
            tokens.take()
            return -_expression(tokens, _UNARY, depth)
        case _, "+":
            tokens.take()
            return _expression(tokens, _UNARY, depth)
        case _:
            raise ValueError(_unexpected(tokens))


def _named(tokens: _Tokens, depth: int) -> Number:
    name = tokens.take()
    if name in _CONSTANTS:
        return _CONSTANTS[name]
    function = _FUNCTIONS.get(name)
    if function is None:
        known = ", ".join((*_FUNCTIONS, *_CONSTANTS))
        raise ValueError(f"unknown name `{name}` (known are {known})")
    tokens.expect("(")
    arguments = [_expression(tokens, 0, depth)]
    while tokens.text == ",":
        tokens.take()
        arguments.append(_expression(tokens, 0, depth))
    tokens.expect(")")
    if not function.fewest <= len(arguments) <= function.most:
        raise ValueError(f"`{name}` does not take {len(arguments)} values")
    try:
        return _bounded(function.apply(*arguments))
    except ValueError:
        raise ValueError(f"`{name}` has no value for {', '.join(map(str, arguments))}") from None


def _number(text: str) -> Number:
    return _bounded(int(text) if text.isdecimal() else float(text))


def _bounded(value: Number) -> Number:
    # Also what keeps whole numbers short: without it 9 ** 9 ** 9 would never come to an end.
    if not abs(value) <= _LARGEST:
        raise OverflowError
    return value


def _power(base: Number, exponent: Number) -> Number:
    if base < 0 and exponent != math.floor(exponent):
        raise ValueError(f"{base} to the power of {exponent} is no real number")
    if abs(base) > 1 and exponent * math.log2(abs(base)) > 1100:
        raise OverflowError
    power: Number = base**exponent
    return power


def _round(value: Number, digits: Number = 0) -> Number:
    if digits != math.floor(digits):
        raise ValueError
    # Whole numbers are rounded as floats too: with a large negative count of digits they take forever.
    return round(float(value), int(max(-400, min(400, digits))))


@attrs.frozen
class _Operator:
    """How tightly an operator holds what stands left and right of it, and what it does."""

    left: int
    right: int
    apply: Callable[[Number, Number], Number]


@attrs.frozen
class _Function:
    """What a function does, and how many values it takes."""

    apply: Callable[..., Number]
    fewest: int = 1
    most: float = 1


_UNARY = 5
_OPERATORS: Mapping[str, _Operator] = {
    "+": _Operator(1, 1, lambda left, right: left + right),
    "-": _Operator(1, 1, lambda left, right: left - right),
    "*": _Operator(3, 3, lambda left, right: left * right),
    "/": _Operator(3, 3, lambda left, right: left / right),
    "//": _Operator(3, 3, lambda left, right: left // right),
    "%": _Operator(3, 3, lambda left, right: left % right),
    # It binds to the right, and looser than a sign in its own exponent: 2 ** -1.
    "**": _Operator(7, 6, _power),
}
_FUNCTIONS: Mapping[str, _Function] = {
    "sqrt": _Function(math.sqrt),
    "abs": _Function(abs),
    "round": _Function(_round, most=2),
    "min": _Function(lambda *values: min(values), most=math.inf),
    "max": _Function(lambda *values: max(values), most=math.inf),
    "floor": _Function(math.floor),
    "ceil": _Function(math.ceil),
    "log": _Function(math.log, most=2),
    "exp": _Function(math.exp),
    "sin": _Function(math.sin),
    "cos": _Function(math.cos),
}
_CONSTANTS: Mapping[str, float] = {"pi": math.pi, "e": math.e}
