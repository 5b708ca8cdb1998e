"""What an editor should colour in a file, told by the parser of the language: what highlighters go by.

`python -m tests.marks` writes the expected marks of the corpus anew.

Six kinds are told apart. They may overlap: a number can stand in a learnable, an interpolation in a string.
The blanks in and around a stretch do not count, since nobody sees their colour.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import lark

from agraph.compiler import syntax
from agraph.compiler.build import Builder
from agraph.compiler.parser import build_machine, grammar_text, parse
from agraph.compiler.source import Source
from agraph.compiler.templates import _BRACES

KINDS = ("comment", "keyword", "string", "interpolation", "number", "learnable")
"""What is told apart; `string` is the text of prompts and all other strings."""

CORPUS = sorted((Path(__file__).parent / "highlighting").glob("*.agraph"))
"""Files with all that is hard to colour. Beside each stands what is marked in it."""

Marks = Mapping[str, frozenset[int]]
"""For each kind the places that are marked: code points of the text, none of them blank."""

TEMPLATES = ("prompt", "system")
"""The attributes whose text is a template."""

_COMMENT = re.compile("#[^\n]*")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@cache
def _machine() -> lark.Lark:
    return build_machine(grammar_text(), Builder())


@cache
def words() -> frozenset[str]:
    """The words of the language: terminals of the grammar that are spelt with letters."""
    found = set()
    for terminal in _machine().terminals:
        word = re.match(r"[a-z]+(?=$|\(\?!)", terminal.pattern.value)
        found |= {word.group()} if word else set()
    return frozenset(found)


def marks_of(text: str, spans: Iterable[tuple[str, int, int]]) -> Marks:
    """The marks of stretches `(kind, start, end)` of a text."""
    places: dict[str, set[int]] = {kind: set() for kind in KINDS}
    for kind, start, end in spans:
        places[kind].update(place for place in range(start, end) if not text[place].isspace())
    return {kind: frozenset(found) for kind, found in places.items()}


def lark_marks(text: str) -> Marks:
    """The marks that the grammar gives to a text that it accepts."""
    return marks_of(text, _spans(text))


def _spans(text: str) -> Iterator[tuple[str, int, int]]:
    offset = 1 if text.startswith("\ufeff") else 0
    end = offset
    tokens: Any = _machine().parse_interactive(text[offset:], start="file").exhaust_lexer()
    for token in tokens:
        start, before, end = token.start_pos + offset, end, token.end_pos + offset
        yield from _comments(text, before, start)
        if token.type in ("PLAIN", "BLOCK"):
            yield "string", start, end
        elif token.type in ("NUMBER", "INT"):
            yield "number", start, end
        elif str(token) in words() and token.type != "NAME":
            yield "keyword", start, end
    yield from _comments(text, end, len(text))
    tree, findings = parse(Source("corpus.agraph", text))
    assert findings == (), findings
    for item in tree.items:
        yield from _learnables(item, text)
        if isinstance(item, syntax.GraphDeclaration):
            yield from _interpolations(item.body, text)


def _comments(text: str, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    """The comments between two tokens, where nothing else can stand but blanks and line ends."""
    for match in _COMMENT.finditer(text, start, end):
        yield "comment", match.start(), match.end()


def _learnables(tree: Any, text: str) -> Iterator[tuple[str, int, int]]:
    """Each `~` with its value."""
    match tree:
        case syntax.Setting(learnable=True):
            yield "learnable", tree.sign.start, tree.value.span.end
        case syntax.NodeDeclaration(learnable=True, value=value) if value:
            yield "learnable", _sign(text, value.span.start), value.span.end
        case syntax.EdgeDeclaration(learnable=True, prior=prior) if prior:
            yield "learnable", _sign(text, prior.span.start), prior.span.end
    for part in getattr(tree, "body", None) or ():
        yield from _learnables(part, text)


def _sign(text: str, value: int) -> int:
    """Where the `~` before a value stands: only blanks come between."""
    return text.rindex("~", 0, value)


def _interpolations(body: "tuple[syntax.Statement, ...]", text: str) -> Iterator[tuple[str, int, int]]:
    """The `{{ }}` of prompts and system texts; in all other strings braces are braces."""
    for part in body:
        match part:
            case syntax.Setting(path=path, value=syntax.String(span=span)) if path[-1].text in TEMPLATES:
                yield from _placeholders(text[span.start : span.end], span.start)
            case syntax.NodeDeclaration(body=inner) | syntax.Block(body=inner):
                yield from _interpolations(inner or (), text)
            case _:
                pass


def _placeholders(text: str, start: int) -> Iterator[tuple[str, int, int]]:
    """The closed double braces of a literal, each from brace to brace."""
    places = list(range(len(text)))
    if not text.startswith('"""'):
        # An escape is one character, at the place where it begins.
        places = [match.start() for match in re.finditer(r"\\.|.", text)]
        text = _ESCAPE.sub(r"\1", text)
    position = 0
    while (position := text.find("{{", position)) >= 0:
        match = _BRACES.match(text, position)
        position = match.end() if match else position + 2
        if match:
            yield "interpolation", start + places[match.start()], start + places[match.end() - 1] + 1


def listing(text: str, marks: Marks) -> str:
    """The marks for a reader: a line `line:first-last kind text` for each stretch, columns counted from 1."""
    found = []
    offset = 0
    for number, line in enumerate(text.split("\n"), 1):
        for order, kind in enumerate(KINDS):
            # A stretch goes on over blanks, as far as marked places follow.
            shown = "".join(
                character if character.isspace() else "x" if offset + column in marks[kind] else "."
                for column, character in enumerate(line)
            )
            found += [
                (number, match.start(), order, match.end(), kind, line[slice(*match.span())])
                for match in re.finditer(r"x(?:\s*x)*", shown)
            ]
        offset += len(line) + 1
    return "".join(
        f"{number}:{start + 1}-{end} {kind} {stretch}\n"
        for number, start, _, end, kind, stretch in sorted(found)
    )


def write_listings() -> None:
    """Write what the grammar marks in the corpus, to be read before it is kept."""
    for path in CORPUS:
        text = path.read_text(encoding="utf-8")
        path.with_suffix(".marks").write_text(listing(text, lark_marks(text)), encoding="utf-8")


if __name__ == "__main__":
    write_listings()
