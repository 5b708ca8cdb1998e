"""Null is no message: routers, early exits and instances that do not run, from the file to the answer."""

import asyncio
from pathlib import Path

import pytest

from agraph.compiler import Compilation, compile_source, ir, types
from agraph.compiler.source import Source
from agraph.compiler.types import show
from agraph.runtime.errors import RunError
from agraph.runtime.frame import Row
from agraph.runtime.plan import deployed
from agraph.runtime.session import Outcome, Session
from tests.case_files import Files

TOOLS = """
def kind(text):
    return next((word for word in ("math", "code", "poem") if word in text), "other")

def shout(text):
    return text.upper()

def critic(draft):
    return None if draft.endswith("!!") else f"{draft} needs more"

def refine(draft, critique):
    return draft + "!"

def fail(text):
    raise ValueError("no")

def count(texts):
    return len(texts)

def both(left, right):
    return f"{left}+{right}"
"""

HEAD = """agraph 1
import std.vote
tool kind(text: str) -> str = python("tools:kind")
tool shout(text: str) -> str = python("tools:shout")
tool critic(draft: str) -> str? = python("tools:critic")
tool refine(draft: str, critique: str) -> str = python("tools:refine")
tool fail(text: str) -> str = python("tools:fail")
tool count(texts: list[str]) -> int = python("tools:count")
tool places(texts: list[str?]) -> int = python("tools:count")
tool both(left: str, right: str?) -> str = python("tools:both")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tools.py").write_text(TOOLS)
    return tmp_path


def compiled(text: str, folder: Path = Path()) -> Compilation:
    source = Source(str(folder / "main.agraph"), HEAD + text)
    compilation = compile_source(source, Files())
    assert not compilation.diagnostics, [diagnostic.message for diagnostic in compilation.diagnostics]
    return compilation


def run(text: str, folder: Path, question: str) -> Outcome:
    graph = compiled(text, folder).graphs[-1]

    async def outcome() -> Outcome:
        async with Session(graph) as session:
            return await session.run(deployed(graph), Row("row", {"question": question}))

    return asyncio.run(outcome())


def names_that_ran(text: str, outcome: Outcome) -> set[str]:
    graph = compiled(text).graphs[-1]
    return {node.name for node, ran in zip(graph.nodes, outcome.ran, strict=True) if ran}


# Running.

ROUTER = """
graph branch(question: str, name: str) -> str {
  node said = shout(question)
  node answer = both(name, said)
  edge said -> answer
  output answer
}
graph g(question: str) -> str {
  node kind = kind(question)
  node math = branch(question, "m") { when = kind == "math" }
  node code = branch(question, "c") { when = kind == "code" }
  node other = both("o", question) { when = kind == "other" }
  edge kind -> [math, code, other]
  node answer = vote.majority(inbox)
  edge [math, code, other] -> answer
  output answer
}
"""


@pytest.mark.parametrize(
    ("question", "answer", "branch"),
    [
        ("math?", "m+MATH?", {"math()", "math.said", "math.answer"}),
        ("code?", "c+CODE?", {"code()", "code.said", "code.answer"}),
        ("what?", "o+what?", {"other"}),
    ],
)
def test_a_router_runs_the_branch_that_it_chooses(
    folder: Path, question: str, answer: str, branch: set[str]
) -> None:
    outcome = run(ROUTER, folder, question)
    assert outcome.value == answer
    assert names_that_ran(ROUTER, outcome) == {"kind", "answer", *branch}


def test_a_router_without_a_branch_for_it_has_no_answer(folder: Path) -> None:
    with pytest.raises(RunError):
        run(ROUTER, folder, "a poem")


LOOP = """
graph round(draft: str) -> str {
  node critique = critic(draft)
  node better = refine(draft, critique)
  edge critique -> better
  output better
}
graph g(question: str) -> str {
  node draft = shout(question)
  node first = round(draft)
  edge draft -> first
  node second = round(first)
  edge first -> second
  node third = round(second)
  edge second -> third
  node fourth = round(third)
  edge third -> fourth
  node last = vote.last([draft, first, second, third, fourth])
  edge [draft, first, second, third, fourth] -> last
  output last
}
"""


def test_a_reflexion_loop_ends_where_the_critic_is_content(folder: Path) -> None:
    outcome = run(LOOP, folder, "a")
    assert outcome.value == "A!!"
    ran = names_that_ran(LOOP, outcome)
    assert {"second.better", "third.critique"} <= ran
    assert [name for name in ran if name.startswith("fourth.")] == []


CHAIN = """
graph round(draft: str) -> str {
  node critique = critic(draft)
  node better = refine(draft, critique)
  edge critique -> better
  output better
}
graph again(first: str, before: str?) -> str {
  node draft = vote.last([first, before])
  node better = round(draft)
  edge draft -> better
  output better
}
graph g(question: str) -> str {
  node start = question
  node first = round(start)
  edge start -> first
  node step[4] = again(first, step)
  edge first -> step
  edge step[i] -> step[i + 1]
  node answer = vote.last([first, last])
  node last = vote.last(step)
  edge step -> last
  edge [first, last] -> answer
  output answer
}
"""


def test_a_chain_of_instances_ends_early(folder: Path) -> None:
    outcome = run(CHAIN, folder, "a")
    assert outcome.value == "a!!"


def test_null_into_an_instance_stops_everything_inside(folder: Path) -> None:
    text = """
graph inner(draft: str, note: str?) -> str {
  node constant = "c"
  node other = shout(constant)
  edge constant -> other
  output other
}
graph g(question: str) -> list[str?] {
  node nothing = critic("!!")
  node required = inner(nothing, question)
  node optional = inner(question, nothing)
  edge nothing -> [required, optional]
  node all = [required, optional]
  edge [required, optional] -> all
  output all
}
"""
    outcome = run(text, folder, "a")
    assert outcome.value == [None, "C"]
    ran = names_that_ran(text, outcome)
    assert {"optional()", "optional.constant", "optional.other"} <= ran
    assert {"required.constant", "required.other"}.isdisjoint(ran)


def test_lists_reach_an_instance_without_nulls_unless_it_takes_them(folder: Path) -> None:
    text = """
graph full(texts: list[str]) -> int {
  node counted = count(texts)
  output counted
}
graph holes(texts: list[str?]) -> int {
  node counted = places(texts)
  output counted
}
graph g(question: str) -> list[int] {
  node a[3] = shout(question)
  node b[3] = critic(a)
  edge a[i] -> b[i]
  node none = critic("!!")
  node f = full([question, none])
  node h = holes([question, none])
  edge none -> [f, h]
  node all = [f, h]
  edge [f, h] -> all
  output all
}
"""
    assert run(text, folder, "a").value == [1, 2]


@pytest.mark.parametrize(("on_error", "value"), [("skip", "b+None"), ('"instead"', "b+instead")])
def test_a_node_that_is_skipped_on_error_sends_nothing(folder: Path, on_error: str, value: str) -> None:
    text = f"""
graph inner(question: str) -> str {{
  node failing = fail(question) {{ on_error = {on_error} }}
  node answer = both("b", failing)
  edge failing -> answer
  output answer
}}
graph g(question: str) -> str {{
  node x = inner(question)
  output x
}}
"""
    assert run(text, folder, "a").value == value


def test_an_instance_with_too_few_messages_is_off_and_what_hears_it_goes_on(folder: Path) -> None:
    text = """
graph inner(question: str) -> str {
  node answer = shout(question)
  output answer
}
graph g(question: str) -> int {
  node a = critic("!!")
  node b = shout(question)
  node two = inner(question) { requires = 2 }
  node one = inner(question) { requires = 1 }
  edge [a, b] -> [two, one]
  node counted = count([one, two])
  edge [one, two] -> counted
  output counted
}
"""
    outcome = run(text, folder, "a")
    assert outcome.value == 1
    assert {"two()", "two.answer"}.isdisjoint(names_that_ran(text, outcome))


# Types: what may be absent is `T?`.

INNER = """
graph always(question: str) -> str {
  node answer = shout(question)
  output answer
}
graph sometimes(question: str) -> str {
  node answer = critic(question)
  output answer
}
"""


@pytest.mark.parametrize(
    ("nodes", "read", "shown"),
    [
        ("node a = shout(question)\nedge a -> probe", "a", "str"),
        ("node a = shout(question)\nedge a -> probe ~ 0.5", "a", "str?"),
        ("node a = shout(question) { on ~ 0.5 }\nedge a -> probe", "a", "str?"),
        ('node a = shout(question) { when = question == "x" }\nedge a -> probe', "a", "str?"),
        ("node a = shout(question) { on_error = skip }\nedge a -> probe", "a", "str?"),
        ('node a = shout(question) { on_error = "x" }\nedge a -> probe', "a", "str"),
        ("node a = shout(question) { requires = 1 }\nedge a -> probe", "a", "str"),
        ("node b = 1\nnode a = shout(question) { requires = 1 }\nedge b -> a\nedge a -> probe", "a", "str?"),
        ("node a = critic(question)\nedge a -> probe", "a", "str?"),
        ("node a -> str = critic(question)\nedge a -> probe", "a", "str?"),
        ("node b = critic(question)\nnode a = shout(b)\nedge b -> a\nedge a -> probe", "a", "str?"),
        ("node b = critic(question)\nnode a = both(question, b)\nedge b -> a\nedge a -> probe", "a", "str"),
        ("node a[2] = shout(question)\nedge a -> probe", "a", "list[str?]"),
        ("node a[2] = shout(question)\nedge a -> probe", "a[0]", "str"),
        ("node a[2] = shout(question)\nedge a -> probe ~ 0.5", "a[0]", "str?"),
        ("node x = always(question)\nedge x -> probe", "x", "str"),
        ("node x = sometimes(question)\nedge x -> probe", "x", "str?"),
        ("node x = always(question) { answer.when = question == \"x\" }\nedge x -> probe", "x", "str?"),
        ("node x = always(question) { on ~ 0.5 }\nedge x -> probe", "x", "str?"),
        ("node b = critic(question)\nnode x = always(b)\nedge b -> x\nedge x -> probe", "x", "str?"),
        ("node x = always(question)\nedge x.answer -> probe", "x.answer", "str"),
        ("node x = always(question) { on ~ 0.5 }\nedge x.answer -> probe", "x.answer", "str?"),
        ("node x[2] = always(question)\nedge x.answer -> probe", "x[1].answer", "str"),
        ("node x[2] = always(question)\nedge x.answer -> probe", "x.answer", "list[str?]"),
        ("node a = critic(question)\nedge a -> probe", "[question, a]", "list[str?]"),
        ("node a = critic(question)\nedge a -> probe", "{ a: a }", "{ a: str? }"),
    ],
)  # fmt: skip
def test_what_may_be_absent_is_optional(nodes: str, read: str, shown: str) -> None:
    text = (
        f'{HEAD}tool wants(value: bool) -> str = python("tools:wants")\n{INNER}'
        f"graph g(question: str) -> str {{\n{nodes}\nnode probe = wants({read})\noutput probe\n}}\n"
    )
    found = compile_source(Source("main.agraph", text), Files()).diagnostics
    assert [d.message for d in found] == [f"`value` of `wants` is `{shown}`, but `bool` is wanted"]


def test_the_first_of_a_chain_hears_nobody_and_so_the_sender_may_be_absent() -> None:
    text = (
        f'{HEAD}tool wants(value: bool) -> str = python("tools:wants")\n'
        "graph g(question: str) -> str {\nnode a[3] = shout(question)\nnode b[3] = wants(a)\n"
        "edge a[i] -> b[i + 1]\noutput b[-1]\n}\n"
    )
    [found] = compile_source(Source("main.agraph", text), Files()).diagnostics
    assert "is `str?`" in found.message


def test_a_node_keeps_its_own_type_where_its_message_may_be_absent() -> None:
    graph = compiled("graph g(question: str) -> str {\nnode a = critic(question)\noutput a\n}\n").graphs[0]
    assert [show(node.type) for node in graph.nodes] == ["str"]
    assert graph.type == types.STR
    assert isinstance(graph.nodes[0].work, ir.Apply)
