"""What no file of a graph should be: one clear message each, and never a traceback."""

import random
from pathlib import Path

import pytest

from tests.commands import assert_refused, in_new_process

NOISE = random.Random(7)
LARGE = 10 * 2**20

UNREADABLE = {
    "missing": (None, "there is no such file"),
    "noise": (NOISE.randbytes(LARGE), "it is not UTF-8"),
    "utf-16": ("agraph 1\n".encode("utf-16"), "it is not UTF-8: byte 0xff at offset 0, on line 1"),
    "too large": (b"#" * (17 * 2**20), "it is larger than 16 MB"),
}

MISTAKEN = {
    "empty": (b"", "error[AG0112]: the header is missing"),
    "nul": (b"agraph 1\n\0\n", "error[AG0116]: the file holds a NUL character"),
    "nested": (b"agraph 1\nmodel a = f(" + b"[" * 100_000, "error[AG0115]: the nesting is deeper"),
    "closed": (b"agraph 1\nmodel a = f(" + b"[" * 50_000 + b"]" * 50_000 + b")\n", "error[AG0115]"),
    "one word": (b"x" * LARGE, "error[AG0101]: expected a declaration, found `xxx"),
    "text noise": (
        bytes(NOISE.choices(b'abc {}[]()"=~#->,.:\n\t 012\\', k=LARGE)),
        "error[AG0118]: too many errors",
    ),
}


@pytest.mark.parametrize("verb", ["check", "compile", "show", "run"])
@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_cannot_be_read_is_refused(name: str, verb: str, tmp_path: Path) -> None:
    content, reason = UNREADABLE[name]
    if content is not None:
        (tmp_path / "a.agraph").write_bytes(content)
    assert_refused(in_new_process(verb, "a.agraph", cwd=tmp_path), f"cannot read `a.agraph`: {reason}")


@pytest.mark.parametrize("verb", ["compile", "show", "run"])
def test_a_folder_is_refused(verb: str, tmp_path: Path) -> None:
    (tmp_path / "a.agraph").mkdir()
    assert_refused(in_new_process(verb, "a.agraph", cwd=tmp_path), "cannot read `a.agraph`: it is a folder")


@pytest.mark.parametrize("name", MISTAKEN)
def test_a_file_that_makes_no_sense_is_told_so(name: str, tmp_path: Path) -> None:
    content, message = MISTAKEN[name]
    (tmp_path / "a.agraph").write_bytes(content)
    for verb in ("check", "compile"):
        finished = in_new_process(verb, "a.agraph", cwd=tmp_path, encoding="utf-8")
        written = finished.out if verb == "check" else finished.err
        assert finished.code == 1
        assert message in written
        assert "Traceback" not in finished.err
        assert len(written) < 100_000


@pytest.mark.parametrize("verb", ["compile", "show", "run"])
def test_an_unknown_graph_is_refused(verb: str, tmp_path: Path) -> None:
    (tmp_path / "a.agraph").write_text("agraph 1\ngraph g(q: str) -> str {\n  node a = q\n  output a\n}\n")
    assert_refused(in_new_process(verb, "a.agraph:h", cwd=tmp_path), "there is no graph `h` in `a.agraph`")
