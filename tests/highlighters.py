"""What each highlighter marks in texts, for comparison with `marks.py`.

An engine that is not on this machine skips its tests. With `AGRAPH_EDITORS=all` in the environment, as in
`.ci/run`, it fails them.
"""

import ctypes
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.marks import Marks, marks_of

EDITORS = Path(__file__).parent.parent / "editors"
ENGINES = ("pygments", "textmate", "tree-sitter", "vim", "nvim")


def marks(engine: str, texts: Sequence[str]) -> list[Marks]:
    """What an engine marks in each text."""
    match engine:
        case "pygments":
            return [marks_of(text, _pygments(text)) for text in texts]
        case "textmate":
            return _lines_marked(texts, _textmate(texts), _SCOPES)
        case "tree-sitter":
            return [marks_of(text, _tree_sitter(text)) for text in texts]
        case _:
            return _lines_marked(texts, _vim(engine, texts), _GROUPS)


def program(name: str) -> str:
    """The path of a program, or the end of the test."""
    return shutil.which(name) or missing(f"{name} is not installed")


def missing(what: str) -> Any:
    """Skip the test, or fail it where everything has to be there."""
    if os.environ.get("AGRAPH_EDITORS") == "all":
        pytest.fail(what)
    pytest.skip(what)


# Pygments.


def _pygments(text: str) -> Iterator[tuple[str, int, int]]:
    from pygments.token import Comment, Keyword, Number, String

    from agraph.pygments_lexer import AgraphLexer

    kinds: Any = {
        "comment": Comment,
        "keyword": Keyword,
        "string": String,
        "interpolation": String.Interpol,
        "number": Number,
    }
    for start, token, value in AgraphLexer().get_tokens_unprocessed(text):
        end = start + len(value)
        if "Learnable" in [str(part) for part in token]:
            yield "learnable", start, end
        yield from ((kind, start, end) for kind, parent in kinds.items() if token in parent)


# Engines that read lines.

Line = list[tuple[int, int, list[str]]]
"""The stretches of a line: where they begin and end, in code points, and the names that they have."""


def _lines_marked(
    texts: Sequence[str], files: Sequence[list[Line]], kinds: Mapping[str, frozenset[str]]
) -> list[Marks]:
    return [marks_of(text, _named(text, lines, kinds)) for text, lines in zip(texts, files, strict=True)]


def _named(
    text: str, lines: list[Line], kinds: Mapping[str, frozenset[str]]
) -> Iterator[tuple[str, int, int]]:
    # Editors keep a byte order mark apart from the text.
    offset = len(text) - len(text.removeprefix("\ufeff"))
    # An empty line after the last line end may be missing.
    for line, stretches in zip(text[offset:].split("\n"), lines, strict=False):
        for start, end, names in stretches:
            for kind, known in kinds.items():
                if not known.isdisjoint(names):
                    yield kind, offset + start, offset + min(end, len(line))
        offset += len(line) + 1


# TextMate grammars, as VS Code reads them.

_SCOPES = {
    "comment": frozenset({"comment.line"}),
    "keyword": frozenset({"keyword.control", "keyword.declaration", "constant.language"}),
    "string": frozenset({"string.quoted"}),
    "interpolation": frozenset({"meta.interpolation"}),
    "number": frozenset({"constant.numeric"}),
    "learnable": frozenset({"meta.learnable"}),
}


def _textmate(texts: Sequence[str]) -> list[list[Line]]:
    folder = EDITORS / "vscode"
    if not (folder / "node_modules").is_dir():
        missing("run `npm ci` in editors/vscode")
    lines = json.dumps([text.removeprefix("\ufeff").split("\n") for text in texts])
    command = [program("node"), str(folder / "test" / "scopes.js")]
    done = subprocess.run(command, input=lines.encode(), capture_output=True, check=True)
    return [
        [[(start, end, [".".join(scope.split(".")[:2]) for scope in scopes]) for start, end, scopes in line]
         for line in file]
        for file in json.loads(done.stdout)
    ]  # fmt: skip


# tree-sitter.


_FLAGS = ("-shared", "-fPIC", "-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter")


@cache
def language() -> Any:
    """The language of `editors/tree-sitter`, compiled by the C compiler of this machine."""
    import tree_sitter

    source = EDITORS / "tree-sitter" / "src"
    with TemporaryDirectory() as folder:
        library = Path(folder) / "agraph.so"
        files = [str(source / "parser.c"), str(source / "scanner.c")]
        subprocess.run(
            [program("cc"), *_FLAGS, "-I", str(source), "-o", str(library), *files],
            check=True,
        )
        function = ctypes.CDLL(str(library)).tree_sitter_agraph
    function.restype = ctypes.c_void_p
    capsule = ctypes.pythonapi.PyCapsule_New
    capsule.restype, capsule.argtypes = ctypes.py_object, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
    return tree_sitter.Language(capsule(function(), b"tree_sitter.Language", None))


def tree(text: str) -> Any:
    """The syntax tree of a text, at its root."""
    compiled = language()
    import tree_sitter

    return tree_sitter.Parser(compiled).parse(text.encode()).root_node


_CAPTURES = {
    "comment": ("comment",),
    "keyword": ("keyword", "keyword.import", "constant.builtin"),
    "string": ("string",),
    "interpolation": ("string.special",),
    "number": ("number",),
    "learnable": ("learnable",),
}


def _tree_sitter(text: str) -> Iterator[tuple[str, int, int]]:
    root = tree(text)
    assert not root.has_error, str(root)
    place = {0: 0}
    size = 0
    for index, character in enumerate(text, 1):
        size += len(character.encode())
        place[size] = index
    captured = captures("highlights", root)
    for kind, names in _CAPTURES.items():
        for node in (node for name in names for node in captured.get(name, ())):
            yield kind, place[node.start_byte], place[node.end_byte]


@cache
def _query(name: str) -> Any:
    import tree_sitter

    return tree_sitter.Query(language(), (EDITORS / "tree-sitter" / "queries" / f"{name}.scm").read_text())


def captures(name: str, root: Any) -> dict[str, list[Any]]:
    """The nodes that a query of `editors/tree-sitter/queries` captures, by capture."""
    import tree_sitter

    return tree_sitter.QueryCursor(_query(name)).captures(root)


# Vim and Neovim.


def _vim(name: str, texts: Sequence[str]) -> list[list[Line]]:
    script = Path(__file__).parent / "highlighting" / "groups.vim"
    with TemporaryDirectory() as folder:
        for number, text in enumerate(texts):
            (Path(folder) / f"{number}.agraph").write_bytes(text.encode())
        run_vim(name, f"let g:folder = '{folder}'", f"let g:count = {len(texts)}", f"source {script}")
        found: list[list[Line]] = json.loads((Path(folder) / "groups.json").read_text(encoding="utf-8"))
    return found


_STARTS = {
    "vim": ("-N", "-u", "NONE", "-i", "NONE", "-n", "-X", "-es"),
    "nvim": ("--headless", "-u", "NONE", "-i", "NONE", "-n", "-es"),
}
_SETUP = (
    "set encoding=utf-8",
    f"set runtimepath^={EDITORS / 'vim'}",
    "filetype plugin indent on",
    "syntax on",
)


def run_vim(name: str, *commands: str) -> None:
    """Run commands in `vim` or `nvim` without a screen, which knows nothing but `editors/vim`."""
    arguments = [part for line in (*_SETUP, *commands, "qa!") for part in ("-c", line)]
    done = subprocess.run([program(name), *_STARTS[name], *arguments], capture_output=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


_GROUPS = {
    "comment": frozenset({"agraphComment"}),
    "keyword": frozenset({"agraphKeyword", "agraphAs", "agraphStatementWord", "agraphConstant"}),
    "string": frozenset(
        {
            "agraphString",
            "agraphStringLearnable",
            "agraphBlock",
            "agraphBlockLearnable",
            "agraphTemplate",
            "agraphTemplateLearnableText",
            "agraphTemplateBlock",
            "agraphTemplateLearnableBlock",
            "agraphFile",
            "agraphTitle",
        }
    ),
    "interpolation": frozenset({"agraphInterpolation", "agraphPlainInterpolation"}),
    "number": frozenset({"agraphNumber", "agraphNumberLearnable"}),
    "learnable": frozenset({"agraphLearnable", "agraphTemplateLearnable"}),
}
