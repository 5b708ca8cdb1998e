"""Scoring a file's deployed graph on a data set."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

import attrs

from agraph.arguments import metric_argument
from agraph.compiler import Compilation
from agraph.compiler.ir import DataSet, Graph, Json, Metric, Model
from agraph.graph_argument import load_graph
from agraph.optimizer.evaluate import Evaluator, Scored
from agraph.optimizer.grade import Scorer
from agraph.optimizer.intervals import Interval, mean_interval
from agraph.optimizer.metrics import open_metric
from agraph.optimizer.task import Example, data_set, read_examples
from agraph.recording import KEPT, Recording, journal_of
from agraph.runtime.events import Listener
from agraph.runtime.journal import Journal
from agraph.runtime.models.protocol import Usage
from agraph.runtime.plan import deployed
from agraph.runtime.session import Session

Progress = Callable[[int, int, float, Usage], None]
"""Told of rows done, rows in all, the mean score so far, and what was used so far."""


@attrs.frozen
class Failure:
    """A row without an answer."""

    row: int
    reason: str


@attrs.frozen
class Evaluation:
    """How a graph scores.

    Attributes:
        score: The mean over all rows; a row without an answer counts 0.
        interval: 95%, of the mean.
        failures: The rows without an answer.
        usage: What the evaluation used.
        calls_recalled: How many model calls it did not make, for an earlier run had made them.
        duration_s: Seconds from the first row to the last.
    """

    graph: str
    rows: int
    score: float
    interval: Interval
    failures: tuple[Failure, ...]
    usage: Usage
    duration_s: float
    calls_recalled: int = 0


@attrs.frozen
class Material:
    """What a graph is evaluated or optimized on."""

    graph: Graph
    compilation: Compilation
    data: DataSet
    examples: tuple[Example, ...]
    scorer: Scorer


def material(
    compilation: Compilation,
    graph: Graph,
    data: str | None,
    target_column: str | None,
    metric: str | None,
) -> Material:
    """The rows and the metric of a task; arguments go before the graph's `optimize` block.

    Raises:
        AgraphError: One of them cannot be had.
    """
    rows = data_set(graph, data, target_column)
    examples = read_examples(graph, rows)
    return Material(
        graph, compilation, rows, examples, open_metric(_metric(graph, compilation, metric), rows.target)
    )


def _metric(graph: Graph, compilation: Compilation, text: str | None) -> Metric:
    given = None if text is None else metric_argument(text, compilation.module, graph.type)
    declared = graph.task.metric if graph.task else None
    return given or declared or Metric("exact", (), (), None, graph.origin)


def evaluate(
    target: str,
    data: str | None = None,
    *,
    target_column: str | None = None,
    metric: str | None = None,
    models: Mapping[str, Model] | None = None,
    concurrency: int = 16,
    progress: Progress | None = None,
    listener: Listener | None = None,
    recording: Recording = KEPT,
) -> Evaluation:
    """The mean score of a file's deployed graph.

    Args:
        target: `FILE` or `FILE:graph`; the file's last graph unless one is named.
        data: A JSONL, JSON or CSV file; that of the file's `optimize` block where `None`.
        target_column: The column of the expected answer; that of the block where `None`.
        metric: As in the language, such as `number`; that of the block where `None`, or `exact`.
        models: Replacements by the names of the graph's models.
        concurrency: How many rows, and how many model calls, may be under way at once.
        progress: Told of each row as it is scored.
        listener: Is told of each run, node and model call.
        recording: What goes into the store of the file's project.

    Raises:
        AgraphError: As `runtime.errors` tells them apart.
    """
    found = material(*load_graph(target), data, target_column, metric)
    arguments: dict[str, Json] = {"data": found.data.path, "metric": metric, "concurrency": concurrency}
    journal = journal_of("eval", target, found.graph, arguments, models, recording)
    return asyncio.run(_evaluated(found, models, concurrency, progress, listener, journal))


async def _evaluated(
    found: Material,
    models: Mapping[str, Model] | None,
    concurrency: int,
    progress: Progress | None,
    listener: Listener | None,
    journal: Journal,
) -> Evaluation:
    realization = deployed(found.graph)
    async with Session(
        found.graph, models=models, concurrency=concurrency, listener=listener, journal=journal
    ) as session:
        evaluator = Evaluator(session, found.examples, found.scorer, concurrency)
        if progress is not None:
            evaluator.done = _teller(len(found.examples), session, progress)
        started = time.monotonic()
        scored = await evaluator.all([(realization, index) for index in range(len(found.examples))])
        summary = _summary(found, scored, session.usage, time.monotonic() - started)
        return attrs.evolve(summary, calls_recalled=session.calls_recalled)


def _teller(total: int, session: Session, progress: Progress) -> Callable[[Scored], None]:
    scores: list[float] = []

    def tell(scored: Scored) -> None:
        scores.append(scored.value)
        progress(len(scores), total, sum(scores) / len(scores), session.usage)

    return tell


def _summary(found: Material, scored: Sequence[Scored], usage: Usage, duration_s: float) -> Evaluation:
    scores = [each.value for each in scored]
    failures = tuple(
        Failure(example.source.number, str(each.failure))
        for example, each in zip(found.examples, scored, strict=True)
        if each.failure is not None
    )
    mean, interval = sum(scores) / len(scores), mean_interval(scores)
    return Evaluation(found.graph.name, len(scores), mean, interval, failures, usage, duration_s)
