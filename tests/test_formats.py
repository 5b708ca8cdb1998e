"""The formats of `agraph check`: SARIF, commands of GitHub workflows, and what `explain` writes."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from agraph.compiler.diagnostics import Diagnostic
from agraph.compiler.edit import Edit, apply_edits
from agraph.compiler.source import Source, Span
from agraph.explanations import codes, index
from agraph.render import as_json, patch
from agraph.sarif import as_sarif
from agraph.workflow import as_workflow_command
from tests.case_files import cases
from tests.commands import in_process
from tests.compiling import compiled
from tests.test_render import diagnostic

SCHEMA = json.loads((Path(__file__).parent / "sarif-2.1.0.json").read_text(encoding="utf-8"))
VALIDATOR = Draft7Validator(SCHEMA)

TEXT = (
    'agraph 1\nmodel fast = antropic("m")\n'
    "graph g(question: str) -> str {\n  node a = question\n  node a = question\n  node b = a\n  output b\n}\n"
)


def test_the_schema_refuses_what_is_no_sarif() -> None:
    assert not VALIDATOR.is_valid({"version": "2.1.0"})
    assert not VALIDATOR.is_valid({"version": "2.0.0", "runs": []})


def test_sarif_is_what_its_schema_says_whatever_is_found() -> None:
    found = [each for case in cases() for each in compiled(case.text).diagnostics]
    for log in (as_sarif(found), as_sarif([])):
        assert [error.message for error in VALIDATOR.iter_errors(log)] == []


def test_sarif_tells_places_related_places_fixes_and_rules() -> None:
    found = compiled(TEXT).diagnostics
    log: Any = as_sarif(found)
    [run] = log["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["AG0209", "AG0215", "AG0702"]
    first, second, third = run["results"]
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "main.agraph"},
        "region": {"startLine": 2, "startColumn": 14, "endLine": 2, "endColumn": 22},
    }
    [change] = first["fixes"][0]["artifactChanges"]
    assert [each["insertedContent"]["text"] for each in change["replacements"]] == ["anthropic"]
    assert second["relatedLocations"][0]["message"]["text"] == "the first is here"
    assert third["level"] == "error"
    assert all(
        run["tool"]["driver"]["rules"][each["ruleIndex"]]["id"] == each["ruleId"] for each in run["results"]
    )


@pytest.mark.parametrize(
    ("path", "uri"),
    [("a b/ü.agraph", "a%20b/%C3%BC.agraph"), ("/x/a#b.agraph", "file:///x/a%23b.agraph"), ("c:d", "c%3Ad")],
)
def test_a_path_is_a_reference_in_sarif(path: str, uri: str) -> None:
    source = Source(path, "wrong")
    log: Any = as_sarif([_at(source)])
    assert log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def _at(source: Source) -> Diagnostic:
    return Diagnostic("AG0201", "error", "wrong", source, Span(0, 5))


def test_a_workflow_command_is_one_line() -> None:
    found = diagnostic("a\n  b", "b", severity="warning", hint="50% off:\nmend, it")
    assert as_workflow_command(found) == (
        "::warning file=a.agraph,line=2,endLine=2,col=3,endColumn=4,title=agraph AG0201::"
        "wrong%0A50%25 off:%0Amend, it"
    )
    source = Source("a,b:c%.agraph", "x\ny")
    assert as_workflow_command(_at(source)).startswith(
        "::error file=a%2Cb%3Ac%25.agraph,line=1,endLine=2,title=agraph AG0201::"
    )


def test_json_has_the_edits_and_the_same_as_a_patch() -> None:
    found = compiled(TEXT).diagnostics[-1]
    shown: Any = as_json(found)["fix"]
    assert (shown["title"], shown["safe"]) == ("add `edge a -> b`", True)
    assert [(edit["start"], edit["text"]) for edit in shown["edits"]] == [
        ({"line": 6, "column": 13, "offset": TEXT.index("\n  output")}, "\n  edge a -> b")
    ]
    assert shown["patch"].splitlines() == [
        "--- a/main.agraph", "+++ b/main.agraph", "@@ -4,5 +4,6 @@",
        "   node a = question", "   node a = question",
        "   node b = a", "+  edge a -> b", "   output b", " }",
    ]  # fmt: skip


def test_a_patch_says_where_a_file_does_not_end_its_last_line() -> None:
    source = Source("a.agraph", "agraph 1")
    changed = apply_edits(source.text, [Edit(Span(7, 8), "2")])
    assert patch(source, changed).splitlines()[-4:] == [
        "-agraph 1", "\\ No newline at end of file", "+agraph 2", "\\ No newline at end of file",
    ]  # fmt: skip


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "main.agraph").write_text(TEXT, encoding="utf-8")
    return "main.agraph"


def test_check_writes_each_format(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    finished = in_process(capsys, "check", "--format", "sarif", file)
    assert finished.code == 1
    assert VALIDATOR.is_valid(json.loads(finished.out))
    finished = in_process(capsys, "check", "--format", "github", file)
    assert finished.code == 1
    assert [line.split(" ")[0] for line in finished.out.splitlines()] == ["::error"] * 3


def test_lints_are_told_by_check_and_need_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.agraph"
    path.write_text("agraph 1\nimport std.text\n", encoding="utf-8")
    finished = in_process(capsys, "check", "--format", "concise", path)
    assert finished.code == 1
    assert ": warning AG1205: nothing of `text` is used" in finished.out
    path.write_text("agraph 1\nimport std.text  # allow AG1205\n", encoding="utf-8")
    assert in_process(capsys, "check", path).code == 0


# Explanations.


def test_explain_shows_the_page_of_a_code_however_it_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    pages = {in_process(capsys, "explain", code).out for code in ("AG0203", "ag0203", "0203", "203")}
    assert len(pages) == 1
    assert pages.pop().startswith("# AG0203: ")


def test_explain_lists_every_code(capsys: pytest.CaptureFixture[str]) -> None:
    finished = in_process(capsys, "explain")
    assert finished.code == 0
    assert [line.split()[0] for line in finished.out.splitlines()] == list(codes())
    assert in_process(capsys, "explain", "--markdown").out == index()


@pytest.mark.parametrize(
    ("code", "hint"), [("AG0204x", "did you mean"), ("panel", "`agraph explain` lists all")]
)
def test_a_code_that_is_not_known_gives_2(code: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    finished = in_process(capsys, "explain", code)
    assert finished.code == 2
    assert f"there is no code {code}" in finished.err
    assert hint in finished.err
