"""Prompts of a node: their placeholders resolved to what they show."""

import re
from collections.abc import Iterator

from agraph.compiler import ir, kinds, syntax, types
from agraph.compiler.expressions import Scope, resolve_expression
from agraph.compiler.reads import NameRead, names_read
from agraph.compiler.source import Source, Span
from agraph.compiler.templates import Placeholder, Unclosed, split

LONGEST_SHOWN = 40
_WORD = re.compile(r"[A-Za-z_]\w*|-?\d+|[\[.]", re.ASCII)


def resolve_template(literal: syntax.String, scope: Scope, *, system: bool = False) -> ir.Template:
    """The template of a prompt; placeholders that mean nothing are reported and show nothing.

    Args:
        literal: The text.
        scope: What can be named.
        system: Whether it is a system text, which shows no files.
    """
    parts: list[str | ir.Slot] = []
    source = scope.findings.source
    for part in split(literal.value):
        match part:
            case str():
                parts.append(part)
            case Unclosed(start):
                scope.findings.add(kinds.UNCLOSED_PLACEHOLDER, _place(literal, start, start + 2, source))
            case Placeholder(_, False, start, end):
                written = _short(literal.value[start:end])
                scope.findings.add(kinds.BAD_PLACEHOLDER, _place(literal, start, end, source), text=written)
            case Placeholder(path, True, start, end):
                span = _place(literal, start, end, source)
                value, shown = _resolve_path(path, span, scope)
                parts.append(ir.Slot(path, value))
                for type_ in shown:
                    _refuse_hidden_files(path, type_, value, span, scope, system=system)
    return tuple(parts)


def _resolve_path(path: str, span: Span, scope: Scope) -> tuple[ir.Expression, list[types.Type]]:
    """What a placeholder shows, and the types of all that it may show."""
    senders = [scope.node_type(sender) for sender in scope.inbox.senders]
    if path == "inbox":
        # Messages of different types can be shown one after another.
        return ir.Inbox(named=False), senders
    value, type_ = resolve_expression(path_expression(path, span), scope)
    return value, senders if value == ir.Inbox(named=True) else [type_]


def _refuse_hidden_files(
    path: str, type_: types.Type, value: ir.Expression, span: Span, scope: Scope, *, system: bool
) -> None:
    """Report a file that would be shown as a word: in a system text, behind a name, or inside a record."""
    if not types.holds_files(type_):
        return
    if system:
        where = "a system text"
    elif value == ir.Inbox(named=True):
        where = "a list of texts"
    elif not _shows_itself(type_):
        where = "a record, which is sent as JSON,"
    else:
        return
    scope.findings.add(kinds.FILE_IN_TEXT, span, path=path, type=types.show(type_), where=where)


def _shows_itself(type_: types.Type) -> bool:
    """Whether a type is a file, or a list of files."""
    match type_:
        case types.Optional(item) | types.ListOf(item):
            return _shows_itself(item)
        case _:
            return isinstance(type_, types.File)


def prompt_reads(literal: syntax.String) -> Iterator[NameRead]:
    """Every name that a prompt reads."""
    for part in split(literal.value):
        if isinstance(part, Placeholder) and part.valid:
            yield from names_read(path_expression(part.path, literal.span))


def path_expression(path: str, span: Span) -> syntax.Expression:
    """The expression that a placeholder's path means, all of it at one place."""
    words = _WORD.findall(path)
    expression: syntax.Expression = syntax.Reference(syntax.Name(words[0], span), span)
    for sign, word in zip(words[1::2], words[2::2], strict=True):
        if sign == "[":
            index = syntax.Argument(None, syntax.Number(int(word), span), span)
            expression = syntax.Brackets(expression, (index,), span)
        else:
            expression = syntax.Field(expression, syntax.Name(word, span), span)
    return expression


def placeholder_span(literal: syntax.String, placeholder: Placeholder, source: Source) -> Span | None:
    """Where a placeholder stands with its braces, or `None` where its text is written by escapes."""
    span = _place(literal, placeholder.start, placeholder.end, source)
    return None if span == literal.span else span


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"


def _place(literal: syntax.String, start: int, end: int, source: Source) -> Span:
    """Where a stretch of a prompt's text stands: the n-th pair of braces here is the n-th one there."""
    written = source.slice(literal.span)
    position = -2
    for _ in range(literal.value.count("{{", 0, start) + 1):
        position = written.find("{{", position + 2)
        if position < 0:
            return literal.span
    length = end - start
    if written[position : position + length] != literal.value[start:end]:
        return literal.span
    return Span(literal.span.start + position, literal.span.start + position + length)
