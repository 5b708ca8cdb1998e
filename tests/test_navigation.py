from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agraph.editing.analysis import Analysis
from agraph.editing.hover import hover
from agraph.editing.navigation import definition, highlights, references
from agraph.editing.rename import Refusal, renamed
from agraph.editing.structure import Part, structure
from agraph.editing.workspace import Workspace
from tests.editing import CURSOR, analysis_of, at_cursor, session
from tests.test_rename import MAIN_TEXT, TEAMS


def defined(text: str) -> str | None:
    """The line in which the name at the mark is declared, with its file."""
    main, offset = at_cursor(text)
    place = definition(analysis_of(session(main=main, teams=TEAMS)), offset)
    if place is None:
        return None
    line, _ = place.source.position(place.span.start)
    return f"{place.source.path}: {place.source.line(line).strip()}"


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("{{ said.¦text }} {{ q", "main.agraph: type Answer { text: str, sure: bool }"),
        ("== said.¦text", "main.agraph: type Answer { text: str, sure: bool }"),
        ("{{ ¦said.text }}", 'main.agraph: node said "Shouts." -> Answer = shout(loud = question)'),
        ("{{ x[0].¦judge",
         'teams.agraph: node judge "Decides." { prompt = "{{ question }} {{ member }} {{ inbox }}" }'),
        ("~ teams.¦pair", "teams.agraph: graph pair(question: str, hint: str?) -> str {"),
        ("~ ¦teams.pair", 'main.agraph: import "teams.agraph"'),
        ("¦teams.agraph", "teams.agraph: agraph 1"),
        ("= text.¦join",
         "std/text.agraph: tool join(parts: list[str], separator: str) -> str"
         ' = python("agraph.stdlib.text:join")'),
        ("model teams.¦fast", "teams.agraph: model fast = simulated()"),
        ("model = ¦m", "main.agraph: graph g[size = 3, m: model = smart](question: str) -> str {"),
        ("columns = { ¦question", "main.agraph: graph g[size = 3, m: model = smart](question: str) -> str {"),
        ("¦agraph 1", None),
    ],
)  # fmt: skip
def test_a_name_leads_to_its_declaration(place: str, line: str | None) -> None:
    plain = place.replace(CURSOR, "")
    assert plain in MAIN_TEXT
    assert defined(MAIN_TEXT.replace(plain, place, 1)) == line


def test_a_file_with_mistakes_is_still_read() -> None:
    text = 'agraph 1\ngraph g(a: str) -> str {\n  node n "N." = ¦a\n  node m {{\n  edge n ->\n  output n\n}\n'
    assert defined(text) == "main.agraph: graph g(a: str) -> str {"


def test_every_use_is_found_in_all_files() -> None:
    workspace = session(main=MAIN_TEXT, teams=TEAMS)
    teams = analysis_of(workspace, "teams")
    offset = TEAMS.index("judge")
    found = references(teams, offset, workspace, with_declaration=True)
    assert {each.source.path for each in found} == {"main.agraph", "teams.agraph"}
    assert {each.source.slice(each.span) for each in found} == {"judge"}
    assert len(found) == TEAMS.count("judge") + MAIN_TEXT.count("judge")
    assert len(references(teams, offset, workspace, with_declaration=False)) == len(found) - 1


def test_files_that_nobody_opened_are_searched(tmp_path: Path) -> None:
    (tmp_path / "main.agraph").write_text(MAIN_TEXT, encoding="utf-8")
    (tmp_path / "teams.agraph").write_text(TEAMS, encoding="utf-8")
    workspace = Workspace([str(tmp_path)])
    teams = workspace.analysis(str(tmp_path / "teams.agraph"))
    assert isinstance(teams, Analysis)
    found = references(teams, TEAMS.index("pair("), workspace, with_declaration=True)
    assert {Path(each.source.path).name for each in found} == {"main.agraph", "teams.agraph"}


def test_the_same_name_elsewhere_is_another_thing() -> None:
    text = 'agraph 1\ngraph g(a: str) -> str {\n  node n "N." = a\n  output n\n}\n'
    twice = text + text.replace("agraph 1\n", "").replace("graph g", "graph h")
    spans = highlights(analysis_of(session(main=twice)), twice.index("a: str"))
    assert [twice.count("\n", 0, span.start) for span in spans] == [1, 2]


def test_a_place_without_a_name_has_no_uses() -> None:
    workspace = session(main=MAIN_TEXT, teams=TEAMS)
    assert references(analysis_of(workspace), 0, workspace, with_declaration=True) == ()
    assert highlights(analysis_of(workspace), 0) == ()


def test_the_structure_of_a_file_is_that_of_its_text() -> None:
    parts = structure(analysis_of(session(main=MAIN_TEXT, teams=TEAMS)))
    assert [(part.kind, part.name) for part in parts] == [
        ("import", "teams"), ("import", "text"), ("type", "Answer"), ("model", "smart"), ("tool", "shout"),
        ("graph", "g"), ("test", "g"), ("optimize", "g"),
    ]  # fmt: skip
    graph = parts[5]
    assert [(part.kind, part.name) for part in graph.parts[:4]] == [
        ("node", "x"), ("node", "said"), ("node", "e"), ("edge", "x[0].judge -> e"),
    ]  # fmt: skip
    assert graph.parts[1].detail == "Shouts."
    for part in parts:
        _nests(part)


def _nests(part: Part) -> None:
    assert part.span.start <= part.name_span.start <= part.name_span.end <= part.span.end
    for inner in part.parts:
        assert part.span.start <= inner.span.start <= inner.span.end <= part.span.end
        _nests(inner)


def test_what_a_changed_import_says_is_known_at_once() -> None:
    workspace = session(main=MAIN_TEXT, teams=TEAMS)
    assert analysis_of(workspace).compilation.diagnostics == ()
    [path] = [path for path in workspace.open_texts if path.endswith("teams.agraph")]
    workspace.open_texts[path] = TEAMS.replace("graph pair", "graph trio")
    assert "AG0208" in {each.code for each in analysis_of(workspace).compilation.diagnostics}
    workspace.open_texts[path] = TEAMS
    assert analysis_of(workspace).compilation.diagnostics == ()


def test_a_file_that_has_not_changed_is_not_compiled_again() -> None:
    workspace = session(main=MAIN_TEXT, teams=TEAMS)
    assert analysis_of(workspace) is analysis_of(workspace)


def test_what_is_written_on_disk_is_known_after_it_is_saved(tmp_path: Path) -> None:
    (tmp_path / "main.agraph").write_text('agraph 1\nimport "other.agraph"\n', encoding="utf-8")
    workspace = Workspace([str(tmp_path)])
    path = str(tmp_path / "main.agraph")
    before = workspace.analysis(path)
    assert isinstance(before, Analysis)
    assert [each.code for each in before.compilation.diagnostics] == ["AG0211"]
    (tmp_path / "other.agraph").write_text("agraph 1\n", encoding="utf-8")
    after = workspace.analysis(path)
    assert isinstance(after, Analysis)
    assert after.compilation.diagnostics == ()


def test_only_files_are_read_that_the_project_opens(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    settings = project / "pyproject.toml"
    settings.write_text("", encoding="utf-8")
    (project / "main.agraph").write_text('agraph 1\nimport "../other.agraph"\n', encoding="utf-8")
    (tmp_path / "other.agraph").write_text("agraph 1\n", encoding="utf-8")
    workspace, path = Workspace(), str(project / "main.agraph")
    before = workspace.analysis(path)
    assert isinstance(before, Analysis)
    assert "lies outside of the project" in before.compilation.diagnostics[0].message
    settings.write_text('[tool.agraph]\nallow-read = [".."]\n', encoding="utf-8")
    after = workspace.analysis(path)
    assert isinstance(after, Analysis)
    assert after.compilation.diagnostics == ()


def test_settings_that_cannot_be_read_are_told_at_the_import(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.agraph]\nalow = []\n", encoding="utf-8")
    (tmp_path / "main.agraph").write_text('agraph 1\nimport "other.agraph"\n', encoding="utf-8")
    found = Workspace().analysis(str(tmp_path / "main.agraph"))
    assert isinstance(found, Analysis)
    assert "unknown setting `alow`" in found.compilation.diagnostics[0].message


@given(st.integers(0, len(MAIN_TEXT)), st.integers(0, 40), st.integers(0, len(MAIN_TEXT)))
def test_a_file_with_a_hole_in_it_can_be_asked_about(start: int, length: int, place: int) -> None:
    text = MAIN_TEXT[:start] + MAIN_TEXT[start + length :]
    workspace = session(main=text, teams=TEAMS)
    analysis, offset = analysis_of(workspace), min(place, len(text))
    for part in structure(analysis):
        _nests(part)
    assert all(text[span.start : span.end] for span in highlights(analysis, offset))
    found = definition(analysis, offset)
    assert found is None or found.span.end <= len(found.source.text)
    told = hover(analysis, offset)
    assert told is None or told.span.start <= offset <= told.span.end
    answer = renamed(analysis, offset, "another", workspace)
    assert isinstance(answer, Refusal) or all(each.text for each in answer)
