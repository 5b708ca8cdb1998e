"""Comparisons, which stand after `when` and `expect` only."""

from collections.abc import Iterator

from agraph.compiler import ir, kinds, syntax, types
from agraph.compiler.expressions import Scope, resolve_expression
from agraph.compiler.mismatch import report_mismatch


def resolve_comparison(expression: syntax.Expression, name: str, scope: Scope) -> ir.Compare | None:
    """A comparison with its sides resolved, or `None` with the reason reported.

    Args:
        expression: What stands after the word.
        name: The word: `when` or `expect`.
        scope: What can be named.
    """
    if not isinstance(expression, syntax.Comparison):
        scope.findings.add(kinds.NOT_A_COMPARISON, expression.span, name=name)
        return None
    call = None if scope.everywhere else next(_calls(expression), None)
    if call is not None:
        hint = "call it in a node before this one, and compare what that gives"
        scope.findings.add(kinds.BAD_EXPRESSION, call.span, found="a call", hint=hint)
        return None
    left, left_type = resolve_expression(expression.left, scope)
    right, right_type = resolve_expression(expression.right, scope)
    if not (types.fits(left_type, right_type) or types.fits(right_type, left_type)):
        report_mismatch(
            "the right side of the comparison", right_type, left_type, expression.right.span, scope.findings
        )
    elif expression.operator not in ("==", "!="):
        unordered = next((type_ for type_ in (left_type, right_type) if not _has_order(type_)), None)
        if unordered is not None:
            shown = types.show(unordered)
            scope.findings.add(kinds.UNORDERED, expression.span, operator=expression.operator, type=shown)
    return ir.Compare(left, expression.operator, right)


def _calls(expression: syntax.Expression) -> Iterator[syntax.Call]:
    """Every call in an expression that is not inside another call."""
    match expression:
        case syntax.Call():
            yield expression
        case syntax.Comparison(left, _, right):
            yield from _calls(left)
            yield from _calls(right)
        case syntax.Field(value) | syntax.Brackets(value):
            yield from _calls(value)
        case syntax.ListValue(items):
            for item in items:
                yield from _calls(item)
        case syntax.RecordValue(entries):
            for entry in entries:
                yield from _calls(entry.value)


def _has_order(type_: types.Type) -> bool:
    """Whether one value of a type can be more than another."""
    one = types.required(type_)
    literal_or_open = types.LiteralUnion | types.Variable | types.Null
    return one in (types.STR, types.INT, types.FLOAT) or isinstance(one, literal_or_open)
