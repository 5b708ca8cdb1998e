"""Data, tools and metrics that cannot be used: one clear message, a failure, and nothing lost."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.commands import Verb, assert_refused, in_process
from tests.duel import TEXT, names_in, write_duel, write_rows


@pytest.fixture
def agraph(capsys: pytest.CaptureFixture[str]) -> Verb:
    return partial(in_process, capsys)


verbs = pytest.mark.parametrize("verb", ["eval", "optimize"])


# The data set.

ROW = json.dumps({"question": "What is 1 + 1?", "answer": "2", "wrong": "1"})

BAD_ROWS: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "the data set is empty"),
    "blank lines": ("\n\n  \n", "the data set is empty"),
    "a row without the target": (
        f'{ROW}\n{{"question": "Why?", "wrong": "1"}}\n',
        "2: row 2 has no column `answer`",
    ),
    "a null target": (
        f'{ROW}\n{{"question": "Why?", "answer": null}}\n',
        "2: row 2 has no value in `answer`",
    ),
    "a row without an input": ('{"answer": "2"}\n', "row 1 has no column `question`"),
    "an input of another type": ('{"question": 7, "answer": "2"}\n', "1: row 1, column `question`"),
    "a line that breaks off": (f"{ROW}\n{ROW[:30]}", "2: the file breaks off in the middle of this line"),
    "a sign that breaks off": (b'{"question": "\xc3', "1: the file breaks off in the middle of this line"),
    "a line that is no JSON": (f"{ROW}\nquestion,answer\n{ROW}\n", "2: this line is not JSON"),
    "a line that is no object": (f"{ROW}\n[1, 2]\n", "2: this line is a list, not an object"),
    "not UTF-8": (ROW.encode() + b"\n\xff\xfe\n" + ROW.encode(), "2: the file is not UTF-8"),
    "noise": (bytes(range(256)) * 64, "not UTF-8"),
    "deeply nested": ("[" * 100_000, "nested too deeply"),
    "a NUL byte": (f"{ROW}\n\0\n", "2: this line is not JSON"),
}


@verbs
@pytest.mark.parametrize("kind", BAD_ROWS)
def test_a_data_set_that_cannot_be_used_is_refused(
    agraph: Verb, tmp_path: Path, verb: str, kind: str
) -> None:
    content, words = BAD_ROWS[kind]
    path = write_duel(tmp_path)
    (tmp_path / "data.jsonl").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert_refused(agraph(verb, path, "--data", tmp_path / "data.jsonl", "--target", "answer"), words)
    assert path.read_text("utf-8") == TEXT
    assert names_in(tmp_path) == {"duel.agraph", "duel.jsonl", "data.jsonl"}


BAD_TABLES = {
    "a row that breaks off": (
        "question,answer\nWhy?,2\nWhat",
        "3: the file breaks off in the middle of this line",
    ),
    "a quote that breaks off": (
        'question,answer\nWhy?,2\n"Wha',
        "3: the file breaks off in the middle of this line",
    ),
    "a row too long": ("question,answer\nWhy?,2,3\n", "2: this row has 3 values and the header 2 names"),
    "an empty target": ("question,answer\nWhy?,\n", "2: row 1 has no value in `answer`"),
    "a header alone": ("question,answer\n", "the data set is empty"),
}


@verbs
@pytest.mark.parametrize("kind", BAD_TABLES)
def test_a_table_that_cannot_be_used_is_refused(agraph: Verb, tmp_path: Path, verb: str, kind: str) -> None:
    content, words = BAD_TABLES[kind]
    path = write_duel(tmp_path)
    (tmp_path / "data.csv").write_text(content)
    assert_refused(agraph(verb, path, "--data", tmp_path / "data.csv"), words)


@verbs
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing.jsonl", "there is no such file"),
        ("x.jsonl", "this is a folder"),
        ("duel.txt", "a data file ends in"),
    ],
)
def test_a_data_file_that_is_none_is_refused(
    agraph: Verb, tmp_path: Path, verb: str, name: str, words: str
) -> None:
    path = write_duel(tmp_path)
    (tmp_path / "x.jsonl").mkdir()
    assert_refused(agraph(verb, path, "--data", tmp_path / name), f"{tmp_path / name}: ", words)


@verbs
def test_an_unknown_column_is_refused_with_what_it_may_be(agraph: Verb, tmp_path: Path, verb: str) -> None:
    path = write_duel(tmp_path)
    assert_refused(agraph(verb, path, "--target", "anwser"), "no column `anwser`", "did you mean `answer`?")
    assert_refused(agraph(verb, path, "--metric", "exact(output, row.anwser)"), "did you mean `answer`?")
    renamed = TEXT.replace('"answer")\n}', '"answer")\n  columns = { question: "problem" }\n}')
    assert_refused(agraph(verb, write_duel(tmp_path, renamed)), "column `problem` for the input `question`")


@verbs
def test_a_number_cannot_be_compared_with_a_target_that_holds_none(
    agraph: Verb, tmp_path: Path, verb: str
) -> None:
    path = write_duel(tmp_path)
    rows = [{"question": f"What is {n} + 1?", "answer": "some"} for n in range(16)]
    other = write_rows(tmp_path / "other.jsonl", rows)
    finished = agraph(verb, path, "--data", other, "--metric", "number")
    assert_refused(finished, f"{other}:", 'expects `"some"`, which holds no number')


# Tools.

TOOL_FILE = """\
agraph 1

tool ask(question: str) -> int = python("library:ask")

graph lone(question: str) -> int? {
  node first = ask(question)
  node other = 3
  node last = best(first, other)
  edge [first, other] -> last ~ 0.5
  output last
}

tool best(one: int?, other: int?) -> int? = python("library:best")

optimize lone {
  data = jsonl("rows.jsonl", target = "answer")
}
"""

BEST = "def best(one, other):\n    return one or other\n"

BAD_TOOLS: dict[str, tuple[str | None, str]] = {
    "a missing module": (None, "no module `library`"),
    "a module that raises": ("raise RuntimeError('no such luck')", "RuntimeError: no such luck"),
    "a module that exits": ("import sys\nsys.exit(3)", "SystemExit: 3"),
    "a module that is no Python": ("def ask(:\n", "SyntaxError"),
    "a module that imports a missing one": ("import nowhere_to_be_found", "nowhere_to_be_found"),
    "a missing function": (BEST, "has no function `ask`"),
    "something that cannot be called": (BEST + "ask = 7", "cannot be called"),
    "another type": (
        BEST + "def ask(question):\n    return 'seven'",
        'declared to return `int` and returned `"seven"`',
    ),
    "another type, after a wait": (
        BEST + "async def ask(question):\n    return 2.5",
        "declared to return `int`",
    ),
    "an object": (BEST + "def ask(question):\n    return object()", "declared to return `int`"),
    "nothing": (BEST + "def ask(question):\n    pass", "declared to return `int`"),
    "an exception": (BEST + "def ask(question):\n    return 1 / 0", "ZeroDivisionError: division by zero"),
    "other parameters": (BEST + "def ask():\n    return 1", "TypeError"),
}


def write_lone(folder: Path, library: str | None) -> Path:
    if library is not None:
        (folder / "library.py").write_text(library)
    write_rows(folder / "rows.jsonl", [{"question": str(n), "answer": n} for n in range(16)])
    path = folder / "lone.agraph"
    path.write_text(TOOL_FILE)
    return path


@pytest.mark.parametrize("verb", ["run", "eval", "optimize"])
@pytest.mark.parametrize("kind", BAD_TOOLS)
def test_a_tool_that_cannot_be_used_is_named(agraph: Verb, tmp_path: Path, verb: str, kind: str) -> None:
    library, words = BAD_TOOLS[kind]
    path = write_lone(tmp_path, library)
    assert_refused(agraph(verb, path, *(["-i", "question=1"] if verb == "run" else [])), "tool `ask`", words)
    assert path.read_text() == TOOL_FILE


def test_a_tool_that_fails_on_some_rows_fails_those_alone(agraph: Verb, tmp_path: Path) -> None:
    path = write_lone(tmp_path, BEST + "def ask(question):\n    return 12 // int(question)")
    finished = agraph("eval", path)
    assert finished.code == 0
    assert finished.err == (
        "row 1 has no answer: graph `lone`, node `first`: tool `ask`: "
        "it raised ZeroDivisionError: integer division or modulo by zero\n"
    )
    assert agraph("optimize", path).err == ""


# Metrics.

BAD_METRICS: dict[str, tuple[str | None, str]] = {
    "a missing module": (None, "no module `judging`"),
    "a module that raises": ("raise RuntimeError('no such luck')", "RuntimeError: no such luck"),
    "a missing function": ("", "has no function `score`"),
    "an exception": ("def score(output, row):\n    return row['nothing']", "KeyError: 'nothing'"),
    "an exception on one row": (
        "def score(output, row):\n    return 1 / (row['answer'] != '5')",
        "on row 5 (",
    ),
    "no number": ("def score(output):\n    return 'good'", "gave `'good'`"),
    "no finite number": ("def score(output):\n    return float('nan')", "gave `nan`"),
    "too many parameters": (
        "def score(output, row, trace, more):\n    return 1",
        "takes one to three values",
    ),
    "a coroutine": ("async def score(output):\n    return 1", "is an `async` function"),
}


@verbs
@pytest.mark.parametrize("kind", BAD_METRICS)
def test_a_metric_that_cannot_be_used_is_named(agraph: Verb, tmp_path: Path, verb: str, kind: str) -> None:
    module, words = BAD_METRICS[kind]
    path = write_duel(tmp_path)
    if module is not None:
        (tmp_path / "judging.py").write_text(module)
    finished = agraph(verb, path, "--metric", 'python("judging:score")')
    assert_refused(finished, "the metric `judging:score`", words)
    assert path.read_text("utf-8") == TEXT


# Recorded answers.

BAD_RECORDS: dict[str, Callable[[str], str]] = {
    "that is missing": lambda text: text.replace('recorded("duel.jsonl"', 'recorded("missing.jsonl"'),
    "without the key": lambda text: text.replace('key = "question"', 'key = "quest"'),
    "without the field": lambda text: text.replace('field = "wrong"', 'field = "wrog"'),
}


@pytest.mark.parametrize("verb", ["run", "eval", "optimize"])
@pytest.mark.parametrize("kind", BAD_RECORDS)
def test_a_file_of_records_that_cannot_be_used_is_named(
    agraph: Verb, tmp_path: Path, verb: str, kind: str
) -> None:
    path = write_duel(tmp_path, BAD_RECORDS[kind](TEXT))
    inputs = ["-i", "question=What is 1 + 1?"] if verb == "run" else []
    assert_refused(agraph(verb, path, *inputs), "tool `wrong`")


# The file itself.


@pytest.mark.parametrize("verb", ["run", "eval", "optimize"])
@pytest.mark.parametrize(
    ("name", "content"),
    [("missing.agraph", None), (".", None), ("bytes.agraph", b"agraph 1\n\xff"), ("empty.agraph", b"")],
)
def test_a_file_that_is_no_graph_is_refused(
    agraph: Verb, tmp_path: Path, verb: str, name: str, content: bytes | None
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    finished = agraph(verb, path)
    assert (finished.code, finished.out) == (1, "")
    assert finished.err
    assert "Traceback" not in finished.err
    assert content is None or path.read_bytes() == content
