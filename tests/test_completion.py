import pytest
from hypothesis import given
from hypothesis import strategies as st

from agraph.editing.completion import completions
from agraph.editing.cursor import cursor_at
from tests.editing import CURSOR, analysis_of, at_cursor, session
from tests.test_rename import MAIN_TEXT, TEAMS

START = """\
agraph 1

import "teams.agraph"
import std.text

type Answer { text: str, sure: bool }
model smart = simulated()
tool shout(loud: str) -> Answer = python("m:shout")

graph g[size = 3, m: model = smart](question: str) -> str {
  model = smart
  node x[2] "Two pairs." ~ teams.pair(question)
  node said "Shouts." -> Answer = shout(question)
  node e "Compares." {
    prompt ~ { long: 1, short: 2 }
    prompt long = "{{ x }}"
    prompt short = "{{ said }}"
  }
  edge x -> e
  edge x.judge -> e
  edge said -> e
"""
END = """\
  output e
}
"""
TAIL = """\

test g {
  question = "?"
  expect output == "!"
}
"""


def offered(text: str, before: str | None = None) -> list[str]:
    """What is offered at the mark of a text, where the text before was the last that is known."""
    main, offset = at_cursor(text)
    analysis = analysis_of(session(main=main if before is None else before, teams=TEAMS))
    return [each.label for each in completions(main, offset, analysis, ("teams.agraph",))]


def in_graph(line: str) -> list[str]:
    return offered(f"{START}{line}\n{END}")


@pytest.mark.parametrize(
    ("line", "wanted", "unwanted"),
    [
        ("  ¦", {"node", "edge", "output", "model", "retries"}, {"on", "prompt", "import", "x"}),
        ("  no¦", {"node"}, {"import"}),
        ("  edge ¦", {"x", "said", "e"}, {"question", "smart", "teams"}),
        ("  edge x -> ¦", {"x", "said", "e"}, {"question"}),
        ("  edge [x, ¦", {"said", "e"}, {"question"}),
        ("  edge x.¦", {"member", "judge"}, {"e"}),
        ("  edge x[0].¦ -> e", {"member", "judge"}, {"e"}),
        ("  edge x -> e ~ ¦", set(), {"x"}),
        ("  output ¦", {"e", "said"}, {"question"}),
        ("  model = ¦", {"smart", "m", "teams"}, {"said", "shout", "text"}),
        ("  model = teams.¦", {"fast"}, {"pair", "smart"}),
        ("  node n -> ¦", {"str", "Answer", "list", "image", "file"}, {"said", "text", "teams"}),
        ("  node n -> list[¦", {"str", "Answer"}, {"said"}),
        ("  node n[¦", {"size"}, {"said"}),
        ('  node n "N." = ¦', {"shout", "text", "teams", "question", "inbox"}, {"smart", "node"}),
        ('  node n "N." = text.¦', {"join", "strip"}, {"shout", "pair"}),
        ('  node n "N." = teams.¦', {"pair"}, {"fast"}),
        ('  node n "N." = shout(¦', {"loud = ", "question"}, {"node"}),
        ('  node n "N." ~ teams.pair(¦', {"question = ", "hint = "}, set()),
        ('  node n "N." {\n    ¦', {"prompt", "on", "when", "examples"}, {"node", "edge"}),
        ('  node n "N." {\n    model = ¦\n  }', {"smart", "m"}, {"said"}),
        ('  node n "N." {\n    tools = [¦\n  }', {"shout", "text"}, {"smart"}),
        ('  node n "N." {\n    model ~ { smart: 1, ¦\n  }', {"smart", "m"}, {"said"}),
        ('  node n "N." {\n    on = ¦\n  }', {"true", "false"}, {"skip"}),
        ('  node n "N." {\n    on_error = ¦\n  }', {"fail", "skip"}, {"true"}),
        ('  node n "N." {\n    max_turns = ¦\n  }', {"size"}, {"said"}),
        ('  node e "E." {\n    prompt ~ { ¦\n  }', {"long", "short"}, {"said"}),
        ('  node e "E." {\n    when = ¦\n  }', {"said", "question", "x"}, {"e"}),
        ('  node e "E." {\n    when = said.¦\n  }', {"text", "sure"}, {"said"}),
        ('  node e "E." {\n    prompt = "{{ ¦ }}"\n  }', {"question", "x", "said", "inbox"}, {"e", "index"}),
        ('  node e "E." {\n    prompt = "{{ said.¦"\n  }', {"text", "sure"}, {"question"}),
        ('  node e "E." {\n    prompt = "{{ x.¦"\n  }', {"judge"}, {"member"}),
        ('  node e "E." {\n    prompt = "{{ inbox.¦"\n  }', {"named"}, {"text"}),
        ('  node e "E." {\n    prompt = """\n      Say {{ qu¦\n      """\n  }', {"question", "inbox"}, {"e"}),
        ('  node e "E." {\n    prompt = "¦"\n  }', set(), {"question"}),
        ('  node e "E." {\n    prompt = "{{ x }} and ¦"\n  }', set(), {"question"}),
        ('  node e "E." {\n    examples = [{ ¦\n  }', {"question", "output"}, {"on"}),
        ('  node y "Y." ~ teams.pair(question) {\n    ¦', {"member", "edge", "on"}, {"prompt", "node"}),
        ('  node y "Y." ~ teams.pair(question) {\n    member.¦', {"on", "prompt", "model"}, {"judge"}),
        ('  node y "Y." ~ teams.pair(question) {\n    edge ¦', {"member", "judge"}, {"e"}),
        ('  node y "Y." ~ teams.pair(question) {\n    judge.model = ¦', {"smart"}, {"fast"}),
        ('  node y "Y." ~ teams.pair(question) {\n    judge.prompt = "{{ ¦', {"hint", "member"}, {"said"}),
        ('  node x[2] "In a family." = ¦', {"index"}, set()),
        ("  # ¦", set(), {"node", "edge"}),
        ("  edge x -> e ~ 0.5¦", set(), {"x"}),
    ],
)  # fmt: skip
def test_what_fits_in_a_graph_is_offered(line: str, wanted: set[str], unwanted: set[str]) -> None:
    found = set(in_graph(line))
    assert wanted - found == set()
    assert unwanted & found == set()
    assert wanted or not found


@pytest.mark.parametrize(
    ("line", "wanted", "unwanted"),
    [
        ("¦", {"graph", "import", "tool", "test"}, {"node"}),
        ("im¦", {"import"}, {"node"}),
        ("import ¦", {"std.text", "std.vote"}, {"graph"}),
        ("import std.¦", {"text", "vote"}, {"graph"}),
        ('import "¦', {"teams.agraph"}, {"graph"}),
        ("model a = ¦", {"anthropic", "scripted", "simulated"}, {"smart"}),
        ('model a = anthropic("m", fallback = [¦', {"smart"}, {"shout"}),
        ("tool a(b: ¦", {"str", "Answer"}, {"smart"}),
        ("tool a(b: str) -> ¦", {"str", "Answer"}, {"smart"}),
        ("tool a(b: str) -> str = ¦", {"python", "recorded"}, {"smart"}),
        ("graph h(b: ¦", {"str", "Answer"}, {"smart"}),
        ("graph h[b: ¦", {"int", "model", "tool"}, {"str"}),
        ("type T { a: ¦ }", {"str", "Answer"}, {"smart"}),
        ("test ¦", {"g"}, {"smart"}),
        ("optimize ¦", {"g"}, {"smart"}),
        ("test g {\n  ¦", {"expect", "model", "question", "target"}, {"node"}),
        ("test g {\n  model ¦", {"smart", "teams"}, {"said"}),
        ("test g {\n  model smart = ¦", {"scripted", "simulated"}, {"smart"}),
        ("test g {\n  expect ¦", {"output", "said", "x", "shout"}, {"smart"}),
        ("test g {\n  expect said.¦", {"text", "sure"}, {"output"}),
        ("test g {\n  expect x[0].¦", {"judge", "member"}, {"output"}),
        ("optimize g {\n  ¦", {"data", "metric", "budget"}, {"node"}),
        ("optimize g {\n  metric = ¦", {"exact", "number"}, {"output"}),
        ("optimize g {\n  metric = exact(¦", {"output", "row"}, {"exact"}),
        ("optimize g {\n  data = ¦", {"jsonl", "csv"}, {"output"}),
        ("optimize g {\n  budget = ¦", {"calls", "usd"}, {"output"}),
        ("optimize g {\n  columns = { ¦", {"question"}, {"output"}),
    ],
)
def test_what_fits_between_graphs_is_offered(line: str, wanted: set[str], unwanted: set[str]) -> None:
    found = set(offered(f"{START}{END}{line}{TAIL}"))
    assert wanted - found == set()
    assert unwanted & found == set()


def test_the_word_that_is_being_written_is_replaced() -> None:
    main, offset = at_cursor(f"{START}  edge sai¦ -> e\n{END}")
    analysis = analysis_of(session(main=main, teams=TEAMS))
    [found] = [each for each in completions(main, offset, analysis) if each.label == "said"]
    assert main[found.span.start : found.span.end] == "sai"
    assert found.detail == "Shouts."


def test_the_path_after_import_is_replaced_as_a_whole() -> None:
    main, offset = at_cursor('agraph 1\nimport "../te¦"\n')
    [found] = completions(main, offset, analysis_of(session(main=main)), ("../teams.agraph",))
    assert main[found.span.start : found.span.end] == "../te"


def test_attributes_that_are_written_are_not_offered_again() -> None:
    text = 'agraph 1\ngraph g(a: str) -> str {\n  node n "N." {\n    on = true\n    ¦\n  }\n  output n\n}\n'
    assert "on" not in offered(text)
    assert "when" in offered(text)


@pytest.mark.parametrize(
    "broken", ["edge x -> [e,", "node n -> list[", 'node n "N." = shout(', "node n {", '"x']
)
def test_a_mistake_before_it_hides_nothing(broken: str) -> None:
    assert "said" in in_graph(f"  {broken}\n  edge ¦")
    assert "node" in in_graph(f"  {broken}\n  node q = question\n  ¦")


def test_what_was_known_before_the_file_broke_is_offered() -> None:
    known = f"{START}{END}"
    assert "said" in offered(f"{START}  edge ¦\n  }}}}}}", before=known)


@given(st.text(alphabet=st.sampled_from(list('{}[]()"~=>-.,:# \n\tabx1é🦊'))), st.integers(0, 10**6))
def test_any_text_has_some_answer(noise: str, place: int) -> None:
    text = MAIN_TEXT[: place % len(MAIN_TEXT)] + noise
    analysis = analysis_of(session(main=MAIN_TEXT, teams=TEAMS))
    for each in completions(text, len(text), analysis):
        assert each.span.end == len(text)


@pytest.mark.parametrize("text", ["a {¦", 'a "b¦', "a # b¦", "a\n¦", '"""\nfoo¦', 'x = """\n  a\n  """ {¦'])
def test_a_place_is_told_by_the_text_before_it(text: str) -> None:
    plain, offset = at_cursor(text)
    assert cursor_at(plain, offset) == cursor_at(plain + '\n}}} """ ~ [[ 🦊', offset)


@given(st.integers(0, len(MAIN_TEXT)))
def test_the_statement_around_a_place_is_what_stands_before_it(offset: int) -> None:
    cursor = cursor_at(MAIN_TEXT, offset)
    assert cursor.statement == MAIN_TEXT[cursor.start : offset]
    assert all(MAIN_TEXT[frame.opening] == "{" for frame in cursor.frames)
    assert [frame.head.split()[0] for frame in cursor.frames[:1]] in (
        [], ["graph"], ["test"], ["optimize"], ["type"],
    )  # fmt: skip
    assert CURSOR not in cursor.statement
