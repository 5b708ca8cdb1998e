"""What `agraph check --fix` mends, and what it leaves to its author."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agraph.compiler.source import Source
from agraph.fixing import findings, mend
from tests.case_files import MAIN, Case, Files, cases
from tests.commands import in_process

HEAD = 'agraph 1\n\nimport std.text\n\nmodel fast = anthropic("m")\n\n'


def mended(text: str, **files: str) -> tuple[str, list[str]]:
    """The text after its safe fixes, and what is left to say of it."""
    result = mend(Source(MAIN, text), Files({f"{name}.agraph": other for name, other in files.items()}))
    return result.source.text, [each.code for each in result.left]


def body(*lines: str) -> str:
    return "".join(f"  {line}\n" for line in lines)


def graph(*lines: str, signature: str = "(question: str) -> str") -> str:
    return f"graph g{signature} {{\n{body(*lines)}}}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # A missing edge, below the last edge or, where there is none, below the last node.
        (
            graph("node a = question", "node b = a  # reads it", "output b"),
            graph("node a = question", "node b = a  # reads it", "edge a -> b", "output b"),
        ),
        (
            graph("node a = question", "node b = a", "node c = [b, a]", "edge b -> c", "node d = question",
                  "edge a -> b", "output d"),
            graph("node a = question", "node b = a", "node c = [b, a]", "edge b -> c", "node d = question",
                  "edge a -> b", "edge a -> c", "output d"),
        ),
        # A misspelt word, of the language and of the file.
        (graph("ndoe a = question", "output a"), graph("node a = question", "output a")),
        (graph("node answer = question", "output anwser"), graph("node answer = question", "output answer")),
        (
            graph("model = fats", 'node a "Answers." { prompt = "{{ qestion }}" }', "output a"),
            graph("model = fast", 'node a "Answers." { prompt = "{{ question }}" }', "output a"),
        ),
        (
            graph("node a = text.stripp(question)", "output a"),
            graph("node a = text.strip(question)", "output a"),
        ),
        (graph("node a = question {", "  retrys = 2", "}", "output a"),
         graph("node a = question {", "  retries = 2", "}", "output a")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_what_is_clear_is_mended(before: str, after: str, line_end: str) -> None:
    head = HEAD.replace("\n", line_end)
    text, left = mended(head + before.replace("\n", line_end))
    kept = head if "text." in after else head.replace(f"import std.text{line_end}", "")
    assert text == kept + after.replace("\n", line_end)
    assert set(left) <= {"AG1202", "AG1206"}


def test_the_header_is_added_behind_a_byte_order_mark() -> None:
    assert mended('\ufeffmodel fast = anthropic("m")\n')[0] == '\ufeffagraph 1\nmodel fast = anthropic("m")\n'


def test_an_unused_import_goes_with_its_line_and_its_comment() -> None:
    text = "agraph 1\n# Votes.\nimport std.vote  # for later\n\nimport std.text\ntype A { a: str }\n"
    assert mended(text)[0] == "agraph 1\n# Votes.\n\ntype A { a: str }\n"


def test_an_edge_that_would_close_a_cycle_is_not_added() -> None:
    text = HEAD.replace("import std.text\n\n", "") + graph(
        "model = fast", 'node a "A." { prompt = "{{ b }}" }', 'node b "B." { prompt = "{{ a }}" }',
        "edge a -> b", "output b",
    )  # fmt: skip
    assert mended(text) == (text, ["AG0215"])


def test_what_has_two_near_names_is_left_to_the_author() -> None:
    text = "agraph 1\n" + graph("node solver1 = question", "node solver2 = question", "output solver")
    assert mended(text)[0] == text


def test_an_imported_file_is_not_touched() -> None:
    text = 'agraph 1\nimport "other.agraph"\n'
    assert mended(text, other='agraph 1\nmodel fast = antropic("m")\n') == (text, ["AG0212"])


CASES = list(cases())


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(CASES))
def test_mending_leaves_nothing_safe_undone_and_no_more_errors_than_there_were(case: Case) -> None:
    source, loader = Source(MAIN, case.text), Files({**case.files, MAIN: case.text})
    result = mend(source, loader)
    assert mend(result.source, loader).done == ()
    syntax_errors = [
        sum(each.code.startswith("AG01") for each in found)
        for found in (findings(source, loader), result.left)
    ]
    assert syntax_errors[1] <= syntax_errors[0]
    if not result.done:
        assert result.source is source


# The command.


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_rewrites_the_file_and_says_what_it_did(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "a.agraph"
    path.write_bytes(b"agraph 1\r\nimport std.vote\r\ntype A { a: flaot, b: Verdict }\r\n")
    finished = in_process(capsys, "check", "--fix", "--format", "concise", "a.agraph")
    assert path.read_bytes() == b"agraph 1\r\nimport std.vote\r\ntype A { a: float, b: Verdict }\r\n"
    assert finished.err.splitlines() == ["a.agraph:3:13: mended AG0202: write `float`"]
    assert "AG0202" in finished.out
    assert finished.code == 1


def test_a_file_in_which_nothing_is_to_be_mended_is_not_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "a.agraph"
    path.write_text("agraph 1\n", encoding="utf-8")
    before = path.stat()
    finished = in_process(capsys, "check", "--fix", "a.agraph")
    assert (finished.code, finished.err) == (0, "")
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert path.stat().st_ino == before.st_ino


def test_standard_input_is_no_file_to_mend(capsys: pytest.CaptureFixture[str]) -> None:
    finished = in_process(capsys, "check", "--fix", "-")
    assert finished.code == 2
    assert "standard input is none" in finished.err


def test_a_missing_file_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    finished = in_process(capsys, "check", "--fix", "none.agraph")
    assert finished.code == 1
    assert "none.agraph" in finished.err
