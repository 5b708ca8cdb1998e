"""Diagnostics as people and programs read them."""

import io
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from agraph.compiler.diagnostics import Diagnostic, Label
from agraph.compiler.source import Source, Span
from agraph.render import as_json, concise, summary, visible, write_full


def diagnostic(text: str, marked: str, **attributes: Any) -> Diagnostic:
    """An error at the first place of a piece of a text."""
    start = text.index(marked)
    settings: dict[str, Any] = {"severity": "error", **attributes}
    source = Source("a.agraph", text)
    return Diagnostic(
        "AG0201", message="wrong", source=source, span=Span(start, start + len(marked)), **settings
    )


def full(*diagnostics: Diagnostic) -> str:
    file = io.StringIO()
    write_full(diagnostics, file)
    return file.getvalue()


def test_the_whole_picture() -> None:
    text = "agraph 1\n\nnode a = serch(q)\nnode a = q\n"
    first = text.index("a =")
    label = Label(Source("b.agraph", text), Span(first, first + 1), "the first is here")
    shown = full(diagnostic(text, "serch", hint="did you mean `search`?", labels=(label,)))
    assert shown == (
        "error[AG0201]: wrong\n"
        " --> a.agraph:3:10\n"
        "  |\n"
        "3 | node a = serch(q)\n"
        "  |          ^^^^^\n"
        " ::: b.agraph:3:6\n"
        "  |\n"
        "3 | node a = serch(q)\n"
        "  |      - the first is here\n"
        "  = help: did you mean `search`?\n"
        "\n"
    )


@pytest.mark.parametrize(
    ("text", "marked", "line", "below"),
    [
        ("\tnode a", "a", "    node a", "         ^"),
        ("漢字 wrong", "wrong", "漢字 wrong", "     ^^^^^"),
        ("e\u0301 wrong", "wrong", "e\u0301 wrong", "  ^^^^^"),
        ("a = 漢字", "漢字", "a = 漢字", "    ^^^^"),
        ("\t😀 wrong", "wrong", "    😀 wrong", "       ^^^^^"),
        ("a [\nb\n]", "[\nb\n]", "a [", "  ^"),
        ("a = b\r\nc", "b", "a = b", "    ^"),
        ("\ufeffwrong", "wrong", "wrong", "^^^^^"),
        ("a = \x1b[31mred", "red", "a = ␛[31mred", "         ^^^"),
        ("a = \u202eb", "b", "a = \ufffdb", "     ^"),
    ],
)
def test_the_caret_stands_below_what_it_means(text: str, marked: str, line: str, below: str) -> None:
    lines = full(diagnostic(text, marked)).split("\n")
    assert lines[3] == f"1 | {line}"
    assert lines[4] == f"  | {below}"


def test_a_place_without_width_and_the_end_of_a_file_have_a_caret() -> None:
    source = Source("a.agraph", "ab\n")
    for span, line, below in ((Span(1, 1), "1 | ab", "  |  ^"), (Span(3, 3), "2 |", "  | ^")):
        shown = full(Diagnostic("AG0112", "error", "wrong", source, span)).split("\n")
        assert [shown[3].rstrip(), shown[4]] == [line, below]


def test_of_a_long_line_the_part_around_the_span_is_shown() -> None:
    lines = full(diagnostic("x" * 100_000 + "wrong" + "y" * 100_000, "wrong")).split("\n")
    assert len(lines[3]) < 200
    assert lines[3].startswith("1 | …xxx")
    assert lines[3].endswith("yyy…")
    assert lines[3][lines[4].index("^") : lines[4].rindex("^") + 1] == "wrong"


def test_a_span_longer_than_what_is_shown_is_marked_as_far_as_it_is() -> None:
    lines = full(diagnostic("x" * 1000, "x" * 1000)).split("\n")
    assert lines[3] == f"1 | {lines[4].count('^') * 'x'}…"


@given(st.text(), st.integers(0, 50), st.integers(0, 50))
def test_any_place_in_any_text_can_be_shown(text: str, start: int, length: int) -> None:
    span = Span(min(start, len(text)), min(start + length, len(text)))
    shown = full(Diagnostic("AG0201", "error", text or "wrong", Source("a.agraph", text), span))
    assert shown.count("\n") == 6
    assert "^" in shown.split("\n")[4]


@given(st.text())
def test_nothing_that_steers_a_terminal_is_written(text: str) -> None:
    assert all(
        character.isprintable() or character.isspace() or character in "\u200c\u200d"
        for character in visible(text)
    )
    assert "\n" not in visible(text)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colours_are_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    written: list[str] = []
    for no_color in (False, True):
        if no_color:
            monkeypatch.setenv("NO_COLOR", "1")
        terminal = Terminal()
        write_full([diagnostic("a = b", "b")], terminal)
        written.append(terminal.getvalue())
    assert "\x1b[1;31merror" in written[0]
    assert "[1;31m" not in written[1]
    assert "\x1b" not in full(diagnostic("a = b", "b"))


@pytest.mark.parametrize("columns", [30, 40, 80, 200])
@pytest.mark.parametrize("text", ["x =" * 12 + "wrong" + " 漢字" * 30, "漢" * 60 + "wrong", "wrong" * 50])
def test_on_a_terminal_the_line_and_its_carets_are_no_wider_than_it(
    monkeypatch: pytest.MonkeyPatch, columns: int, text: str
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    write_full([diagnostic(text, "wrong")], terminal)
    line, below = re.sub(r"\x1b\[[0-9;]*m", "", terminal.getvalue()).split("\n")[3:5]
    assert cell_len(line) <= columns
    assert cell_len(below) <= columns
    assert cell_len(line[: line.index("wrong")]) == below.index("^")


def test_concise_is_one_line() -> None:
    assert concise(diagnostic("a\n  b", "b", severity="warning")) == "a.agraph:2:3: warning AG0201: wrong"


def test_json_has_everything() -> None:
    text = "a\r\n😀 b"
    label = Label(Source("b.agraph", "x"), Span(0, 1), "here")
    shown = as_json(diagnostic(text, "b", hint="mend it", labels=(label,)))
    assert json.loads(json.dumps(shown)) == {
        "code": "AG0201",
        "severity": "error",
        "message": "wrong",
        "hint": "mend it",
        "path": "a.agraph",
        "start": {"line": 2, "column": 3, "offset": 5},
        "end": {"line": 2, "column": 4, "offset": 6},
        "labels": [
            {
                "text": "here",
                "path": "b.agraph",
                "start": {"line": 1, "column": 1, "offset": 0},
                "end": {"line": 1, "column": 2, "offset": 1},
            }
        ],
        "fix": None,
    }


def test_the_summary_counts() -> None:
    error, warning = diagnostic("a", "a"), diagnostic("a", "a", severity="warning")
    assert summary([error, warning, error]) == "2 errors, 1 warning"
    assert summary([warning]) == "1 warning"
