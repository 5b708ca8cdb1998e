"""`test` blocks: what they give to the graph that runs, and what is held of it."""

import json
from pathlib import Path

import pytest

import agraph
from agraph.compiler import ir
from agraph.compiler.test_blocks import TestBlock
from agraph.runtime.errors import AgraphError, CompileError, InputError, ModelError, RunError
from agraph.runtime.session import Session
from agraph.testing_blocks import TestResult, run_test
from tests.compiling import compiled


def blocks_of(text: str, **files: str) -> tuple[TestBlock, ...]:
    """The tests of a file that has no mistakes."""
    compilation = compiled(f"agraph 1\n{text}", **files)
    assert [diagnostic.message for diagnostic in compilation.diagnostics] == []
    return compilation.tests


def results_of(folder: Path, text: str, **replies: list[object]) -> tuple[TestResult, ...]:
    """What became of the tests of a file, beside which the replies lie as `name.jsonl`."""
    for name, lines in replies.items():
        content = "".join(json.dumps(line) + "\n" for line in lines)
        (folder / f"{name}.jsonl").write_text(content, encoding="utf-8")
    path = folder / "main.agraph"
    path.write_text(f"agraph 1\n{text}", encoding="utf-8")
    return agraph.test(str(path))


# What a block gives.

ECHO = "graph g(text: str, weight: float, note: str?) -> str {\n  node a = text\n  output a\n}\n"


def test_an_optional_input_that_is_not_given_is_null() -> None:
    (block,) = blocks_of(ECHO + 'test g { text = "x"\n weight = 1\n }')
    assert block.inputs == {"text": "x", "weight": 1, "note": None}


def test_a_target_of_null_is_given_and_no_target_is_not() -> None:
    with_target, without = blocks_of(
        ECHO + 'test g "a" { text = "x"\n weight = 1\n target = null }\n'
        'test g "b" { text = "x"\n weight = 1 }'
    )
    assert (with_target.has_target, with_target.target) == (True, None)
    assert not without.has_target


def test_a_test_is_named_after_its_graph_and_title() -> None:
    blocks = blocks_of(
        ECHO + 'test g { text = "x"\n weight = 1 }\ntest g "it says" { text = "x"\n weight = 1 }'
    )
    assert [block.name for block in blocks] == ["g", 'g "it says"']


AGENTS = """\
agraph 1
import "models.agraph"
model fast = anthropic("a")
graph ask[m = fast](question: str) -> str {
  node asks "Asks." { model = m
    prompt = "{{ question }}" }
  node shared "Asks the shared one." { model = models.shared
    prompt = "{{ asks }}" }
  edge asks -> shared
  output shared
}
"""
MODELS = 'agraph 1\nmodel shared = anthropic("s")\n'
USING = """\
import "agents.agraph"
import "models.agraph"
model fast = anthropic("m")
graph g(question: str) -> str {
  node one = agents.ask(question)
  node two = agents.ask[fast](one)
  edge one -> two
  output two
}
"""


def replaced(models: str) -> dict[str, str]:
    """The provider of each model of the graph that a test replaces."""
    text = USING + f'test g {{\n  question = "x"\n{models}\n}}'
    (block,) = blocks_of(text, agents=AGENTS, models=MODELS)
    assert {model.name for model in block.graph.models} == {"fast", "agents.fast", "agents.models.shared"}
    return {name: model.provider for name, model in block.models.items()}


def test_a_replacement_holds_for_defaults_too() -> None:
    assert replaced("model agents.fast = simulated()") == {"agents.fast": "simulated"}
    assert replaced("model fast = simulated()") == {"fast": "simulated"}


@pytest.mark.parametrize("name", ["models.shared", "agents.models.shared"])
def test_a_replacement_holds_whatever_the_model_is_called_where_it_is_used(name: str) -> None:
    assert replaced(f'model {name} = scripted("r.jsonl")') == {"agents.models.shared": "scripted"}


def test_a_replacement_of_a_model_that_the_graph_does_not_use_changes_nothing() -> None:
    text = (
        'model fast = anthropic("m")\n'
        + ECHO
        + 'test g { text = "x"\n weight = 1\n model fast = simulated() }'
    )
    (block,) = blocks_of(text)
    assert block.models == {}


def test_a_session_replaces_a_model_under_all_its_names() -> None:
    text = """\
import "agents.agraph"
import "agents.agraph" as again
graph g(question: str) -> str {
  node one = agents.ask(question)
  node two = again.ask(one)
  edge one -> two
  output two
}
"""
    (graph,) = compiled(f"agraph 1\n{text}", agents=AGENTS, models=MODELS).graphs
    assert {model.name for model in graph.models} == {
        "agents.fast", "agents.models.shared", "again.fast", "again.models.shared",
    }  # fmt: skip
    stand_in = ir.Model("any", "simulated", (), (), "")
    Session(graph, models={"again.fast": stand_in, "agents.models.shared": stand_in})
    with pytest.raises(InputError, match="did you mean `again"):
        Session(graph, models={"again.fats": stand_in})


# What is held.

TEAM = """\
import std.text
model fast = anthropic("m")
graph pair(question: str) -> str {
  node says[2] "Says." { model = fast
    prompt = "{{ question }}" }
  node first = says[0]
  edge says -> first
  output first
}
graph team(question: str, note: str?) -> str {
  node inner[2] = pair(question)
  node off "Is never there." { on = false
    model = fast
    prompt = "no" }
  node last = text.join(inner, " ")
  edge [inner, off] -> last
  output last
}
"""
REPLIES: list[object] = [
    {"node": "inner[1].says[0]", "reply": "B"},
    {"node": "inner[0].says[0]", "reply": "A"},
    {"reply": "c"},
]


@pytest.mark.parametrize(
    "comparison",
    [
        'output == "A B"', 'last == "A B"', 'inner == ["A", "B"]', 'inner[-1] == "B"', "off == null",
        'inner[0].says == ["A", "c"]', 'inner.says[0] == ["A", "B"]', 'inner[1].says[1] == "c"',
        'inner.says == ["A", "c", "B", "c"]', 'inner[0].first == inner[0]', "note == null", 'question < "r"',
        'text.lower(output) == "a b"', 'text.join(["A", inner[1]], " ") == output', "note <= off",
    ],
)  # fmt: skip
def test_an_expectation_reads_the_answer_inputs_and_every_node(tmp_path: Path, comparison: str) -> None:
    block = f"""
test team {{
  question = "q"
  model fast = scripted("replies.jsonl")
  expect {comparison}
}}
"""
    (result,) = results_of(tmp_path, TEAM + block, replies=REPLIES)
    assert (result.passed, result.error, result.misses) == (True, None, ())


def test_a_miss_shows_both_sides_and_what_is_named_in_them(tmp_path: Path) -> None:
    block = """
test team {
  question = "q"
  model fast = scripted("replies.jsonl")
  expect text.lower(inner[0]) == "b"
  expect output != "A B"
  expect note == null
}
"""
    (result,) = results_of(tmp_path, TEAM + block, replies=REPLIES)
    assert not result.passed
    first, second = result.misses
    assert first.sides == ("a", "b")
    assert first.named == (("inner[0]", "A"),)
    assert second.sides == ("A B", "A B")
    assert second.named == ()


RECORD = """\
type Verdict { winner: str, score: float }
graph g(question: str) -> Verdict {
  node a -> Verdict = { winner: question, score: 1 }
  output a
}
"""


def test_a_miss_shows_the_record_of_a_field(tmp_path: Path) -> None:
    (result,) = results_of(tmp_path, RECORD + 'test g { question = "x"\n expect a.winner == output.winner\n'
                           "expect a.score > output.score }")  # fmt: skip
    (miss,) = result.misses
    record = {"winner": "x", "score": 1}
    assert miss.sides == (1, 1)
    assert miss.named == (("a", record), ("output", record))


# Runs.

ASK = """\
model fast = anthropic("m")
model smart = anthropic("m")
graph g(question: str) -> str {
  node a "Asks." { model = fast
    prompt = "{{ question }}" }
  node b "Is asked only where the edge is." { model = smart
    on ~ 0.4
    prompt = "{{ question }}" }
  node c = [a, b]
  node d -> str = a
  edge a -> d
  edge [a, b] -> c
  output d
}
"""


def test_scripted_replies_begin_from_the_top_in_each_test(tmp_path: Path) -> None:
    block = 'test g "{}" {{ question = "q"\n model fast = scripted("r.jsonl")\n expect output == "first" }}\n'
    text = ASK + block.format("one") + block.format("two")
    results = results_of(tmp_path, text, r=[{"reply": "first"}, {"reply": "second"}])
    assert [result.passed for result in results] == [True, True]


def test_a_model_of_the_network_is_an_error_before_the_first_call(tmp_path: Path) -> None:
    text = ASK.replace("output d", "output c").replace("-> str {", "-> list[str?] {", 1).replace("0.4", "0.6")
    (result,) = results_of(
        tmp_path, text + 'test g { question = "q"\n model fast = scripted("none.jsonl") }', none=[]
    )
    assert isinstance(result.error, ModelError)
    assert "`smart` is asked over the network" in str(result.error)
    assert "model smart = scripted(" in str(result.error)


def test_a_model_that_the_deployed_graph_does_not_ask_needs_no_replacement(tmp_path: Path) -> None:
    (result,) = results_of(
        tmp_path, ASK + 'test g { question = "q"\n model fast = scripted("replies.jsonl") }',
        replies=[{"reply": "x"}],
    )  # fmt: skip
    assert result.passed


def test_a_simulated_model_answers_the_target(tmp_path: Path) -> None:
    block = 'test g { question = "q"\n model fast = simulated(right = 1)\n target = "so"\n expect a == "" }'
    (result,) = results_of(tmp_path, ASK + block)
    assert str(result.misses[0].sides[0]).endswith("\nso")


def test_a_simulated_model_without_a_target_fails_the_test(tmp_path: Path) -> None:
    (result,) = results_of(tmp_path, ASK + 'test g { question = "q"\n model fast = simulated() }')
    assert not result.passed
    assert "where the right answer is known" in str(result.error)


def test_a_run_without_an_answer_fails_the_test(tmp_path: Path) -> None:
    graph = "graph g(note: str?) -> str {\n  node a = note\n  output a\n}\n"
    (result,) = results_of(tmp_path, graph + "test g { expect output == null }")
    assert isinstance(result.error, RunError)
    assert not result.passed


def test_a_tool_of_an_expectation_that_cannot_be_loaded_fails_the_test(tmp_path: Path) -> None:
    tool = 'tool nothing(text: str) -> str = python("nowhere_to_be_found:nothing")\n'
    (result,) = results_of(tmp_path, tool + RECORD + 'test g { question = "x"\n expect nothing("x") == "y" }')
    assert "nowhere_to_be_found" in str(result.error)


def test_a_test_of_a_graph_with_parameters_runs_with_their_defaults(tmp_path: Path) -> None:
    graph = "graph g[size = 3](text: str) -> list[str] {\n  node a[size] = text\n  output a\n}\n"
    (result,) = results_of(
        tmp_path, graph + 'test g { text = "x"\n expect output == ["x", "x", "x"]\n expect size == 3 }'
    )
    assert result.passed


def test_a_tool_called_by_an_expectation_alone_is_no_tool_of_the_graph(tmp_path: Path) -> None:
    text = TEAM + 'test pair { question = "q"\n expect text.strip(output) == "x" }'
    (block,) = blocks_of(text)
    pair = compiled(f"agraph 1\n{text}").graphs[0]
    assert [tool.name for tool in pair.tools] == []
    assert [tool.name for tool in block.graph.tools] == ["text.strip"]


def test_a_file_with_errors_is_told(tmp_path: Path) -> None:
    with pytest.raises(CompileError):
        results_of(tmp_path, "test nothing {}")
    with pytest.raises(AgraphError, match="no such file"):
        agraph.test(str(tmp_path / "none.agraph"))


def test_the_tests_of_an_imported_file_are_its_own() -> None:
    imported = "agraph 1\n" + ECHO + 'test g { text = "x"\n weight = 1 }'
    assert blocks_of('import "other.agraph"\n' + RECORD, other=imported) == ()


def test_a_test_can_be_run_again(tmp_path: Path) -> None:
    (result,) = results_of(
        tmp_path, TEAM + 'test pair { question = "q"\n model fast = scripted("r.jsonl")\n'
        'expect says == ["x", "x"] }', r=[{"reply": "x"}],
    )  # fmt: skip
    assert result.passed
    assert run_test(result.test).passed
