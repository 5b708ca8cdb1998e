"""`agraph test` as its users meet it: what it says, its report, and its exit codes."""

from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agraph.junit import Case, Suite, junit
from tests.commands import Verb, in_process

ECHO = """\
agraph 1

graph echo(text: str) -> str {
  node says = text
  output says
}

"""
GOOD = 'test echo "says it" {\n  text = "x"\n  expect output == "x"\n}\n'
BAD = 'test echo "says another" {\n  text = "x"\n  expect "y" == output\n  expect output == says\n}\n'
FAILING = """\
model fast = anthropic("m")
graph ask(text: str) -> str {
  node asks "Asks." {
    model = fast
    prompt = "{{ text }}"
  }
  output asks
}
test ask {
  text = "x"
}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run_tests(capsys: pytest.CaptureFixture[str]) -> Verb:
    return partial(in_process, capsys, "test")


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def test_tests_that_pass_are_named_and_give_0(run_tests: Verb, folder: Path) -> None:
    write(folder / "a.agraph", ECHO + GOOD)
    finished = run_tests("a.agraph")
    assert (finished.code, finished.err) == (0, "")
    assert finished.out == 'a.agraph::echo "says it" passed\n1 passed\n'


def test_a_test_that_fails_shows_its_values_in_place_and_gives_1(run_tests: Verb, folder: Path) -> None:
    write(folder / "a.agraph", ECHO + BAD + GOOD)
    finished = run_tests("a.agraph")
    assert (finished.code, finished.err) == (1, "")
    assert (
        finished.out
        == """\
a.agraph::echo "says another" failed

error: this does not hold
  --> a.agraph:10:10
   |
10 |   expect "y" == output
   |          ^^^^^^^^^^^^^
   =  left: `"y"`
   = right: `"x"`

a.agraph::echo "says it" passed
1 passed, 1 failed
"""
    )


def test_a_run_that_fails_tells_why(run_tests: Verb, folder: Path) -> None:
    write(folder / "a.agraph", ECHO + FAILING)
    finished = run_tests("a.agraph")
    assert finished.code == 1
    assert "error: model `fast` is asked over the network" in finished.out
    assert "--> a.agraph:16:6" in finished.out
    assert finished.out.endswith("\n1 failed\n")


def test_a_long_value_is_shortened(run_tests: Verb, folder: Path) -> None:
    write(folder / "a.agraph", ECHO + GOOD.replace('text = "x"', f'text = "{"long " * 1000}"'))
    finished = run_tests("a.agraph")
    assert finished.code == 1
    (left,) = [line for line in finished.out.splitlines() if " left: " in line]
    assert left.endswith("…`")
    assert len(left) < 300


def test_without_a_file_those_below_the_folder_are_tested(run_tests: Verb, folder: Path) -> None:
    for name in ("b/c.agraph", "a.agraph", "build/x.agraph"):
        write(folder / name, ECHO + GOOD)
    lines = run_tests().out.replace("\\", "/").splitlines()
    assert lines == [
        'a.agraph::echo "says it" passed', 'b/c.agraph::echo "says it" passed', "2 passed",
    ]  # fmt: skip


def test_files_without_tests_give_0_and_say_so(run_tests: Verb, folder: Path) -> None:
    write(folder / "a.agraph", ECHO)
    finished = run_tests()
    assert (finished.code, finished.out, finished.err) == (0, "no tests\n", "")


def test_nothing_to_test_is_a_wrong_command_line(run_tests: Verb) -> None:
    finished = run_tests()
    assert finished.code == 2
    assert "there is no .agraph file" in finished.err


@pytest.mark.parametrize(
    ("part", "passed"), [("says it", 1), ("SAYS", 2), ("b.agraph::echo", 1), ("agraph", 2)]
)
def test_tests_are_chosen_by_a_part_of_their_name(
    run_tests: Verb, folder: Path, part: str, passed: int
) -> None:
    write(folder / "a.agraph", ECHO + GOOD)
    write(folder / "b.agraph", ECHO + GOOD.replace("says it", "says more"))
    finished = run_tests("-k", part)
    assert finished.code == 0
    assert finished.out.splitlines()[-1] == f"{passed} passed"


def test_a_part_that_no_name_has_is_a_wrong_command_line(run_tests: Verb, folder: Path) -> None:
    write(folder / "a.agraph", ECHO + GOOD)
    finished = run_tests("-k", "something")
    assert finished.code == 2
    assert "no test has `something` in its name" in finished.err


def test_a_file_with_errors_keeps_no_other_from_being_tested(run_tests: Verb, folder: Path) -> None:
    write(folder / "a.agraph", ECHO.replace("= text", "= texts"))
    write(folder / "b.agraph", ECHO + GOOD)
    finished = run_tests("a.agraph", "b.agraph", "none.agraph")
    assert finished.code == 1
    assert "error[AG0201]" in finished.err
    assert "cannot read `none.agraph`" in finished.err
    assert finished.out.splitlines() == [
        'b.agraph::echo "says it" passed', "1 passed, 2 files with errors",
    ]  # fmt: skip


def test_a_file_with_warnings_is_tested(run_tests: Verb, folder: Path) -> None:
    warned = ECHO.replace("  output", "  node more = text\n  edge more -> says ~ 1\n  output")
    write(folder / "a.agraph", warned + GOOD)
    finished = run_tests()
    assert (finished.code, finished.out.splitlines()[-1]) == (0, "1 passed")


def test_nothing_steers_the_terminal_from_a_title(run_tests: Verb, folder: Path) -> None:
    write(folder / "a.agraph", ECHO + GOOD.replace("says it", "says \\u{1b}[31m it\\n"))
    assert run_tests().out.splitlines()[0] == 'a.agraph::echo "says ␛[31m it␊" passed'


# The report.


def test_the_report_has_a_suite_for_each_file_with_tests(run_tests: Verb, folder: Path) -> None:
    write(folder / "a.agraph", ECHO + BAD + GOOD)
    write(folder / "b.agraph", ECHO + FAILING)
    write(folder / "c.agraph", ECHO)
    write(folder / "d.agraph", ECHO.replace("= text", "= texts"))
    finished = run_tests("--junit", "report.xml")
    assert finished.code == 1
    root = ElementTree.parse(folder / "report.xml").getroot()
    counts = ("name", "tests", "failures", "errors")
    assert root.tag == "testsuites"
    assert [[suite.get(count) for count in counts] for suite in root] == [
        ["a.agraph", "2", "1", "0"], ["b.agraph", "1", "0", "1"], ["d.agraph", "1", "0", "1"],
    ]  # fmt: skip
    failed, passed = root[0]
    assert [failed.get("name"), passed.get("name")] == ['echo "says another"', 'echo "says it"']
    assert len(passed) == 0
    assert failed[0].tag == "failure"
    assert '10 |   expect "y" == output' in (failed[0].text or "")
    assert "asked over the network" in (root[1][0][0].text or "")
    assert "d.agraph:4:15: AG0201" in (root[2][0][0].text or "")


def test_a_report_that_cannot_be_written_is_told(run_tests: Verb, folder: Path) -> None:
    write(folder / "a.agraph", ECHO + GOOD)
    finished = run_tests("--junit", "none/report.xml")
    assert finished.code == 1
    assert finished.err == "error: cannot write `none/report.xml`: no such file or directory\n"


@given(name=st.text(), text=st.text(st.characters(), min_size=1), path=st.text())
def test_a_report_is_xml_whatever_it_tells(name: str, text: str, path: str) -> None:
    suites = [Suite(path, (Case(name, 0.5, failure=text), Case(name, 1.25, error=text), Case(name, 0)))]
    root = ElementTree.fromstring(junit(suites))
    assert [root.get("tests"), root.get("failures"), root.get("errors"), root.get("time")] == [
        "3", "1", "1", "1.750",
    ]  # fmt: skip
    assert len(list(root.iter("testcase"))) == 3


def test_what_lies_outside_of_the_project_has_to_be_allowed(run_tests: Verb, folder: Path) -> None:
    write(folder / "elsewhere" / "replies.jsonl", '{"reply": "Yes."}\n')
    model = 'model fast = scripted("../elsewhere/replies.jsonl")\n  '
    write(folder / "project" / "pyproject.toml", "")
    write(
        folder / "project" / "a.agraph",
        "agraph 1\n" + FAILING.replace("test ask {\n  ", "test ask {\n  " + model),
    )
    finished = run_tests("project/a.agraph")
    assert finished.code == 1
    assert "outside of the project" in finished.out
    assert run_tests("project/a.agraph", "--allow-read", "elsewhere").code == 0
