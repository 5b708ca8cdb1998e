"""Scoring a file's deployed graph on a data set."""

import time
from array import array
from collections.abc import Callable, Mapping, Sequence

import attrs

from agraph.arguments import metric_argument
from agraph.blocking import blocking
from agraph.budgets import budget_of
from agraph.compiler import Compilation
from agraph.compiler.ir import DataSet, Graph, Json, Metric, Model
from agraph.graph_argument import load_graph
from agraph.optimizer.evaluate import Evaluator, Scored
from agraph.optimizer.grade import Scorer
from agraph.optimizer.intervals import Interval, mean_interval
from agraph.optimizer.metrics import open_metric
from agraph.optimizer.task import Example, Examples, data_set, open_examples
from agraph.recording import KEPT, Recording, journal_of
from agraph.runtime.budget import Budget
from agraph.runtime.errors import BudgetError, DataError, RunError
from agraph.runtime.events import Listener
from agraph.runtime.journal import Journal
from agraph.runtime.models.protocol import Usage
from agraph.runtime.permissions import Permissions, project_permissions
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
    examples: Examples
    scorer: Scorer


def material(
    compilation: Compilation,
    graph: Graph,
    data: str | None,
    target_column: str | None,
    metric: str | None,
    permissions: Permissions | None = None,
) -> Material:
    """The rows and the metric of a task; arguments go before the graph's `optimize` block.

    Raises:
        AgraphError: One of them cannot be had.
    """
    allowed = permissions or project_permissions(graph.origin)
    rows = data_set(graph, data, target_column)
    if data is None and (refusal := allowed.file_refusal(rows.path)) is not None:
        raise DataError(refusal)
    examples = open_examples(graph, rows, allowed)
    scored_by = _metric(graph, compilation, metric)
    if metric is not None and scored_by.function is not None:
        # Who names a function on the command line allows it.
        allowed = allowed.with_packages([scored_by.function.partition(".")[0].partition(":")[0]])
    return Material(graph, compilation, rows, examples, open_metric(scored_by, rows.target, lambda: allowed))


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
    budget: str | Sequence[str] = (),
    permissions: Permissions | None = None,
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
        budget: A hard stop, such as `usd=2` or `calls=500,time=10m`; none unless given.
        permissions: What the file may reach; its project where `None`.
        progress: Told of each row as it is scored.
        listener: Is told of each run, node and model call.
        recording: What goes into the store of the file's project.

    Raises:
        BudgetError: The budget does not suffice for all rows; the message tells how the others scored.
        AgraphError: As `runtime.errors` tells them apart.
    """
    found = material(*load_graph(target, permissions), data, target_column, metric, permissions)
    journal = evaluation_journal(target, found, metric, models, recording)
    return blocking(
        evaluated(found, models, concurrency, budget_of(budget), permissions, progress, listener, journal)
    )


def evaluation_journal(
    target: str,
    found: Material,
    metric: str | None,
    models: Mapping[str, Model] | None,
    recording: Recording,
) -> Journal:
    """The journal of an evaluation; see `evaluate` for the arguments."""
    arguments: dict[str, Json] = {"data": found.data.path, "metric": metric}
    return journal_of("eval", target, found.graph, arguments, models, recording, resumes=True)


async def evaluated(
    found: Material,
    models: Mapping[str, Model] | None,
    concurrency: int,
    budget: Budget | None,
    permissions: Permissions | None,
    progress: Progress | None,
    listener: Listener | None = None,
    journal: Journal | None = None,
) -> Evaluation:
    """The mean score of the deployed graph on the rows of a task; see `evaluate`.

    Each row is run once, so that nothing of it is held but its score.
    """
    realization = deployed(found.graph)
    async with Session(
        found.graph, models=models, concurrency=concurrency, budget=budget, permissions=permissions,
        listener=listener, journal=journal, sharing=False,
    ) as session:  # fmt: skip
        evaluator = Evaluator(session, (), found.scorer, concurrency)
        tally = _Tally(len(found.examples), session, progress)
        started = time.monotonic()
        try:
            await evaluator.each(((realization, example) for example in found.examples), tally.take)
        except BudgetError as error:
            mean = f", which score {tally.sum / tally.done:.3f}" if tally.done else ""
            raise BudgetError(f"{error}, after {tally.done} of {tally.rows} rows{mean}") from None
        if tally.broken is not None and not evaluator.answered:
            raise tally.broken[1]
        return Evaluation(
            graph=found.graph.name,
            rows=tally.rows,
            score=sum(tally.scores) / tally.rows,
            interval=mean_interval(tally.scores),
            failures=tuple(failure for _, failure in sorted(tally.failures.items())),
            usage=session.usage,
            duration_s=time.monotonic() - started,
            calls_recalled=session.calls_recalled,
        )


@attrs.define(eq=False)
class _Tally:
    """What is held of an evaluation under way.

    Attributes:
        scores: By row; a number for each, 0 where none came yet.
        done: How many came; `sum` is theirs.
        failures: Of the rows without an answer, by row.
        broken: The first row at which a node failed, with its failure.
    """

    rows: int
    session: Session
    progress: Progress | None
    scores: "array[float]" = attrs.field(init=False)
    done: int = 0
    sum: float = 0.0
    failures: dict[int, Failure] = attrs.field(factory=dict)
    broken: tuple[int, RunError] | None = None

    @scores.default
    def _none_yet(self) -> "array[float]":
        return array("d", bytes(8 * self.rows))

    def take(self, place: int, example: Example, scored: Scored) -> None:
        """Take the score of a row."""
        self.scores[place] = scored.value
        self.done += 1
        self.sum += scored.value
        if (failure := scored.failure) is not None:
            self.failures[place] = Failure(example.source.number, str(failure))
            if failure.node and (self.broken is None or place < self.broken[0]):
                self.broken = place, failure
        if self.progress is not None:
            self.progress(self.done, self.rows, self.sum / self.done, self.session.usage)
