"""One search in one world: what it took until it deployed a graph within reach of the optimum, for good."""

import asyncio
from collections.abc import Callable, Sequence
from time import process_time

import attrs
import numpy as np

from agraph.optimizer.evaluate import Evaluator
from agraph.optimizer.published import uncached
from agraph.optimizer.replays import Replays
from agraph.optimizer.search import search
from agraph.optimizer.settings import Estimator, Settings
from agraph.runtime.plan import Realization, deployed
from agraph.runtime.session import Session
from benchmarks.worlds.catalogue import world
from benchmarks.worlds.world import World

WITHIN = 0.95
"""Of the optimum: as good as the best."""

UNSHARED = frozenset({"reinforce-plain", "reinforce-constant"})
"""The estimators that make every call anew, as they are published."""


@attrs.frozen
class Record:
    """One search.

    Attributes:
        graphs: Runs of a graph on a row until all that it would deploy is within reach, or `None`.
        calls: Model calls until then, equal ones once where the estimator shares them.
        graphs_in_all: Runs until it stopped by itself or had no more.
        calls_in_all: Calls until then, those to choose by included.
        start: What the file deploys at first, as a share of the optimum.
        end: What it deploys in the end, likewise.
        seconds: Processor time.
    """

    world: str
    estimator: str
    seed: int
    graphs: int | None
    calls: int | None
    graphs_in_all: int
    calls_in_all: int
    start: float
    end: float
    seconds: float


def contest(name: str, estimator: Estimator, seed: int, settings: Settings) -> Record:
    """Run a search in a world of the catalogue.

    Args:
        name: Of the world.
        estimator: What learns.
        seed: Of the world and of the search.
        settings: All else.
    """
    return asyncio.run(_contest(world(name, seed), estimator, seed, settings))


async def _contest(within: World, estimator: Estimator, seed: int, settings: Settings) -> Record:
    started = process_time()
    stations: list[tuple[Realization, int, int]] = []
    graph = uncached(within.graph) if estimator in UNSHARED else within.graph
    async with Session(graph) as session:
        evaluator = Evaluator(session, within.examples, within.scorer, 16, price=within.price)
        calls = _counter(within, session, estimator)
        result = await search(
            graph,
            evaluator.scores,
            Replays(evaluator).scores,
            within.train,
            within.validation,
            attrs.evolve(settings, estimator=estimator),
            np.random.default_rng([seed, 5]),
            lambda step: stations.append((step.mode, step.runs, calls())),
        )
        stations.append((result.incumbent, result.runs, calls()))
    shares = [within.share(realization) for realization, *_ in stations]
    held = reached(shares)
    return Record(
        world=within.name,
        estimator=estimator,
        seed=seed,
        graphs=None if held is None else stations[held][1],
        calls=None if held is None else stations[held][2],
        graphs_in_all=result.runs,
        calls_in_all=stations[-1][2],
        start=round(within.share(deployed(within.graph)), 4),
        end=round(shares[-1], 4),
        seconds=round(process_time() - started, 2),
    )


def _counter(within: World, session: Session, estimator: Estimator) -> Callable[[], int]:
    """How many calls were paid for so far."""
    lookups = within.lookups
    if lookups is None:
        return lambda: session.usage.calls
    return lambda: lookups().total if estimator in UNSHARED else lookups().distinct


def reached(shares: Sequence[float]) -> int | None:
    """The first station from which on all are within reach of the optimum, or `None`.

    >>> reached([0.5, 0.96, 0.9, 0.97, 1.0])
    3
    >>> reached([0.5, 0.96, 0.9])
    """
    held = len(shares)
    while held and shares[held - 1] >= WITHIN:
        held -= 1
    return held if held < len(shares) else None
