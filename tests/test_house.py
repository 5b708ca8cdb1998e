"""The invariants of ARCHITECTURE.md, held over the files of the project."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args, get_type_hints

import attrs
import pytest

import agraph
from agraph.compiler import ir
from agraph.compiler.source import Span

ROOT = Path(__file__).parents[1]
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]

FRONT = "agraph"
BELOW = {
    "grammar": set[str](),
    "stdlib": set[str](),
    "compiler": {"grammar", "stdlib"},
    "runtime": {"grammar", "stdlib", "compiler"},
    "optimizer": {"grammar", "stdlib", "compiler", "runtime"},
    FRONT: {"grammar", "stdlib", "compiler", "runtime", "optimizer"},
    "agraph/cli": {"grammar", "stdlib", "compiler", "runtime", "optimizer", FRONT},
    "agraph/testing": {"compiler", "runtime"},
}
"""Each part of the house, and the parts that it may import besides itself."""


@attrs.frozen
class Import:
    """One name that a file imports.

    Attributes:
        file: The file, relative to the root.
        name: Dotted, as far as the statement tells it.
        line: Where it stands.
        eager: Whether importing the file imports the name too.
    """

    file: str
    name: str
    line: int
    eager: bool


def packaged_files() -> list[str]:
    """Every Python file that is installed, relative to the root."""
    folders = [folder for folder in SETUPTOOLS["package-dir"].values() if folder != FRONT]
    front = [path for path in (ROOT / FRONT).rglob("*.py") if _own(path)]
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return sorted(path.relative_to(ROOT).as_posix() for path in [*front, *paths])


def _own(path: Path) -> bool:
    """Whether a path below `agraph/` is not reached through one of the links."""
    return not (ROOT / FRONT / path.relative_to(ROOT / FRONT).parts[0]).is_symlink()


@cache
def tree(file: str) -> ast.Module:
    return ast.parse((ROOT / file).read_text(encoding="utf-8"), file)


@cache
def imports() -> tuple[Import, ...]:
    """Everything that the packages import, also inside functions."""
    return tuple(
        Import(file, name, node.lineno, eager)
        for file in packaged_files()
        for node, eager in _import_statements(tree(file), eager=True)
        for name in _names(node)
    )


def _import_statements(node: ast.AST, eager: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, eager
        else:
            yield from _import_statements(child, eager and not _is_deferred(child))


def _is_deferred(node: ast.AST) -> bool:
    """Whether what stands inside does not happen when the file is imported."""
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)


def _names(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [f"{node.module}.{alias.name}" for alias in node.names]


def part_of_file(file: str) -> str:
    """The part of the house that a file belongs to."""
    return max((part for part in BELOW if file.startswith(f"{part}/")), key=len)


def part_of_name(name: str) -> str:
    """The part of the house that an imported name of ours belongs to."""
    inner = name.split(".")[1] if "." in name else ""
    return inner if inner in BELOW else f"{FRONT}/{inner}" if f"{FRONT}/{inner}" in BELOW else FRONT


def test_imports_point_one_way() -> None:
    upwards = [
        f"{each.file}:{each.line} imports {each.name}"
        for each in imports()
        if each.name.split(".")[0] == "agraph"
        and part_of_name(each.name) not in BELOW[part_of_file(each.file)] | {part_of_file(each.file)}
    ]
    assert upwards == []


def test_nothing_is_imported_by_the_name_of_its_folder() -> None:
    folders = set(SETUPTOOLS["package-dir"].values()) - {FRONT}
    assert [each for each in imports() if each.name.split(".")[0] in folders] == []


@pytest.mark.parametrize(
    ("library", "place"),
    [
        ("lark", "compiler/parser.py"),
        ("numpy", "optimizer/"),
        ("anthropic", "runtime/models/anthropic.py"),
        ("httpx2", "runtime/models/anthropic.py"),
        ("aiohttp", "agraph/testing/"),
        ("click", "agraph/cli/"),
        ("rich_click", "agraph/cli/"),
        ("rich", "agraph/"),
        ("pygls", "agraph/lsp/"),
        ("lsprotocol", "agraph/lsp/"),
        ("pygments", "agraph/pygments_lexer.py"),
    ],
)
def test_a_library_is_imported_in_its_own_place_only(library: str, place: str) -> None:
    files = {each.file for each in imports() if each.name.split(".")[0] == library}
    assert files
    assert [file for file in files if not file.startswith(place)] == []


@pytest.mark.parametrize("library", ["anthropic", "httpx2", "rich", "rich_click"])
def test_a_heavy_library_waits_for_its_first_use(library: str) -> None:
    eager = [each for each in imports() if each.name.split(".")[0] == library and each.eager]
    assert eager == []


def test_the_compiler_reaches_the_outside_in_two_known_places_only() -> None:
    outside = {
        "asyncio", "datetime", "importlib", "os", "pathlib", "random", "shutil", "socket", "subprocess",
        "tempfile", "time", "urllib",
    }  # fmt: skip
    importing = {each.file for each in imports() if each.name.split(".")[0] in outside}
    opening = {
        file
        for file in packaged_files()
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open"
    }
    reaching = {file for file in importing | opening if part_of_file(file) == "compiler"}
    # The grammar comes with the package, and the parser's table is kept in the user's cache folder.
    assert reaching == {"compiler/parser.py", "compiler/table.py"}


def test_random_numbers_come_from_a_generator() -> None:
    """The functions of the modules `random` and `numpy.random` share one hidden state."""
    allowed = {"random.Random", "np.random.Generator", "np.random.default_rng"}
    hidden = [
        f"{file}:{node.lineno} {ast.unparse(node)}"
        for file in packaged_files()
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Attribute)
        and ast.unparse(node.value) in {"random", "np.random"}
        and ast.unparse(node) not in allowed
    ]
    assert hidden == []
    assert [each for each in imports() if re.match(r"(random|numpy\.random)\.", each.name)] == []


def modules_after(statement: str) -> set[str]:
    """The modules that are loaded once a fresh interpreter has run a statement."""
    code = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    command = [sys.executable, "-c", code]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def test_import_agraph_costs_nothing() -> None:
    heavy = {"anthropic", "asyncio", "attr", "click", "lark", "numpy", "pydantic", "rich"}
    loaded = modules_after("import agraph")
    assert "agraph" in loaded
    assert loaded & heavy == set()


def test_the_scheduler_needs_no_event_loop() -> None:
    loaded = modules_after("import agraph.runtime.plan, agraph.runtime.schedule")
    assert "agraph.runtime.schedule" in loaded
    assert "asyncio" not in loaded


@pytest.mark.parametrize("name", agraph.__all__)
def test_every_public_name_can_be_had(name: str) -> None:
    assert getattr(agraph, name) is not None


def test_only_what_is_learned_carries_a_span() -> None:
    classes = [each for each in vars(ir).values() if isinstance(each, type) and attrs.has(each)]
    carriers = {
        each.__name__
        for each in classes
        if any(Span in (hint, *get_args(hint)) for hint in get_type_hints(each).values())
    }
    assert carriers == {"Probabilities", "Prompt", "Demonstrations"}


def test_every_package_on_disk_is_installed() -> None:
    roots = {folder: name for name, folder in SETUPTOOLS["package-dir"].items()}
    folders = [Path(file).parent for file in packaged_files()]
    assert all((ROOT / folder / "__init__.py").is_file() for folder in folders)
    names = {".".join([roots[folder.parts[0]], *folder.parts[1:]]) for folder in folders}
    assert names == set(SETUPTOOLS["packages"])
    assert len(names) == len(SETUPTOOLS["packages"])


def test_every_file_of_a_package_is_installed() -> None:
    forgotten = []
    for name, folder in SETUPTOOLS["package-dir"].items():
        patterns = ["*.py", *SETUPTOOLS["package-data"].get(name, [])]
        for path in (ROOT / folder).rglob("*"):
            own = folder != FRONT or _own(path)
            if path.is_file() and own and "__pycache__" not in path.parts:
                forgotten += [path] if not any(path.match(pattern) for pattern in patterns) else []
    assert forgotten == []


@pytest.mark.skipif(os.name == "nt", reason="a checkout on Windows may have no symbolic links")
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="an sdist carries no links")
def test_each_folder_is_linked_into_the_package() -> None:
    folders = set(SETUPTOOLS["package-dir"].values()) - {FRONT}
    links = {path.name: os.readlink(path) for path in (ROOT / FRONT).iterdir() if path.is_symlink()}
    assert links == {folder: f"../{folder}" for folder in folders}


def test_the_version_is_told_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert agraph.__version__ == project["version"]


CATALOGUES = {"compiler/ir.py", "compiler/kinds.py"}
"""Files that are one definition after another, of one kind: they may be long."""


def test_a_file_is_one_idea() -> None:
    lines = {
        str(file): len((ROOT / file).read_text(encoding="utf-8").splitlines()) for file in packaged_files()
    }
    assert {file: count for file, count in lines.items() if count > 450 and file not in CATALOGUES} == {}


def project_files() -> Iterator[Path]:
    """The text files of the project, without what is built or cached."""
    folders = [
        *SETUPTOOLS["package-dir"].values(),
        ".ci",
        "benchmarks",
        "docs",
        "editors",
        "examples",
        "tests",
    ]
    for path in [*ROOT.glob("*"), *(path for folder in folders for path in (ROOT / folder).rglob("*"))]:
        built = {"node_modules", "dist"} & set(path.relative_to(ROOT).parts)
        if path.is_file() and not built and path.suffix not in {".pyc", ".png", ".gif", ".vsix"}:
            yield path


def test_no_file_names_a_place_on_one_machine() -> None:
    place = re.compile(rb"(?<![\w.~})])(?:/(?:home|mnt|opt|root|tmp|Users|work)/\w|[A-Z]:\\Users)")
    found = [
        f"{path}:{number}"
        for path in project_files()
        for number, line in enumerate(path.read_bytes().splitlines(), 1)
        if place.search(line)
    ]
    assert found == []


def test_the_architecture_names_the_modules_that_there_are() -> None:
    named = set(re.findall(r"[\w/]+\.py\b", (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")))
    names = {name.split("/")[-1] for name in named} | {"__init__.py"}
    parts = {"compiler", "runtime", "optimizer", FRONT}
    modules = [file for file in packaged_files() if part_of_file(file) in parts]
    assert [file for file in modules if file.split("/")[-1] not in names] == []
    tests = [path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").glob("*.py")]
    there = [f"/{file}" for file in [*packaged_files(), *tests]]
    assert [name for name in named if not any(file.endswith(f"/{name}") for file in there)] == []


@pytest.mark.parametrize(
    "folder", [*SETUPTOOLS["package-dir"].values(), "benchmarks", "editors", "examples", "tests"]
)
def test_the_architecture_names_every_folder(folder: str) -> None:
    assert re.search(rf"\b{folder}\b", (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"))
