"""`agraph runs`: what was run in a project."""

import json
from typing import TYPE_CHECKING

import click

from agraph.cli.help import Command
from agraph.cli.recording import project_option

if TYPE_CHECKING:
    from agraph.runtime.store import RunRecord


@click.command(cls=Command)
@project_option
@click.option("-n", "most", type=click.IntRange(1), default=20, show_default=True, help="The most to show.")
@click.option("--json", "as_json", is_flag=True, help="Print the records as JSON.")
def runs(project: str, most: int, as_json: bool) -> None:
    """List the last runs that asked models, the newest first.

    `agraph trace NUMBER` shows one of them.
    """
    from agraph.recording import kept_store

    with kept_store(project) as store:
        found = () if store is None else store.runs(most)
    if as_json:
        import attrs

        click.echo(json.dumps([attrs.asdict(record) for record in found], ensure_ascii=False, indent=2))
    elif found:
        click.echo(_table(found))
    else:
        click.echo("no runs yet")


def _table(found: "tuple[RunRecord, ...]") -> str:
    rows = [("run", "when", "took", "verb", "graph", "outcome"), *map(_row, found)]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join(
        "  ".join(
            [*(cell.ljust(width) for cell, width in zip(row[:5], widths, strict=True)), row[5]]
        ).rstrip()
        for row in rows
    )


def _row(record: "RunRecord") -> tuple[str, str, str, str, str, str]:
    import datetime

    began = datetime.datetime.fromtimestamp(record.started_s).astimezone()
    took = "" if record.finished_s is None else f"{record.finished_s - record.started_s:.1f} s"
    # What was killed cannot say so.
    outcome = (record.outcome or "not ended").splitlines()[0]
    return (
        str(record.number),
        f"{began:%Y-%m-%d %H:%M:%S}",
        took,
        record.verb,
        f"{record.file}:{record.graph}",
        outcome,
    )
