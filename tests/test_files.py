"""Reading files of graphs, and what they import, from disk."""

import os
from pathlib import Path

import pytest

from agraph.compiler.diagnostics import Diagnostic
from agraph.compiler.loader import Unreadable
from agraph.compiler.source import Source
from agraph.files import LARGEST_BYTES, FileLoader, load, read_source
from agraph.runtime.errors import FileError

LIBRARY = "agraph 1\ntype Verdict { winner: str }\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def codes(diagnostics: tuple[Diagnostic, ...]) -> list[str]:
    return [diagnostic.code for diagnostic in diagnostics]


def test_line_ends_and_the_byte_order_mark_are_read_as_they_stand(folder: Path) -> None:
    content = "\ufeffagraph 1\r\n# é\r\ntype A { a: str }"
    (folder / "a.agraph").write_bytes(content.encode())
    assert read_source("a.agraph").text == content
    assert load("a.agraph").diagnostics == ()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "there is no such file"),
        (b"agraph 1\n# \xff\n", "it is not UTF-8: byte 0xff at offset 11, on line 2"),
        (b"#" * (LARGEST_BYTES + 1), "it is larger than 16 MB"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(
    folder: Path, content: bytes | None, reason: str
) -> None:
    if content is not None:
        (folder / "a.agraph").write_bytes(content)
    with pytest.raises(FileError) as raised:
        read_source("a.agraph")
    assert str(raised.value) == f"cannot read `a.agraph`: {reason}"


def test_a_folder_is_refused(folder: Path) -> None:
    (folder / "a.agraph").mkdir()
    with pytest.raises(FileError, match="it is a folder"):
        read_source("a.agraph")


def test_a_path_with_a_nul_character_is_refused() -> None:
    with pytest.raises(FileError, match="NUL"):
        read_source("a\0b")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_refused(folder: Path) -> None:
    (folder / "a.agraph").write_text("agraph 1\n")
    (folder / "a.agraph").chmod(0)
    with pytest.raises(FileError, match="permission denied"):
        read_source("a.agraph")


def test_the_std_modules_are_those_of_the_package() -> None:
    loader = FileLoader()
    assert loader.std_modules() == ("math", "text", "vote")
    for name in loader.std_modules():
        source = loader.std(name)
        assert source.path == f"std/{name}.agraph"
        assert source.text.startswith("agraph 1\n")


def test_an_import_is_relative_to_the_file_that_imports(folder: Path) -> None:
    (folder / "below" / "types").mkdir(parents=True)
    (folder / "below" / "types" / "verdict.agraph").write_text(LIBRARY)
    (folder / "below" / "a.agraph").write_text('agraph 1\nimport "types/verdict.agraph"\n')
    compilation = load("below/a.agraph")
    assert compilation.diagnostics == ()
    assert compilation.module.imports["verdict"].source.path == os.path.join(
        "below", "types", "verdict.agraph"
    )


def test_a_file_has_one_name_however_it_is_reached(folder: Path) -> None:
    (folder / "below").mkdir()
    # Without it the project would be the importing file's folder alone.
    (folder / "pyproject.toml").write_text("")
    (folder / "a.agraph").write_text(LIBRARY)
    (folder / "link.agraph").symlink_to("a.agraph")
    loader = FileLoader()
    importer = Source(os.path.join("below", "b.agraph"), "")
    reached = [
        loader.relative(path, importer) for path in ("../a.agraph", "../below/../a.agraph", "../link.agraph")
    ]
    reached.append(read_source(str(folder / "a.agraph")))
    assert {source.path for source in reached if isinstance(source, Source)} == {"a.agraph"}
    assert len(reached) == 4


def test_files_that_import_each_other_are_a_cycle_not_a_loop(folder: Path) -> None:
    (folder / "a.agraph").write_text('agraph 1\nimport "b.agraph"\n')
    (folder / "b.agraph").write_text('agraph 1\nimport "./a.agraph"\n')
    assert codes(load("a.agraph").diagnostics) == ["AG0213"]


def test_a_folder_named_std_is_not_the_standard_library(folder: Path) -> None:
    (folder / "std").mkdir()
    (folder / "std" / "vote.agraph").write_text("agraph 1\nimport std.vote\n")
    assert read_source("std/vote.agraph").path == os.path.join(".", "std", "vote.agraph")
    assert load("std/vote.agraph").diagnostics == ()


def test_a_file_outside_of_the_working_folder_has_its_whole_path(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.agraph").write_text(LIBRARY)
    (folder / "below").mkdir()
    monkeypatch.chdir(folder / "below")
    assert read_source("../a.agraph").path == os.path.realpath(folder / "a.agraph")


def test_an_import_that_cannot_be_read_says_why(folder: Path) -> None:
    assert FileLoader().relative("none.agraph", Source("a.agraph", "")) == Unreadable("there is no such file")
    (folder / "a.agraph").write_text('agraph 1\nimport "none.agraph"\n')
    (diagnostic,) = load("a.agraph").diagnostics
    assert diagnostic.code == "AG0211"
    assert "there is no such file" in diagnostic.message
