"""The tree of a file, of all that can be read of it, and what is wrong with its text.

A file without errors is read in one go. Any other is divided by its outline, and each statement is read on
its own: one mistake is told once, and hides no other. This is the only file that knows Lark.
"""

import contextlib
import hashlib
import io
import os
import pickle
import re
import sys
import threading
from collections.abc import Iterator
from functools import cache
from typing import Any, cast

import attrs
import lark

from agraph import grammar
from agraph.compiler import syntax
from agraph.compiler.brackets import too_deep
from agraph.compiler.build import Builder
from agraph.compiler.diagnostics import Diagnostic, Fix, Nearest, diagnose
from agraph.compiler.edit import Edit
from agraph.compiler.fixes import replacement
from agraph.compiler.kinds import (
    BLOCK_INDENTATION,
    MISPLACED_HEADER,
    MISSING_HEADER,
    NUL_CHARACTER,
    STRAY_CHARACTER,
    TOO_MANY_ERRORS,
    UNEXPECTED_TOKEN,
    UNSUPPORTED_VERSION,
)
from agraph.compiler.outline import MOST_PROBLEMS, outline
from agraph.compiler.parts import Part
from agraph.compiler.phrases import (
    STAND_INS,
    expected,
    found,
    meant_sign,
    named_character,
    stray_hint,
    token_hint,
)
from agraph.compiler.source import Source, Span
from agraph.compiler.stubs import WITHOUT_BODY, keyword, stubs
from agraph.compiler.table import store_table, stored_table

_STARTS = ["file", "item", "statement", "fields"]
_WORD = re.compile("[A-Za-z_][A-Za-z0-9_]*")

# The parser and its builder are made once; what they read at the moment is in the builder.
_ONE_AT_A_TIME = threading.Lock()


def parse(source: Source) -> tuple[syntax.File, tuple[Diagnostic, ...]]:
    """The tree of what could be read, and the findings in the order of the text."""
    nul = source.text.find("\0")
    if nul >= 0:
        whole = Span(0, len(source.text))
        return syntax.File(None, (), whole), (diagnose(NUL_CHARACTER, source, Span(nul, nul + 1)),)
    with _ONE_AT_A_TIME:
        reader = _reader()
        reader.builder.begin(source)
        reader.unread.clear()
        tops, has_header = reader.file()
        file, found = _file(source, tops, has_header, tuple(reader.builder.found))
        return attrs.evolve(file, unread=tuple(reader.unread)), found


def _file(
    source: Source,
    tops: "tuple[syntax.Item | syntax.Number, ...]",
    has_header: bool,
    diagnostics: tuple[Diagnostic, ...],
) -> tuple[syntax.File, tuple[Diagnostic, ...]]:
    """The file of its items and its header, which is a bare number among them."""
    version = tops[0] if tops and isinstance(tops[0], syntax.Number) else None
    items = tuple(top for top in tops if not isinstance(top, syntax.Number))
    file = syntax.File(version, items, Span(0, len(source.text)))
    if version and repr(version.value) != "1":
        # The rest is written in a language that is not known here: its errors would mean nothing.
        text = source.slice(version.span)
        return file, (diagnose(UNSUPPORTED_VERSION, source, version.span, found=text),)
    findings = list(diagnostics)
    if not has_header:
        start = 1 if source.text.startswith("\ufeff") else 0
        fix = Fix("begin with `agraph 1`", (Edit(Span(start, start), "agraph 1\n"),), safe=True)
        findings.append(diagnose(MISSING_HEADER, source, Span(0, 0), fix=fix))
    headers = [top for top in tops if isinstance(top, syntax.Number) and top is not version]
    findings.extend(diagnose(MISPLACED_HEADER, source, header.span) for header in headers)
    findings.sort(key=lambda finding: finding.sort_key)
    if len(findings) > MOST_PROBLEMS:
        rest = findings[MOST_PROBLEMS]
        findings[MOST_PROBLEMS:] = [diagnose(TOO_MANY_ERRORS, source, rest.span, limit=MOST_PROBLEMS)]
    return file, tuple(findings)


class _Newlines:
    """Newlines reach the parser where they end a statement: not inside brackets, nor twice in a row."""

    always_accept = ("_NL",)
    _openers = frozenset({"LPAR", "LSQB", "LBRACE"})
    _closers = frozenset({"RPAR", "RSQB", "RBRACE"})
    _before_record = frozenset({"EQUAL", "TILDE", "COMMA", "COLON", "COMPARISON"})

    def process(self, stream: Iterator[lark.Token]) -> Iterator[lark.Token]:
        brackets, before = 0, ""
        for token in stream:
            kind = token.type
            if kind == "_NL":
                if brackets or before == "_NL":
                    continue
            elif kind in self._openers:
                # The brace of a body is not counted: its newlines matter.
                if brackets or kind != "LBRACE" or before in self._before_record:
                    brackets += 1
            elif brackets and kind in self._closers:
                brackets -= 1
            before = kind
            yield token


@cache
def _reader() -> "_Reader":
    builder = Builder()
    return _Reader(load_machine(builder), builder)


def grammar_text() -> str:
    """The grammar of the language."""
    with open(os.path.join(grammar.__path__[0], "agraph.lark"), encoding="utf-8") as file:
        return file.read()


def load_machine(builder: Builder) -> lark.Lark:
    """The parser that feeds a builder, of the stored table where there is one, else built and stored."""
    text = grammar_text()
    version = f"{lark.__version__} {sys.version_info[0]}.{sys.version_info[1]}"
    key = hashlib.sha256(f"{version}\n{text}".encode()).hexdigest()[:32]
    table = stored_table(key)
    if table is not None:
        # A damaged table can fail anywhere in pickle or in Lark; the answer is always to build it again.
        # `Lark.load` takes no transformer, so this is what Lark's own stand-alone parsers call.
        with contextlib.suppress(Exception):
            load: Any = lark.Lark._load_from_dict
            machine: lark.Lark = load(**pickle.loads(table), transformer=builder, postlex=_Newlines())
            return machine
    machine = build_machine(text, builder)
    buffer = io.BytesIO()
    machine.save(buffer)
    store_table(key, buffer.getvalue())
    return machine


def build_machine(text: str, builder: Builder, *, strict: bool = False) -> lark.Lark:
    """The parser of a grammar; `strict` refuses terminals and rules that clash."""
    return lark.Lark(
        text,
        parser="lalr",
        lexer="contextual",
        start=_STARTS,
        strict=strict,
        transformer=cast("lark.Transformer[Any, Any]", builder),
        postlex=cast("lark.lark.PostLex", _Newlines()),
    )


def bare_machine(text: str) -> lark.Lark:
    """A parser of a grammar that makes Lark's own tree, to measure ours against."""
    postlex = cast("lark.lark.PostLex", _Newlines())
    return lark.Lark(text, parser="lalr", lexer="contextual", start=_STARTS, postlex=postlex)


@attrs.frozen
class _Reader:
    """The parser, and the builder that it feeds.

    Attributes:
        unread: The stretches of the file that could not be read.
    """

    machine: lark.Lark
    builder: Builder
    unread: list[Span] = attrs.field(factory=list)

    def file(self) -> "tuple[tuple[syntax.Item | syntax.Number, ...], bool]":
        """The items of the builder's file, its header among them, and whether it has one, readable or not."""
        source = self.builder.source
        first_error = too_deep(source)
        if first_error is None:
            start = 1 if source.text.startswith("\ufeff") else 0
            tops = self._read(source.text[start:], "file", start, len(source.text))
            # A line that stands out of its block may be a statement, behind a block that was never closed; a
            # node in another may stand behind a body that was never closed, where a later one was not opened.
            if tops is not None and not (
                any(each.code == BLOCK_INDENTATION.code for each in self.builder.found)
                or any(map(_holds_node, tops))
            ):
                return tuple(tops), any(isinstance(top, syntax.Number) for top in tops)
            first_error = self.builder.found[-1] if self.builder.found else None
        self.builder.begin(source)
        tops, has_header = self._by_parts(source)
        # Should outline and grammar differ about where a statement ends, the error is not lost by that.
        if not self.builder.found and first_error is not None:
            self.builder.found.append(first_error)
        return tops, has_header

    def _by_parts(self, source: Source) -> "tuple[tuple[syntax.Item | syntax.Number, ...], bool]":
        drawn = outline(source)
        self.builder.found.extend(drawn.problems)
        tops = self._parts(drawn.parts, "item")
        return tops, any(_first_word(source, part) == "agraph" for part in drawn.parts)

    def _parts(self, parts: tuple[Part, ...], rule: str) -> tuple[Any, ...]:
        trees: list[Any] = []
        is_outside = False
        for part in parts:
            before = len(self.builder.found)
            if before > MOST_PROBLEMS:
                break
            tree = self._part(part, rule)
            was_outside, is_outside = is_outside, rule == "item" and _is_of_graph(self.builder.source, part)
            if was_outside and is_outside and not part.broken:
                # What put the first of a row outside of its graph put them all there.
                del self.builder.found[before]
            if isinstance(tree, tuple):
                trees.extend(tree)
            elif tree is not None:
                trees.append(tree)
        return tuple(trees)

    def _part(self, part: Part, rule: str) -> Any:
        """The tree of a part, or `None` where its own text cannot be read; its body is read all the same."""
        source = self.builder.source
        tree = None if part.broken else self._head(part, rule)
        if tree is None:
            self.unread.append(Span(part.start, part.end if part.opening is None else part.opening))
        is_stub = tree is None
        if is_stub:
            tree = self._stub(part, rule)
        if part.opening is None:
            return tree
        is_type = rule == "item" and keyword(source.text[part.start : part.opening], rule) == "type"
        body = self._parts(part.parts, "fields" if is_type else "statement")
        if tree is None or (is_stub and isinstance(tree, syntax.ModelDeclaration | syntax.ToolDeclaration)):
            return tree
        if is_stub and isinstance(tree, syntax.NodeDeclaration) and tree.value is not None:
            # It may be an instance, whose block says what no other node's does.
            body = tuple(each for each in body if isinstance(each, syntax.Setting) and len(each.path) == 1)
        content: Any = {"fields": body} if is_type else {"body": body}
        return attrs.evolve(tree, span=Span(part.start, part.end), **content)

    def _stub(self, part: Part, rule: str) -> Any:
        """What is left of a part whose own text cannot be read, or `None`."""
        found = len(self.builder.found)
        head = self.builder.source.text[part.start : part.end if part.opening is None else part.opening]
        if part.opening is None and keyword(head, rule) not in WITHOUT_BODY:
            return None
        prompted = any(_first_word(self.builder.source, each) == "prompt" for each in part.parts)
        for text in stubs(head, rule, prompted=prompted):
            tree = self._read(text, rule, part.start, part.end)
            del self.builder.found[found:]
            if tree is not None:
                return tree
        return None

    def _head(self, part: Part, rule: str) -> Any:
        """The tree of a part with nothing between its braces."""
        text = self.builder.source.text
        if part.opening is None:
            return self._read(text[part.start : part.end], rule, part.start, part.end)
        tail = part.closing + 1 if part.closing is not None else part.end
        head = f"{text[part.start : part.opening + 1]}}}"
        return self._read(head + text[tail : part.end], rule, part.start, part.end, len(head), tail)

    def _read(
        self, text: str, rule: str, start: int, end: int, tail: int | None = None, tail_start: int = 0
    ) -> Any:
        """What a rule makes of a text, or `None` after an error, which the builder has then found.

        Args:
            text: The text.
            rule: The rule.
            start: Where the text begins in the file.
            end: Where it ends in the file.
            tail: From which place in the text on it stands elsewhere in the file, or `None` for nowhere.
            tail_start: That place in the file.
        """
        self.builder.offset = start
        try:
            return self.machine.parse(text, start=rule)
        except lark.exceptions.UnexpectedInput as error:
            position = end if _at_end(error) else start + _position(error)
            if tail is not None and position >= start + tail and not _at_end(error):
                position += tail_start - start - tail
            self.builder.found.append(self._finding(error, position, start))
            return None

    def _finding(self, error: lark.exceptions.UnexpectedInput, position: int, start: int) -> Diagnostic:
        source = self.builder.source
        if isinstance(error, lark.exceptions.UnexpectedCharacters):
            character = source.text[position]
            span = Span(position, position + 1)
            instead = STAND_INS.get(character)
            return diagnose(
                STRAY_CHARACTER, source, span, hint=stray_hint(character),
                fix=None if instead is None else replacement(span, instead), found=named_character(character),
            )  # fmt: skip
        accepted = cast("Any", error).interactive_parser.accepts()
        met, span = found(source, position)
        word = _WORD.match(source.text, start)
        hint = token_hint(accepted, met, word.group() if word else "")
        if isinstance(hint, Nearest) and word and met != f"`{hint.written}`":
            hint = hint.at(Span(word.start(), word.end()))
        sign = meant_sign(accepted, met)
        fix = None if sign is None else replacement(span, sign)
        return diagnose(
            UNEXPECTED_TOKEN, source, span, hint=hint, fix=fix, expected=expected(accepted), found=met
        )


def _holds_node(item: "syntax.Item | syntax.Number") -> bool:
    """Whether a node of a graph holds a node, which none can."""
    return isinstance(item, syntax.GraphDeclaration) and any(
        isinstance(inner, syntax.NodeDeclaration)
        for statement in item.body
        if isinstance(statement, syntax.NodeDeclaration)
        for inner in statement.body or ()
    )


def _is_of_graph(source: Source, part: Part) -> bool:
    return _first_word(source, part) in ("node", "edge", "output")


def _first_word(source: Source, part: Part) -> str:
    word = _WORD.match(source.text, part.start)
    return word.group() if word else ""


def _at_end(error: lark.exceptions.UnexpectedInput) -> bool:
    return isinstance(error, lark.exceptions.UnexpectedToken) and error.token.type == "$END"


def _position(error: lark.exceptions.UnexpectedInput) -> int:
    if isinstance(error, lark.exceptions.UnexpectedToken):
        return cast("int", error.token.start_pos)
    assert error.pos_in_stream is not None
    return error.pos_in_stream
