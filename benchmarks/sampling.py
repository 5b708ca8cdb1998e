"""Drawing realizations in bulk against loops in plain Python that draw the same."""

import gc
import random
from collections.abc import Callable
from statistics import median
from time import perf_counter

import numpy as np

from agraph.compiler import ir
from agraph.optimizer.policy import policy_of, sample
from benchmarks.measurement import Measurement
from tests.graphs import graph, node

EDGES = 1600
DRAWS = 1000
REPETITIONS = 5

Pairs = list[tuple[int, int]]


def run() -> list[Measurement]:
    """How many times faster a bulk draw is than a loop, without and with cycles."""
    forwards = [(a, b) for a in range(58) for b in range(a + 1, 58)][:EDGES]
    every_way = [(a, b) for a in range(41) for b in range(41) if a != b][:EDGES]
    return [
        Measurement(
            "sampling, acyclic",
            _ratio(_candidates(58, forwards), lambda: _coins([0.5] * EDGES, DRAWS), 1),
            12.0,
            f"times faster than `random.random() < p`, {EDGES} edges, {DRAWS} draws",
            at_least=True,
        ),
        Measurement(
            "sampling, cyclic",
            # The loop takes its time, so it draws a tenth, and each draw costs it the same.
            _ratio(_candidates(41, every_way), lambda: _acyclic(41, every_way, 0.5, DRAWS // 10), 10),
            10.0,
            f"times faster than a loop with a depth-first check, {EDGES} edges, {DRAWS} draws",
            at_least=True,
        ),
    ]


def _candidates(nodes: int, pairs: Pairs) -> ir.Graph:
    return graph([node(str(each)) for each in range(nodes)], candidates=dict.fromkeys(pairs, 0.5))


def _ratio(of: ir.Graph, loop: Callable[[], object], parts: int) -> float:
    """The median over pairs of the loop's time, times `parts`, by ours; the collector is off for both."""
    policy, generator = policy_of(of), np.random.default_rng(0)
    collecting = gc.isenabled()
    gc.disable()
    try:
        ratios = []
        for _ in range(REPETITIONS):
            theirs = _seconds(loop) * parts
            ratios.append(theirs / _seconds(lambda: sample(policy, DRAWS, generator)))
    finally:
        if collecting:
            gc.enable()
    return median(ratios)


def _seconds(action: Callable[[], object]) -> float:
    start = perf_counter()
    action()
    return perf_counter() - start


def _coins(chances: list[float], draws: int) -> list[list[bool]]:
    draw = random.random
    return [[draw() < chance for chance in chances] for _ in range(draws)]


def _acyclic(nodes: int, pairs: Pairs, chance: float, draws: int) -> list[list[list[int]]]:
    """Graphs as lists of successors: edges in a random order, those left out that would close a cycle."""
    made = []
    for _ in range(draws):
        order = pairs[:]
        random.shuffle(order)
        successors: list[list[int]] = [[] for _ in range(nodes)]
        for sender, receiver in order:
            if random.random() < chance and not _leads(successors, receiver, sender):
                successors[sender].append(receiver)
        made.append(successors)
    return made


def _leads(successors: list[list[int]], start: int, end: int) -> bool:
    seen, path = {start}, [start]
    while path:
        here = path.pop()
        if here == end:
            return True
        for successor in successors[here]:
            if successor not in seen:
                seen.add(successor)
                path.append(successor)
    return False
