"""`agraph freeze`: what has settled becomes fixed structure, in place."""

from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from agraph.cli.help import Command
from agraph.cli.recording import recorded

if TYPE_CHECKING:
    from agraph.freezing import Freezing

NOTHING_SETTLED = 3
"""The exit code where the file is left as it is."""

WIDEST_NAME = 48
"""A longer name, such as that of an edge of many ends, does not widen the column."""


@click.command("freeze", cls=Command)
@click.argument("target", metavar="FILE[:GRAPH]")
@click.option(
    "--threshold",
    type=click.FloatRange(0.5, 1),
    default=0.9,
    show_default=True,
    help="What has at least this probability has settled, and what has at most 1 minus this one.",
)
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Fix everything as the file deploys it, prompts and examples as they stand.",
)
@click.option("--plan", is_flag=True, help="Write nothing, and print the diff.")
def freeze(target: str, threshold: float, everything: bool, plan: bool) -> int:
    """Turn what has settled into fixed structure, and remove what no longer reaches the output.

    Edges, gates and choices lose their ~, edges that have settled at nothing go, and nodes with them. The
    new file runs exactly as the old one. What cannot be fixed stays, and is told with the reason.

    The graph of the file's one optimize block is taken; where there are several, GRAPH is named. `agraph
    revert FILE` goes back.

    The exit code is 0 where something was (or with --plan would be) written, and 3 where nothing has settled.
    """
    from agraph.freezing import freeze as frozen

    said = click.get_current_context().get_parameter_source("threshold")
    if everything and said is ParameterSource.COMMANDLINE:
        raise click.UsageError("`--all` takes everything, so `--threshold` has no use beside it")
    result = frozen(
        target, threshold=threshold, everything=everything, plan=plan,
        report=recorded(no_cache=False).report,
    )  # fmt: skip
    if plan and result.diff:
        click.echo(result.diff + "\n")
    click.echo("".join(f"{line}\n" for line in _lines(result)), nl=False)
    return 0 if result.diff else NOTHING_SETTLED


def _lines(result: "Freezing") -> list[str]:
    rows = [("fixed", what, becomes) for what, becomes in result.fixed]
    rows += [("removed", what, "it no longer reaches the output") for what in result.removed]
    rows += [("stays", each.what, each.why) for each in result.stays]
    first, second = (max((len(row[column]) for row in rows), default=0) for column in range(2))
    second = min(second, WIDEST_NAME)
    lines = [f"{verb:<{first}}  {what:<{second}}  {how}" for verb, what, how in rows]
    if result.written:
        return [*lines, f"rewrote {result.path}"]
    if result.diff:
        return [*lines, f"{result.path} would be rewritten"]
    why = "has settled" if result.stays else "can be learned"
    return [*lines, f"{result.path} is left as it is: nothing in it {why}"]
