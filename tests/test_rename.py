import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from agraph.compiler.dump import to_json
from agraph.compiler.edit import apply_edits
from agraph.editing.analysis import Analysis
from agraph.editing.rename import FileEdits, Refusal, renamable, renamed
from agraph.editing.symbols import Symbol
from agraph.editing.workspace import Workspace, real_path
from tests.case_files import MAIN, cases
from tests.editing import analysis_of, at_cursor, session

NEW = "quite_another"

TEAMS = """\
agraph 1

model fast = simulated()

graph pair(question: str, hint: str?) -> str {
  model = fast
  node member[2] "Answers." {
    on ~ 0.9
    prompt ~ "{{ question }} {{ hint }} {{ inbox }}"
  }
  node judge "Decides." { prompt = "{{ question }} {{ member }} {{ inbox }}" }
  edge member[i] -> member[i + 1] ~ 0.5
  edge member -> judge
  output judge
}
"""
MAIN_TEXT = """\
agraph 1

import "teams.agraph"
import std.text

type Answer { text: str, sure: bool }
model smart = simulated()
tool shout(loud: str) -> Answer = python("m:shout")

graph g[size = 3, m: model = smart](question: str) -> str {
  node x[size] "Three pairs." ~ teams.pair(question) {
    member.on ~ 0.5
    judge.model ~ { "teams.fast": 1, m: 2 }
    edge member[i] -> member[i + 1] ~ 0.5
  }
  node said "Shouts." -> Answer = shout(loud = question)
  node e "Compares." {
    model = m
    prompt ~ { long: 1, short: 2 }
    prompt long = "{{ x[0].judge }} {{ said.text }} {{ question }} {{ size }}"
    prompt short = "{{ said.text }}"
    when = said.sure == true
    examples = [{ question: "1 + 1?", output: "2" }]
  }
  edge x[0].judge -> e
  edge said -> e
  edge x[i] -> x[i + 1]
  node last "Is not null." = text.join([e], "")
  edge e -> last
  output last
}

test g "is told" {
  question = "?"
  model smart = simulated()
  model teams.fast = simulated()
  expect x[0].judge == said.text
}

optimize g {
  data = jsonl("d.jsonl", target = "answer")
  metric = exact(output)
  columns = { question: "problem" }
}
"""


def rename(text: str, name: str, **files: str) -> dict[str, str] | Refusal:
    """The texts after the name at the mark was changed, or why it was not."""
    main, offset = at_cursor(text)
    workspace = session(main=main, **files)
    changes = renamed(analysis_of(workspace), offset, name, workspace)
    if isinstance(changes, Refusal):
        return changes
    texts = {"main": main, **files}
    return texts | {each.source.path.removesuffix(".agraph"): each.text for each in changes}


def refused(text: str, name: str, **files: str) -> str:
    result = rename(text, name, **files)
    assert isinstance(result, Refusal), result
    return result.reason


def renamed_main(text: str, name: str) -> str:
    result = rename(text, name)
    assert not isinstance(result, Refusal), result
    return result["main"]


# What it changes.


@pytest.mark.parametrize(
    ("place", "changed"),
    [
        ("graph ¦g[", {"main": ["graph new[", "test new ", "optimize new {"]}),
        ("node ¦said",
         {"main": ["node new ", "{{ new.text }}", "edge new -> e", "when = new.sure", "== new.text"]}),
        ("node ¦x[size]", {"main": ["edge new[0].judge -> e", "{{ new[0].judge }}", "new[i] -> new[i + 1]"]}),
        ("question¦: str) -> str {",
         {"main": ["teams.pair(new)", "{{ new }}", "{ new: \"1", "  new = \"?\"", "{ new: \"p"]}),
        ("size¦ = 3", {"main": ["node x[new]", "{{ new }}"]}),
        ("m¦: model", {"main": ["model = new", "\"teams.fast\": 1, new: 2"]}),
        ("model ¦smart", {"main": ["m: model = new", "  model new = simulated()"]}),
        ("shout(¦loud:", {"main": ["shout(new = question)"]}),
        ("tool ¦shout", {"main": ["Answer = new(loud", "python(\"m:shout\")"]}),
        ("type ¦Answer", {"main": ["-> new = python", "-> new = shout"]}),
        ("{ long: 1, ¦short", {"main": ["prompt new = \"{{", "{ long: 1, new: 2 }"]}),
        ("x[¦i] -> x", {"main": ["edge x[new] -> x[new + 1]", "edge member[i] -> member["]}),
        ("¦teams.pair",
         {"main": ["import \"teams.agraph\" as new", "~ new.pair(", "\"new.fast\": 1", "model new.fast ="]}),
        ("import std.¦text", {"main": ["import std.text as new", "= new.join("]}),
        ("teams.¦pair", {"main": ["teams.new(question)"], "teams": ["graph new(question"]}),
        ("¦member.on",
         {"main": ["new.on ~", "edge new[i] -> new[i"],
          "teams": ["node new[2]", "{{ new }}", "edge new[i] -> new[i"]}),
        ("x[0].¦judge -> e",
         {"main": ["new.model ~", "{{ x[0].new }}", "edge x[0].new -> e", "expect x[0].new"],
          "teams": ["output new"]}),
        ("\"teams.¦fast\"",
         {"main": ["\"teams.new\": 1", "model teams.new ="], "teams": ["model new", "model = new"]}),
        ("edge member[¦i] -> member",
         {"main": ["edge member[new] -> member[new"], "teams": ["edge member[new] -> member[new"]}),
    ],
)  # fmt: skip
def test_a_name_changes_wherever_it_is_used(place: str, changed: Mapping[str, list[str]]) -> None:
    assert place.replace("¦", "") in MAIN_TEXT
    result = rename(MAIN_TEXT.replace(place.replace("¦", ""), place, 1), "new", teams=TEAMS)
    assert not isinstance(result, Refusal), result
    lacking = [(name, part) for name, parts in changed.items() for part in parts if part not in result[name]]
    assert lacking == []


def test_the_files_that_are_renamed_in_have_no_mistakes() -> None:
    assert analysis_of(session(main=MAIN_TEXT, teams=TEAMS)).compilation.diagnostics == ()


def test_a_place_behind_the_name_names_it_too() -> None:
    main = renamed_main('agraph 1\ngraph g(a¦: str) -> str {\n node n "N." = a\n output n\n}\n', "b")
    assert main == 'agraph 1\ngraph g(b: str) -> str {\n node n "N." = b\n output n\n}\n'


def test_letters_of_two_units_before_the_name_move_nothing() -> None:
    main = renamed_main('agraph 1\ngraph g(a: str) -> str {\n node n "🦊 漢" = ¦a # 🦊\n output n\n}\n', "b")
    assert "= b # 🦊\n" in main


def test_the_same_name_changes_nothing() -> None:
    workspace = session(main=MAIN_TEXT, teams=TEAMS)
    assert renamed(analysis_of(workspace), MAIN_TEXT.index("smart"), "smart", workspace) == ()


def test_files_on_disk_are_changed_with_those_that_are_open(tmp_path: Path) -> None:
    (tmp_path / "teams.agraph").write_text(TEAMS, encoding="utf-8")
    (tmp_path / "main.agraph").write_text(MAIN_TEXT, encoding="utf-8")
    teams = str(tmp_path / "teams.agraph")
    workspace = Workspace([str(tmp_path)], {real_path(teams): TEAMS})
    found = workspace.analysis(teams)
    assert isinstance(found, Analysis)
    changes = renamed(found, TEAMS.index("judge"), "jury", workspace)
    assert not isinstance(changes, Refusal)
    assert {Path(each.source.path).name for each in changes} == {"teams.agraph", "main.agraph"}


# What it refuses.

SMALL = 'agraph 1\ngraph g(a: str) -> str {{\n  node ¦n "N." = a\n  {more}\n  output n\n}}\n'


@pytest.mark.parametrize(
    ("name", "more", "reason"),
    [
        ("2n", "", "is no name"),
        ("n-m", "", "is no name"),
        ("", "", "is no name"),
        ("größe", "", "is no name"),
        ("inbox", "", "is a reserved word"),
        ("a", "", "`a` is declared twice"),
        ("m", 'node m "M." = a', "`m` is declared twice"),
    ],
)
def test_a_name_that_does_not_fit_is_refused(name: str, more: str, reason: str) -> None:
    assert reason in refused(SMALL.format(more=more), name)


def test_a_name_that_would_be_another_thing_is_refused() -> None:
    text = 'agraph 1\ntype ¦Pair { a: str }\ntool f(x: T, y: T) -> T = python("m:f")\n'
    assert "another meaning" in refused(text, "T")


def test_the_standard_library_stays() -> None:
    text = (
        'agraph 1\nimport std.text\ngraph g(a: str) -> str {\n  node n "N." = text.¦strip(a)\n  output n\n}\n'
    )
    assert "belongs to the standard library" in refused(text, "trim")


def test_fields_stay_since_they_are_part_of_the_data() -> None:
    assert "a field is part of" in refused("agraph 1\ntype Pair { ¦left: str }\n", "first")


def test_a_place_without_a_name_is_refused() -> None:
    assert "no name here" in refused("agraph 1\n¦\n", "first")


def test_a_file_with_syntax_errors_is_refused() -> None:
    text = 'agraph 1\ngraph g(¦a: str) -> str {\n  node n "N." = a\n  edge -> \n  output n\n}\n'
    assert "syntax errors" in refused(text, "b")


def test_a_name_that_is_written_with_escapes_is_refused() -> None:
    text = (
        "agraph 1\nmodel ¦fast = simulated()\ngraph g(a: str) -> str {\n"
        '  node n "N." {\n    model ~ { "f\\u0061st": 1 }\n    prompt = "{{ a }}"\n  }\n  output n\n}\n'
    )
    assert "escapes in line 5" in refused(text, "quick")


# What it keeps.

CLEAN = [case for case in cases() if not case.marks]
EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.agraph"))


def test_there_is_something_to_rename() -> None:
    assert len(CLEAN) > 20
    assert len(EXAMPLES) > 10


def meaning(analysis: Analysis, old: str) -> str:
    """The graphs of a file as text, without places, and with the old name for the new one."""
    graphs = json.dumps([_without_places(to_json(graph)) for graph in analysis.compilation.graphs])
    return re.sub(rf"\b{NEW}\b", old, graphs)


def _without_places(value: Any) -> Any:
    if isinstance(value, dict):
        places = {"span", "element_spans", "at", "begins"}
        return {key: _without_places(each) for key, each in value.items() if key not in places}
    return [_without_places(each) for each in value] if isinstance(value, list) else value


def symbols(analysis: Analysis) -> dict[Symbol, int]:
    """What can be renamed, each with a place where it is named."""
    return {
        each.symbol: each.span.start
        for each in analysis.occurrences
        if not isinstance(renamable(analysis, each.span.start), Refusal)
    }


PROGRAMS = {
    **{path.stem: {"main": path.read_text(encoding="utf-8")} for path in EXAMPLES},
    **{
        case.name: {
            name.removesuffix(".agraph"): text for name, text in {MAIN: case.text, **case.files}.items()
        }
        for case in CLEAN
    },
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_another_name_means_the_same_and_the_old_one_gives_the_old_bytes(name: str) -> None:
    workspace = session(**PROGRAMS[name])
    analysis = analysis_of(workspace)
    for symbol, offset in symbols(analysis).items():
        changes = renamed(analysis, offset, NEW, workspace)
        assert not isinstance(changes, Refusal), (symbol, changes)
        after = _applied(workspace, changes)
        changed = analysis_of(after)
        assert meaning(changed, symbol.name) == meaning(analysis, symbol.name), symbol
        place = next(each.span.start for each in changed.occurrences if each.symbol.name == NEW)
        back = renamed(changed, place, symbol.name, after)
        assert not isinstance(back, Refusal), (symbol, back)
        expected = _without_needless_alias(workspace.open_texts, symbol)
        assert _applied(after, back).open_texts == expected, symbol


def _without_needless_alias(texts: Mapping[str, str], symbol: Symbol) -> dict[str, str]:
    """The texts without an `as` that gives an import the name that it has anyway: it does not come back."""
    if symbol.kind != "import":
        return dict(texts)
    needless = re.compile(rf'^(import .*\b{symbol.name}(?:\.agraph")?) as {symbol.name}$', re.MULTILINE)
    return {path: needless.sub(r"\1", text) for path, text in texts.items()}


def _applied(workspace: Workspace, changes: tuple[FileEdits, ...]) -> Workspace:
    texts = {real_path(each.source.path): apply_edits(each.source.text, each.edits) for each in changes}
    return Workspace(open_texts={**workspace.open_texts, **texts})
