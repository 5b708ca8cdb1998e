"""Replacing a file: where it cannot be done the file stays as it was, and nothing else is left behind."""

import contextlib
import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agraph.compiler.source import Source
from agraph.runtime.errors import FileError
from agraph.writing import replace_file, require_writable, sole_use
from tests.commands import assert_refused, ended, in_new_process, started
from tests.duel import TEXT, heard, names_in, write_duel, write_rows

with contextlib.suppress(ImportError):
    import fcntl

posix = pytest.mark.skipif(sys.platform == "win32", reason="limits and rights are those of POSIX")


# The function by itself.


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@settings(max_examples=25)  # Each waits for the disk.
@given(TEXTS, TEXTS)
def test_what_is_written_is_what_is_read(before: str, after: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.agraph"
        path.write_bytes(before.encode())
        replace_file(path, after, Source(str(path), before))
        assert path.read_bytes() == after.encode()
        assert names_in(Path(folder)) == {"x.agraph"}


def test_a_file_that_says_something_else_than_was_read_stays(tmp_path: Path) -> None:
    path = tmp_path / "x.agraph"
    path.write_bytes(b"theirs\r\n")
    with pytest.raises(FileError, match="changed since it was read"):
        replace_file(path, "ours", Source(str(path), "theirs\n"))
    assert path.read_bytes() == b"theirs\r\n"
    assert names_in(tmp_path) == {"x.agraph"}


def test_a_new_file_is_made_with_the_usual_permissions(tmp_path: Path) -> None:
    replace_file(tmp_path / "new", "text", None)
    (tmp_path / "plain").touch()
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_chain_of_links_ends_at_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.agraph"
    path.write_text("before")
    (tmp_path / "inner").symlink_to("x.agraph")
    (tmp_path / "outer").symlink_to("inner")
    replace_file(tmp_path / "outer", "after", Source("x.agraph", "before"))
    assert path.read_text() == "after"
    assert (tmp_path / "outer").is_symlink()
    assert (tmp_path / "inner").is_symlink()


def test_whether_a_file_can_be_written_is_found_out_without_a_trace(tmp_path: Path) -> None:
    require_writable(tmp_path / "x.agraph")
    assert names_in(tmp_path) == set()


@pytest.mark.parametrize("place", ["missing/x.agraph", "."])
def test_a_place_that_takes_no_file_is_refused_before_any_work(tmp_path: Path, place: str) -> None:
    with pytest.raises(FileError, match="cannot be rewritten"):
        require_writable(tmp_path / place)


@posix
def test_a_file_is_used_by_one_at_a_time_and_free_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "x.agraph"
    path.write_text("text")
    for _ in range(2):
        with sole_use(path), pytest.raises(FileError, match="by another run"), sole_use(path):
            pass


@posix
def test_whoever_comes_after_a_rewrite_holds_the_new_file(tmp_path: Path) -> None:
    path = tmp_path / "x.agraph"
    path.write_text("before")
    with sole_use(path):
        replace_file(path, "after", Source("x.agraph", "before"))
    with sole_use(path), pytest.raises(FileError, match="by another run"), sole_use(path):
        pass


@posix
def test_a_file_replaced_just_before_its_lock_is_locked_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.agraph"
    path.write_text("before")
    lock = fcntl.flock

    def late(descriptor: int, operation: int) -> None:
        if path.read_text() == "before":
            replace_file(path, "after", None)
        lock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    with sole_use(path), pytest.raises(FileError, match="by another run"), sole_use(path):
        pass


# Two runs on one file.

WAITING_METRIC = """\
import sys

said = []

def score(output, row):
    if not said:
        said.append("scoring")
        print("scoring", flush=True)
        sys.stdin.read()
    return output == row["answer"]
"""


@posix
def test_the_second_of_two_runs_on_one_file_is_refused(tmp_path: Path) -> None:
    path = write_duel(tmp_path)
    (tmp_path / "waits.py").write_text(WAITING_METRIC)
    first = started("optimize", path, "--metric", 'python("waits:score")', stdin=subprocess.PIPE)
    try:
        assert first.stderr is not None
        assert first.stderr.readline() == "scoring\n"
        assert_refused(in_new_process("optimize", path), "is being optimized by another run")
        assert path.read_text("utf-8") == TEXT
    finally:
        # The first run waits for the end of its input, and goes on.
        finished = ended(first)
    assert (finished.code, finished.err) == (0, "")
    assert heard(path) == (False, True)


# Places that cannot be written.


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that every user can reach; that of a test is the user's own."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


NOBODY = 65534

AS_NOBODY = f"""
import os, sys
from agraph.cli import exit_code
# Once with all rights, so that what is loaded on the way is loaded: the interpreter may lie where others
# cannot read.
exit_code([*sys.argv[1:], "--plan"])
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid({NOBODY})
    os.setuid({NOBODY})
"""


@posix
@pytest.mark.parametrize("mode", [0o555, 0o755])
def test_an_unwritable_folder_is_refused_at_once_for_whoever_is_not_root(mode: int) -> None:
    if os.geteuid() != 0 and mode == 0o755:
        pytest.skip("the folder is the user's own")
    with open_folder() as folder:
        path = write_duel(folder)
        folder.chmod(mode)
        try:
            finished = in_new_process("optimize", path, script=AS_NOBODY)
        finally:
            folder.chmod(0o755)
        assert finished.code == 1
        (message,) = finished.err.splitlines()
        assert message == f"error: `{path}` cannot be rewritten: permission denied"
        assert path.read_text("utf-8") == TEXT
        assert names_in(folder) == {"duel.agraph", "duel.jsonl"}


def limited_to(size: int) -> Callable[[], None]:
    """Limit the size of what a new process may write to a file."""

    def limit() -> None:
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


@posix
def test_a_limit_of_size_met_during_the_rewrite_leaves_the_file(tmp_path: Path) -> None:
    text = TEXT + "# A long comment.\n" * 1000
    path = write_duel(tmp_path, text)
    finished = in_new_process("optimize", path, preexec_fn=limited_to(4096))
    assert_refused(
        finished, "cannot be written: file too large; nothing was changed", out="+  edge [liar, sage]",
        warned=True,
    )  # fmt: skip
    assert path.read_text("utf-8") == text
    assert names_in(tmp_path) == {"duel.agraph", "duel.jsonl"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 kB."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root can mount a file system")
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine lets nobody mount a file system")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_during_the_rewrite_leaves_the_file(small_disk: Path) -> None:
    path = write_duel(small_disk)
    with (small_disk / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
        while True:
            filler.write(b"x" * 1024)
    finished = in_new_process("optimize", path, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    assert_refused(finished, "no space left on device", out="+  edge [liar, sage]", warned=True)
    assert path.read_text("utf-8") == TEXT
    assert names_in(small_disk) == {"duel.agraph", "duel.jsonl", "filler"}


# A run that is killed.


def killed_at(event: str, time: int) -> str:
    """Code that kills the process when something happens in it for the nth time."""
    return f"""
import os, signal, sys
left = {time}
def hook(event, arguments):
    global left
    if event == {event!r}:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hook)
"""


@posix
@pytest.mark.parametrize(
    ("event", "time"), [("fcntl.flock", 1), ("tempfile.mkstemp", 2), ("os.chmod", 1), ("os.rename", 1)]
)
def test_a_run_that_is_killed_leaves_the_file(tmp_path: Path, event: str, time: int) -> None:
    path = write_duel(tmp_path)
    finished = in_new_process("optimize", path, script=killed_at(event, time))
    assert finished.code == -signal.SIGKILL
    assert path.read_text("utf-8") == TEXT
    # What it leaves behind is out of the way: the next run does its work.
    assert in_new_process("optimize", path).code == 0
    assert heard(path) == (False, True)


@posix
def test_a_file_kept_from_its_owner_is_rewritten_with_its_permissions(tmp_path: Path) -> None:
    # The folder decides who may replace a file.
    path = write_duel(tmp_path)
    path.chmod(0o444)
    finished = in_new_process("optimize", path)
    assert (finished.code, finished.err) == (0, "")
    assert stat.S_IMODE(path.stat().st_mode) == 0o444


def test_an_output_in_a_missing_folder_is_refused_before_any_call(tmp_path: Path) -> None:
    path = write_duel(tmp_path)
    write_rows(tmp_path / "duel.jsonl", [])
    finished = in_new_process("optimize", path, "--output", tmp_path / "missing" / "x.agraph")
    assert_refused(finished, "cannot be rewritten: no such file or directory")
