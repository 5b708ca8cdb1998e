"""What each code of the compiler means: its cause, an example that has it, and the same one mended.

The texts are files of the grammar, `errors/AG0203.md`, read when they are asked for.
"""

import os
import re
from functools import cached_property

import attrs

from agraph import grammar
from agraph.compiler import kinds
from agraph.compiler.diagnostics import Kind

_BLOCK = re.compile(r"^```agraph(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TITLE = re.compile(r"# (AG\d{4}): (.+)\n")
NUL_SIGN = "␀"
"""What stands for a NUL character in an example: files with a real one are no text."""


@attrs.frozen
class Example:
    """A program of an explanation.

    Attributes:
        text: The file that is compiled.
        files: Those beside it, by name.
    """

    text: str
    files: tuple[tuple[str, str], ...]


@attrs.frozen
class Explanation:
    """What a code means.

    Attributes:
        text: All of it, as Markdown.
    """

    code: str
    text: str

    @property
    def title(self) -> str:
        """What is wrong, in a few words."""
        found = _TITLE.match(self.text)
        assert found is not None
        return found[2]

    @property
    def cause(self) -> str:
        """When the code is given, and why."""
        return self.text.split("\n", 1)[1].partition("```")[0].strip()

    @cached_property
    def _blocks(self) -> list[tuple[str, str]]:
        return _BLOCK.findall(self.text.replace(NUL_SIGN, "\0"))

    @property
    def failing(self) -> Example:
        """A program that has the mistake, and no other."""
        return self._example(0)

    @property
    def mended(self) -> Example:
        """The same program without it."""
        return self._example(1)

    def _example(self, number: int) -> Example:
        texts = [text for name, text in self._blocks if not name]
        return Example(texts[number], tuple((name, text) for name, text in self._blocks if name))


def codes() -> dict[str, Kind]:
    """Every kind of mistake by its code, in order."""
    return {kind.code: kind for kind in vars(kinds).values() if isinstance(kind, Kind)}


def explanation(code: str) -> Explanation:
    """What a known code means."""
    path = os.path.join(grammar.__path__[0], "errors", f"{code}.md")
    with open(path, encoding="utf-8") as file:
        return Explanation(code, file.read())


def index() -> str:
    """The page that lists every code, as Markdown."""
    rows = [
        f"| [{code}](../grammar/errors/{code}.md) | {kind.severity} | {_cell(explanation(code).title)} |"
        for code, kind in codes().items()
    ]
    return "\n".join([*_INDEX_HEAD, *rows, ""])


_INDEX_HEAD = [
    "# The codes of agraph",
    "",
    "Written by `agraph explain --markdown`. `agraph explain AG0203` shows its page in a terminal:",
    "what causes it, a program that has it, and the same program mended. A comment `# allow AG0414` at the",
    "end of a line switches a warning off there; errors cannot be switched off.",
    "",
    "| code | | what is wrong |",
    "| --- | --- | --- |",
]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
