"""`agraph optimize`: learn what stands after `~`, and rewrite it in place."""

import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from agraph.cli.estimates import budget_options, estimate_text, what_rows_show
from agraph.cli.granting import granted, permission_options
from agraph.cli.help import Command
from agraph.cli.options import concurrency_option, cost, model_option, task_options
from agraph.cli.progress import progress_bar
from agraph.cli.recording import listening, recorded, recording_options
from agraph.render import counted

if TYPE_CHECKING:
    from agraph.optimizer.moves import Kind
    from agraph.optimizer.settings import Estimator
    from agraph.optimizing import Standing

NOTHING_BETTER = 3
"""The exit code where the file is left as it is."""


@click.command("optimize", cls=Command)
@click.argument("target", metavar="FILE[:GRAPH]", required=False)
@task_options
@model_option
@concurrency_option
@budget_options
@permission_options
@recording_options
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Of all randomness: the same seed gives the same file.",
)
@click.option(
    "--runs",
    type=click.IntRange(4),
    default=1600,
    show_default=True,
    help="The most runs of the graph on a row to learn from; learning mostly ends sooner.",
)
@click.option(
    "--estimator",
    type=click.Choice(["replay", "reinforce-loo", "reinforce-plain", "reinforce-constant"]),
    help="How to learn: by default replay where what lies behind the last model calls can be run again for "
    "nothing, else reinforce-loo. The other two are as published, to compare with.",
)
@click.option(
    "--trade",
    metavar="UNIT=WEIGHT",
    help="What cost takes from the score: calls=0.01 takes 0.01 a model call, usd=5 takes 0.05 a cent.",
)
@click.option(
    "--only",
    "only",
    multiple=True,
    metavar="KIND",
    help="Learn only this: edges (and gates and choices), prompts, examples. May be repeated.",
)
@click.option(
    "--confidence",
    type=click.FloatRange(0.5, 1, min_open=True, max_open=True),
    default=0.95,
    show_default=True,
    help="Of the verdict: how seldom `improved` is said where there is no difference.",
)
@click.option("--require-significant", is_flag=True, help="Write only what is `improved`, the test says so.")
@click.option("--plan", is_flag=True, help="Write nothing, and print the diff.")
@click.option("--output", metavar="FILE", help="Write to this file instead.")
@click.option("--apply", type=click.IntRange(1), metavar="RUN", help="Write what the plan of this run found.")
def optimize(
    target: str | None,
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
    seed: int,
    runs: int,
    estimator: "Estimator | None",
    trade: str | None,
    only: tuple[str, ...],
    confidence: float,
    require_significant: bool,
    plan: bool,
    output: str | None,
    apply: int | None,
) -> int:
    """Learn what stands after ~ in a graph, and rewrite the file where the result is better.

    Half of the rows are learned from, a quarter chooses among what was learned, and a quarter judges the
    result against the file as it is. Only the numbers, prompts and examples after ~ are rewritten.
    Examples are copies of rows that were learned from.

    `--plan` shows what would be written, and `--apply RUN` writes that, unless the file was changed since:
    `agraph history FILE` lists what was learned, and `agraph revert FILE` goes back.

    The graph of the file's one optimize block is taken; where there are several, GRAPH is named.

    The verdict is one of `improved` (a paired test says so), `better, not proven`, and `rejected`; the first
    two are written, with `--require-significant` the first alone.

    The exit code is 0 where something was (or with --plan would be) written, and 3 where nothing better was
    found.
    """
    from agraph.arguments import models_of
    from agraph.cli.optimized import optimized_text
    from agraph.optimizing import optimize as optimized
    from agraph.runtime.errors import UnwrittenError

    if apply is not None:
        return _apply(target, apply)
    if target is None:
        raise click.UsageError("name the FILE to optimize")
    kinds = _kinds(only)
    if plan and output:
        raise click.UsageError("`--plan` writes nothing, so `--output` has no use beside it")
    replacements = models_of(models)
    permissions = granted(target, replacements, allow, allow_read, allow_url)
    if estimate:
        from agraph.estimating import estimate_optimization

        found = estimate_optimization(
            target, data, target_column=target_column, models=replacements, permissions=permissions,
            runs=runs, estimator=estimator, only=kinds,
        )  # fmt: skip
        click.echo(estimate_text(found))
        click.echo(what_rows_show(found.held_out_rows, confidence))
        return 0
    with progress_bar("optimizing") as advance, listening(events) as listener:

        def progress(standing: "Standing") -> None:
            if advance is not None:
                usage = standing.usage
                note = f"score {standing.score:.3f}, {counted(usage.calls, 'call')}, {cost(usage)}"
                advance(standing.runs, standing.of, note)

        try:
            # What tools and metrics print is not the result.
            with redirect_stdout(sys.stderr):
                result = optimized(
                    target, data=data, target_column=target_column, metric=metric, models=replacements,
                    concurrency=concurrency, budget=budget, permissions=permissions, seed=seed, runs=runs,
                    estimator=estimator, trade=trade, only=kinds,
                    confidence=confidence, require_significant=require_significant, plan=plan, output=output,
                    progress=progress if advance else None, listener=listener, recording=recorded(no_cache),
                )  # fmt: skip
        except UnwrittenError as error:
            # What was paid for is not lost with the write.
            click.echo(error.diff)
            raise
    click.echo(optimized_text(result, plan, elsewhere=output is not None))
    return 0 if result.found_better else NOTHING_BETTER


def _kinds(only: tuple[str, ...]) -> "tuple[Kind, ...]":
    """What may be learned; everything where nothing is said."""
    from agraph.optimizer.moves import KINDS

    named = [name.strip() for each in only for name in each.split(",")]
    for name in named:
        if name not in KINDS:
            known = ", ".join(f"`{kind}`" for kind in KINDS)
            raise click.UsageError(f"`--only` takes {known}, not `{name}`")
    return tuple(kind for kind in KINDS if not named or kind in named)


def _apply(target: str | None, run: int) -> int:
    """Write what an earlier plan found; all else that a command line says belongs to that plan."""
    from agraph.files import shown_path
    from agraph.graph_argument import parse_target
    from agraph.history import apply_plan
    from agraph.render import visible

    context = click.get_current_context()
    given = {
        name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    if others := sorted(given - {"apply", "target"}):
        other = others[0].replace("_", "-")
        raise click.UsageError(f"`--apply` writes a plan as it was made, so `--{other}` has no use beside it")
    applied = apply_plan(run, parse_target(target)[0] if target else ".", recorded(no_cache=False).report)
    click.echo(f"wrote run {run} into {visible(shown_path(applied.file))}")
    return 0
