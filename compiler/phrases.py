"""What the parser wanted and what it met, in the words of the language reference."""

import re
from collections.abc import Set

import attrs

from agraph.compiler.diagnostics import Nearest, nearest
from agraph.compiler.source import Source, Span

# In the order in which a message lists them.
_PHRASES = {
    "NAME": "a name",
    "PLAIN": "a string",
    "BLOCK": "a string",
    "NUMBER": "a number",
    "INT": "a whole number",
    "TRUE": "`true`",
    "FALSE": "`false`",
    "NULL": "`null`",
    "AGRAPH": "`agraph`",
    "IMPORT": "`import`",
    "TYPE": "`type`",
    "MODEL": "`model`",
    "TOOL": "`tool`",
    "GRAPH": "`graph`",
    "TEST": "`test`",
    "OPTIMIZE": "`optimize`",
    "NODE": "`node`",
    "EDGE": "`edge`",
    "OUTPUT": "`output`",
    "EXPECT": "`expect`",
    "AS": "`as`",
    "DOT": "`.`",
    "COLON": "`:`",
    "ARROW": "`->`",
    "EQUAL": "`=`",
    "TILDE": "`~`",
    "COMPARISON": "a comparison",
    "PLUS": "`+`",
    "MINUS": "`-`",
    "QMARK": "`?`",
    "VBAR": "`|`",
    "COMMA": "`,`",
    "LPAR": "`(`",
    "LSQB": "`[`",
    "LBRACE": "`{`",
    "RPAR": "`)`",
    "RSQB": "`]`",
    "RBRACE": "`}`",
    "_NL": "the end of the line",
    "$END": "the end of the line",
}
TERMINALS = frozenset(_PHRASES)

_VALUE = frozenset({"NAME", "PLAIN", "BLOCK", "NUMBER", "TRUE", "FALSE", "NULL", "LSQB", "LBRACE"})
_ITEM = frozenset({"AGRAPH", "IMPORT", "TYPE", "MODEL", "TOOL", "GRAPH", "TEST", "OPTIMIZE"})
_STATEMENT = frozenset({"NODE", "EDGE", "OUTPUT", "EXPECT", "NAME"})
_TYPE = frozenset({"NAME", "PLAIN", "LPAR"})
_WHOLES = ((_VALUE, "a value"), (_ITEM, "a declaration"), (_STATEMENT, "a statement"), (_TYPE, "a type"))

# What may lengthen a value or a type that is complete as it stands: true, and no help.
_CONTINUATIONS = frozenset({"DOT", "LPAR", "LSQB", "COMPARISON", "VBAR", "QMARK"})

_GAP = re.compile(r"(?:[ \t]+|#[^\n]*)*")
_WORD = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|[A-Za-z0-9_]+|->|=>|[=!<>]=|.", re.DOTALL)


def expected(accepted: Set[str]) -> str:
    """The list of what could have stood there, of the names of the grammar's terminals."""
    phrases = []
    rest = set(accepted)
    for terminals, phrase in _WHOLES:
        if terminals <= rest:
            phrases.append(phrase)
            rest -= terminals
    # Beside a name, a bracket opens a list.
    continuations = _CONTINUATIONS - {"LSQB"} if "NAME" in rest else _CONTINUATIONS
    if phrases or rest - continuations:
        rest -= continuations
    phrases += dict.fromkeys(phrase for terminal, phrase in _PHRASES.items() if terminal in rest)
    if len(phrases) == 1:
        return phrases[0]
    return f"{', '.join(phrases[:-1])} or {phrases[-1]}"


def found(source: Source, position: int) -> tuple[str, Span]:
    """What stands at a place, behind blanks and a comment, and the span to show for it."""
    text = source.text
    gap = _GAP.match(text, position)
    start = gap.end() if gap else position
    if start >= len(text):
        return "the end of the file", Span(position, position)
    if text[start] in "\r\n":
        return "the end of the line", Span(position, position)
    if text[start] == '"':
        return "a string", Span(start, start + 1)
    word = _WORD.match(text, start)
    assert word is not None
    return f"`{word.group()}`", Span(start, word.end())


def named_character(character: str) -> str:
    """A character as a message shows it: with its code point where it would not be seen."""
    if character.isprintable() and not character.isspace():
        return f"`{character}`"
    return f"the character U+{ord(character):04X}"


_STRAY_HINTS = {
    "'": 'strings stand between `"`',
    "`": 'strings stand between `"`',
    "“": 'strings stand between straight quotes, `"`',
    "”": 'strings stand between straight quotes, `"`',
    ";": "a statement ends with its line",
    "/": "a comment begins with `#`",
    "%": "a part of the whole is a number from 0 to 1: `0.1` for 10%",
    "*": "there are no operators; a tool can calculate",
    "→": "an arrow is written `->`",
    "\xa0": "it is a no-break space; use a plain one",
}


STAND_INS = {"“": '"', "”": '"', "→": "->", "\xa0": " "}
"""What a character that is no part of the language stands for, where that is clear."""


def stray_hint(character: str) -> str | None:
    """What to write instead of a character that is no part of the language."""
    if character.isalpha():
        return "names are made of the letters a to z and A to Z, digits and `_`"
    return _STRAY_HINTS.get(character)


_DECLARATIONS = "it begins with `import`, `type`, `model`, `tool`, `graph`, `test` or `optimize`"


def token_hint(accepted: Set[str], met: str, first_word: str) -> str | Nearest | None:
    """What was probably meant.

    Args:
        accepted: The terminals that could have stood there.
        met: What stands there, as `found` says it.
        first_word: The first word of the statement.
    """
    match meant_sign(accepted, met):
        case "==":
            return "two values are compared with `==`"
        case "=":
            return "a value is given with `=`"
        case "->":
            return "an arrow is written `->`"
    if accepted >= _ITEM:
        return _inside_graph(met) or _meant(met.strip("`"), _ITEM) or _DECLARATIONS
    if met == "`.`" and "NUMBER" in accepted:
        return "a digit stands before the point: `0.5`"
    if met == "`-`":
        return 'a name has no `-`, and a text stands between `"`'
    if met == "`+`" and "COMMA" in accepted:
        return "there are no operators; a tool can calculate"
    if {"EQUAL", "TILDE"} <= accepted and first_word:
        return _meant(first_word, _STATEMENT - {"NAME"})
    return None


def meant_sign(accepted: Set[str], met: str) -> str | None:
    """The sign that was meant by one of other languages, or `None`."""
    if met == "`=`" and "COMPARISON" in accepted:
        return "=="
    if met in ("`=>`", "`>`") and "ARROW" in accepted:
        return "->"
    return "=" if met == "`:`" and "EQUAL" in accepted else None


def _inside_graph(met: str) -> str | None:
    return f"{met} stands between the braces of a graph" if met in ("`node`", "`edge`", "`output`") else None


def _meant(word: str, keywords: Set[str]) -> Nearest | None:
    words = sorted(map(str.lower, keywords))
    near = None if word in words else nearest(word.lower(), words)
    return None if near is None else attrs.evolve(near, written=word)
