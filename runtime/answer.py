"""A graph's answer from the values of its nodes, or why there is none."""

from collections.abc import Sequence

from agraph.compiler.ir import Graph, Json, NodeIndex
from agraph.runtime.plan import Plan
from agraph.runtime.schedule import Schedule


def answer(graph: Graph, values: Sequence[Json]) -> Json:
    """The answer, null where there is none.

    An answer of several nodes is a list of what is there, with the nulls where the graph's type keeps
    them; where nothing is there, there is no answer.
    """
    given = [values[node] for node in graph.output]
    if not graph.output_many:
        return given[0]
    present: list[Json] = [value for value in given if value is not None]
    if not present:
        return None
    return given if graph.output_nulls else present


def missing(graph: Graph, plan: Plan, schedule: Schedule) -> str:
    """Why a finished run has no answer."""
    reasons = "; ".join(_silence(graph, plan, schedule, node) for node in graph.output)
    return f"it gave no answer: {reasons}"


def _silence(graph: Graph, plan: Plan, schedule: Schedule, node: NodeIndex) -> str:
    name = f"`{graph.nodes[node].name}`"
    if not plan.live[node]:
        return f"{name} is not part of this realization"
    unheard = [other for other in plan.senders[node] if schedule.values[other] is None]
    heard = len(plan.senders[node]) - len(unheard)
    quiet = ", ".join(f"`{graph.nodes[other].name}`" for other in unheard)
    from_whom = f" (nothing came from {quiet})" if quiet else ""
    if schedule.ran[node]:
        no_message = "" if heard else ", for it heard nothing" + from_whom
        return f"the value of {name} is null{no_message or from_whom}"
    needed = graph.nodes[node].requires
    if heard < needed:
        return f"{name} could not get the {needed} messages that it requires{from_whom}"
    return f"the condition of {name} does not hold"
