"""Tools: loaded from where they live, and held to their declaration."""

import asyncio
import json
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agraph.compiler import ir
from agraph.compiler.types import INT, STR, ListOf
from agraph.runtime.errors import ToolCallError, ToolError
from agraph.runtime.permissions import Permissions
from agraph.runtime.tools import OpenTool, Toolbox, checked, load_function
from tests.graphs import tool


def opened(
    folder: Path, module: str = "tools", function: str = "f", toolbox: Toolbox | None = None
) -> OpenTool:
    declared = tool("t", {"x": INT}, INT, ir.PythonBinding(module, function), str(folder / "g.agraph"))
    return (toolbox or Toolbox()).open(declared)


def recorded(folder: Path, lines: str, key: str = "question", field: str = "answer") -> OpenTool:
    (folder / "answers.jsonl").write_text(lines, encoding="utf-8")
    binding = ir.RecordedBinding("answers.jsonl", key, field)
    return Toolbox().open(tool("t", {"x": STR}, STR, binding, str(folder / "g.agraph")))


def test_a_module_beside_the_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text("def f(x): return x + 1")
    assert opened(tmp_path).call((1,)) == 2


def test_dots_lead_into_folders(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "tools.py").write_text("def f(x): return x + 1")
    assert opened(tmp_path, "a.tools").call((1,)) == 2


def test_siblings_can_be_imported_and_are_forgotten_again(tmp_path: Path) -> None:
    for name, number in (("one", 1), ("two", 2)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "agraph_test_shared.py").write_text(f"NUMBER = {number}")
        (folder / "tools.py").write_text("from agraph_test_shared import NUMBER\ndef f(x): return x + NUMBER")
    path = list(sys.path)
    toolbox = Toolbox()
    assert opened(tmp_path / "one", toolbox=toolbox).call((0,)) == 1
    assert opened(tmp_path / "two", toolbox=toolbox).call((0,)) == 2
    assert sys.path == path
    assert "agraph_test_shared" not in sys.modules


def test_two_modules_of_a_folder_share_their_siblings_and_themselves(tmp_path: Path) -> None:
    (tmp_path / "agraph_test_shared.py").write_text("SEEN = []")
    (tmp_path / "tools.py").write_text(
        "from agraph_test_shared import SEEN\n"
        "def f(x): SEEN.append(x); return len(SEEN)\n"
        "def g(x): return f(x)"
    )
    (tmp_path / "more.py").write_text("from agraph_test_shared import SEEN\ndef f(x): return len(SEEN)")
    toolbox = Toolbox()
    opened(tmp_path, toolbox=toolbox).call((1,))
    assert opened(tmp_path, function="g", toolbox=toolbox).call((1,)) == 2
    assert opened(tmp_path, "more", toolbox=toolbox).call((1,)) == 2


def test_dataclasses_of_a_loaded_module_find_their_module(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text(
        "from __future__ import annotations\nimport dataclasses, typing\n"
        "@dataclasses.dataclass\nclass A:\n    x: int\n"
        "def f(x): return len(typing.get_type_hints(A))"
    )
    assert opened(tmp_path).call((1,)) == 1


def test_an_installed_module_is_found(tmp_path: Path) -> None:
    allowed = Permissions(tmp_path, frozenset({"operator"}))
    assert opened(tmp_path, "operator", "neg", Toolbox(lambda: allowed)).call((1,)) == -1
    assert load_function("operator", "neg", str(tmp_path / "g.agraph"), lambda: allowed)(1) == -1


@pytest.mark.parametrize(
    ("source", "module", "function", "message"),
    [
        (
            "",
            "nowhere",
            "f",
            "tool `t`: there is no module `nowhere` beside `.*g.agraph`, nor an installed one",
        ),
        ("", "nowhere.inside", "f", "there is no module `nowhere.inside`"),
        (
            "import agraph_test_missing",
            "tools",
            "f",
            "tool `t`: importing `.*tools.py` raised ModuleNotFoundError",
        ),
        ("1 / 0", "tools", "f", "importing `.*tools.py` raised ZeroDivisionError: division by zero"),
        ("def f(:", "tools", "f", "importing `.*tools.py` raised SyntaxError"),
        ("raise SystemExit(3)", "tools", "f", "importing `.*tools.py` raised SystemExit: 3"),
        ("", "tools", "f", "tool `t`: the module `tools` has no function `f`"),
        ("f = 3", "tools", "f", "tool `t`: `tools:f` cannot be called"),
    ],
)
def test_what_cannot_be_loaded_is_named_with_its_cause(
    tmp_path: Path, source: str, module: str, function: str, message: str
) -> None:
    (tmp_path / "tools.py").write_text(source)
    with pytest.raises(ToolError, match=message):
        opened(tmp_path, module, function)


def test_a_result_of_another_type_names_tool_type_and_value(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text("def f(x): return 'one'")
    with pytest.raises(ToolCallError, match='tool `t` is declared to return `int` and returned `"one"`'):
        opened(tmp_path).call((1,))


def test_a_misfit_inside_a_result_is_located() -> None:
    declared = tool("t", {}, ListOf(STR), ir.PythonBinding("m", "f"))
    with pytest.raises(ToolCallError, match=r"at \[1\]: expected `str` and got `2`"):
        checked(declared, lambda: ["a", 2]).call(())


def test_an_exception_of_a_tool_keeps_its_cause(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text("def f(x): raise ValueError('no')")
    with pytest.raises(ToolCallError, match="tool `t`: it raised ValueError: no") as caught:
        opened(tmp_path).call((1,))
    assert isinstance(caught.value.__cause__, ValueError)


def test_a_tool_that_leaves_the_process_fails_instead(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text("import sys\ndef f(x): sys.exit(x)\nasync def g(x): sys.exit(x)")
    with pytest.raises(ToolCallError, match="tool `t`: it raised SystemExit: 0"):
        opened(tmp_path).call((0,))
    with pytest.raises(ToolCallError, match="tool `t`: it raised SystemExit: 0"):
        asyncio.run(opened(tmp_path, function="g").call((0,)))


def test_what_is_cancelled_inside_of_a_tool_is_a_failure_of_the_tool(tmp_path: Path) -> None:
    source = "import asyncio\ndef f(x): raise asyncio.CancelledError('f')\nasync def g(x): f('g')\n"
    (tmp_path / "tools.py").write_text(source)
    with pytest.raises(ToolCallError, match="tool `t`: it raised CancelledError: f"):
        opened(tmp_path).call((0,))
    with pytest.raises(ToolCallError, match="tool `t`: it raised CancelledError: f"):
        asyncio.run(opened(tmp_path, function="g").call((0,)))


def test_who_cancels_a_tool_is_no_failure_of_it(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text("import asyncio\nasync def f(x): await asyncio.Event().wait()\n")

    async def body() -> None:
        task = asyncio.ensure_future(opened(tmp_path).call((0,)))
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(body())


def test_an_object_whose_call_is_asynchronous_waits() -> None:
    class Tool:
        async def __call__(self) -> str:
            return "x"

    assert checked(tool("t", {}, STR, ir.PythonBinding("m", "f")), Tool()).waits


def test_recorded_answers_are_looked_up(tmp_path: Path) -> None:
    lines = '{"question": "a", "answer": "1"}\n\n{"question": "b", "answer": "2"}\n'
    assert recorded(tmp_path, lines).call(("b",)) == "2"


@given(st.dictionaries(st.text(), st.text(), min_size=1))
def test_every_recorded_answer_is_found(answers: dict[str, str]) -> None:
    lines = "\n".join(json.dumps({"question": key, "answer": value}) for key, value in answers.items())
    with tempfile.TemporaryDirectory() as folder:
        found = recorded(Path(folder), lines)
    assert all(found.call((key,)) == value for key, value in answers.items())


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ('{"question": "a", "answer": "1"}\n{"quest', "tool `t`: line 2 of `.*answers.jsonl` is not JSON"),
        ("[1]", "line 1 of `.*` is not an object"),
        ('{"question": "a"}', "line 1 of `.*` has no field `answer`"),
        ('{"answer": "a"}', "line 1 of `.*` has no field `question`"),
        (
            '{"question": "a", "answer": "1"}\n\n{"question": "a", "answer": "2"}',
            'line 3 of `.*` records another answer for `"a"` than a line before',
        ),
    ],
)
def test_a_broken_recording_names_the_line(tmp_path: Path, lines: str, message: str) -> None:
    with pytest.raises(ToolError, match=message):
        recorded(tmp_path, lines)


def test_an_answer_recorded_twice_alike_is_fine(tmp_path: Path) -> None:
    assert recorded(tmp_path, '{"question": "a", "answer": "1"}\n' * 2).call(("a",)) == "1"


def test_a_missing_recording_is_named(tmp_path: Path) -> None:
    binding = ir.RecordedBinding("nowhere.jsonl", "question", "answer")
    declared = tool("t", {"x": STR}, STR, binding, str(tmp_path / "g.agraph"))
    with pytest.raises(ToolError, match=r"tool `t`: cannot read `.*nowhere.jsonl`: No such file"):
        Toolbox().open(declared)


def test_what_was_not_recorded_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolCallError, match=r'tool `t`: nothing is recorded for `"z"` in `.*answers.jsonl`'):
        recorded(tmp_path, '{"question": "a", "answer": "1"}').call(("z",))


def test_numbers_are_found_by_value_and_not_by_spelling(tmp_path: Path) -> None:
    (tmp_path / "answers.jsonl").write_text(
        '{"k": 1, "v": "one"}\n{"k": true, "v": "true"}\n{"k": "1", "v": "text"}'
    )
    binding = ir.RecordedBinding("answers.jsonl", "k", "v")
    found = Toolbox().open(tool("t", {"x": INT}, STR, binding, str(tmp_path / "g.agraph")))
    assert [found.call((key,)) for key in (1.0, True, "1")] == ["one", "true", "text"]
