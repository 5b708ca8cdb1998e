"""The same program in other layouts: other blanks, line ends and comments between the same words."""

from collections.abc import Iterator
from random import Random
from typing import Any

import attrs
from hypothesis import strategies as st

from agraph.compiler.pieces import Piece, pieces
from agraph.compiler.source import Span
from tests.sources import composed_files, files

MEETS_ANYTHING = frozenset("()[]{},:.")
BLANKS = ["", " ", "  ", "\t", " \t "]
LINE_ENDS = [
    "\n",
    "\n",
    "\n\n",
    "\n   \n\n\n",
    "\r\n",
    " # c\n",
    "#d \t\n",
    "\n# e\n",
    "\n\n\t# f\n\n\n# g\n",
]
LINES = [*BLANKS, *BLANKS, *LINE_ENDS, "   # h\n\t"]

EVERY_CONSTRUCT = '''\
agraph 1

import std.text as words
import "other file.agraph" as other

type Kind { kind: "a" | ("b" | "c")?, parts: list[other.Part?] }

tool t(a: str, b: list[T]?) -> T = recorded("x.jsonl", key = "a", options = { "a b": [1, -2.5e-3], c: {} })

model m = anthropic("x", stop = ["""
  a text
    of   two lines

  """], top = -1)

graph g[n = 2, k: model = m](q: str, r: Kind?) -> "yes" | "no" {
  model = k
  node a[3] "Answers." -> list[str]? {
    on ~ [0.1, 0.2, 0.3]
    prompt short = "{{ q }}"
    prompt ~ { short: 0.5, "words.x": 1 }
    when = r.kind[0] == { x: [null, true] }
  }
  node b ~ g[n = 1, m](a[-1].x, f(1)(2)) { x {} }
  node c -> str = [a[i + 1], b]
  edge [a, b] -> c[i - 1] -> [d.e, f[0]] ~ [[1, 0], [0, 1]]
  b { on ~ 1 }
  output output[0].x
}

test g "says yes" {
  q = "a # no comment"
  expect output[0] != -1
  expect [1, 2] == [a, b]
}

optimize g {
  budget = [usd(2.00), calls(500)]
}
'''
"""A text with each construct of the grammar; what it names need not exist."""


def texts() -> st.SearchStrategy[str]:
    """Texts without syntax errors, in every layout."""
    written = st.one_of(st.just(EVERY_CONSTRUCT), files(), composed_files())
    return st.builds(relaid, written, st.randoms(use_true_random=False))


def relaid(text: str, random: Random) -> str:
    """A text in another layout; comments are added, and those that were there stay."""
    written = [random.choice(["", "# first\n", "\n\n", "\ufeff"])]
    written += _relaid(list(pieces(text.removeprefix("\ufeff"))), random)
    written.append(random.choice(["", "  ", "\n", "\n\n# last", "\r\n\r\n"]))
    return "".join(written)


def _relaid(all_pieces: list[Piece], random: Random) -> Iterator[str]:
    """The pieces, with a stretch before each."""
    by_lines, before = [True], all_pieces[0]
    for piece in all_pieces[:-1]:
        for comment in piece.comments:
            yield f"\n{comment.text}\n" if comment.own_line else f"{comment.text}\n"
        if piece is not before:
            yield _stretch(before, piece, by_lines[-1], random)
        yield piece.text
        before = _entered(before, piece, by_lines)


def _stretch(before: Piece, piece: Piece, by_lines: bool, random: Random) -> str:
    if by_lines and (piece.new_line or piece.comments):
        return random.choice(LINE_ENDS)
    at_brace = before.kind == "{" or piece.kind == "}"
    stretch = random.choice(BLANKS if by_lines and not at_brace else LINES)
    meet = before.kind in MEETS_ANYTHING or piece.kind in MEETS_ANYTHING
    return stretch or ("" if meet else " ")


def _entered(before: Piece, piece: Piece, by_lines: list[bool]) -> Piece:
    """Follow the brackets: whether a line end means something between the innermost two."""
    if piece.kind in ("(", "[", "{"):
        is_body = piece.kind == "{" and by_lines[-1] and before.kind not in ("=", "~", "==", "!=")
        by_lines.append(is_body)
    elif piece.kind in (")", "]", "}"):
        by_lines.pop()
    return piece


def meaning(value: object) -> object:
    """A tree or an IR without the places in its text."""
    if isinstance(value, Span):
        return None
    if isinstance(value, tuple):
        return tuple(meaning(item) for item in value)
    kind: Any = type(value)
    if attrs.has(kind):
        kept = [field.name for field in attrs.fields(kind) if field.name not in ("at", "begins")]
        return (kind.__name__, *(meaning(getattr(value, name)) for name in kept))
    return value
