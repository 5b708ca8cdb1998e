"""What editors do beside colouring: indentation, folds, snippets, the package for VS Code."""

import hashlib
import json
import re
import subprocess
import tomllib
import zipfile
from importlib.metadata import EntryPoint
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from agraph.compiler.parser import parse
from agraph.compiler.source import Source
from agraph.pygments_lexer import AgraphLexer
from tests.highlighters import EDITORS, captures, missing, program, run_vim, tree
from tests.marks import CORPUS, lark_marks

EXAMPLES = sorted((EDITORS.parent / "examples").glob("*.agraph"))
CODE = EDITORS / "vscode"


def json_of(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


# Pygments.


def test_the_entry_point_names_the_lexer() -> None:
    project = tomllib.loads((EDITORS.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (entry,) = project["entry-points"]["pygments.lexers"].values()
    assert EntryPoint("agraph", entry, "pygments.lexers").load() is AgraphLexer


@pytest.mark.parametrize(
    "text", ["", '"""', '"', "~", "}{]", "node é ~ {", '"""\n {{', "agraph 1\n\x00~", "\\"]
)
def test_the_lexer_of_pygments_reads_what_is_no_file_to_its_end(text: str) -> None:
    tokens = list(AgraphLexer().get_tokens_unprocessed(text))
    assert "".join(value for _, _, value in tokens) == text


# Vim.


def flattened(text: str) -> str:
    """A text without the indentation that is no part of a prompt."""
    marks = lark_marks(text)
    lines, offset = [], 0
    for line in text.split("\n"):
        bare = line.lstrip(" ")
        inside = _is_in_block(text, offset, marks["string"])
        lines.append(line if inside else bare)
        offset += len(line) + 1
    return "\n".join(lines)


def _is_in_block(text: str, line_start: int, string: frozenset[int]) -> bool:
    """Whether a line begins inside a block: the place before it, blanks aside, is in a string."""
    before = len(text[:line_start].rstrip())
    first = line_start + len(text[line_start:]) - len(text[line_start:].lstrip())
    return before - 1 in string and first in string and text[:before].count('"""') % 2 == 1


@pytest.mark.parametrize("editor", ["vim", "nvim"])
def test_vim_indents_the_examples_as_they_are(editor: str) -> None:
    with TemporaryDirectory() as folder:
        for path in EXAMPLES:
            text = flattened(path.read_text(encoding="utf-8"))
            assert "\n  node" not in text
            (Path(folder) / path.name).write_text(text, encoding="utf-8")
        indent = "execute 'edit' file | execute 'normal! gg=G' | write"
        run_vim(editor, f"for file in glob('{folder}/*.agraph', 1, 1) | {indent} | endfor")
        for path in EXAMPLES:
            assert (Path(folder) / path.name).read_text(encoding="utf-8") == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("editor", ["vim", "nvim"])
def test_vim_indents_what_is_typed(editor: str) -> None:
    expected = """\
graph g(
  question: str
) -> str {
  node a "A." {
    prompt ~ ""\"
      {{ question }}
      { stays }
      ""\"
  }
  edge a -> b ~ [
    0.5,
  ]
  output a
}
"""
    # What a person types: each line without the blanks before it, which the editor gives.
    typed = "\\<CR>".join(line.strip().replace('"', '\\"') for line in expected.splitlines())
    with TemporaryDirectory() as folder:
        path = Path(folder) / "typed.agraph"
        run_vim(editor, f"edit {path}", f'execute "normal! i{typed}"', "write")
        assert path.read_text(encoding="utf-8") == expected


@pytest.mark.parametrize("editor", ["vim", "nvim"])
def test_vim_folds_bodies_when_it_is_told_to(editor: str) -> None:
    folded = "[&foldmethod, foldclosed(4), foldclosedend(4)]"
    with TemporaryDirectory() as folder:
        path = Path(folder) / "folded.agraph"
        path.write_text('agraph 1\ngraph g() -> str {\n  node a = "x"\n  output a\n}\n', encoding="utf-8")
        for setting, expected in (("0", ["manual", -1, -1]), ("1", ["syntax", 2, 5])):
            written = f"call writefile([json_encode({folded})], '{folder}/folds')"
            run_vim(editor, f"let g:agraph_fold = {setting}", f"edit {path}", "normal! zM", written)
            assert json_of(Path(folder) / "folds") == expected


# tree-sitter.


def test_the_parser_of_tree_sitter_is_made_of_its_grammar() -> None:
    grammar = (EDITORS / "tree-sitter" / "grammar.js").read_bytes()
    kept = (EDITORS / "tree-sitter" / "src" / "grammar.js.sha256").read_text(encoding="utf-8")
    assert kept.split()[0] == hashlib.sha256(grammar).hexdigest(), (
        "run `npm run build` in editors/tree-sitter"
    )


def test_tree_sitter_folds_what_stands_on_several_lines() -> None:
    node = ['  node b "B." {', '    prompt ~ """', "      {{ a }}", '      """', "  }"]
    root = tree("\n".join(["agraph 1", "graph g(a: str) -> str {", *node, "}", ""]))
    folds = {(node.start_point.row, node.end_point.row) for node in captures("folds", root)["fold"]}
    assert {(1, 7), (2, 6), (3, 5)} <= folds


def test_the_queries_of_tree_sitter_fit_its_grammar() -> None:
    root = tree(CORPUS[0].read_text(encoding="utf-8"))
    names = {name: set(captures(name, root)) for name in ("highlights", "folds", "indents")}
    assert names["indents"] == {"indent.begin", "indent.branch", "indent.end", "indent.auto"}
    assert {"function", "attribute", "learnable", "property"} <= names["highlights"]


def test_tree_sitter_goes_on_after_a_mistake() -> None:
    root = tree(
        'agraph 1\ngraph g() -> str {\n  node a "A." = = {\n  edge a -> \n  node b = "x"\n  output b\n}\n'
    )
    assert root.has_error
    assert any(node.text == b'"x"' for node in captures("highlights", root)["string"])


# VS Code.


@pytest.mark.parametrize("name", sorted(json_of(CODE / "snippets" / "agraph.json")))
def test_a_snippet_is_written_in_the_language(name: str) -> None:
    body = json_of(CODE / "snippets" / "agraph.json")[name]["body"]
    text = body if isinstance(body, str) else "\n".join(body)
    values = dict(re.findall(r"\$\{(\d):([^}]*)\}", text))
    text = re.sub(r"\$\{(\d):[^}]*\}|\$(\d)", lambda match: values.get(match[1] or match[2], "x"), text)
    first = text.split()[0]
    is_item = first in ("agraph", "graph", "tool", "type", "test", "optimize") or text.startswith(
        "model fast"
    )
    whole = text if first == "agraph" else f"agraph 1\n{text}\n" if is_item else None
    whole = whole or f"agraph 1\ngraph g() -> str {{\n{text}\n}}\n"
    assert parse(Source("snippet.agraph", whole))[1] == ()


def test_the_package_for_vs_code_has_the_files_that_it_names() -> None:
    package = json_of(CODE / "package.json")
    contributes = package["contributes"]
    named = [package["icon"]]
    named += [each["path"] for each in (*contributes["grammars"], *contributes["snippets"])]
    for each in contributes["languages"]:
        named += [each["configuration"], *each["icon"].values()]
    assert [name for name in named if not (CODE / name).is_file()] == []
    lock = (CODE / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock


def npm(*arguments: str) -> str:
    if not (CODE / "node_modules").is_dir():
        missing("run `npm ci` in editors/vscode")
    command = [program("npm"), "--prefix", str(CODE), *arguments]
    done = subprocess.run(
        command, cwd=CODE, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_tests_of_the_package_for_vs_code_pass() -> None:
    told = npm("test")
    assert re.search(r"^# fail 0$", told, re.MULTILINE), told
    assert "test/scopes.agraph" in told


def test_the_package_for_vs_code_is_built_with_all_that_it_runs() -> None:
    npm("run", "package")
    with zipfile.ZipFile(CODE / "agraph.vsix") as package:
        names = {name.removeprefix("extension/") for name in package.namelist()}
        extension = package.read("extension/dist/extension.js").decode()
    assert {
        "package.json",
        "dist/extension.js",
        "syntaxes/agraph.tmLanguage.json",
        "icons/agraph.png",
    } <= names
    assert not any("node_modules" in name or name.startswith("test/") for name in names)
    # All is bundled but what VS Code itself brings.
    assert "vscode-languageclient" not in re.findall(r'require\("([^"]+)"\)', extension)
