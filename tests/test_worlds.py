"""The worlds of the optimizer's benchmark: a realization is worth what is said, none more than the best."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from itertools import combinations
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from agraph.compiler import ir
from agraph.optimizer.candidates import candidate, flipped
from agraph.optimizer.evaluate import Evaluator
from agraph.optimizer.policy import policy_of, realizations, sample
from agraph.runtime.plan import Realization, deployed
from agraph.runtime.session import Session

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def catalogue() -> Iterator[ModuleType]:
    # The benchmarks are no part of the package, and pytest alone does not put their folder on the path.
    sys.path.insert(0, str(ROOT))
    yield import_module("benchmarks.worlds.catalogue")
    sys.path.remove(str(ROOT))


def drawn(graph: ir.Graph, count: int) -> list[Realization]:
    """Realizations from sparse to dense, beside the one that the file deploys."""
    generator = np.random.default_rng(0)
    made = [deployed(graph)]
    for _ in range(count):
        policy = policy_of(graph)
        edges = policy.parameters[policy.parameters >= 0]
        policy.logits[edges] = generator.normal(-1, 2)
        made += realizations(sample(policy, 1, generator))
    return made


async def scores(world: Any, realization: Realization, rows: Sequence[int]) -> list[float]:
    """What the runtime makes of a realization, less its price."""
    async with Session(world.graph) as session:
        evaluator = Evaluator(session, world.examples, world.scorer, 64)
        found = await evaluator.all([(realization, row) for row in rows])
        return [each.value - world.price(each.usage) for each in found]


FAMILIES = ("adversaries-3-shuffled", "colluders-3", "helpers-3", "relay", "search", "search-pairs", "chain")


@pytest.mark.parametrize("name", FAMILIES)
def test_the_runtime_scores_realizations_as_they_are_worth(catalogue: ModuleType, name: str) -> None:
    world = catalogue.world(name, 1)
    rows = range(len(world.examples))
    for realization in drawn(world.graph, 3):
        found = asyncio.run(scores(world, realization, rows))
        # Four deviations of a mean of so many coins, and what the worth itself is uncertain by.
        assert abs(np.mean(found) - world.worth(realization)) < 4 * 0.5 / len(rows) ** 0.5 + 0.01


@pytest.mark.parametrize(
    "name",
    [
        "adversaries-3",
        "adversaries-3-shuffled",
        "colluders-3",
        "helpers-3",
        "helpers-5",
        "relay",
        "search-pairs",
    ],
)
def test_nothing_near_the_best_is_better(catalogue: ModuleType, name: str) -> None:
    world = catalogue.world(name, 2)
    assert world.worth(world.best) == world.optimum
    assert world.worth(deployed(world.graph)) < 0.95 * world.optimum
    learnable = policy_of(world.graph).learnable.nonzero()[0].tolist()
    values = list(world.graph.priors)
    for parameter, there in zip(world.graph.edges.parameters, world.best.edges, strict=True):
        if parameter != ir.FIXED:
            values[parameter] = 0.9 if there else 0.1
    best = candidate(world.graph, values)
    assert world.worth(best.realization) == world.optimum
    flips = [flipped(world.graph, best, (parameter,)).realization for parameter in learnable]
    if len(learnable) < 50:
        flips += [flipped(world.graph, best, pair).realization for pair in combinations(learnable, 2)]
    assert max(map(world.worth, flips)) < world.optimum + 0.005
