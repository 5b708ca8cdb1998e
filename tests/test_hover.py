import pytest

from agraph.editing.hover import hover, hover_of_new
from tests.editing import CURSOR, analysis_of, at_cursor, session
from tests.test_rename import MAIN_TEXT, TEAMS

PANEL = """\
agraph 1

import std.vote

# A small one.
# Cheap, too.
model fast = simulated(right = 0.7)

graph panel(question: str) -> str? {
  model = fast
  node solver[2] "Solves." {
    on ~ [0.9, 0.25]
    model ~ { fast: 3, slow: 1 }
    prompt = "{{ question }}"
  }
  node late "Is off." -> str {
    on = false
    prompt = "{{ question }}"
  }
  node vote "Votes." = vote.majority(inbox)
  edge solver -> vote ~ [0.75, 0.5]
  edge late -> vote ~ 0.125
  output vote
}

model slow = simulated()

test panel {
  question = "on ~"
  expect output == null
}

optimize panel {
  metric = exact
}
"""


def told(text: str) -> str | None:
    """What is told at the mark."""
    main, offset = at_cursor(text)
    found = hover(analysis_of(session(main=main, teams=TEAMS)), offset)
    if found is not None:
        assert found.span.start <= offset <= found.span.end
    return None if found is None else found.text


def told_in(text: str, place: str) -> str | None:
    plain = place.replace(CURSOR, "")
    assert text.count(plain) >= 1, plain
    return told(text.replace(plain, place, 1))


@pytest.mark.parametrize(
    ("place", "parts"),
    [
        ("edge ¦solver", ["node solver[2] -> str?", "Solves.", "`on ~ [0.9, 0.25]`: there with"]),
        ("node ¦late", ["node late -> str?", "Is off.", "`on = false`: switched by hand"]),
        ("¦vote.majority", ["std/vote.agraph", "`majority`"]),
        (".¦majority", ["tool majority(answers: list[T?]) -> T?", "The answer that most give."]),
        ("model = ¦fast", ["model fast = simulated(right = 0.7)", "A small one.\nCheap, too."]),
        ("{{ ¦question", ["question: str"]),
        ("graph ¦panel", ["graph panel(question: str) -> str?"]),
        ("0.9, 0.¦25", ["solver.on", "`solver[1]` is there: 0.25"]),
        ("[0.¦75, 0.5]", ["edge solver -> vote", "`solver[0]` → `vote` is there: 0.75"]),
        ("0.1¦25", ["edge late -> vote", "`late` → `vote` is there: 0.125"]),
        ("fast: ¦3", ["weight of `fast`, taken by `solver[0]` in 75% of draws: 3"]),
        ("    ¦on ~ [", ["the probability that the node is there"]),
        ("  ¦edge solver", ["one node's message to another"]),
        ("¦graph panel", ["declares a graph"]),
        ("  ¦expect", ["hold after the run"]),
        ("  ¦metric", ["how an answer is scored"]),
        ("vote.majority(¦inbox", ["the list of all messages that came"]),
        ("question: s¦tr) -> str?", ["texts"]),
    ],
)  # fmt: skip
def test_what_stands_somewhere_is_explained(place: str, parts: list[str]) -> None:
    text = told_in(PANEL, place)
    assert text is not None
    assert [part for part in parts if part not in text] == []


@pytest.mark.parametrize(
    ("place", "part"),
    [
        ("node ¦x[size]", "graph pair(question: str, hint: str?) -> str"),
        ("said.¦text", "text: str"),
        ("¦loud = ", "loud: str"),
        ("type ¦Answer", "type Answer { text: str, sure: bool }"),
        ("x[¦i] -> x", "running number"),
        ("{ long: 1, ¦short", "prompt short"),
        ("x[0].¦judge -> e", "Decides."),
        ("g[¦size", "size = 3"),
        ("import \"¦teams", "`pair`"),
    ],
)  # fmt: skip
def test_names_of_other_files_and_of_types_are_explained(place: str, part: str) -> None:
    text = told_in(MAIN_TEXT, place)
    assert text is not None
    assert part in text


@pytest.mark.parametrize("place", ['question = "o¦n ~"', "agraph 1\n¦", "right = 0.¦7"])
def test_of_some_places_there_is_nothing_to_tell(place: str) -> None:
    assert told_in(PANEL, place) is None


def test_many_edges_are_told_in_a_few_lines() -> None:
    text = (
        PANEL.replace("solver[2]", "solver[9]").replace("[0.9, 0.25]", "0.9").replace("[0.75, 0.5]", "0.¦5")
    )
    shown = told(text)
    assert shown is not None
    assert shown.endswith("- and 4 more")


def test_a_description_in_a_file_with_mistakes_is_told() -> None:
    text = 'agraph 1\ngraph g(a: str) -> str {\n  node n "Says it." = a\n  edge ¦n ->\n  edge ¦n -> m\n'
    shown = told(text.replace(CURSOR, "", 1))
    assert shown is not None
    assert "Says it." in shown


def test_what_was_typed_since_is_explained_by_what_was_known() -> None:
    main, offset = at_cursor(MAIN_TEXT.replace("  edge said -> e", "  edge ¦said -> e\n  edge ["))
    found = hover_of_new(main, offset, analysis_of(session(main=MAIN_TEXT, teams=TEAMS)))
    assert found is not None
    assert "node said" in found.text
    assert "Shouts." in found.text
    assert main[found.span.start : found.span.end] == "said"


def test_a_new_word_that_means_nothing_is_not_explained() -> None:
    main, offset = at_cursor(MAIN_TEXT.replace("  edge said -> e", "  edge ¦sad -> e"))
    assert hover_of_new(main, offset, analysis_of(session(main=MAIN_TEXT, teams=TEAMS))) is None
