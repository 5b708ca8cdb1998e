"""What is asked of a session beside its runs: what prompts showed, what else would have come."""

from collections.abc import Mapping, Sequence

from agraph.compiler.ir import Expression, Json, ModelCall, Node, NodeIndex
from agraph.runtime.expressions import Scope, immediate
from agraph.runtime.frame import Frame, Row
from agraph.runtime.node import model_node
from agraph.runtime.options import options_by_node
from agraph.runtime.plan import Realization
from agraph.runtime.schedule import Schedule
from agraph.runtime.session import Outcome, Session
from agraph.runtime.steps import Step


async def ask(session: Session, node: Node, key: str) -> Json:
    """What a model node that is not of the session's graph answers; its prompt has no placeholders.

    Args:
        session: It pays for the call, and keeps it.
        node: Its model is one of the graph's. Its name tells its calls from those of the graph's nodes.
        key: Tells its calls apart, as that of a row does.

    Raises:
        ModelError: It does not answer, or with what does not fit its type.
        BudgetError: The budget is spent.
    """
    assert isinstance(node.work, ModelCall), "only models are asked"
    workshop = session.workshop
    model = workshop.open_model(node.work.model)
    work = model_node(node, node.work, Scope({}, frozenset(), ()), model, workshop.calls)
    return await work.evaluate(Frame(Row(key, {}), {}, ()))


def seen(
    session: Session,
    node: NodeIndex,
    expressions: Sequence[Expression],
    realization: Realization,
    row: Row,
    values: Sequence[Json],
) -> tuple[Json, ...]:
    """What expressions of a node's prompt gave in a run.

    Args:
        session: It ran.
        node: It was part of the run.
        expressions: As they stand in its placeholders.
        realization: What ran.
        row: On what.
        values: Those of all nodes in the run.
    """
    scope = session.workshop.scope(node, session.planned(realization).senders[node])
    frame = session.frame(row, values)
    return tuple(immediate(expression, scope)(frame) for expression in expressions)


async def rerun(
    session: Session, realization: Realization, row: Row, given: Mapping[NodeIndex, Json]
) -> Outcome:
    """What a realization would give for a row if some nodes gave these values; no listener is told.

    Args:
        session: It runs the others.
        realization: What runs.
        row: On what.
        given: Values that are taken instead of running their nodes.

    Raises:
        BudgetError: The budget is spent.
        RunError: A node failed, or there is no answer.
    """
    planned, taken = session.planned(realization), options_by_node(session.graph, realization.options)
    steps = {}
    for node in planned.order:
        step = session.workshop.step(node, planned.senders[node], taken.get(node, ()))
        steps[node] = _giving(step, given[node]) if node in given else step
    schedule = Schedule(planned)
    return await session.run_steps(steps, planned, schedule, session.frame(row, schedule.values))


def _giving(step: Step, value: Json) -> Step:
    """A step that gives a value without work."""
    return Step(step.node, None, lambda frame: value, None)
