"""What the proposing model is told: the node, its prompt, what was tried, and what it made of some rows."""

import json
from collections.abc import Iterator, Sequence

import attrs

from agraph.compiler.ir import Graph, Json, Node, NodeIndex, Slot, Template
from agraph.compiler.types import show
from agraph.optimizer.evaluate import Scored
from agraph.optimizer.prompt_history import Rejected, Tried
from agraph.optimizer.task import Example
from agraph.optimizer.version import Version
from agraph.runtime.beside import seen
from agraph.runtime.templates import render

LONGEST_SHOWN = 2000
"""Characters of a value that are shown; a longer one loses its middle."""


@attrs.frozen
class Case:
    """A row that is shown.

    Attributes:
        example: The row.
        right: Whether the graph got it right.
        scored: What the graph gave for it.
        seen: What each placeholder of the node's prompt stood for; empty where nothing is known.
        output: What the node answered, null where nothing is known.
    """

    example: Example
    right: bool
    scored: Scored
    seen: tuple[tuple[str, Json], ...]
    output: Json


def case_of(version: Version, node: NodeIndex, row: int, *, right: bool) -> Case:
    """A row as a node of a version met it.

    Args:
        version: It was scored on the row.
        node: It lives in the version.
        row: The index of the example.
        right: Whether the graph got it right.
    """
    example, scored = version.evaluator.examples[row], version.scored[row]
    if not scored.values:
        return Case(example, right, scored, (), None)
    slots = slots_of(version.graph.nodes[node])
    shown = seen(
        version.evaluator.session,
        node,
        [slot.value for slot in slots],
        version.realization,
        example.row,
        scored.values,
    )
    paths = dict(zip((slot.path for slot in slots), shown, strict=True))
    return Case(example, right, scored, tuple(paths.items()), scored.values[node])


def slots_of(node: Node) -> list[Slot]:
    """The placeholders of a model node's prompt."""
    prompt: Template = getattr(node.work, "prompt", ())
    return [part for part in prompt if isinstance(part, Slot)]


def proposing_prompt(
    graph: Graph,
    node: NodeIndex,
    current: str,
    tried: Sequence[Tried],
    rejected: Sequence[Rejected],
    cases: Sequence[Case],
    longest: int,
    count: int,
) -> str:
    """The text that asks for new prompts.

    Args:
        graph: What the node is part of.
        node: Whose prompt is wanted; the first of a family.
        current: The prompt now.
        tried: Prompts with scores, the best last.
        rejected: Prompts that were dropped, with the reasons.
        cases: Rows that the graph failed on, then some that it got right.
        longest: How many characters a prompt may have.
        count: How many prompts are wanted.
    """
    return "\n\n".join(_parts(graph, node, current, tried, rejected, cases, longest, count))


def _parts(
    graph: Graph,
    node: NodeIndex,
    current: str,
    tried: Sequence[Tried],
    rejected: Sequence[Rejected],
    cases: Sequence[Case],
    longest: int,
    count: int,
) -> Iterator[str]:
    asked = graph.nodes[node]
    yield (
        "You improve the prompt of one step in a graph of language model calls. "
        f"Write {'a better prompt' if count == 1 else f'{count} better prompts that differ from each other'}."
    )
    yield _node(graph, asked)
    yield f"The current prompt:\n{_fenced(current)}"
    if tried:
        shown = "\n\n".join(
            f"score {each.score:.3f} on {_rows(each.rows)}:\n{_fenced(each.text)}" for each in tried
        )
        yield (
            "Prompts that were tried, from the worst to the best, each with the score that it is believed to "
            f"have; what few rows tell counts less:\n\n{shown}"
        )
    if rejected:
        shown = "\n\n".join(f"{each.reason}:\n{_fenced(each.text)}" for each in rejected)
        yield f"Prompts that were rejected, with the reason:\n\n{shown}"
    for number, case in enumerate(cases, 1):
        yield _case(number, case)
    names = ", ".join(f"{{{{ {path} }}}}" for path in dict.fromkeys(slot.path for slot in slots_of(asked)))
    reads = (
        f"It contains each of these placeholders, and no other: {names}."
        if names
        else "It has no placeholder."
    )
    yield (
        "Rules for a prompt:\n"
        f"- {reads} Values are put in their place.\n"
        f"- It has at most {longest} characters.\n"
        "- It must serve rows that you have not seen: it copies nothing from the rows above.\n"
        "- The step keeps its role and the form of its answer.\n\n"
        "First say in `diagnosis` what went wrong and why. "
        "Then give the whole text of each new prompt in `prompts`."
    )


def _node(graph: Graph, node: Node) -> str:
    inputs = ", ".join(f"{name}: {show(type_)}" for name, type_ in graph.inputs)
    lines = [
        f"The step: {node.family}",
        f"What it is for: {node.description or 'it is not said'}",
        f"The graph's inputs: {inputs or 'none'}",
        f"The type of the step's answer: {show(node.type)}",
    ]
    return "\n".join(lines)


def _case(number: int, case: Case) -> str:
    lines = [f"Row {number}, score {case.scored.value:g}: it went {'right' if case.right else 'wrong'}"]
    lines += [f"{name}:\n{_fenced(render(value))}" for name, value in case.seen]
    if case.output is not None:
        lines.append(f"the step's answer:\n{_fenced(_said(case.output))}")
    if case.scored.failure is not None:
        lines.append(f"the run failed: {_cut(str(case.scored.failure))}")
    else:
        lines.append(f"the graph's answer:\n{_fenced(_said(case.scored.output))}")
    truth = case.example.row.truth
    if truth is not None:
        lines.append(f"the expected answer:\n{_fenced(_said(truth.target))}")
    if case.scored.feedback:
        lines.append(f"what was said of the answer: {_cut(case.scored.feedback)}")
    return "\n".join(lines)


def _said(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def _fenced(text: str) -> str:
    return f"<<<\n{_cut(text)}\n>>>"


def _cut(text: str) -> str:
    if len(text) <= LONGEST_SHOWN:
        return text
    half = LONGEST_SHOWN // 2
    return f"{text[:half]}\n[… {len(text) - 2 * half} characters …]\n{text[-half:]}"
