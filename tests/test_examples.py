"""The programs under `examples/`: clean, drawn, and held to their own tests."""

import asyncio
import importlib
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.commands import in_process

EXAMPLES = Path(__file__).parent.parent / "examples"
PROGRAMS = sorted(path.stem for path in EXAMPLES.glob("*.agraph"))
EVALUATED = [
    name
    for name in PROGRAMS
    if re.search(r"^optimize ", (EXAMPLES / f"{name}.agraph").read_text("utf-8"), re.M)
]


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_is_checked_without_a_word(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    finished = in_process(capsys, "check", EXAMPLES / f"{name}.agraph")
    assert finished.code == 0
    assert "no problems" in finished.out + finished.err


@pytest.mark.parametrize("name", PROGRAMS)
def test_its_own_tests_pass_offline(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    finished = in_process(capsys, "test", EXAMPLES / f"{name}.agraph")
    assert finished.code == 0, finished
    assert "test " in (EXAMPLES / f"{name}.agraph").read_text("utf-8")


def test_what_the_readme_optimizes_first_passes_its_tests_afterwards(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in EXAMPLES.glob("panel.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    for verb in ("optimize", "test"):
        finished = in_process(capsys, verb, tmp_path / "panel.agraph")
        assert finished.code == 0, finished


@pytest.mark.parametrize("form", ["text", "dot", "mermaid"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_it_is_shown_in_every_form(name: str, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    finished = in_process(capsys, "show", EXAMPLES / f"{name}.agraph", "--format", form)
    assert (finished.code, finished.err) == (0, "")


@pytest.mark.parametrize("name", EVALUATED)
def test_it_is_evaluated_on_its_data_with_simulated_models(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (EXAMPLES / f"{name}.agraph").read_text("utf-8")
    models = re.findall(r"^model (\w+)", text, re.M)
    replaced = [f"--model={model}=simulated(right = 1)" for model in models]
    finished = in_process(capsys, "eval", EXAMPLES / f"{name}.agraph", *replaced)
    assert finished.code == 0, finished
    assert not models or "score  1.000" in finished.out + finished.err


def commands(name: str) -> list[list[str]]:
    """The commands that the comment at the top of a program gives to try."""
    text = (EXAMPLES / f"{name}.agraph").read_text("utf-8")
    header = re.sub(r" \\\n# +", " ", text[: text.index("\n\n", text.index("\n# "))])
    return [shlex.split(line, comments=True) for line in re.findall(r"^#     (.*)", header, re.M)]


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_comment_at_the_top_gives_commands_that_work(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(EXAMPLES.parent)
    given = commands(name)
    assert ["agraph", "test", f"examples/{name}.agraph"] in given
    for program, verb, file, *options in given:
        assert (program, file) == ("agraph", f"examples/{name}.agraph")
        # What asks a service is not run here, and nothing is rewritten.
        if verb in ("eval", "show"):
            assert in_process(capsys, verb, file, *options).code == 0
        elif verb == "optimize":
            assert in_process(capsys, verb, file, "--plan", *options).code in (0, 3)
        else:
            assert verb in ("run", "test")


def test_each_has_its_line_in_the_list_of_examples() -> None:
    listed = re.findall(
        r"^\| \[(\w+)\]\((\w+)\.agraph\) \|", (EXAMPLES / "README.md").read_text("utf-8"), re.M
    )
    assert sorted(listed) == [(name, name) for name in PROGRAMS]
    assert len(PROGRAMS) == 12


# The tool that runs what a model wrote.

Report = dict[str, bool | str]


@pytest.fixture
def writing(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module beside the program."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    return importlib.import_module("code_writing")


@pytest.fixture
def run_tests(writing: Any) -> Callable[[str, str], Report]:
    """The report on a program and its tests."""
    return lambda program, tests: asyncio.run(writing.run_tests(program, tests))


def test_a_program_that_is_right_passes(run_tests: Callable[[str, str], Report]) -> None:
    program = "import sys\nprint('loud', file=sys.stderr)\ndef f(x):\n    return x + 1"
    assert run_tests(program, "assert f(1) == 2") == {"passed": True, "said": ""}


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("def f(x):\n    return 3", "line 2 of the tests: AssertionError: assert f(1) == 2"),
        ("def f(x):\n    return 1 / 0", "line 2 of the program: ZeroDivisionError: division by zero"),
        ("def f(x) return 3", "SyntaxError: expected ':' (program, line 1)"),
        ("import sys\nsys.exit(0)", "line 2 of the program: SystemExit: 0"),
        ("import attrs", "line 1 of the program: ModuleNotFoundError: No module named 'attrs'"),
        (
            "import socket\nsocket.create_connection(('127.0.0.1', 9))",
            "line 2 of the program: PermissionError: the network is off",
        ),
    ],
)
def test_a_program_that_is_wrong_is_told_where(
    run_tests: Callable[[str, str], Report], program: str, said: str
) -> None:
    assert run_tests(program, "# One test.\nassert f(1) == 2") == {"passed": False, "said": said}


def test_a_program_without_end_is_ended(
    writing: Any, run_tests: Callable[[str, str], Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "TIME_LIMIT_S", 0.2)
    report = run_tests("while True: pass", "")
    assert report == {"passed": False, "said": "it did not end within 0.2 seconds"}
