"""Where a place in a file lies, told by brackets, strings and line ends alone: the file may be broken there.

Only the text before the place counts, from the last item of the file on.
"""

import re

import attrs

_ITEM = re.compile(
    r'^(?:(?:graph|tool|type|test|optimize)[ \t]+[A-Za-z_]|import[ \t]|model[ \t]+\w+[ \t]*=|agraph[ \t])',
    re.MULTILINE,
)  # fmt: skip
_TOKEN = re.compile(
    r'(?P<blank>[ \t\r]+)|(?P<newline>\n)|(?P<comment>#[^\n]*)'
    r'|(?P<text>(?P<run>"{3,})[ \t]*\r?\n(?:[^\n]*\n)*?[ \t]*(?P=run)(?!")|"(?!"")(?:[^"\\\n]|\\.)*")'
    r'|(?P<unclosed>"{3,}[ \t]*\r?\n[\s\S]*\Z|"{3,}[ \t]*\Z|"(?!"")(?:[^"\\\n]|\\.)*\Z)|(?P<broken>"[^\n]*)'
    r"|(?P<opener>[(\[{])|(?P<closer>[)\]}])|(?P<other>[^ \t\r\n\"#()\[\]{}]+)"
)  # fmt: skip
_BEFORE_RECORD = re.compile(r"(?:[=~,:<(\[]|(?<!-)>)\Z")
_STATEMENT = re.compile(r"([ \t]*)(?:(node|output)\b|edge\b|expect\b|[A-Za-z_][\w.]*[ \t]*[=~][^=])")
_OPENERS = {")": "(", "]": "[", "}": "{"}


@attrs.frozen
class Frame:
    """A body that is open at the place.

    Attributes:
        head: The statement that it belongs to, up to its brace.
        start: Where that begins.
        opening: The place of the brace.
    """

    head: str
    start: int
    opening: int


@attrs.frozen
class Cursor:
    """Where a place lies.

    Attributes:
        frames: The bodies around it, from the outside in.
        statement: The text of the statement that is being written, up to the place.
        start: Where it begins.
        brackets: The brackets that are open in it, each with its place in the file.
        text: What is written so far of the string around the place, its quotes included; `None` outside.
        comment: Whether it lies in a comment.
    """

    frames: tuple[Frame, ...]
    statement: str
    start: int
    brackets: tuple[tuple[str, int], ...]
    text: str | None
    comment: bool


@attrs.define
class _Scan:
    source: str
    frames: list[Frame] = attrs.field(factory=list)
    start: int | None = None
    brackets: list[tuple[str, int]] = attrs.field(factory=list)
    before: str = ""

    def open(self, opener: str, place: int) -> None:
        start = place if self.start is None else self.start
        if opener == "{" and not self.brackets and not _BEFORE_RECORD.search(self.before):
            self.frames.append(Frame(self.source[start:place].strip(), start, place))
            self.start = None
        else:
            self.start = start
            self.brackets.append((opener, place))

    def close(self, closer: str) -> None:
        opener = _OPENERS[closer]
        if any(each == opener for each, _ in self.brackets):
            while self.brackets.pop()[0] != opener:
                pass
        elif closer == "}" and self.frames:
            self.brackets.clear()
            self.start = self.frames.pop().start

    def line(self, place: int) -> None:
        """A line begins: it ends the statement, unless brackets are open that it cannot have left so."""
        match = _STATEMENT.match(self.source, place)
        if self.brackets and (match is None or self.start is None or not self.ends(match, self.start)):
            return
        self.brackets.clear()
        self.start = None
        # No node and no output stands inside a node: the brace of that one is missing.
        while match and match[2] and len(self.frames) > 1 and self.ends(match, self.frames[-1].start):
            self.frames.pop()

    def ends(self, match: re.Match[str], start: int) -> bool:
        """Whether a line that looks like a statement stands no deeper than the one that begins at `start`."""
        line = self.source.rfind("\n", 0, start) + 1
        indentation = len(self.source[line:start]) - len(self.source[line:start].lstrip())
        return len(match[1]) <= indentation


def cursor_at(text: str, offset: int) -> Cursor:
    """Where a place in a text lies."""
    position = 0
    for item in _ITEM.finditer(text, 0, offset):
        position = item.start()
    scan = _Scan(text)
    inside: str | None = None
    comment = False
    while position < offset:
        match = _TOKEN.match(text, position, offset)
        if match is None:
            break
        position = match.end()
        kind = match.lastgroup
        comment = kind == "comment"
        if kind == "newline":
            scan.line(position)
        elif kind == "opener":
            scan.open(match.group(), match.start())
        elif kind == "closer":
            scan.close(match.group())
        elif kind not in ("blank", "comment") and scan.start is None:
            scan.start = match.start()
        if kind == "unclosed":
            inside = match.group()
        if kind not in ("blank", "comment"):
            scan.before = match.group()
    start = offset if scan.start is None else scan.start
    return Cursor(tuple(scan.frames), text[start:offset], start, tuple(scan.brackets), inside, comment)
