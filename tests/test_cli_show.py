"""`agraph show`, and the pictures that it draws."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agraph.view_dot import quoted
from agraph.view_mermaid import escaped
from tests.commands import in_process
from tests.drawn import DRAWN


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "a.agraph"
    path.write_text(DRAWN)
    return str(path)


def shown(capsys: pytest.CaptureFixture[str], file: str, form: str) -> str:
    finished = in_process(capsys, "show", file, "--format", form)
    assert (finished.code, finished.err) == (0, "")
    return finished.out


def test_text_lists_nodes_and_edges(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, file, "text").splitlines()
    assert lines[0] == "graph panel(question: str) -> str"
    assert lines[3] == "  ●  solver[0]  str  model fast     on ~ 0.9   Solves & checks."
    assert lines[4].startswith(
        "  ○  solver[1]  str  model fast     on ~ 0.25  Solves & checks. (does not run: its gate"
    )
    assert "  ●  solver[0] -> vote    ████████░░  0.75" in lines
    assert "  ○  solver[1] -> vote    ████████░░  0.75" in lines
    assert "  ○  solver[0] -> critic" in lines


def test_mermaid_is_a_flowchart(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, file, "mermaid") == (
        "---\n"
        'title: "panel"\n'
        "---\n"
        "flowchart LR\n"
        '  subgraph family0["solver<br/>Solves #38; checks."]\n'
        '    n0["<b>solver[0]</b><br/>str<br/>model fast<br/>on #126; 0.9"]\n'
        '    n1["<b>solver[1]</b><br/>str<br/>model fast<br/>on #126; 0.25"]\n'
        "  end\n"
        '  n2["<b>critic</b><br/>str<br/>model fast<br/>'
        '<i>Finds #34;#60;mistakes#62;#34;#59; 100#37;.</i>"]\n'
        '  n3["<b>idle</b><br/>str<br/>model fast"]\n'
        '  n4["<b>picky</b><br/>str<br/>model fast"]\n'
        '  n5(["<b>vote</b><br/>str<br/>vote.majority<br/><i>Takes the majority.</i>"])\n'
        '  n0 -->|"0.75"| n5\n'
        '  n1 -.->|"0.75"| n5\n'
        "  n0 -.-> n2\n"
        "  n1 -.-> n2\n"
        "  n0 -.-> n4\n"
        "  n1 -.-> n4\n"
        '  n2 -.->|"0.125"| n5\n'
        '  n3 -.->|"0.5"| n5\n'
        '  n4 -.->|"0.5"| n5\n'
        "  classDef idle stroke-dasharray: 4\n"
        "  class n1,n2,n3,n4 idle\n"
    )


def test_dot_is_a_digraph(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, file, "dot").splitlines()
    assert lines[0] == 'digraph "panel" {'
    assert lines[-1] == "}"
    assert "  subgraph cluster0 {" in lines
    assert '    label="solver\\nSolves &amp; checks.";' in lines
    assert '    n1 [label="solver[1]\\nstr\\nmodel fast\\non ~ 0.25", style=dashed];' in lines
    assert '  n2 [label="critic\\nstr\\nmodel fast\\nFinds \\"<mistakes>\\"; 100%.", style=dashed];' in lines
    assert '  n0 -> n5 [label="0.75"];' in lines
    assert '  n1 -> n5 [label="0.75", style=dashed];' in lines
    assert "  n0 -> n2 [style=dashed];" in lines


def test_json_has_the_same_for_programs(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    picture = json.loads(shown(capsys, file, "json"))
    assert picture["inputs"] == [{"name": "question", "type": "str"}]
    assert picture["order"] == ["solver[0]", "vote"]
    assert picture["nodes"][1] == {
        "name": "solver[1]", "family": "solver", "member": 1, "description": "Solves & checks.",
        "type": "str", "work": "model fast", "gate": 0.25, "choices": [],
        "idle": "its gate, 0.25, is below 0.5", "output": False, "deployed": False,
    }  # fmt: skip
    assert picture["edges"][0] == {
        "sender": "solver[0]", "receiver": "vote", "probability": 0.75, "deployed": True, "message": True
    }  # fmt: skip
    assert picture["edges"][2]["probability"] is None


COMPOSED = """\
agraph 1

model fast = simulated(right = 0.7)
model smart = simulated(right = 0.9)

graph inner(question: str) -> str {
  node say[2] "Says." {
    model ~ { fast: 1, smart: 3 }
    prompt = "{{ question }}"
  }
  node last {
    model = fast
    prompt = "{{ say }}"
  }
  edge say -> last
  output last
}

graph outer(question: str) -> str {
  node left "Is off." ~ inner(question) {
    on ~ 0.2
  }
  node right ~ inner(question)
  node end {
    model ~ { fast: 0.6, smart: 0.4 }
    prompt ~ { short: 1, long: 1 }
    prompt short = "{{ inbox }}"
    prompt long = "All of it: {{ inbox }}"
  }
  edge [left, right] -> end
  output end
}
"""


CHAIN = """\
agraph 1

graph layer(so_far: str?) -> str {
  node say "Says." = "more"
  output say
}

graph chain() -> str {
  node step[2] "A step." ~ layer(step)
  edge step[i] -> step[i + 1]
  output step[-1]
}
"""


@pytest.fixture
def composed(tmp_path: Path) -> str:
    path = tmp_path / "composed.agraph"
    path.write_text(COMPOSED)
    return str(path)


def test_choices_are_shown_with_their_weights_and_what_is_taken(
    composed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [" ".join(line.split()) for line in shown(capsys, composed, "text").splitlines()]
    assert "● right.say[0] str model smart model ~ { fast: 1, smart: 3 } Says." in lines
    assert (
        "● end str model fast model ~ { fast: 0.6, smart: 0.4 } prompt ~ { short: 1, long: 1 } [output]"
        in lines
    )
    picture = json.loads(shown(capsys, composed, "json"))
    assert picture["nodes"][-1]["choices"] == [
        {"kind": "model", "weights": {"fast": 0.6, "smart": 0.4}, "taken": "fast"},
        {"kind": "prompt", "weights": {"short": 1.0, "long": 1.0}, "taken": "short"},
    ]
    assert "prompt #126; #123; short: 1, long: 1 #125;" in shown(capsys, composed, "mermaid")
    assert "\\nmodel ~ { fast: 0.6, smart: 0.4 }" in shown(capsys, composed, "dot")
    planned = in_process(capsys, "compile", composed, "--emit", "plan").out
    assert "  end.prompt          short  of short 1, long 1\n" in planned
    assert "left.say[0].model" not in planned


def test_what_lies_in_an_instance_that_is_off_says_so(
    composed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [" ".join(line.split()) for line in shown(capsys, composed, "text").splitlines()]
    assert (
        "○ left() { question: str } arguments on ~ 0.2 Is off. (does not run: its gate, 0.2, is below 0.5)"
        in lines
    )
    assert any("○ left.say[0]" in line and "(does not run: `left()` around it" in line for line in lines)
    # Arguments are no messages.
    assert not any(line.startswith("● right() ->") for line in lines)
    assert (
        "right()" not in in_process(capsys, "compile", composed, "--emit", "plan").out.partition("hears")[2]
    )


def test_instances_are_boxes_with_all_that_lies_inside(
    composed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    mermaid, dot = (shown(capsys, composed, form).splitlines() for form in ("mermaid", "dot"))
    assert mermaid[4:13] == [
        '  subgraph instance0["left<br/>Is off.<br/>on #126; 0.2"]',
        '    subgraph family1["left.say<br/>Says."]',
        *(line for line in mermaid[6:8] if "left.say[" in line),
        "    end",
        *(line for line in mermaid[9:10] if "left.last" in line),
        "  end",
        '  subgraph instance4["right"]',
        '    subgraph family5["right.say<br/>Says."]',
    ]
    assert mermaid[-1] == "  class instance0,n1,n2,n3 idle"
    start = dot.index("  subgraph cluster0 {")
    assert dot[start + 1 : start + 4] == [
        '    label="left\\nIs off.\\non ~ 0.2";', "    style=dashed;", "    subgraph cluster1 {"
    ]  # fmt: skip


def test_what_holds_an_instance_together_is_not_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "chain.agraph"
    path.write_text(CHAIN)
    mermaid, dot = (shown(capsys, str(path), form).splitlines() for form in ("mermaid", "dot"))
    # `step[0]()` hears nothing and is left out. `step[1]()` hears, and only keeps its inside in order.
    assert not any("step[0]()" in line for line in (*mermaid, *dot))
    assert [line for line in mermaid if "--" in line[2:] or "~~~" in line] == ["  n1 --> n2", "  n2 ~~~ n3"]
    assert [line for line in dot if "->" in line and "label" not in line] == [
        "  n1 -> n2;", "  n2 -> n3 [style=invis];"
    ]  # fmt: skip
    assert '    n2 [label="step[1]()\\n{ so_far: str? }"];' in dot


def test_families_of_two_instances_are_two(composed: str, capsys: pytest.CaptureFixture[str]) -> None:
    picture = shown(capsys, composed, "mermaid")
    assert '["left.say<br/>Says."]' in picture
    assert '["right.say<br/>Says."]' in picture


@given(st.text())
def test_nothing_in_a_description_is_syntax_to_mermaid(text: str) -> None:
    label = escaped(text)
    assert not set(label) & set("\"'`<>&{}|\n\\%")
    decoded = re.sub("#([0-9]+);", lambda number: chr(int(number[1])), label)
    assert decoded == " ".join(text.split())


@given(st.lists(st.text(), min_size=1))
def test_a_string_of_graphviz_ends_where_it_should(lines: list[str]) -> None:
    assert re.fullmatch(r'"(?:[^"\\\n]|\\["\\n])*"', quoted(*lines))
