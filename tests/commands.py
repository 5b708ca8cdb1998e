"""Running the command line in tests: in this process where that is enough, else in one of its own."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from agraph.cli import exit_code

DEADLINE_S = 60
"""A process that takes longer hangs."""


@attrs.frozen
class Finished:
    """What a command left behind."""

    code: int
    out: str
    err: str


Verb = Callable[..., Finished]
"""A verb of the command line, to be called with its arguments."""


def in_process(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Finished:
    """Run the command line in this process."""
    capsys.readouterr()
    code = exit_code([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return Finished(code, captured.out, captured.err)


def started(*arguments: str | Path, script: str = "", **options: Any) -> "subprocess.Popen[str]":
    """The command line in a process of its own.

    Args:
        arguments: As a user gives them.
        script: Python that runs in the process before the command line does.
        options: Of `Popen`.
    """
    code = f"{script}\nfrom agraph.cli import main\nmain()"
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], **{**pipes, **options})


def ended(process: "subprocess.Popen[str]") -> Finished:
    """What a process left behind when it ended."""
    try:
        out, err = process.communicate(timeout=DEADLINE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return Finished(process.returncode, out or "", err or "")


def in_new_process(*arguments: str | Path, script: str = "", **options: Any) -> Finished:
    """Run the command line in a process of its own, to its end; see `started`."""
    return ended(started(*arguments, script=script, **options))


def assert_refused(finished: Finished, *words: str, out: str = "", warned: bool = False) -> None:
    """Hold that a command failed with one line that says these words, and what it printed before.

    Where it warned, a line before says so.
    """
    assert finished.code == 1, finished
    assert out in finished.out if out else finished.out == ""
    lines = finished.err.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["warning"] * warned + ["error"], finished.err
    for word in words:
        assert word in finished.err
