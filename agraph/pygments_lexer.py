"""A lexer for Pygments, and so for Sphinx, `pygmentize` and notebooks; an entry point tells Pygments of it.

What can be learned, `~` and the value after it, has token types of its own below the usual ones, such as
`Token.Literal.Number.Learnable`: a style may show them, and shows them like any number where it does not.
"""

import re
from collections.abc import Iterator
from typing import Literal

import attrs
from pygments.lexer import Lexer
from pygments.token import Comment, Error, Keyword, Name, Number, Operator, Punctuation, String, Whitespace
from pygments.token import _TokenType as TokenType

ITEMS = frozenset({"agraph", "import", "type", "model", "tool", "graph", "test", "optimize"})
STATEMENTS = frozenset({"node", "edge", "output", "expect"})
CONSTANTS = frozenset({"true", "false", "null"})

_TEMPLATES = frozenset({"prompt", "system"})
_TYPES = frozenset({"str", "int", "float", "bool", "list"})
_DECLARED = {
    "graph": Name.Function,
    "tool": Name.Function,
    "type": Name.Class,
    "model": Name.Constant,
    "node": Name.Variable,
}
_BEFORE_RECORDS = frozenset({"=", "~", ",", ":", "==", "!=", "<=", ">=", "<", ">"})

_TOKEN = re.compile(
    r"""
      (?P<blank>[ \t\r\ufeff]+)
    | (?P<newline>\n)
    | (?P<comment>\#[^\n]*)
    | (?P<block>(?P<run>"{3,})[ \t]*\r?\n(?:[^\n]*\n)*?[ \t]*(?P=run)(?!"))
    | (?P<plain>"(?!"")[^"\\\r\n]*(?:\\[^\r\n][^"\\\r\n]*)*")
    | (?P<name>[A-Za-z_]\w*)
    | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    | (?P<operator>->|==|!=|<=|>=|[<>=~|?+-])
    | (?P<opener>[(\[{])
    | (?P<closer>[)\]}])
    | (?P<mark>[,:.])
    """,
    re.VERBOSE | re.ASCII,
)
_BLOCK_PART = re.compile(r'(?P<braces>\{\{(?:[ \t]*"(?:\{\{|\}\})"[ \t]*|[^\n]*?)\}\})')
_PLAIN_PART = re.compile(
    r'(?P<braces>\{\{(?:[ \t]*\\"(?:\{\{|\}\})\\"[ \t]*|(?:[^"\\\n]|\\.)*?)\}\})'
    r'|(?P<escape>\\(?:u\{[^}"\\]*\}|u[0-9A-Fa-f]{4}|.))'
)
_BEFORE_COLON = re.compile(r"\s*:")
_BEFORE_CALL = re.compile(r"[ \t]*\(")

_Place = Literal["file", "body", "data", "fields", "brackets"]
"""What is open: a body of statements, that of a test or an optimize block, that of a type, or brackets."""


class AgraphLexer(Lexer):
    """The agraph language."""

    name = "agraph"
    aliases = ("agraph",)
    filenames = ("*.agraph",)
    mimetypes = ("text/x-agraph",)

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, TokenType, str]]:
        """The place, the type and the text of each token; together they are the text."""
        reader = _Reader(text)
        position = 0
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                yield position, Error, text[position]
                position += 1
                continue
            for start, token, value in reader.read(match):
                yield start, token.Learnable if reader.in_learnable else token, value
            position = match.end()


@attrs.define
class _Reader:
    """Where in a file the lexer is.

    Attributes:
        places: What is open, the innermost last.
        heads: The first word of the statement in each of the places.
        before: The token before, blanks and comments aside; empty where a statement begins.
        attribute: The last name of the path that a setting begins with; `None` after its sign.
        is_template: Whether the text of the setting is a template.
        learnable: How many places were open at the last `~`, until its value ends.
        in_learnable: Whether the tokens that were read last belong to `~` and its value.
    """

    text: str
    places: list[_Place] = attrs.Factory(lambda: ["file"])
    heads: list[str] = attrs.Factory(lambda: [""])
    before: str = ""
    attribute: str | None = None
    is_template: bool = False
    learnable: int | None = None
    in_learnable: bool = False

    def read(self, match: re.Match[str]) -> Iterator[tuple[int, TokenType, str]]:
        """The tokens of a match, most often one."""
        kind, value, start = match.lastgroup, match.group(), match.start()
        if kind == "run":
            kind = "block"
        place = self.places[-1]
        self._end_statement(kind, value, place)
        self.in_learnable = self.learnable is not None and (
            kind != "comment" or len(self.places) > self.learnable
        )
        match kind:
            case "blank" | "newline":
                yield start, Whitespace, value
                return
            case "comment":
                yield start, Comment.Single, value
                return
            case "block" | "plain":
                yield from self._string(kind, value, start)
            case "number":
                # After a name stands `- 1`: the minus of `i - 1` belongs to no number.
                signed = value.startswith("-") and re.fullmatch(r"\w+", self.before) is not None
                if signed:
                    yield start, Operator, "-"
                yield start + signed, Number, value[signed:]
            case "name":
                yield start, self._name(value, match.end(), place), value
            case "operator":
                self._sign(value)
                self.in_learnable = self.learnable is not None
                yield start, Operator, value
            case "opener":
                self._open(value, place)
                yield start, Punctuation, value
            case "closer":
                if len(self.places) > 1:
                    self.places.pop()
                    self.heads.pop()
                yield start, Punctuation, value
            case _:
                yield start, Punctuation, value
        self.before = value

    def _end_statement(self, kind: str | None, value: str, place: _Place) -> None:
        """End the value after `~`, and the statement, where this token does so."""
        at_value = self.learnable == len(self.places)
        if place != "brackets" and kind == "newline":
            self.before = self.heads[-1] = ""
            self.attribute, self.is_template = "", False
            self.learnable = None
        elif at_value and (value == "}" or (value == "{" and self.before not in _BEFORE_RECORDS)):
            self.learnable = None

    def _open(self, value: str, place: _Place) -> None:
        if value != "{" or place == "brackets" or self.before in _BEFORE_RECORDS:
            inner: _Place = "brackets"
        elif place == "file":
            first = self.heads[-1]
            inner = "fields" if first == "type" else "data" if first in ("test", "optimize") else "body"
        else:
            inner = place
        self.places.append(inner)
        self.heads.append("")
        if inner != "brackets":
            self.attribute, self.is_template = "", False

    def _sign(self, value: str) -> None:
        if value in ("=", "~") and self.places[-1] != "brackets":
            self.is_template = self.places[-1] == "body" and self.attribute in _TEMPLATES
            self.attribute = None
            if value == "~":
                self.learnable = len(self.places)

    def _name(self, value: str, end: int, place: _Place) -> TokenType:
        begins = self.before in ("", "{") and not self.heads[-1]
        if place != "brackets" and begins:
            self.heads[-1] = value
            words = ITEMS if place == "file" else STATEMENTS if place in ("body", "data") else ()
            if value in words:
                self.attribute = None
                return Keyword
        if self.heads[-1] == "import":
            return Keyword if value == "as" and self.before not in ("import", ".", "as") else Name.Namespace
        if place in ("body", "data") and self.attribute is not None and self.heads[-1] not in STATEMENTS:
            if begins or self.before == ".":
                self.attribute = value
            return Name.Attribute
        if self.before in _DECLARED and self.heads[-1] == self.before:
            return _DECLARED[self.before]
        return self._used_name(value, end)

    def _used_name(self, value: str, end: int) -> TokenType:
        if _BEFORE_COLON.match(self.text, end):
            return Name.Property
        if value in CONSTANTS and self.before != ".":
            return Keyword.Constant
        if value in _TYPES and self.before in (":", "->", "|", "[", "("):
            return Name.Builtin
        if value in ("inbox", "index") and self.before != ".":
            return Name.Builtin.Pseudo
        return Name.Function if _BEFORE_CALL.match(self.text, end) else Name

    def _string(self, kind: str, value: str, start: int) -> Iterator[tuple[int, TokenType, str]]:
        whole = String.Heredoc if kind == "block" else String.Double
        is_template = self.is_template and self.before in ("=", "~")
        part = _BLOCK_PART if kind == "block" else _PLAIN_PART
        end = 0
        for match in part.finditer(value):
            if match.lastgroup == "braces" and not is_template:
                continue
            if match.start() > end:
                yield start + end, whole, value[end : match.start()]
            inner = String.Interpol if match.lastgroup == "braces" else String.Escape
            yield start + match.start(), inner, match.group()
            end = match.end()
        yield start + end, whole, value[end:]
