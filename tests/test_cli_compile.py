"""`agraph compile`."""

import json
from pathlib import Path

import pytest

from agraph.compiler.dump import from_json
from agraph.files import load
from tests.commands import assert_refused, in_process
from tests.drawn import DRAWN

OTHER = """\
graph other(question: str) -> str {
  node a = question
  output a
}
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.agraph").write_text(DRAWN + OTHER)
    return "a.agraph"


def test_the_ir_is_the_graph_as_json(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    finished = in_process(capsys, "compile", f"{file}:panel", "--emit", "ir")
    assert finished.code == 0
    shown = json.loads(finished.out)
    assert shown["version"] == 1
    assert from_json(shown) == load(file).graphs[0]


def test_the_last_graph_is_meant_unless_one_is_named(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(in_process(capsys, "compile", file, "--emit", "ir").out)["name"] == "other"


def test_the_plan_says_what_runs_and_why_the_rest_does_not(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert in_process(capsys, "compile", f"{file}:panel").out == (
        "graph panel(question: str) -> str\n"
        "\n"
        "runs\n"
        "  1.  solver[0]\n"
        "  2.  vote       hears solver[0]\n"
        "\n"
        "does not run\n"
        "  solver[1]  its gate, 0.25, is below 0.5\n"
        "  critic     no path leads from it to the output\n"
        "  idle       switched off by `on = false`\n"
        "  picky      it requires 2 messages and can get 1\n"
        "\n"
        "edges left out\n"
        "  solver[1] -> vote    ████████░░  0.75\n"
        "  solver[0] -> critic\n"
        "  solver[1] -> critic\n"
        "  solver[0] -> picky\n"
        "  solver[1] -> picky\n"
        "  critic -> vote       █░░░░░░░░░  0.125\n"
        "  idle -> vote         █████░░░░░  0.5\n"
        "  picky -> vote        █████░░░░░  0.5\n"
    )


def test_the_tree_is_of_the_file_or_of_the_named_graph(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    whole = in_process(capsys, "compile", file, "--emit", "tree").out
    assert whole.startswith("File 1:1-")
    assert whole.count("GraphDeclaration") == 2
    named = in_process(capsys, "compile", f"{file}:other", "--emit", "tree").out
    assert named.startswith("GraphDeclaration ")
    assert named.count("GraphDeclaration") == 1


def test_a_file_with_errors_still_has_a_tree(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(file).write_text("agraph 1\ntype A { a: strr }\n")
    finished = in_process(capsys, "compile", file, "--emit", "tree")
    assert finished.code == 1
    assert "TypeName 2:13-2:17" in finished.out
    assert "error[AG0202]: there is no type `strr`" in finished.err
    assert finished.err.endswith("1 error\n")


def test_a_file_with_errors_has_no_plan(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(file).write_text("agraph 1\ntype A { a: strr, b: inn }\n")
    finished = in_process(capsys, "compile", file)
    assert (finished.code, finished.out) == (1, "")
    assert finished.err.endswith("2 errors\n")


def test_an_unknown_graph_is_refused(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    for emit in ("tree", "ir", "plan"):
        finished = in_process(capsys, "compile", f"{file}:othr", "--emit", emit)
        assert_refused(finished, "no graph `othr`", "has `panel`, `other`", "did you mean `other`?")
