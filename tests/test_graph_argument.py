"""`FILE[:graph]` on the command line."""

from pathlib import Path

import pytest

from agraph.graph_argument import load_graph, parse_target
from agraph.runtime.errors import CompileError, FileError, InputError

TWO = """\
agraph 1
graph first(question: str) -> str {
  node a = question
  output a
}
graph second(question: str) -> str {
  node b = question
  output b
}
"""


@pytest.mark.parametrize(
    ("text", "path", "graph"),
    [
        ("a.agraph", "a.agraph", None),
        ("a.agraph:first", "a.agraph", "first"),
        ("below/a.agraph:first", "below/a.agraph", "first"),
        ("C:\\below\\a.agraph", "C:\\below\\a.agraph", None),
        ("C:\\below\\a.agraph:first", "C:\\below\\a.agraph", "first"),
        ("C:a.agraph", "C:a.agraph", None),
        ("C:below", "C:below", None),
        ("/dev/fd/63", "/dev/fd/63", None),
        ("/dev/fd/63:first", "/dev/fd/63", "first"),
        ("a.agraph:not-a-name", "a.agraph", "not-a-name"),
        ("a.agraph:", "a.agraph", ""),
        ("", "", None),
        (":first", ":first", None),
    ],
)
def test_a_colon_names_a_graph_only_where_it_can(text: str, path: str, graph: str | None) -> None:
    assert parse_target(text) == (path, graph)


@pytest.fixture
def two(tmp_path: Path) -> str:
    path = tmp_path / "two.agraph"
    path.write_text(TWO)
    return str(path)


def test_the_last_graph_is_meant_unless_one_is_named(two: str) -> None:
    assert load_graph(two)[1].name == "second"
    assert load_graph(f"{two}:first")[1].name == "first"


def test_an_unknown_graph_is_refused_with_the_names_there_are(two: str) -> None:
    with pytest.raises(InputError) as raised:
        load_graph(f"{two}:frist")
    message = str(raised.value)
    assert "there is no graph `frist`" in message
    assert "has `first`, `second`" in message
    assert "did you mean `first`?" in message


def test_a_file_without_a_graph_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "types.agraph"
    path.write_text("agraph 1\ntype A { a: str }\n")
    with pytest.raises(InputError, match="declares no graph"):
        load_graph(str(path))


def test_a_file_with_errors_is_refused_with_all_of_them(tmp_path: Path) -> None:
    path = tmp_path / "a.agraph"
    path.write_text(TWO.replace("= question", "= nothing"))
    with pytest.raises(CompileError) as raised:
        load_graph(str(path))
    assert len(raised.value.diagnostics) == 2


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="there is no such file"):
        load_graph(f"{tmp_path}/none.agraph:first")
