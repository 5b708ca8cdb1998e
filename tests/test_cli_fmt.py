"""`agraph fmt`."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from agraph.compiler.format import formatted
from agraph.compiler.source import Source
from agraph.writing import sole_use
from tests.commands import assert_refused, in_new_process, in_process
from tests.duel import names_in

GOOD = "agraph 1\n\ntype A { a: str }  # é\n"
ODD = "agraph 1\n\n\ntype A{a :str}# é"
BAD = "agraph 1\ntype A{ a: \n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def test_a_file_is_written_in_the_form_and_then_left_alone(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(folder / "a.agraph", ODD)
    finished = in_process(capsys, "fmt", "a.agraph")
    assert (finished.code, finished.out, finished.err) == (0, "formatted a.agraph\n1 file formatted\n", "")
    assert path.read_bytes() == GOOD.encode()
    before = path.stat()
    finished = in_process(capsys, "fmt", "a.agraph")
    assert (finished.code, finished.out, finished.err) == (0, "1 file unchanged\n", "")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert names_in(folder) == {"a.agraph"}


def test_line_ends_and_a_byte_order_mark_stay(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(folder / "a.agraph", "\ufeff" + ODD.replace("\n", "\r\n"))
    assert in_process(capsys, "fmt", "a.agraph").code == 0
    assert path.read_bytes() == ("\ufeff" + GOOD.replace("\n", "\r\n")).encode()


@pytest.mark.skipif(sys.platform == "win32", reason="rights and links are those of POSIX")
def test_permissions_and_links_stay(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(folder / "real" / "a.agraph", ODD)
    path.chmod(0o640)
    (folder / "link.agraph").symlink_to(path)
    assert in_process(capsys, "fmt", "link.agraph").code == 0
    assert (folder / "link.agraph").is_symlink()
    assert path.read_bytes() == GOOD.encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_without_a_file_all_below_the_folder_are_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(folder / "deep" / "a.agraph", ODD)
    finished = in_process(capsys, "fmt")
    assert finished.out == "formatted deep/a.agraph\n1 file formatted\n"
    assert path.read_bytes() == GOOD.encode()


def test_check_names_what_would_change_and_writes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd, good = write(folder / "odd.agraph", ODD), write(folder / "good.agraph", GOOD)
    finished = in_process(capsys, "fmt", "--check", odd, good)
    assert (finished.code, finished.out) == (1, "odd.agraph\n")
    assert finished.err == "1 file would change, 1 file unchanged\n"
    assert odd.read_bytes() == ODD.encode()
    finished = in_process(capsys, "fmt", "--check", good)
    assert (finished.code, finished.out, finished.err) == (0, "", "1 file unchanged\n")


def test_diff_prints_what_patch_applies(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(folder / "a.agraph", ODD)
    finished = in_process(capsys, "fmt", "--diff", "a.agraph")
    assert (finished.code, finished.err) == (1, "")
    assert finished.out == (
        "--- a.agraph\n+++ a.agraph\n@@ -1,4 +1,3 @@\n agraph 1\n \n-\n-type A{a :str}# é\n"
        "\\ No newline at end of file\n+type A { a: str }  # é\n"
    )
    assert path.read_bytes() == ODD.encode()
    path.write_bytes(GOOD.encode())
    finished = in_process(capsys, "fmt", "--diff", "a.agraph")
    assert (finished.code, finished.out, finished.err) == (0, "", "")


def test_a_file_with_syntax_errors_stays_and_keeps_no_other_from_being_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, odd = write(folder / "a.agraph", BAD), write(folder / "b.agraph", ODD)
    finished = in_process(capsys, "fmt", bad, odd, "none.agraph")
    assert finished.code == 1
    assert "--> a.agraph:2:" in finished.err
    assert "in a.agraph, which is left as it is\n" in finished.err
    assert "error: cannot read `none.agraph`: there is no such file\n" in finished.err
    assert finished.out == "formatted b.agraph\n1 file formatted, 2 files left out\n"
    assert bad.read_bytes() == BAD.encode()
    assert odd.read_bytes() == GOOD.encode()


def test_what_names_mean_is_no_matter(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(folder / "a.agraph", "agraph 1\ntype A { a:nothing }\n")
    assert in_process(capsys, "fmt", path).code == 0
    assert path.read_bytes() == b"agraph 1\ntype A { a: nothing }\n"


def test_a_folder_stands_for_the_files_below_it_and_each_is_named_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.agraph", "below/b.agraph", ".hidden/c.agraph", "below/.git/d.agraph", "e.txt"):
        write(folder / name, ODD)
    finished = in_process(capsys, "fmt", "--check", ".", "a.agraph", "below")
    assert finished.out.replace("\\", "/") == "a.agraph\nbelow/b.agraph\n"


def test_standard_input_goes_to_standard_output(folder: Path) -> None:
    path = write(folder / "given", ODD.replace("\n", "\r\n"))
    for arguments, code, out in (
        (["-"], 0, GOOD.replace("\n", "\r\n")),
        (["--check", "-"], 1, "<stdin>\n"),
    ):
        command = [sys.executable, "-c", "from agraph.cli import main; main()", "fmt", *arguments]
        with path.open("rb") as given:
            finished = subprocess.run(command, stdin=given, capture_output=True)
        assert (finished.returncode, finished.stdout.decode(), finished.stderr) == (code, out, b"")


def test_standard_input_with_syntax_errors_gives_nothing(folder: Path) -> None:
    with write(folder / "given", BAD).open("rb") as given:
        finished = in_new_process("fmt", "-", stdin=given)
    assert (finished.code, finished.out) == (1, "")
    assert "--> <stdin>:2:" in finished.err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--check", "--diff", "a.agraph"], "choose one"),
        (["-", "a.agraph"], "- stands alone"),
        (["a.agraph", "empty"], "there is no .agraph file below `empty`"),
        (["--indent", "4", "a.agraph"], "No such option"),
    ],
)
def test_a_wrong_command_line_gives_2_and_changes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], reason: str
) -> None:
    path = write(folder / "a.agraph", ODD)
    (folder / "empty").mkdir()
    finished = in_process(capsys, "fmt", *arguments)
    assert finished.code == 2
    assert reason in finished.err
    assert path.read_bytes() == ODD.encode()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows locks no files here")
def test_a_file_that_is_being_optimized_is_left_alone(folder: Path) -> None:
    path = write(folder / "a.agraph", ODD)
    with sole_use(path):
        finished = in_new_process("fmt", path)
    assert_refused(finished, "is being optimized by another run", out="1 file left out")
    assert path.read_bytes() == ODD.encode()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_what_is_no_file_is_not_replaced(folder: Path) -> None:
    pipe = folder / "pipe.agraph"
    os.mkfifo(pipe)
    write(folder / "given", ODD)
    filling = subprocess.Popen([sys.executable, "-c", "open('pipe.agraph', 'w').write(open('given').read())"])
    try:
        finished = in_new_process("fmt", "pipe.agraph")
    finally:
        filling.kill()
        filling.wait()
    assert_refused(finished, "it is no regular file", out="1 file left out")


def test_the_help_shows_no_option_of_style(capsys: pytest.CaptureFixture[str]) -> None:
    finished = in_process(capsys, "fmt", "--help")
    assert finished.code == 0
    assert set(re.findall(r"│ (--\w+) ", finished.out)) == {"--check", "--diff", "--help"}


def test_the_command_and_the_function_agree(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(folder / "a.agraph", ODD)
    in_process(capsys, "fmt", path)
    assert formatted(Source("a.agraph", ODD)) == path.read_text("utf-8")
