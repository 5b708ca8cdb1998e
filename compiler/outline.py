"""The outline of a file: where its statements begin and end, told by brackets and line ends alone.

It is what can be known of a file that the grammar refuses. Strings and brackets that are never closed are
found here, and the statements around them can still be read one by one.
"""

import re
from typing import Any

import attrs

from agraph.compiler.brackets import CLOSERS, DEEPEST, STRINGS
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
from agraph.compiler.parts import Outline, Part, contradicts, indentation_at
from agraph.compiler.source import Source, Span

MOST_PROBLEMS = 50

_TOKEN = re.compile(
    rf"(?P<gap>[ \t]+|\#[^\n]*)|(?P<newline>\r?\n)|{STRINGS}"
    rf'|(?P<quote>"+)|(?P<opener>[(\[{{])|(?P<closer>[)\]}}])|(?P<other>[^ \t\r\n"\#()\[\]{{}}]+|\r)'
)
_BEFORE_RECORD = re.compile(r"(?:[=~,:<]|(?<!-)>)\Z")
_BEFORE_RECORD_INSIDE = re.compile(r"[=~,:<>(\[{]\Z")
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_PATH = rf"{_NAME}(?:\.{_NAME})*"
_ITEM_LINE = re.compile(
    rf'^(?:(?:graph|tool|type|test|optimize)[ \t]+{_NAME}|import[ \t]+["A-Za-z_]|model[ \t]+{_NAME}[ \t]*=)',
    re.MULTILINE,
)
_STATEMENT_LINE = re.compile(
    rf"(?:node|edge|output|expect)\b|{_PATH}(?:[ \t]+{_PATH})?[ \t]*(?:[=~](?!=)|\{{)"
)
_TWO_WORDS = re.compile(rf'{_NAME}[ \t]+["A-Za-z_]')
"""What stands between no brackets, so that it begins a statement, known or not."""
_STATEMENT_OR_BRACE_LINE = re.compile(
    rf"^(?P<indentation>[ \t]*)"
    rf"(?:\}}[ \t]*(?:\#[^\n]*)?$|{_STATEMENT_LINE.pattern}|{_ITEM_LINE.pattern[1:]})",
    re.MULTILINE,
)
_CLOSING_LINE = re.compile(r'^[ \t]*"""(?!")', re.MULTILINE)
_WITHOUT_BODY = re.compile(
    rf"(?:agraph|import|model|tool|edge|output|expect)\b|{_PATH}(?:[ \t]+{_PATH})?[ \t]*[=~]"
)
_CODE_LINE = re.compile(r"(?:[ \t]*(?:\#[^\n]*)?\r?\n)*(?P<indentation>[ \t]*)[^\s#]")
_BRACE_LINE = re.compile(r"\}[ \t]*(?:\#[^\n]*)?\r?\n")


def outline(source: Source) -> Outline:
    """The outline of a file.

    Where the brackets do not fit each other or the indentation, it is drawn once more with trust in the
    indentation and in words that begin an item at the start of a line: they tell which bracket is missing.
    """
    plain = _Drawing(source, trusting=False).draw()
    is_sound = not any(problem.code in _BRACKET_CODES for problem in plain.problems)
    indented = any(indentation_at(source.text, part.start) for part in plain.parts)
    if is_sound and not indented and not any(contradicts(part, source.text) for part in plain.parts):
        return plain
    return _Drawing(source, trusting=True).draw()


_BRACKET_CODES = {kind.code for kind in (UNCLOSED_BRACKET, UNOPENED_BRACKET, MISMATCHED_BRACKET)}


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
                end = self.newline(start, end)
            case "quote":
                end = self.broken_string(start)
            case "block" if (statement := self.swallowed(match)) is not None:
                end = self.unclosed_block(start, match["run"], statement)
            case "plain" if match.group() == '""' and (closing := self.short_opening(match)) is not None:
                end = closing
            case "opener":
                self.opener(start)
            case "closer":
                self.closer(start)
            case _:
                self.part(start)
        if match.lastgroup != "newline":
            self.end = max(self.end, end)
        self.before = match.group() if match.lastgroup != "newline" else "\n"
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
        return indentation_at(self.text, line_start)

    def problem(self, kind: Kind, span: Span, *labels: Label, **values: Any) -> None:
        self.problems.append(diagnose(kind, self.source, span, *labels, **values))

    # Lines.

    def newline(self, start: int, end: int) -> int:
        """End the line; the place where the next token begins."""
        if self.open and not self.open[-1].in_body and not self.open[-1].brackets:
            part = self.open[-1]
            closing = self.end_of_text(part, start) if self.before in ("=", "~") else None
            if closing is not None:
                self.problem(
                    UNEXPECTED_TOKEN, Span(self.end, self.end), expected='`"""`', found="the end of the line"
                )
                part.broken = True
                self.end = closing
                return closing
            self.end_line(part, end)
        self.line_start = end
        if self.trusting:
            self.begin_line(end)
        return end

    def end_line(self, part: _Open, end: int) -> None:
        """End the part whose line is over, unless the next lines look like its body, without a brace."""
        may_open = (
            self.trusting
            and not part.broken
            and part.opening is None
            and not _WITHOUT_BODY.match(self.text, part.start)
        )
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
        begins = is_statement or _TWO_WORDS.match(self.text, start + indentation)
        while is_statement and self.is_over(last, indentation):
            self.unclosed(last.opening, self.end)
            self.end_part(self.end)
            last = self.open[-1]
        if last.brackets and indentation <= last.indentation and begins:
            self.unclosed(last.brackets[-1], self.end)
            self.abandon(last)
            self.end_part(self.end)

    def is_over(self, part: _Open, indentation: int) -> bool:
        """Whether a statement of this indentation stands behind a body, whose own are indented deeper."""
        if not part.in_body or not part.parts or len(self.open) < 2 or indentation > part.indentation:
            return False
        first = part.parts[0].start
        return indentation_at(self.text, first) > part.indentation

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
        if character not in CLOSERS:
            return
        label = Label(self.source, Span(opener, opener + 1), f"`{character}` is opened here")
        is_visible = self.text[noticed : noticed + 1] not in ("", "\r", "\n")
        span = Span(noticed, noticed + is_visible)
        self.problem(UNCLOSED_BRACKET, span, label, opener=character, closer=CLOSERS[character])

    # Brackets.

    def opener(self, start: int) -> None:
        part = self.part(start)
        if self.text[start] == "{" and part.brackets and self.opens_body_inside(part):
            self.unclosed(part.brackets[-1], self.end)
            self.abandon(part)
        may_open = self.text[start] == "{" and not part.brackets and part.opening is None
        is_record = _BEFORE_RECORD.search(self.before) or _WITHOUT_BODY.match(self.text, part.start)
        if may_open and not is_record:
            part.opening = start
        else:
            part.brackets.append(start)

    def opens_body_inside(self, part: _Open) -> bool:
        """Whether a brace between brackets can only open a body: what stands before it is complete."""
        can_have_one = part.opening is None and not _WITHOUT_BODY.match(self.text, part.start)
        before = self.text[max(0, self.end - 1) : self.end]
        return can_have_one and not _BEFORE_RECORD_INSIDE.search(before)

    def closer(self, start: int) -> None:
        character = self.text[start]
        if not self.open and character == "}":
            self.unopened(start)
            return
        if character == "}" and self.is_stray(start):
            self.unopened(start)
            self.open[-1].broken = True
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

    def is_stray(self, start: int) -> bool:
        """Whether a brace at the end of a statement's line closes a record that was never opened."""
        around = next((part for part in reversed(self.open) if part.in_body), None)
        last = self.open[-1] if self.open else None
        if not self.trusting or last is None or around is None or last.in_body or last.brackets:
            return False
        opened = around.opening if around.opening is not None else 0
        return opened < self.line_start <= last.start and self.text[start - 1 : start] == " "

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
        matching = [place for place in part.brackets if CLOSERS[self.text[place]] == character]
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
            values = {"opener": opener, "found": character, "closer": CLOSERS[opener]}
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
        return self.unclosed_block(start, run, self.next_statement(part, line_end))

    def next_statement(self, part: _Open, start: int) -> int | None:
        """The next line that seems to be none of a text that a part holds, or `None`."""
        for line in _STATEMENT_OR_BRACE_LINE.finditer(self.text, start):
            if len(line["indentation"]) <= part.indentation:
                return line.start()
        return None

    def swallowed(self, block: re.Match[str]) -> int | None:
        """The first statement in what is taken for a block, a line that stands out of it, or `None`."""
        closing = self.text.rfind("\n", 0, block.end()) + 1
        inside = self.indentation(closing)
        for line in _STATEMENT_OR_BRACE_LINE.finditer(self.text, block.start(), closing):
            if len(line["indentation"]) < inside:
                return line.start()
        return None

    def unclosed_block(self, start: int, run: str, statement: int | None) -> int:
        """Report a block that has no end; reading goes on at a statement behind it, or not at all."""
        part = self.part(start)
        self.problem(UNCLOSED_BLOCK, Span(start, start + len(run)), run=run)
        self.end = start + len(run)
        self.abandon(part)
        if statement is None or _ITEM_LINE.match(self.text, statement):
            self.end_all(reporting=False)
        else:
            self.end_part(self.end)
        self.line_start = len(self.text) if statement is None else statement
        return self.line_start

    def short_opening(self, quotes: re.Match[str]) -> int | None:
        """Where a block ends whose opening quotes are one too few, or `None` for an empty string."""
        part = self.part(quotes.start())
        closing = self.end_of_text(part, quotes.end())
        if closing is not None:
            self.problem(UNEXPECTED_TOKEN, Span(*quotes.span()), expected='`"""`', found='`""`')
            part.broken = True
        return closing

    def end_of_text(self, part: _Open, start: int) -> int | None:
        """Where the closing quotes of a text end that begins on the next line without any, or `None`."""
        rest = _CODE_LINE.match(self.text, start)
        if rest is None or "\n" not in rest.group() or len(rest["indentation"]) <= part.indentation:
            return None
        limit = self.next_statement(part, start)
        closing = _CLOSING_LINE.search(self.text, start, len(self.text) if limit is None else limit)
        return None if closing is None else closing.end()

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
