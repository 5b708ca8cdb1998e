"""The outline of a file: where its statements begin and end, told by brackets and line ends alone.

It is what can be known of a file that the grammar refuses. Strings and brackets that are never closed are
found here, and the statements around them can still be read one by one.
"""

import re
from typing import Any

import attrs

from agraph.compiler.diagnostics import Diagnostic, Kind, Label, diagnose
from agraph.compiler.kinds import (
    BLOCK_OPENING,
    MISMATCHED_BRACKET,
    TOO_DEEP,
    UNCLOSED_BLOCK,
    UNCLOSED_BRACKET,
    UNCLOSED_STRING,
    UNEXPECTED_TOKEN,
    UNOPENED_BRACKET,
)
from agraph.compiler.source import Source, Span

DEEPEST = 100
MOST_PROBLEMS = 50

_CLOSERS = {"(": ")", "[": "]", "{": "}"}
_STRINGS = (
    r'(?P<block>(?P<run>"{3,})[ \t]*\r?\n(?:[^\n]*\n)*?[ \t]*(?P=run)(?!"))'
    r'|(?P<plain>"(?!"")[^"\\\r\n]*(?:\\[^\r\n][^"\\\r\n]*)*")'
)
_TOKEN = re.compile(
    rf"(?P<gap>[ \t]+|\#[^\n]*)|(?P<newline>\r?\n)|{_STRINGS}"
    rf'|(?P<quote>"+)|(?P<opener>[(\[{{])|(?P<closer>[)\]}}])|(?P<other>[^ \t\r\n"\#()\[\]{{}}]+|\r)'
)
_BRACKET = re.compile(rf"\#[^\n]*|{_STRINGS}|(?P<opener>[(\[{{])|(?P<closer>[)\]}}])")
_BEFORE_RECORD = re.compile(r"(?:[=~,:<]|(?<!-)>)\Z")
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_PATH = rf"{_NAME}(?:\.{_NAME})*"
_ITEM_LINE = re.compile(
    rf'^(?:(?:graph|tool|type|test|optimize)[ \t]+{_NAME}|import[ \t]+["A-Za-z_]|model[ \t]+{_NAME}[ \t]*=)',
    re.MULTILINE,
)
_STATEMENT_LINE = re.compile(
    rf"(?:node|edge|output|expect)\b|{_PATH}(?:[ \t]+{_PATH})?[ \t]*(?:[=~](?!=)|\{{)"
)
_WITHOUT_BODY = re.compile(
    rf"(?:agraph|import|model|tool|edge|output|expect)\b|{_PATH}(?:[ \t]+{_PATH})?[ \t]*[=~]"
)
_BLANKS = re.compile(r"[ \t]*")
_CODE_LINE = re.compile(r"(?:[ \t]*(?:\#[^\n]*)?\r?\n)*(?P<indentation>[ \t]*)[^\s#]")
_BRACE_LINE = re.compile(r"\}[ \t]*(?:\#[^\n]*)?\r?\n")


@attrs.frozen
class Part:
    """A statement, an item of the file, or a line of a type's fields.

    Attributes:
        start: Where it begins.
        end: Where it ends, behind what stands after its body on the same line.
        opening: The place of the brace that opens its body, or `None` without a body. Where the brace alone
            is missing, the end of the line on which it should stand.
        closing: The place of the brace that closes it, or `None` where that is missing too.
        parts: What stands in the body.
        broken: Whether a problem was found in its own text: there is no use in reading that.
    """

    start: int
    end: int
    opening: int | None
    closing: int | None
    parts: "tuple[Part, ...]"
    broken: bool


@attrs.frozen
class Outline:
    """The items of a file, and what is wrong with its strings and brackets."""

    parts: tuple[Part, ...]
    problems: tuple[Diagnostic, ...]


def outline(source: Source) -> Outline:
    """The outline of a file.

    Where the brackets do not fit, it is drawn once more with trust in the author's indentation and in words
    that begin an item at the start of a line: they tell which bracket is the missing one.
    """
    plain = _Drawing(source, trusting=False).draw()
    if not any(problem.code in _BRACKET_CODES for problem in plain.problems):
        return plain
    return _Drawing(source, trusting=True).draw()


_BRACKET_CODES = {kind.code for kind in (UNCLOSED_BRACKET, UNOPENED_BRACKET, MISMATCHED_BRACKET)}


def too_deep(source: Source) -> Diagnostic | None:
    """The finding that brackets are nested beyond the limit, at the first that is, or `None`."""
    text = source.text
    if sum(map(text.count, _CLOSERS)) <= DEEPEST:
        return None
    depth = 0
    for match in _BRACKET.finditer(text):
        if match["opener"]:
            depth += 1
            if depth > DEEPEST:
                return diagnose(TOO_DEEP, source, Span(match.start(), match.end()), limit=DEEPEST)
        elif match["closer"]:
            depth -= 1
    return None


@attrs.define
class _Open:
    """A part that has not ended yet; `brackets` are the open ones of its own text."""

    start: int
    indentation: int
    opening: int | None = None
    closing: int | None = None
    brackets: list[int] = attrs.field(factory=list)
    parts: list[Part] = attrs.field(factory=list)
    broken: bool = False

    @property
    def in_body(self) -> bool:
        return self.opening is not None and self.closing is None

    def ended(self, end: int) -> Part:
        return Part(self.start, end, self.opening, self.closing, tuple(self.parts), self.broken)


class _Drawing:
    """One walk over the text, with the parts that are open on the way."""

    def __init__(self, source: Source, *, trusting: bool) -> None:
        self.source = source
        self.text = source.text
        self.trusting = trusting
        self.open: list[_Open] = []
        self.parts: list[Part] = []
        self.problems: list[Diagnostic] = []
        self.line_start = 0
        self.before = ""
        self.end = 0

    def draw(self) -> Outline:
        position = 1 if self.text.startswith("\ufeff") else 0
        self.line_start = position
        if self.trusting:
            self.begin_line(position)
        while position < len(self.text) and len(self.problems) <= MOST_PROBLEMS:
            match = _TOKEN.match(self.text, position)
            assert match is not None, "every character belongs to some token"
            position = self.token(match)
            if match["opener"] and self.depth > DEEPEST:
                self.problem(TOO_DEEP, Span(match.start(), match.end()), limit=DEEPEST)
                return Outline(tuple(self.parts), tuple(self.problems))
        self.end_all(reporting=position >= len(self.text))
        return Outline(tuple(self.parts), tuple(self.problems))

    def token(self, match: re.Match[str]) -> int:
        """Take one token; the place where the next begins."""
        start, end = match.span()
        match match.lastgroup:
            case "gap":
                return end
            case "newline":
                self.newline(start, end)
            case "quote":
                end = self.broken_string(start)
            case "opener":
                self.opener(start)
            case "closer":
                self.closer(start)
            case _:
                self.part(start)
        if match.lastgroup != "newline":
            self.end = max(self.end, end)
        self.before = match.group()
        return end

    @property
    def depth(self) -> int:
        return sum(part.in_body + len(part.brackets) for part in self.open)

    def part(self, start: int) -> _Open:
        """The part that owns the token at `start`; it begins here where none is open."""
        if not self.open or self.open[-1].in_body:
            self.open.append(_Open(start, self.indentation(self.line_start)))
        return self.open[-1]

    def indentation(self, line_start: int) -> int:
        blanks = _BLANKS.match(self.text, line_start)
        return blanks.end() - line_start if blanks else 0

    def problem(self, kind: Kind, span: Span, *labels: Label, **values: Any) -> None:
        self.problems.append(diagnose(kind, self.source, span, *labels, **values))

    # Lines.

    def newline(self, start: int, end: int) -> None:
        if self.open and not self.open[-1].in_body and not self.open[-1].brackets:
            self.end_line(self.open[-1], end)
        self.line_start = end
        if self.trusting:
            self.begin_line(end)

    def end_line(self, part: _Open, end: int) -> None:
        """End the part whose line is over, unless the next lines look like its body, without a brace."""
        may_open = self.trusting and part.opening is None and not _WITHOUT_BODY.match(self.text, part.start)
        if may_open and self.next_indentation(end) > part.indentation:
            words = {"expected": "`{`", "found": "the end of the line"}
            self.problem(UNEXPECTED_TOKEN, Span(self.end, self.end), **words)
            part.opening = end - 1
            part.broken = True
        else:
            self.end_part(self.end)

    def next_indentation(self, start: int) -> int:
        """The indentation of the first line of code from a line on, or -1 where there is none."""
        line = _CODE_LINE.match(self.text, start)
        return len(line["indentation"]) if line else -1

    def begin_line(self, start: int) -> None:
        """Close what this line tells to be over: any part before an item, brackets before a statement."""
        if not self.open:
            return
        if _ITEM_LINE.match(self.text, start):
            self.end_all(reporting=True)
            return
        last, indentation = self.open[-1], self.indentation(start)
        is_statement = _STATEMENT_LINE.match(self.text, start + indentation)
        if last.brackets and indentation <= last.indentation and is_statement:
            self.unclosed(last.brackets[-1], self.end)
            self.abandon(last)
            self.end_part(self.end)

    # Parts.

    def end_part(self, end: int) -> None:
        part = self.open.pop().ended(end)
        (self.open[-1].parts if self.open else self.parts).append(part)

    def end_all(self, *, reporting: bool) -> None:
        """End every open part where an item or the file ends, and say which brackets were open."""
        while self.open:
            last = self.open[-1]
            if last.brackets:
                if reporting:
                    self.unclosed(last.brackets[-1], self.end)
                self.abandon(last)
            elif last.in_body and reporting:
                self.unclosed(last.opening, self.end)
            self.end_part(self.end)

    def abandon(self, part: _Open) -> None:
        part.brackets.clear()
        part.broken = True

    def unclosed(self, opener: int | None, noticed: int) -> None:
        assert opener is not None
        character = self.text[opener]
        if character not in _CLOSERS:
            return
        label = Label(self.source, Span(opener, opener + 1), f"`{character}` is opened here")
        is_visible = self.text[noticed : noticed + 1] not in ("", "\r", "\n")
        span = Span(noticed, noticed + is_visible)
        self.problem(UNCLOSED_BRACKET, span, label, opener=character, closer=_CLOSERS[character])

    # Brackets.

    def opener(self, start: int) -> None:
        part = self.part(start)
        may_open = self.text[start] == "{" and not part.brackets and part.opening is None
        is_record = _BEFORE_RECORD.search(self.before) or _WITHOUT_BODY.match(self.text, part.start)
        if may_open and not is_record:
            part.opening = start
        else:
            part.brackets.append(start)

    def closer(self, start: int) -> None:
        character = self.text[start]
        if not self.open and character == "}":
            self.unopened(start)
            return
        if character == "}" and self.closes_body(start):
            self.close_body(start)
            return
        part = self.part(start)
        if not part.brackets:
            self.unopened(start)
            part.broken = True
            return
        self.close_bracket(part, start)

    def closes_body(self, start: int) -> bool:
        """Whether the `}` at `start` belongs to a body, because no record is open in the innermost part."""
        last = self.open[-1]
        is_record = any(self.text[opener] == "{" for opener in last.brackets)
        if is_record and self.trusting and self.first_on_line(start):
            is_record = start - self.line_start >= last.indentation
        return not is_record and any(part.in_body for part in self.open)

    def close_body(self, start: int) -> None:
        last = self.open[-1]
        if last.brackets:
            self.unclosed(last.brackets[-1], start)
            self.abandon(last)
        if not last.in_body:
            self.end_part(self.end)
        if self.trusting and self.first_on_line(start) and not self.find_body(start):
            return
        self.open[-1].closing = start

    def find_body(self, start: int) -> bool:
        """End inner bodies whose brace is missing; whether the `}` at `start` closes a body at all."""
        indentation = start - self.line_start
        line = _BRACE_LINE.match(self.text, start)
        is_inside = line is not None and self.next_indentation(line.end()) > indentation
        if is_inside or (indentation > self.open[-1].indentation and len(self.open) == 1):
            self.unopened(start)
            return False
        if not any(part.indentation == indentation for part in self.open):
            return True
        while self.open[-1].indentation > indentation:
            self.unclosed(self.open[-1].opening, start)
            self.end_part(self.end)
        return True

    def first_on_line(self, start: int) -> bool:
        return not self.text[self.line_start : start].strip(" \t")

    def close_bracket(self, part: _Open, start: int) -> None:
        character = self.text[start]
        matching = [place for place in part.brackets if _CLOSERS[self.text[place]] == character]
        last = part.brackets[-1]
        if matching and matching[-1] != last:
            self.unclosed(last, start)
            part.broken = True
            inner = len(part.brackets) - part.brackets.index(matching[-1])
        else:
            inner = 1
        if not matching:
            opener = self.text[last]
            label = Label(self.source, Span(last, last + 1), f"`{opener}` is opened here")
            values = {"opener": opener, "found": character, "closer": _CLOSERS[opener]}
            self.problem(MISMATCHED_BRACKET, Span(start, start + 1), label, **values)
            part.broken = True
        del part.brackets[-inner:]

    def unopened(self, start: int) -> None:
        self.problem(UNOPENED_BRACKET, Span(start, start + 1), closer=self.text[start])

    # Strings that do not end as they should.

    def broken_string(self, start: int) -> int:
        """Report the string that begins at `start`; the place where it seems to end."""
        part = self.part(start)
        part.broken = True
        line_end = self.text.find("\n", start)
        line_end = len(self.text) if line_end < 0 else line_end
        quotes = re.compile('"+').match(self.text, start)
        assert quotes is not None
        run = quotes.group()
        if len(run) < 3:
            return self.unclosed_string(part, start, line_end)
        same_line = self.text.find(run, quotes.end(), line_end)
        if same_line >= 0:
            return self.badly_opened(start, same_line + len(run), run)
        closing = re.compile(rf'^[ \t]*{run}(?!")', re.MULTILINE).search(self.text, line_end)
        if closing:
            return self.badly_opened(start, closing.end(), run)
        self.problem(UNCLOSED_BLOCK, Span(start, quotes.end()), run=run)
        next_item = _ITEM_LINE.search(self.text, line_end)
        self.end = line_end
        self.end_all(reporting=False)
        self.line_start = next_item.start() if next_item else len(self.text)
        return self.line_start

    def badly_opened(self, start: int, end: int, run: str) -> int:
        self.problem(BLOCK_OPENING, Span(start, start + len(run)), run=run)
        return end

    def unclosed_string(self, part: _Open, start: int, line_end: int) -> int:
        """The string is taken to run to the end of its line, but for a brace there, which opens a body."""
        end = start + len(re.sub(r"\s*\{?\s*\Z", "", self.text[start:line_end]))
        self.problem(UNCLOSED_STRING, Span(start, end))
        here = [place for place in part.brackets if place >= self.line_start]
        del part.brackets[len(part.brackets) - len(here) :]
        return end
