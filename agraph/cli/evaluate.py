"""`agraph eval`: how a graph scores on a data set."""

import json
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import TYPE_CHECKING

import click

from agraph.cli.estimates import budget_options, estimate_json, estimate_text
from agraph.cli.granting import granted, permission_options
from agraph.cli.help import Command
from agraph.cli.options import concurrency_option, cost, model_option, task_options, tokens, usage_json
from agraph.cli.progress import progress_bar
from agraph.cli.recording import listening, recorded, recording_options
from agraph.render import counted

if TYPE_CHECKING:
    from agraph.evaluating import Failure

SHOWN_FAILURES = 5


@click.command("eval", cls=Command)
@click.argument("target", metavar="FILE[:GRAPH]")
@task_options
@model_option
@concurrency_option
@budget_options
@permission_options
@recording_options
@click.option(
    "--max-failures",
    metavar="N|P%",
    help="Exit with 1 where more rows than this have no answer: "
    "a number, or a share such as `5%`. Without it, only where no row has one.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON; the mean is `score`.")
def evaluate(
    target: str,
    data: str | None,
    target_column: str | None,
    metric: str | None,
    models: tuple[str, ...],
    concurrency: int,
    budget: tuple[str, ...],
    estimate: bool,
    allow: tuple[str, ...],
    allow_read: tuple[str, ...],
    allow_url: tuple[str, ...],
    no_cache: bool,
    events: str | None,
    max_failures: str | None,
    as_json: bool,
) -> int:
    """Score the deployed graph on rows of data.

    Rows and metric are those of the file's optimize block unless options say otherwise. A row without an
    answer counts 0. The exit code is 1 where no row has an answer, or more than --max-failures have none.
    """
    from agraph.arguments import models_of
    from agraph.evaluating import evaluate as evaluated
    from agraph.runtime.models.protocol import Usage

    most = None if max_failures is None else _most_failures(max_failures)
    replacements = models_of(models)
    permissions = granted(target, replacements, allow, allow_read, allow_url)
    if estimate:
        from agraph.estimating import estimate_evaluation

        found = estimate_evaluation(
            target, data, target_column=target_column, models=replacements, permissions=permissions
        )
        click.echo(estimate_json(found) if as_json else estimate_text(found))
        return 0
    # What tools and metrics print is not the result.
    with progress_bar("scoring") as advance, listening(events) as listener, redirect_stdout(sys.stderr):

        def progress(done: int, total: int, mean: float, usage: Usage) -> None:
            if advance is not None:
                advance(done, total, f"score {mean:.3f}, {counted(usage.calls, 'call')}, {cost(usage)}")

        result = evaluated(
            target, data, target_column=target_column, metric=metric, models=replacements,
            concurrency=concurrency, budget=budget, permissions=permissions,
            progress=progress if advance else None, listener=listener, recording=recorded(no_cache),
        )  # fmt: skip
    low, high = result.interval
    if as_json:
        report = {
            "score": result.score, "interval": [low, high], "rows": result.rows, "graph": result.graph,
            "failures": [{"row": failure.row, "reason": failure.reason} for failure in result.failures],
            **usage_json(result.usage), "calls_recalled": result.calls_recalled,
            "time_s": round(result.duration_s, 6),
        }  # fmt: skip
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        click.echo(f"score  {result.score:.3f}  (95% interval {low:.3f} to {high:.3f}, {result.rows} rows)")
        usage = result.usage
        known = f"; {result.calls_recalled:,} more from the cache" if result.calls_recalled else ""
        used = f"{counted(usage.calls, 'call')}, {tokens(usage)}, {cost(usage)}, {result.duration_s:.1f} s"
        click.echo(f"used   {used}{known}")
    _tell_failures(result.failures)
    failed = len(result.failures)
    return 1 if failed == result.rows or (most is not None and failed > most(result.rows)) else 0


def _most_failures(text: str) -> "Callable[[int], float]":
    """How many of so many rows may fail."""
    share = text.endswith("%")
    try:
        most = float(text.removesuffix("%")) if share else int(text)
    except ValueError:
        most = -1
    if not 0 <= most <= (100 if share else float("inf")):
        raise click.UsageError(
            f"`--max-failures {text}` is no number of rows, such as `3`, nor a share: `5%`"
        )
    return lambda rows: rows * most / 100 if share else most


def _tell_failures(failures: "tuple[Failure, ...]") -> None:
    for failure in failures[:SHOWN_FAILURES]:
        click.echo(f"row {failure.row} has no answer: {failure.reason}", err=True)
    if len(failures) > SHOWN_FAILURES:
        click.echo(f"and {len(failures) - SHOWN_FAILURES} more rows have none", err=True)
