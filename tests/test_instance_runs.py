"""Instances at run time and in the policy: gates on them, their arguments, and what lies inside."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from agraph.compiler import ir
from agraph.graph_argument import load_graph
from agraph.optimizer.candidates import candidate, flipped, living
from agraph.optimizer.policy import policy_of, reaching_output, realizations, sample
from agraph.runtime.errors import RunError
from agraph.runtime.frame import Row
from agraph.runtime.plan import Realization, deployed, plan
from agraph.runtime.session import Outcome, Session
from tests.compiling import compiled

TEXT = """\
agraph 1
import std.text
import std.vote

graph inner(line: str) -> str {
  node first "Repeats." -> str = text.last_line(line)
  node second "Repeats." -> str = text.last_line(first)
  edge first -> second ~ 0.8
  output second
}

graph outer(line: str) -> str {
  node middle ~ inner(line)
  output middle
}

graph main(question: str) -> str {
  node left ~ outer(text.last_line(question)) {
    on ~ 0.6
  }
  node right ~ outer(question) {
    on ~ 0.4
  }
  node vote "Takes the majority." -> str = vote.majority(inbox)
  edge [left, right] -> vote
  output vote
}
"""


def main() -> ir.Graph:
    compilation = compiled(TEXT)
    assert not compilation.diagnostics
    return compilation.graphs[-1]


def outcome(of: ir.Graph, realization: Realization, question: str) -> Outcome:
    async def run() -> Outcome:
        async with Session(of) as session:
            return await session.run(realization, Row("1", {"question": question}))

    return asyncio.run(run())


def there(of: ir.Graph, found: tuple[bool, ...]) -> set[str]:
    return {node.name for node, each in zip(of.nodes, found, strict=True) if each}


def test_what_is_inside_an_instance_that_is_off_is_neither_there_nor_run() -> None:
    of = main()
    realization = deployed(of)
    left = {"left()", "left.middle()", "left.middle.first", "left.middle.second"}
    assert there(of, realization.nodes) == {*left, "vote"}
    finished = outcome(of, realization, "one\ntwo")
    assert finished.value == "two"
    assert there(of, finished.ran) == {*left, "vote"}


def test_an_instance_is_turned_on_and_off_with_all_that_is_inside() -> None:
    of = main()
    origin = candidate(of, of.priors)
    gates = [node.gate for node in of.nodes if node.gate is not None]
    both = flipped(of, origin, [gates[1]])
    assert all(both.realization.nodes)
    neither = flipped(of, origin, [gates[0]])
    assert there(of, neither.realization.nodes) == {"vote"}
    assert living(of, neither.realization) == neither.realization


def test_draws_live_as_their_plans_do() -> None:
    of = main()
    policy = policy_of(of)
    draws = sample(policy, 200, np.random.default_rng(0))
    alive = reaching_output(policy, draws)
    for realization, found in zip(realizations(draws), alive.tolist(), strict=True):
        assert plan(of, realization).live == tuple(found)
        assert not any(
            each and not realization.nodes[node.instance]
            for node, each in zip(of.nodes, realization.nodes, strict=True)
            if node.instance is not None
        )


def test_an_argument_may_call_a_tool_that_nothing_else_uses(tmp_path: Path) -> None:
    (tmp_path / "library.py").write_text("def shout(word):\n    return word.upper()\n")
    text = (
        'agraph 1\ntool shout(word: str) -> str = python("library:shout")\n'
        "graph inner(word: str) -> str {\n  node say -> str = word\n  output say\n}\n"
        "graph main(word: str) -> str {\n  node x = inner(shout(word))\n  output x\n}\n"
    )
    (tmp_path / "a.agraph").write_text(text)

    async def run() -> Outcome:
        of = load_graph(str(tmp_path / "a.agraph"))[1]
        async with Session(of) as session:
            return await session.run(deployed(of), Row("1", {"word": "hello"}))

    assert asyncio.run(run()).value == "HELLO"


CHAIN = """\
agraph 1

type Draft { text: str, done: bool }

tool longer(text: str, before: str?) -> Draft = python("longer:longer")

graph attempt(text: str, before: str?) -> Draft {
  node draft "Adds a letter." = longer(text, before)
  output draft
}

graph main(text: str) -> list[str?] {
  node step[5] = attempt(text, step.text) {
    when = step.done == false
  }
  edge step[i] -> step[i + 1]
  node said[5] -> str? = step.text
  edge step[i] -> said[i]
  output said
}
"""


def test_a_condition_on_the_member_before_does_not_bind_the_first_and_ends_a_chain_early(
    tmp_path: Path,
) -> None:
    (tmp_path / "longer.py").write_text(
        "def longer(text, before):\n"
        "    said = (before or '') + text\n"
        "    return {'text': said, 'done': len(said) >= 3}\n"
    )
    (tmp_path / "a.agraph").write_text(CHAIN)
    of = load_graph(str(tmp_path / "a.agraph"))[1]

    async def run() -> Outcome:
        async with Session(of) as session:
            return await session.run(deployed(of), Row("1", {"text": "a"}))

    assert asyncio.run(run()).value == ["a", "aa", "aaa", None, None]


def run_of(of: ir.Graph, realization: Realization) -> Outcome:
    async def run() -> Outcome:
        async with Session(of) as session:
            return await session.run(realization, Row("1", {"text": "x"}))

    return asyncio.run(run())


def test_a_family_with_gates_answers_with_the_members_that_are_there() -> None:
    [of] = compiled(
        "agraph 1\ngraph g(text: str) -> list[str] {\n"
        "  node echo[3] = text { on ~ [0.9, 0.4, 0.6] }\n  output echo\n}\n"
    ).graphs
    assert run_of(of, deployed(of)).value == ["x", "x"]
    none = Realization((False,) * 3, (), ())
    with pytest.raises(RunError, match="gave no answer"):
        run_of(of, none)
    policy = policy_of(of)
    draws = sample(policy, 50, np.random.default_rng(0))
    for realization, alive in zip(realizations(draws), reaching_output(policy, draws).tolist(), strict=True):
        assert plan(of, realization).live == tuple(alive)
