"""`agraph trace`: what happened in a run."""

import json

import click

from agraph.cli.help import Command
from agraph.cli.recording import project_option


@click.command(cls=Command)
@click.argument("number", metavar="[RUN]", type=int, required=False)
@project_option
@click.option("--only", type=click.IntRange(0), metavar="N", help="Show one realization, by its number.")
@click.option("--full", is_flag=True, help="Show all realizations, and texts whole.")
@click.option("--json", "as_json", is_flag=True, help="Print the events, one in JSON a line.")
def trace(number: int | None, project: str, only: int | None, full: bool, as_json: bool) -> None:
    """Show what a run did, the last one unless a number of `agraph runs` is given.

    Of each realization that it ran: time, model calls, tokens and cost, then its nodes, and what models were
    asked (‹) and answered (›). A call from the cache cost nothing.
    """
    from agraph.recording import kept_store
    from agraph.runtime.errors import InputError
    from agraph.trace import trace as traced
    from agraph.trace_text import trace_text

    with kept_store(project) as store:
        found = () if store is None else store.runs(1)
        record = store.run(number) if store and number is not None else found[0] if found else None
        if store is None or record is None:
            raise InputError("there is no run yet" if number is None else f"there is no run {number}")
        events = store.events(record.number)
        if as_json:
            for event in events:
                click.echo(json.dumps(event, ensure_ascii=False))
            return
        runs = [run for run in traced(events) if only is None or run.number == only]
    if only is not None and not runs:
        raise InputError(f"run {record.number} has no realization {only}")
    click.echo(trace_text(record, runs, full=full))
