# ruff: noqa: D102 -- a method is named after its rule, and the grammar says what that is.
"""The tree of a file, built rule by rule while the parser reads it.

The parser calls the method of a rule's name with what the rule's symbols became: tokens as they are, and
`None` for an optional symbol that is not there. Findings about single words and literals are made here.
"""

from typing import Any, Protocol

import attrs

from agraph.compiler import syntax
from agraph.compiler.brackets import DEEPEST
from agraph.compiler.diagnostics import Diagnostic, Kind, diagnose
from agraph.compiler.kinds import NUMBER_TOO_LARGE, RESERVED_WORD, TOO_DEEP
from agraph.compiler.source import Source, Span
from agraph.compiler.strings import Flaw, decode_block, decode_plain

RESERVED = frozenset({"inbox", "index", "null", "true", "false", "node", "edge", "output", "expect"})

# Python refuses to read longer whole numbers, and no reader of JSON is sure to take them.
_MOST_DIGITS = 400

Children = list[Any]
"""What the symbols of a rule became; the grammar says which."""


class Token(Protocol):
    """What is used of the parser's tokens, which are strings as well."""

    type: str
    start_pos: int
    end_pos: int

    def __str__(self) -> str: ...
    def __len__(self) -> int: ...


class Builder:
    """The methods of the rules, for one text at a time.

    Attributes:
        offset: Where in the file the text begins that the parser reads.
        found: The findings so far.
    """

    def __init__(self) -> None:
        self.begin(Source("", ""))

    def begin(self, source: Source) -> None:
        """Start on a file, with no findings."""
        self.source = source
        self.offset = 0
        self.found: list[Diagnostic] = []
        self._cut: syntax.Expression | None = None

    # Places and names.

    def _span(self, first: Token, last: Token | None = None) -> Span:
        return Span(first.start_pos + self.offset, (last or first).end_pos + self.offset)

    def _name(self, token: Token) -> syntax.Name:
        return syntax.Name(str(token), Span(token.start_pos + self.offset, token.end_pos + self.offset))

    def _declared(self, token: Token) -> syntax.Name:
        name = self._name(token)
        if name.text in RESERVED:
            self._find(RESERVED_WORD, name.span, name=name.text)
        return name

    def _find(self, kind: Kind, span: Span, **values: Any) -> None:
        self.found.append(diagnose(kind, self.source, span, **values))

    # The file and its items.

    def file(self, children: Children) -> Children:
        """The items of a file; a header is its version alone."""
        return children

    def header(self, children: Children) -> syntax.Number:
        return self.number(children[1:])

    def module_import(self, children: Children) -> syntax.Import:
        keyword, path, alias = children
        path_span = path[0].span.to(path[-1].span)
        name = self._declared(alias) if alias else None
        text = ".".join(word.text for word in path)
        end = name.span if name else path_span
        return syntax.Import(text, False, name, path_span, self._span(keyword).to(end))

    def file_import(self, children: Children) -> syntax.Import:
        keyword, path, alias = children
        name = self._declared(alias) if alias else None
        span = self._span(keyword, alias or path)
        return syntax.Import(self._plain(path), True, name, self._span(path), span)

    def type_declaration(self, children: Children) -> syntax.TypeDeclaration:
        keyword, name, *fields, end = children
        return syntax.TypeDeclaration(
            self._declared(name), fields[0] if fields else (), self._span(keyword, end)
        )

    def model_declaration(self, children: Children) -> syntax.ModelDeclaration:
        keyword, name, value = children
        return syntax.ModelDeclaration(self._declared(name), value, self._span(keyword).to(value.span))

    def tool_declaration(self, children: Children) -> syntax.ToolDeclaration:
        keyword, name, parameters, returns, value = children
        self._reserve(parameters)
        span = self._span(keyword).to(value.span)
        return syntax.ToolDeclaration(self._declared(name), parameters, returns, value, span)

    def graph_declaration(self, children: Children) -> syntax.GraphDeclaration:
        keyword, name, parameters, inputs, type_, (body, end) = children
        self._reserve(inputs)
        span = Span(keyword.start_pos + self.offset, end)
        return syntax.GraphDeclaration(self._declared(name), parameters or (), inputs, type_, body, span)

    def test_declaration(self, children: Children) -> syntax.TestDeclaration:
        keyword, graph, title, (body, end) = children
        span = Span(keyword.start_pos + self.offset, end)
        return syntax.TestDeclaration(self._name(graph), title, body, span)

    def optimize_declaration(self, children: Children) -> syntax.OptimizeDeclaration:
        keyword, graph, (body, end) = children
        span = Span(keyword.start_pos + self.offset, end)
        return syntax.OptimizeDeclaration(self._name(graph), body, span)

    def fields(self, children: Children) -> tuple[syntax.TypedName, ...]:
        return tuple(children)

    def inputs(self, children: Children) -> tuple[syntax.TypedName, ...]:
        return tuple(children)

    def typed_name(self, children: Children) -> syntax.TypedName:
        name, type_ = children
        return syntax.TypedName(self._name(name), type_, self._span(name).to(type_.span))

    def _reserve(self, names: tuple[syntax.TypedName, ...]) -> None:
        """Inputs and parameters are read by their bare name, where a type's fields come after a dot."""
        for item in names:
            if item.name.text in RESERVED:
                self._find(RESERVED_WORD, item.name.span, name=item.name.text)

    def parameters(self, children: Children) -> tuple[syntax.CompileParameter, ...]:
        return tuple(children)

    def parameter(self, children: Children) -> syntax.CompileParameter:
        name, kind, default = children
        kind = self._name(kind) if kind else None
        end = default or kind
        span = self._span(name).to(end.span) if end else self._span(name)
        return syntax.CompileParameter(self._declared(name), kind, default, span)

    # Statements.

    def body(self, children: Children) -> tuple[tuple[syntax.Statement, ...], int]:
        end = children.pop()
        return tuple(children), end.end_pos + self.offset

    def setting(self, children: Children) -> syntax.Setting:
        path, option, sign, value = children
        span = path[0].span.to(value.span)
        name = self._option(option) if option else None
        return syntax.Setting(path, name, sign.type == "TILDE", self._span(sign), value, span)

    def _option(self, path: tuple[syntax.Name, ...]) -> syntax.Name:
        name = syntax.Name(".".join(word.text for word in path), path[0].span.to(path[-1].span))
        if name.text in RESERVED:
            self._find(RESERVED_WORD, name.span, name=name.text)
        return name

    def node(self, children: Children) -> syntax.NodeDeclaration:
        keyword, name, count, description, type_, sign, value, body = children
        number, number_end = count or (None, name.end_pos + self.offset)
        last = value or type_ or description
        statements, end = body or (None, last.span.end if last else number_end)
        return syntax.NodeDeclaration(
            name=self._declared(name),
            count=number,
            description=description,
            type=type_,
            value=value,
            learnable=sign is not None and sign.type == "TILDE",
            body=statements,
            span=Span(keyword.start_pos + self.offset, end),
        )

    def count(self, children: Children) -> tuple[syntax.Expression, int]:
        value, end = children
        return value, end.end_pos + self.offset

    def edge(self, children: Children) -> syntax.EdgeDeclaration:
        keyword, *ends, sign, prior = children
        last = prior or ends[-1]
        learnable = sign is not None and sign.type == "TILDE"
        return syntax.EdgeDeclaration(tuple(ends), prior, learnable, self._span(keyword).to(last.span))

    def output(self, children: Children) -> syntax.OutputDeclaration:
        keyword, value = children
        return syntax.OutputDeclaration(value, self._span(keyword).to(value.span))

    def expect(self, children: Children) -> syntax.Expectation:
        keyword, value = children
        return syntax.Expectation(value, self._span(keyword).to(value.span))

    def block(self, children: Children) -> syntax.Block:
        name, (body, end) = children
        return syntax.Block(self._name(name), body, Span(name.start_pos + self.offset, end))

    def path(self, children: Children) -> tuple[syntax.Name, ...]:
        return tuple(map(self._name, children))

    # Values and expressions.

    def comparison(self, children: Children) -> syntax.Comparison:
        left, token, right = children
        operator: Any = str(token)
        return syntax.Comparison(left, operator, right, left.span.to(right.span))

    def reference(self, children: Children) -> syntax.Reference:
        name = self._name(children[0])
        return syntax.Reference(name, name.span)

    def field(self, children: Children) -> syntax.Expression:
        value, name = children
        name = self._name(name)
        return self._chain(value, syntax.Field(value, name, value.span.to(name.span)))

    def brackets(self, children: Children) -> syntax.Expression:
        value, *arguments, end = children
        span = Span(value.span.start, end.end_pos + self.offset)
        return self._chain(value, syntax.Brackets(value, tuple(arguments), span))

    def call(self, children: Children) -> syntax.Expression:
        callee, *arguments, end = children
        span = Span(callee.span.start, end.end_pos + self.offset)
        return self._chain(callee, syntax.Call(callee, tuple(arguments), span))

    def _chain(self, inner: syntax.Expression, outer: syntax.Expression) -> syntax.Expression:
        """The outer expression, unless so many hang on one another that no pass could walk down to the first.

        A chain has at least two characters a link, so that short ones need no counting.
        """
        if inner is self._cut:
            return inner
        if outer.span.end - outer.span.start <= 2 * DEEPEST or _links(inner) < DEEPEST:
            return outer
        self._find(TOO_DEEP, inner.span, limit=DEEPEST)
        self._cut = inner
        return inner

    def named(self, children: Children) -> syntax.Argument:
        name, value = children
        name = self._name(name)
        return syntax.Argument(name, value, name.span.to(value.span))

    def positional(self, children: Children) -> syntax.Argument:
        return syntax.Argument(None, children[0], children[0].span)

    def offset_argument(self, children: Children) -> syntax.Argument:
        name, sign, amount = children
        span = self._span(name, amount)
        number = self.number([amount]).value
        signed = int(number) if sign.type == "PLUS" else -int(number)
        return syntax.Argument(None, syntax.Offset(self._name(name), signed, span), span)

    def string(self, children: Children) -> syntax.String:
        token = children[0]
        if token.type == "PLAIN":
            return syntax.String(self._plain(token), False, self._span(token))
        value, flaws = decode_block(str(token))
        self._flaws(token, flaws)
        return syntax.String(value, True, self._span(token))

    def _plain(self, token: Token) -> str:
        value, flaws = decode_plain(str(token))
        self._flaws(token, flaws)
        return value

    def _flaws(self, token: Token, flaws: tuple[Flaw, ...]) -> None:
        start = token.start_pos + self.offset
        for flaw in flaws:
            self._find(flaw.kind, Span(start + flaw.span.start, start + flaw.span.end), **flaw.values)

    def number(self, children: Children) -> syntax.Number:
        token = children[0]
        text, span = str(token), self._span(token)
        is_whole = not set(text) & set(".eE")
        if (is_whole and len(text) > _MOST_DIGITS) or abs(float(text)) == float("inf"):
            self._find(NUMBER_TOO_LARGE, span)
            return syntax.Number(0, span)
        return syntax.Number(int(text) if is_whole else float(text), span)

    def true(self, children: Children) -> syntax.Boolean:
        return syntax.Boolean(True, self._span(children[0]))

    def false(self, children: Children) -> syntax.Boolean:
        return syntax.Boolean(False, self._span(children[0]))

    def null(self, children: Children) -> syntax.NullValue:
        return syntax.NullValue(self._span(children[0]))

    def list_value(self, children: Children) -> syntax.ListValue:
        first, *items, last = children
        return syntax.ListValue(tuple(items), self._span(first, last))

    def record_value(self, children: Children) -> syntax.RecordValue:
        first, *entries, last = children
        return syntax.RecordValue(tuple(entries), self._span(first, last))

    def entry(self, children: Children) -> syntax.Entry:
        key, value = children
        text = self._plain(key) if key.type == "PLAIN" else str(key)
        name = syntax.Name(text, self._span(key))
        return syntax.Entry(name, value, name.span.to(value.span))

    # Types.

    def type_union(self, children: Children) -> syntax.TypeUnion:
        return syntax.TypeUnion(tuple(children), children[0].span.to(children[-1].span))

    def type_optional(self, children: Children) -> syntax.TypeOptional:
        item, mark = children
        span = Span(item.span.start, mark.end_pos + self.offset)
        # `T??` is `T?`, and so a row of marks nests no deeper than one.
        if isinstance(item, syntax.TypeOptional):
            return attrs.evolve(item, span=span)
        return syntax.TypeOptional(item, span)

    def type_name(self, children: Children) -> syntax.TypeName:
        first, second = children
        if second is None:
            return syntax.TypeName(None, self._name(first), self._span(first))
        return syntax.TypeName(self._name(first), self._name(second), self._span(first, second))

    def type_literal(self, children: Children) -> syntax.TypeLiteral:
        return syntax.TypeLiteral(self._plain(children[0]), self._span(children[0]))

    def type_application(self, children: Children) -> syntax.TypeApplication:
        name, *arguments, end = children
        return syntax.TypeApplication(self._name(name), tuple(arguments), self._span(name, end))

    def type_group(self, children: Children) -> syntax.TypeExpression:
        first, type_, last = children
        grouped: syntax.TypeExpression = attrs.evolve(type_, span=self._span(first, last))
        return grouped


def _links(expression: syntax.Expression) -> int:
    links = 0
    while True:
        match expression:
            case syntax.Field(value=inner) | syntax.Brackets(value=inner) | syntax.Call(callee=inner):
                expression = inner
                links += 1
            case _:
                return links
