"""A world with a known best answer: a program, its rows, and what each realization of it is worth."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import attrs

from agraph.compiler import compile_source, ir
from agraph.compiler.source import Source
from agraph.files import FileLoader
from agraph.optimizer.grade import Scorer
from agraph.optimizer.metrics import open_metric
from agraph.optimizer.rows import DataRow
from agraph.optimizer.task import Example
from agraph.runtime.frame import Row
from agraph.runtime.models.protocol import Truth, Usage
from agraph.runtime.plan import Realization

TARGET = "answer"


@attrs.frozen
class Bill:
    """What was paid for a search.

    Attributes:
        total: Calls that were made, repeated ones too.
        distinct: Calls that were different ones.
    """

    total: int
    distinct: int


@attrs.frozen(eq=False)
class World:
    """A program to optimize, of which it is known how good any realization is.

    Attributes:
        name: As the catalogue has it.
        text: The program.
        graph: The program, compiled.
        examples: Its rows; searches learn from the first two thirds and choose by the rest.
        worth: The mean score of a realization over all rows that there could be, less what it costs.
        best: A realization of which none is worth more.
        trade: The weight of a US dollar in `price`.
        lookups: What was paid where the agents are no models but records; else `None`, for the session knows.
    """

    name: str
    text: str
    graph: ir.Graph
    examples: tuple[Example, ...]
    worth: Callable[[Realization], float]
    best: Realization
    trade: float = 0.0
    lookups: Callable[[], Bill] | None = None

    @property
    def optimum(self) -> float:
        """The greatest worth of any realization."""
        return self.worth(self.best)

    @property
    def train(self) -> range:
        """The rows to learn from."""
        return range(2 * len(self.examples) // 3)

    @property
    def validation(self) -> range:
        """The rows to choose by."""
        return range(2 * len(self.examples) // 3, len(self.examples))

    @property
    def scorer(self) -> Scorer:
        """Whether the answer is the target."""
        return open_metric(ir.Metric("exact", (), (), None, self.graph.origin), TARGET)

    def price(self, usage: Usage) -> float:
        """What is taken from a score for what a run used."""
        return self.trade * (usage.cost_usd or 0.0)

    def share(self, realization: Realization) -> float:
        """The worth of a realization as a share of the optimum."""
        return self.worth(realization) / self.optimum


def compiled(text: str) -> ir.Graph:
    """The last graph of a program.

    Raises:
        ValueError: The program has mistakes.
    """
    compilation = compile_source(Source(str(Path(__file__).with_name("world.agraph")), text), FileLoader())
    if not compilation.graphs:
        raise ValueError("\n".join(each.message for each in compilation.diagnostics))
    return compilation.graphs[-1]


def example(key: str, number: int, target: str, choices: Sequence[str]) -> Example:
    """A row whose question is its key, and whose answer is the target."""
    source = DataRow(
        key=key, columns={"question": key, TARGET: target}, place=f"row {number}", number=number, typed=True
    )
    others = tuple(choice for choice in choices if choice != target)
    return Example(source, Row(key, {"question": key}, Truth(target, others)))


def edges_of(graph: ir.Graph) -> tuple[tuple[str, str], ...]:
    """The ends of each edge by the names of its nodes."""
    names = [node.name for node in graph.nodes]
    return tuple(
        (names[sender], names[receiver])
        for sender, receiver in zip(graph.edges.senders, graph.edges.receivers, strict=True)
    )


def realization_of(graph: ir.Graph, wanted: Iterable[tuple[str, str]]) -> Realization:
    """The realization with all nodes, and of its candidate edges those that are named."""
    kept = frozenset(wanted)
    ends = edges_of(graph)
    if unknown := kept.difference(ends):
        raise ValueError(f"the graph has no edges {sorted(unknown)}")
    return Realization(
        tuple(node.on for node in graph.nodes),
        tuple(
            each in kept or parameter == ir.FIXED
            for each, parameter in zip(ends, graph.edges.parameters, strict=True)
        ),
    )
