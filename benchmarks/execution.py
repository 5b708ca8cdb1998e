"""Running graphs against asyncio written by hand: one task a node that awaits its predecessors' tasks."""

import asyncio
import gc
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from statistics import median

import attrs

from agraph.compiler import ir
from agraph.compiler.types import FLOAT, STR, ListOf
from agraph.runtime.frame import Row
from agraph.runtime.plan import deployed
from agraph.runtime.session import Session
from benchmarks.bodies import nap, turn
from benchmarks.measurement import Measurement

REPETITIONS = 21
MESSAGES = ("messages", ListOf(STR))
TURN = ir.Tool("turn", (MESSAGES,), STR, ir.PythonBinding("bodies", "turn"), __file__)
NAP = ir.Tool("nap", (MESSAGES, ("duration_s", FLOAT)), STR, ir.PythonBinding("bodies", "nap"), __file__)


@attrs.frozen
class Shape:
    """A graph to run: its last node is the output.

    Attributes:
        senders: Of each node, all before it.
        durations_s: How long each node sleeps; empty where it only yields.
    """

    name: str
    senders: tuple[tuple[int, ...], ...]
    durations_s: tuple[float, ...] = ()

    @property
    def longest_s(self) -> float:
        """Seconds of the longest path."""
        ends: list[float] = []
        for senders, duration_s in zip(self.senders, self.durations_s, strict=True):
            ends.append(max((ends[sender] for sender in senders), default=0.0) + duration_s)
        return ends[-1]


def chain(length: int) -> Shape:
    """One node after the other."""
    return Shape(f"chain of {length}", ((), *((i,) for i in range(length - 1))))


def fan(width: int) -> Shape:
    """One node, many that hear it, one that hears all of those."""
    return Shape(f"fan of {width}", ((), *((0,) for _ in range(width)), tuple(range(1, width + 1))))


def layers(depth: int, width: int) -> Shape:
    """Layers in which each node hears all of the layer before, and a last node that hears the last layer."""
    senders: list[tuple[int, ...]] = [()] * width
    for layer in range(1, depth):
        senders += [tuple(range((layer - 1) * width, layer * width))] * width
    return Shape(
        f"{depth} dense layers of {width}", (*senders, tuple(range((depth - 1) * width, depth * width)))
    )


def scattered(nodes: int, edges: int, generator: random.Random) -> Shape:
    """A random acyclic graph in which every node leads to the last."""
    pairs = {(node, generator.randrange(node + 1, nodes)) for node in range(nodes - 1)}
    while len(pairs) < edges:
        sender, receiver = sorted(generator.sample(range(nodes), 2))
        pairs.add((sender, receiver))
    senders: list[list[int]] = [[] for _ in range(nodes)]
    for sender, receiver in sorted(pairs):
        senders[receiver].append(sender)
    return Shape(f"random, {nodes} nodes and {edges} edges", tuple(map(tuple, senders)))


def as_graph(shape: Shape) -> ir.Graph:
    """The shape as a graph whose nodes call an asynchronous tool with their inbox."""
    inbox = ir.Inbox(named=False)
    works = [
        ir.Apply(ir.ToolIndex(1), (inbox, ir.Constant(shape.durations_s[node])))
        if shape.durations_s
        else ir.Apply(ir.ToolIndex(0), (inbox,))
        for node in range(len(shape.senders))
    ]
    pairs = [(sender, receiver) for receiver, senders in enumerate(shape.senders) for sender in senders]
    return ir.Graph(
        version=ir.VERSION,
        name="measured",
        origin=__file__,
        inputs=(),
        type=STR,
        models=(),
        tools=(TURN, NAP),
        nodes=tuple(ir.Node(f"n{i}", f"n{i}", None, None, STR, work) for i, work in enumerate(works)),
        edges=ir.Edges(
            senders=tuple(ir.NodeIndex(sender) for sender, _ in pairs),
            receivers=tuple(ir.NodeIndex(receiver) for _, receiver in pairs),
            parameters=(ir.FIXED,) * len(pairs),
            by_name=(False,) * len(pairs),
        ),
        output=(ir.NodeIndex(len(works) - 1),),
        output_many=False,
        output_nulls=False,
        probabilities=(),
        prompts=(),
        task=None,
    )


async def by_hand(senders: Sequence[Sequence[int]], durations_s: Sequence[float]) -> str:
    """The same work, written by hand."""
    tasks: list[asyncio.Task[str]] = []

    async def node(index: int) -> str:
        messages = [await tasks[sender] for sender in senders[index]]
        return await (nap(messages, durations_s[index]) if durations_s else turn(messages))

    for index in range(len(senders)):
        tasks.append(asyncio.create_task(node(index)))  # noqa: PERF401 -- nodes see the list grow
    return await tasks[-1]


async def seconds(run: Callable[[], Awaitable[object]]) -> float:
    """How long one run takes, with the garbage collected before and not during it."""
    gc.collect()
    gc.disable()
    try:
        start = time.perf_counter()
        await run()
        return time.perf_counter() - start
    finally:
        gc.enable()


async def overhead(shape: Shape) -> Measurement:
    """Time against the same work by hand: the median over pairs of runs, taken in turns."""
    graph = as_graph(shape)
    realization = deployed(graph)
    row = Row("row", {})
    ratios = []
    async with Session(graph) as session:
        for repetition in range(REPETITIONS + 1):
            ours_s = await seconds(lambda: session.run(realization, row))
            theirs_s = await seconds(lambda: by_hand(shape.senders, shape.durations_s))
            if repetition:  # The first one compiles the steps.
                ratios.append(ours_s / theirs_s)
    return Measurement(f"executing a {shape.name}", median(ratios), 1.5, "asyncio by hand")


async def waiting(shape: Shape) -> Measurement:
    """Time of sleeping nodes against the longest path."""
    graph = as_graph(shape)
    realization = deployed(graph)
    async with Session(graph) as session:
        taken_s = [await seconds(lambda: session.run(realization, Row("row", {}))) for _ in range(3)]
    return Measurement(f"waiting in a {shape.name}", median(taken_s) / shape.longest_s, 1.05, "longest path")


def run() -> list[Measurement]:
    """All measurements of execution."""
    generator = random.Random(1)
    small = scattered(60, 150, generator)
    sleeping = attrs.evolve(small, durations_s=tuple(generator.uniform(0.02, 0.06) for _ in range(60)))
    shapes = [chain(100), fan(200), layers(10, 10), scattered(1000, 3000, generator)]
    return [asyncio.run(overhead(shape)) for shape in shapes] + [asyncio.run(waiting(sleeping))]


def main() -> None:
    """Print the measurements as a table."""
    for measurement in run():
        verdict = "PASS" if measurement.passes else "FAIL"
        print(f"{measurement.name:48} {measurement.ratio:6.2f}  limit {measurement.limit:.2f}  {verdict}")


if __name__ == "__main__":
    main()
