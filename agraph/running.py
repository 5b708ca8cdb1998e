"""Running a graph on one set of inputs."""

import hashlib
import json
from collections.abc import Mapping, Sequence

import attrs

from agraph.blocking import blocking
from agraph.budgets import budget_of
from agraph.compiler.ir import Graph, Json, Model
from agraph.graph_argument import load_graph
from agraph.recording import KEPT, Recording, journal_of
from agraph.runtime.attachments import identified
from agraph.runtime.budget import Budget
from agraph.runtime.errors import InputError
from agraph.runtime.events import Listener
from agraph.runtime.frame import Row
from agraph.runtime.inputs import Given, attached_inputs
from agraph.runtime.journal import Journal
from agraph.runtime.permissions import Permissions
from agraph.runtime.plan import Realization, deployed
from agraph.runtime.session import Outcome, Session


def run(
    target: str,
    inputs: Mapping[str, Given],
    *,
    models: Mapping[str, Model] | None = None,
    sample_seed: int | None = None,
    budget: str | Sequence[str] = (),
    permissions: Permissions | None = None,
    listener: Listener | None = None,
    recording: Recording = KEPT,
) -> Outcome:
    """What a file's graph answers.

    Args:
        target: `FILE` or `FILE:graph`; the file's last graph unless one is named.
        inputs: A value for each input of the graph; for a file its path.
        models: Replacements by the names of the graph's models.
        sample_seed: Draw a realization with this seed instead of running the deployed one.
        budget: A hard stop, such as `"usd=0.5"` or `["calls=20", "time=1m"]`.
        permissions: What the file may reach; its project where `None`.
        listener: Is told of each node and model call.
        recording: What goes into the store of the file's project.

    Raises:
        AgraphError: As `runtime.errors` tells them apart.
    """
    _, graph = load_graph(target, permissions)
    realization = realization_of(graph, sample_seed)
    values = attached_inputs(graph, inputs)
    arguments: dict[str, Json] = {"inputs": dict(values), "seed": sample_seed}
    journal = journal_of("run", target, graph, arguments, models, recording)
    return blocking(
        run_graph(
            graph, realization, values, models=models, listener=listener, budget=budget_of(budget),
            permissions=permissions, journal=journal,
        )
    )  # fmt: skip


async def run_graph(
    graph: Graph,
    realization: Realization,
    inputs: Mapping[str, Json],
    *,
    models: Mapping[str, Model] | None = None,
    concurrency: int = 16,
    listener: Listener | None = None,
    budget: Budget | None = None,
    permissions: Permissions | None = None,
    journal: Journal | None = None,
) -> Outcome:
    """What a realization of a graph answers, and what that used; see `Session` for the arguments.

    Files among the inputs are attached: see `attached_inputs`.
    """
    async with Session(
        graph, models=models, concurrency=concurrency, listener=listener, budget=budget,
        permissions=permissions, journal=journal,
    ) as session:  # fmt: skip
        outcome = await session.run(realization, Row(row_key(inputs), inputs))
        # What an earlier run paid for was not used again.
        return attrs.evolve(outcome, usage=session.usage)


def realization_of(graph: Graph, sample_seed: int | None) -> Realization:
    """The deployed graph, or with a seed one drawn from the policy that the file describes."""
    if sample_seed is None:
        return deployed(graph)
    # Only here, for running the deployed graph needs no numpy.
    from agraph.optimizer.policy import draw_one

    return draw_one(graph, sample_seed)


def row_key(inputs: Mapping[str, Json]) -> str:
    """What identifies a row that comes from no data set: its content, and that of its files.

    Raises:
        InputError: It holds what is no JSON, such as a number of numpy's.
    """
    try:
        text = json.dumps(identified(dict(inputs)), sort_keys=True)
    except (TypeError, ValueError) as error:
        raise InputError(f"the inputs cannot be written as JSON: {error}") from None
    return hashlib.sha256(text.encode()).hexdigest()
