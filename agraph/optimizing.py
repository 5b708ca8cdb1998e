"""Optimizing a file: learn the values after `~`, judge them, and write them in place."""

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import attrs

from agraph.blocking import blocking
from agraph.budgets import budget_of
from agraph.compiler.ir import Graph, Json, Model
from agraph.compiler.parameter_names import parameter_names
from agraph.compiler.source import Source
from agraph.estimating import unpriced_models
from agraph.evaluating import Material, material
from agraph.files import FileLoader
from agraph.graph_argument import load_optimized_graph, parse_target
from agraph.history import Change, Learned, data_hash, difference, held_out_uses, note
from agraph.optimizer.accept import Verdict
from agraph.optimizer.data_text import example_texts
from agraph.optimizer.evaluate import Evaluator
from agraph.optimizer.front import front
from agraph.optimizer.intervals import CONFIDENCE
from agraph.optimizer.manuscript import Manuscript
from agraph.optimizer.moves import KINDS, Kind
from agraph.optimizer.progress import Evidence, Step, Tried
from agraph.optimizer.published import uncached
from agraph.optimizer.rewrite import Values, current_values
from agraph.optimizer.settings import Estimator, Settings
from agraph.optimizer.trade import Trade
from agraph.optimizer.trade import trade as trade_of
from agraph.optimizer.tune import Proposed, Tuning, tune
from agraph.recording import KEPT, Recording, journal_of
from agraph.runtime.budget import Budget
from agraph.runtime.errors import FileError, InputError, UnwrittenError
from agraph.runtime.events import Listener
from agraph.runtime.journal import Journal
from agraph.runtime.models.protocol import Usage
from agraph.runtime.permissions import Permissions
from agraph.runtime.plan import Realization
from agraph.runtime.session import Session
from agraph.writing import replace_file, require_writable, sole_use


@attrs.frozen
class Standing:
    """Where an optimization stands, for progress.

    Attributes:
        runs: How many runs of the graph on a row were made to learn.
        of: The most that may be.
        score: The mean train score of the best so far.
        usage: What was used so far.
    """

    runs: int
    of: int
    score: float
    usage: Usage


@attrs.frozen
class TextChange:
    """A prompt or a list of examples that is another now.

    Attributes:
        name: `judge.prompt`, `judge.examples`.
        old: The prompt's text, or the examples as the language writes them, one a line.
        new: Likewise.
    """

    name: str
    old: str
    new: str


@attrs.frozen
class Optimization:
    """What became of an optimization.

    Attributes:
        path: The file that was or would be written.
        changes: Every learnable edge, gate and option in the order of the file, old and new value.
        evidence: For each of these what its new value gains against its flip, with an interval of 95%, where
            something is known of it.
        texts: The prompts and examples that change.
        prompts: What became of the prompts that were proposed, or `None` where none is learned.
        examples: What became of the examples that were proposed, or `None` where none are learned.
        verdict: On the held-out rows, or `None` where nothing better than the file was found.
        train_rows: How many rows were learned from; likewise `validation_rows` and `held_out_rows`.
        estimator: What learned edges, gates and choices, or `None` where there are none to learn.
        runs: How many runs of the graph on a row were made to learn; a proposal for a text counts as several.
        front: What was tried of which nothing else was both better and cheaper, the cheapest first; and where
            the search for edges, gates and choices began, and what it ended with.
        searched_from: What the graph was where that search began; of several the last that found something.
        deployed: What the graph is in the end.
        stopped: Why the search ended before it was done, such as a budget that was spent, or `None`.
        usage: What it all used.
        calls_recalled: How many model calls it did not make, for an earlier command had made them.
        diff: From the file to its new text, empty where nothing is to be changed.
        written: Whether it was written.
        run: The number of the run in the store of the file's project, or `None` where it could not be kept.
        held_out_uses: How many results were judged on these held-out rows, this one included.
        found_better: Whether there is something to apply.
        judged_usage: What the file as it was took on the held-out rows, and the result, by themselves.
    """

    graph: str
    path: str
    changes: tuple[Change, ...]
    evidence: tuple[Evidence | None, ...]
    texts: tuple[TextChange, ...]
    prompts: Proposed | None
    examples: Proposed | None
    verdict: Verdict | None
    train_rows: int
    validation_rows: int
    held_out_rows: int
    estimator: Estimator | None
    runs: int
    front: tuple[Tried, ...]
    searched_from: Realization
    deployed: Realization
    stopped: str | None
    usage: Usage
    calls_recalled: int
    diff: str
    written: bool
    run: int | None
    held_out_uses: int
    found_better: bool
    judged_usage: tuple[Usage, Usage] | None


def optimize(
    target: str,
    *,
    data: str | None = None,
    target_column: str | None = None,
    metric: str | None = None,
    models: Mapping[str, Model] | None = None,
    concurrency: int = 16,
    seed: int = 0,
    estimator: Estimator | None = None,
    runs: int = 1600,
    trade: Trade | str | None = None,
    only: Collection[Kind] = KINDS,
    confidence: float = CONFIDENCE,
    require_significant: bool = False,
    plan: bool = False,
    output: str | None = None,
    budget: str | Sequence[str] = (),
    permissions: Permissions | None = None,
    progress: Callable[[Standing], None] | None = None,
    listener: Listener | None = None,
    recording: Recording = KEPT,
) -> Optimization:
    """Learn what stands after `~` in a graph, and rewrite its file where the result is better.

    Args:
        target: `FILE` or `FILE:graph`; unless one is named, the graph of the file's one `optimize` block.
        data: A JSONL, JSON or CSV file; that of the file's `optimize` block where `None`.
        target_column: The column of the expected answer; that of the block where `None`.
        metric: As in the language, such as `number`; that of the block where `None`, or `exact`.
        models: Replacements by the names of the graph's models.
        concurrency: How many rows, and how many model calls, may be under way at once.
        seed: Of all randomness; the same seed gives the same file, at any concurrency.
        estimator: What tells how to move, as `Settings` has it.
        runs: The most runs of the graph on a row to learn from.
        trade: What a run's cost takes from its score, such as `calls=0.01`; nothing where `None`.
        only: What may be learned: `edges` (gates and choices too), `prompts`, `examples`.
        confidence: Of the verdict: without a difference *improved* is said in at most `1 - confidence` of
            cases.
        require_significant: Take nothing that is not *improved*.
        plan: Write nothing.
        output: Write to this file instead of the author's.
        budget: A hard stop, such as `usd=2` or `calls=500,time=10m`; that of the block where empty. What is
            found before it is judged and written: a part of the budget is kept for the judging.
        permissions: What the file may reach; its project where `None`.
        progress: Told of each step.
        listener: Is told of each run, node and model call.
        recording: What goes into the store of the file's project. With the same seed an optimization that was
            stopped goes on where it was, for the answers of its models are there.

    Raises:
        AgraphError: As `runtime.errors` tells them apart; the file is then as it was.
    """
    path, _ = parse_target(target)
    with sole_use(path):
        if not plan:
            require_writable(output or path)
        found = material(*load_optimized_graph(target, permissions), data, target_column, metric, permissions)
        trade = trade_of(trade) if isinstance(trade, str) else trade
        if trade is not None and trade.unit == "usd":
            _require_prices(found.graph, models)
        settings = Settings(estimator=estimator, runs=runs)
        limits = budget_of(budget, found.graph)
        arguments: dict[str, Json] = {
            "data": found.data.path, "metric": metric, "seed": seed, "runs": runs, "estimator": estimator,
            "only": list(only), "trade": None if trade is None else f"{trade.unit}={trade.weight:g}",
        }  # fmt: skip
        journal = journal_of("optimize", target, found.graph, arguments, models, recording, resumes=True)
        source = found.compilation.module.source
        manuscript = Manuscript(found.graph, source, FileLoader(permissions))
        tuning, usage, recalled = blocking(
            _tuned(
                found, manuscript, models, concurrency, settings, seed, trade, only, confidence, limits,
                permissions,
                progress, listener, journal,
            )
        )  # fmt: skip
        accepted = tuning.accepted and (not require_significant or tuning.proven)
        values = tuning.values if accepted else current_values(found.graph)
        text = _rewritten(manuscript, values)
        learned = _learned(found, tuning, values, text if accepted else source.text, usage)
        learned = attrs.evolve(
            learned, number=journal.number, file=os.path.realpath(output or path),
            began_s=journal.record.started_s,
        )  # fmt: skip
        run = note(learned, path, recording.report)
        written = accepted and not plan
        if written:
            _write(text, source, path, output)
            if run is not None:
                note(attrs.evolve(learned, number=run, written=True), path, recording.report)
    return Optimization(
        graph=found.graph.name,
        path=output or path,
        changes=_changes(found.graph, values),
        evidence=tuple(tuning.evidence[parameter] for parameter in _names(found.graph)),
        texts=tuple(_text_changes(found.graph, values)),
        prompts=tuning.prompts,
        examples=tuning.examples,
        verdict=tuning.verdict,
        train_rows=len(tuning.split.train),
        validation_rows=len(tuning.split.validation),
        held_out_rows=len(tuning.split.held_out),
        estimator=tuning.estimator,
        runs=tuning.runs,
        front=front(tuning.tried, (tuning.searched_from, tuning.deployed)),
        searched_from=tuning.searched_from,
        deployed=tuning.deployed,
        stopped=tuning.stopped,
        usage=usage,
        calls_recalled=recalled,
        diff=difference(source, text, output or path) if accepted else "",
        written=written,
        run=run,
        held_out_uses=held_out_uses(path, learned.data["held_out"]),
        found_better=accepted,
        judged_usage=tuning.judged_usage,
    )


def _require_prices(graph: Graph, models: Mapping[str, Model] | None) -> None:
    """Hold that money can be counted, before any is spent."""
    if unpriced := unpriced_models(graph, models):
        raise InputError(
            f"cost is to count in US dollars, and what `{unpriced[0]}` costs is unknown: trade calls, "
            "such as `calls=0.01`, or write its price under `[tool.agraph.prices]` in the project's "
            "`pyproject.toml`"
        )


def _learned(found: Material, tuning: Tuning, values: Values, text: str, usage: Usage) -> Learned:
    """What the history is told: of a plan, until something was written."""
    rows = [example.source for example in found.examples]
    held_out = [rows[index] for index in tuning.split.held_out]
    return Learned(
        number=0,
        verb="optimize",
        file="",
        graph=found.graph.name,
        began_s=time.time(),
        before=found.compilation.module.source.text,
        after=text,
        written=False,
        changes=_changes(found.graph, values),
        data={
            "path": found.data.path, "hash": data_hash(rows), "rows": len(rows),
            "held_out": data_hash(held_out), "held_out_rows": len(held_out),
        },
        verdict=None if tuning.verdict is None else attrs.asdict(tuning.verdict),
        usage=attrs.asdict(usage),
        texts=tuple(each.name for each in _text_changes(found.graph, values)),
    )  # fmt: skip


async def _tuned(
    found: Material,
    manuscript: Manuscript,
    models: Mapping[str, Model] | None,
    concurrency: int,
    settings: Settings,
    seed: int,
    trade: Trade | None,
    only: Collection[Kind],
    confidence: float,
    budget: Budget | None,
    permissions: Permissions | None,
    progress: Callable[[Standing], None] | None,
    listener: Listener | None,
    journal: Journal,
) -> tuple[Tuning, Usage, int]:
    published = settings.estimator in ("reinforce-plain", "reinforce-constant")
    async with Session(
        uncached(found.graph) if published else found.graph,
        models=models, concurrency=concurrency, budget=budget, permissions=permissions,
        listener=listener, journal=journal,
    ) as session:  # fmt: skip
        evaluator = Evaluator(session, tuple(found.examples), found.scorer, concurrency)
        if trade is not None:
            evaluator.price = trade.price

        def report(step: Step) -> None:
            if progress is not None:
                progress(Standing(step.runs, settings.runs, step.score, session.usage))

        tuning = await tune(manuscript, evaluator, settings, seed, report, only, budget, confidence)
        return tuning, session.usage, session.calls_recalled


# From values to the file.


def _rewritten(manuscript: Manuscript, values: Values) -> str:
    """The file's new text, compiled again to hold that it says these values and nothing else changed."""
    again = manuscript.compiled(values)
    assert not isinstance(again, str), again
    return manuscript.text(values)


def _write(text: str, source: Source, path: str, output: str | None) -> None:
    """Write the file; where that fails, what was paid for is told with the reason."""
    try:
        if output is None or os.path.realpath(output) == os.path.realpath(path):
            replace_file(path, text, source)
        else:
            replace_file(output, text, None)
    except FileError as error:
        raise UnwrittenError(str(error), difference(source, text, output or path)) from error


def _changes(graph: Graph, values: Values) -> tuple[Change, ...]:
    """Every learnable element of the graph in the order of the file."""
    return tuple(
        Change(name, graph.priors[parameter], values.probabilities[parameter])
        for parameter, name in _names(graph).items()
    )


def _names(graph: Graph) -> dict[int, str]:
    """What to call each learnable element, by its parameter, in the order of the file."""
    names = parameter_names(graph)
    return {parameter: names[parameter] for parameter in sorted(names)}


def _text_changes(graph: Graph, values: Values) -> Iterator[TextChange]:
    for prompt, text in zip(graph.prompts, values.prompts, strict=True):
        if text != prompt.text:
            yield TextChange(prompt.name, prompt.text, text)
    for shown, examples in zip(graph.demonstrations, values.demonstrations, strict=True):
        if examples != shown.examples:
            old, new = ("\n".join(example_texts(each)) for each in (shown.examples, examples))
            yield TextChange(shown.name, old, new)
