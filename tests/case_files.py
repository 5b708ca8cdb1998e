"""The language tests: files in `cases/`, each of many small programs that say themselves what is wrong.

A line `---` divides the programs, a line `--- name.agraph` begins another file beside the program above it.
What the compiler shall say of a line stands at its end: `#! AG0401 form a cycle`, the code and a part of the
message or the hint. A program without such marks is clean.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import attrs

from agraph.compiler.loader import Unreadable
from agraph.compiler.source import Source

CASES = Path(__file__).parent / "cases"
STD = {path.stem: path for path in (Path(__file__).parent.parent / "stdlib").glob("*.agraph")}
MAIN = "main.agraph"
"""The name of the program that is compiled."""

_DIVIDER = re.compile(r"^--- ?(.*)\n", re.MULTILINE)
_MARK = re.compile(r"#! (AG\d{4}) ?([^#\n]*)")


@attrs.frozen
class Mark:
    """What is expected of a line: a code, and a part of what is said."""

    file: str
    line: int
    code: str
    fragment: str


@attrs.frozen
class Case:
    """A program.

    Attributes:
        name: The file of cases and the comment above the program.
        files: The texts beside it, by name.
    """

    name: str
    text: str
    files: Mapping[str, str]

    @property
    def marks(self) -> list[Mark]:
        return [
            Mark(file, number, code, fragment.strip())
            for file, text in {MAIN: self.text, **self.files}.items()
            for number, line in enumerate(text.split("\n"), 1)
            for code, fragment in _MARK.findall(line)
        ]


@attrs.frozen
class Files:
    """A loader of files that are texts in memory; the std modules are the real ones."""

    texts: Mapping[str, str] = {}

    def std_modules(self) -> tuple[str, ...]:
        return tuple(sorted(STD))

    def std(self, name: str) -> Source:
        return Source(f"std/{name}.agraph", STD[name].read_text(encoding="utf-8"))

    def relative(self, path: str, importer: Source) -> Source | Unreadable:
        place = str(PurePosixPath(importer.path).parent / path)
        if place not in self.texts:
            return Unreadable("there is no such file")
        return Source(place, self.texts[place])


def cases() -> Iterator[Case]:
    """All programs of all files."""
    for path in sorted(CASES.glob("*.agraph")):
        first, *rest = _DIVIDER.split(path.read_text(encoding="utf-8"))
        programs = [("", first), *zip(rest[::2], rest[1::2], strict=True)]
        starts = [index for index, (file_name, _) in enumerate(programs) if not file_name]
        for start, end in zip(starts, [*starts[1:], len(programs)], strict=True):
            text = programs[start][1]
            title = text.split("\n", 1)[0].lstrip("# ")
            yield Case(f"{path.stem}: {title}", text, dict(programs[start + 1 : end]))
