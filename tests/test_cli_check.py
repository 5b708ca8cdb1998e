"""`agraph check`."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from tests.commands import in_new_process, in_process, started

GOOD = "agraph 1\ntype A { a: str }\n"
BAD = "agraph 1\ntype A { a: strr, b: inn }\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def test_a_clean_file_gives_0(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "a.agraph", GOOD)
    finished = in_process(capsys, "check", "a.agraph")
    assert (finished.code, finished.out, finished.err) == (0, "no problems in 1 file\n", "")


def test_every_error_of_every_file_is_shown_and_gives_1(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder / "a.agraph", BAD)
    write(folder / "b.agraph", BAD)
    finished = in_process(capsys, "check", "a.agraph", "b.agraph")
    assert finished.code == 1
    assert finished.out.count("error[AG0202]") == 4
    assert "--> b.agraph:2:22" in finished.out
    assert finished.out.endswith("4 errors in 2 files\n")


def test_concise_is_a_line_for_each_finding(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "a.agraph", BAD)
    finished = in_process(capsys, "check", "--format", "concise", "a.agraph")
    assert finished.code == 1
    assert finished.out.splitlines() == [
        "a.agraph:2:13: error AG0202: there is no type `strr`",
        "a.agraph:2:22: error AG0202: there is no type `inn`",
    ]


def test_json_is_an_array_even_of_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "a.agraph", BAD)
    write(folder / "b.agraph", GOOD)
    found = json.loads(in_process(capsys, "check", "--format", "json", "a.agraph").out)
    assert [(each["code"], each["start"]["column"]) for each in found] == [("AG0202", 13), ("AG0202", 22)]
    assert json.loads(in_process(capsys, "check", "--format", "json", "b.agraph").out) == []


def test_without_a_file_all_below_the_folder_are_checked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = ["a.agraph", "below/b.agraph", "below/deeper/c.agraph"]
    hidden = [".venv/x.agraph", "node_modules/x.agraph", "build/x.agraph", "below/.git/x.agraph", "x.txt"]
    for name in shown + hidden:
        write(folder / name, BAD)
    finished = in_process(capsys, "check", "--format", "concise")
    assert [line.split(":")[0].replace("\\", "/") for line in finished.out.splitlines()[::2]] == shown


def test_a_folder_stands_for_the_files_below_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "deep" / "er" / "a.agraph", BAD)
    write(folder / "deep" / "b.agraph", GOOD)
    write(folder / "c.agraph", BAD)
    finished = in_process(capsys, "check", "deep", "deep/b.agraph")
    assert finished.out.endswith("2 errors in 2 files\n")
    assert "--> deep/er/a.agraph:2:13" in finished.out


def test_nothing_to_check_is_a_wrong_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    finished = in_process(capsys, "check")
    assert finished.code == 2
    assert "there is no .agraph file" in finished.err


def test_a_file_that_cannot_be_read_keeps_no_other_from_being_checked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder / "a.agraph", BAD)
    finished = in_process(capsys, "check", "none.agraph", "a.agraph")
    assert finished.code == 1
    assert finished.err == "error: cannot read `none.agraph`: there is no such file\n"
    assert "2 errors in 1 file" in finished.out


def test_standard_input_can_be_checked(folder: Path) -> None:
    path = write(folder / "given", "agraph 1\ntype A { a: é }\n")
    with path.open("rb") as given:
        finished = in_new_process("check", "--format", "concise", "-", stdin=given)
    assert finished.code == 1
    assert finished.out.startswith("<stdin>:2:13: error ")


@pytest.mark.parametrize("arguments", [["--format", "xml"], ["--nothing"], ["check", "a", "--format", "xml"]])
def test_a_wrong_command_line_gives_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    finished = in_process(capsys, *arguments)
    assert finished.code == 2
    assert finished.err.startswith("Usage: agraph")


def test_names_that_the_terminal_has_no_sign_for_are_written(folder: Path) -> None:
    write(folder / "é漢.agraph", BAD)
    finished = in_new_process(
        "check", "é漢.agraph", env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}, encoding="utf-8"
    )
    assert finished.code == 1
    assert "--> é漢.agraph:2:13" in finished.out


IMPORTED = """
import atexit, sys
heavy = {"anthropic", "numpy", "pydantic", "rich", "rich_click", "asyncio"}
atexit.register(lambda: print(*sorted(heavy & set(sys.modules)), file=sys.stderr))
"""


def test_check_imports_nothing_heavy_and_nothing_of_the_users(folder: Path) -> None:
    write(folder / "tools.py", "open('imported', 'w').close()")
    write(
        folder / "a.agraph",
        'agraph 1\ntool search(query: str) -> str = python("tools:search")\n'
        "graph g(q: str) -> str {\n  node a = search(q)\n  output a\n}\n"
        'optimize g {\n  metric = python("tools:score")\n}\n',
    )
    finished = in_new_process("check", "a.agraph", script=IMPORTED)
    assert (finished.code, finished.err) == (0, "\n")
    assert not (folder / "imported").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no broken pipes of this kind")
def test_a_reader_that_leaves_early_is_no_error(folder: Path) -> None:
    write(folder / "a.agraph", "agraph 1\n" + "type A { a: str }\n" * 2000)
    process = started("check", "--format", "json", "a.agraph")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(1)
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    process.wait()


def test_help_shows_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    finished = in_process(capsys, "--help")
    assert finished.code == 0
    for verb in ("check", "fmt", "compile", "show", "run", "test", "eval", "optimize"):
        assert f"│ {verb} " in finished.out


@pytest.mark.parametrize("verb", ["check", "fmt", "compile", "show", "run", "eval", "optimize"])
def test_the_help_of_every_verb_is_drawn_alike(capsys: pytest.CaptureFixture[str], verb: str) -> None:
    finished = in_process(capsys, verb, "--help")
    assert finished.code == 0
    assert "╭─ Options ─" in finished.out
    assert "│ --help " in finished.out


@pytest.mark.skipif(sys.platform == "win32", reason="streams are closed as POSIX does it")
@pytest.mark.parametrize("closed", [(0, 1, 2), (1,), (2,)])
def test_closed_streams_are_no_reason_to_fail(folder: Path, closed: tuple[int, ...]) -> None:
    def close() -> None:
        for stream in closed:
            os.close(stream)

    write(folder / "a.agraph", GOOD)
    finished = in_new_process("check", "a.agraph", preexec_fn=close)
    assert finished.code == 0
    assert "Traceback" not in finished.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_output_that_finds_no_space_is_told_in_one_line(folder: Path) -> None:
    write(folder / "a.agraph", GOOD)
    with open("/dev/full", "w") as full:
        finished = in_new_process("check", "a.agraph", stdout=full)
    assert (finished.code, finished.err) == (1, "error: cannot write: no space left on device\n")


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert in_process(capsys, "--version").out.startswith("agraph 0.")


def raising(error: BaseException) -> Callable[..., NoReturn]:
    def fail(*_: object) -> NoReturn:
        raise error

    return fail


def test_ctrl_c_gives_130_and_no_traceback(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder / "a.agraph", GOOD)
    monkeypatch.setattr("agraph.cli.check.compile_source", raising(KeyboardInterrupt()))
    finished = in_process(capsys, "check", "a.agraph")
    assert (finished.code, finished.err.strip()) == (130, "interrupted")


def test_a_bug_is_not_hidden(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder / "a.agraph", GOOD)
    monkeypatch.setattr("agraph.cli.check.compile_source", raising(ZeroDivisionError("a bug")))
    with pytest.raises(ZeroDivisionError, match="a bug"):
        in_process(capsys, "check", "a.agraph")
