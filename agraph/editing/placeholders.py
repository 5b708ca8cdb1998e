"""The placeholders of prompts as expressions, each word of them in its place in the file."""

import re

from agraph.compiler import syntax
from agraph.compiler.prompts import placeholder_span
from agraph.compiler.source import Source, Span
from agraph.compiler.templates import Placeholder

_PIECE = re.compile(r"(?P<name>[A-Za-z_]\w*)|\[\s*(?P<number>-?\d+)\s*\]", re.ASCII)


def placeholder_expression(
    literal: syntax.String, placeholder: Placeholder, source: Source
) -> syntax.Expression | None:
    """What a placeholder reads, or `None` where its text is written by escapes."""
    span = placeholder_span(literal, placeholder, source)
    if span is None:
        return None
    expression: syntax.Expression | None = None
    for match in _PIECE.finditer(source.text, span.start + 2, span.end - 2):
        place = Span(match.start(), match.end())
        if match["number"] is not None and expression is not None:
            number = syntax.Number(int(match["number"]), place)
            argument = syntax.Argument(None, number, place)
            expression = syntax.Brackets(expression, (argument,), expression.span.to(place))
        elif expression is None:
            expression = syntax.Reference(syntax.Name(match.group(), place), place)
        else:
            name = syntax.Name(match.group(), place)
            expression = syntax.Field(expression, name, expression.span.to(place))
    return expression
