"""Expressions that are data: what stands in options, data sets and list priors."""

from typing import assert_never

from agraph.compiler import kinds, syntax, types
from agraph.compiler.diagnostics import Findings, Nearest
from agraph.compiler.ir import Json

LONGEST_SHOWN = 30

_ELSEWHERE = {"True": "true", "False": "false", "None": "null", "nil": "null", "undefined": "null"}


def as_literal(word: str) -> Nearest | None:
    """The literal that other languages write so, or `None`."""
    return Nearest(word, (_ELSEWHERE[word],)) if word in _ELSEWHERE else None


def describe(expression: syntax.Expression) -> str:
    """What an expression is, for a message."""
    match expression:
        case syntax.String(value):
            short = len(value) <= LONGEST_SHOWN and value.isprintable()
            return f'the text "{value}"' if short else "a text"
        case syntax.Number(value):
            return f"the number {value}"
        case syntax.Boolean(value):
            return "`true`" if value else "`false`"
        case syntax.NullValue():
            return "`null`"
        case syntax.ListValue():
            return "a list"
        case syntax.RecordValue():
            return "a record"
        case syntax.Reference(name):
            return f"the name `{name.text}`"
        case syntax.Field() | syntax.Brackets():
            return "a path"
        case syntax.Call():
            return "a call"
        case syntax.Offset():
            return "a sum"
        case syntax.Comparison():
            return "a comparison"
        case _:
            assert_never(expression)


def is_literal(expression: syntax.Expression) -> bool:
    """Whether an expression is data through and through."""
    match expression:
        case syntax.String() | syntax.Number() | syntax.Boolean() | syntax.NullValue():
            return True
        case syntax.ListValue(items):
            return all(map(is_literal, items))
        case syntax.RecordValue(entries):
            return all(is_literal(entry.value) for entry in entries)
        case _:
            return False


def literal(expression: syntax.Expression, findings: Findings) -> Json:
    """The value of an expression that is data; what is not is reported, and null."""
    match expression:
        case syntax.String(value) | syntax.Number(value) | syntax.Boolean(value):
            return value
        case syntax.NullValue():
            return None
        case syntax.ListValue(items):
            return [literal(item, findings) for item in items]
        case syntax.RecordValue(entries):
            report_repeated_keys(entries, findings)
            return {entry.key.text: literal(entry.value, findings) for entry in entries}
        case _:
            findings.add(kinds.NOT_A_LITERAL, expression.span, found=describe(expression))
            return None


def report_repeated_keys(entries: tuple[syntax.Entry, ...], findings: Findings) -> None:
    """Report every key of a record that stands in it before."""
    seen = set()
    for entry in entries:
        if entry.key.text in seen:
            findings.add(kinds.ARGUMENT_TWICE, entry.key.span, argument=entry.key.text)
        seen.add(entry.key.text)


def literal_type(expression: syntax.Expression) -> types.Type:
    """The type of an expression that is data."""
    match expression:
        case syntax.String(value):
            return types.LiteralUnion((value,))
        case syntax.Number(value):
            return types.INT if isinstance(value, int) else types.FLOAT
        case syntax.Boolean():
            return types.BOOL
        case syntax.ListValue(items):
            return types.ListOf(types.join(map(literal_type, items)) or types.NULL)
        case syntax.RecordValue(entries):
            return types.Record("", tuple((e.key.text, literal_type(e.value)) for e in entries))
        case _:
            return types.NULL
