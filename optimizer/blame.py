"""Whose prompt is to blame for the failures: would the answer have been right had its nodes answered rightly?

Asked of cached outputs, and only where nothing but functions stands behind the nodes: then it costs no call.
"""

import json
from collections.abc import Mapping, Sequence

from agraph.compiler.ir import Graph, Json, ModelCall, NodeIndex
from agraph.compiler.types import STR, Type
from agraph.optimizer.version import Version
from agraph.runtime.beside import rerun
from agraph.runtime.errors import RunError
from agraph.runtime.models.carried import carried
from agraph.runtime.plan import Plan
from agraph.runtime.values import json_schema

MOST_ROWS = 20
"""As many failures are looked at."""


async def blame(version: Version, prompt: int, failures: Sequence[int]) -> float | None:
    """The share of failures that right answers of a prompt's nodes would have mended, or `None` if unknown.

    Args:
        version: It was scored on the rows.
        prompt: The number of the prompt in its graph.
        failures: The indices of examples that the version failed on.
    """
    nodes = [node for node in version.graph.prompts[prompt].nodes if version.plan.live[node]]
    behind = _behind(version.plan, nodes) - set(nodes)
    if any(isinstance(version.graph.nodes[node].work, ModelCall) for node in behind):
        return None
    mended = [await _mended(version, nodes, behind, row) for row in failures[:MOST_ROWS]]
    known = [each for each in mended if each is not None]
    return sum(known) / len(known) if known else None


async def _mended(
    version: Version, nodes: Sequence[NodeIndex], behind: frozenset[NodeIndex], row: int
) -> bool | None:
    """Whether the graph would have scored more on a row, or `None` where that cannot be told."""
    evaluator, scored = version.evaluator, version.scored[row]
    example = evaluator.examples[row]
    if scored.failure is not None:
        return scored.failure.node in {version.graph.nodes[node].name for node in nodes}
    if example.row.truth is None:
        return None
    given: Mapping[NodeIndex, Json] = {
        **{node: scored.values[node] for node in version.plan.order if node not in behind},
        **{node: right_answer(example.row.truth.target, version.graph.nodes[node].type) for node in nodes},
    }
    try:
        outcome = await rerun(evaluator.session, version.realization, example.row, given)
    except RunError:
        return False
    return evaluator.grade(outcome, example).value > scored.value


def _behind(plan: Plan, nodes: Sequence[NodeIndex]) -> frozenset[NodeIndex]:
    """Every node that hears one of these, directly or not."""
    found: set[NodeIndex] = set()
    waiting = list(nodes)
    while waiting:
        for receiver in plan.receivers[waiting.pop()]:
            if receiver not in found:
                found.add(receiver)
                waiting.append(receiver)
    return frozenset(found)


def right_answer(target: Json, type_: Type) -> Json:
    """The expected answer in the form of a node's message."""
    if type_ == STR:
        return target if isinstance(target, str) else json.dumps(target, ensure_ascii=False)
    return carried(target, json_schema(type_))


def living_prompts(graph: Graph, plan: Plan) -> list[int]:
    """The numbers of the prompts that some live node uses."""
    return [
        number for number, prompt in enumerate(graph.prompts) if any(plan.live[node] for node in prompt.nodes)
    ]
