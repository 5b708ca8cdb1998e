"""`agraph history` and `agraph revert`: what was learned for a file, and the way back."""

import json
from typing import TYPE_CHECKING

import click

from agraph.cli.help import Command
from agraph.cli.recording import recorded
from agraph.render import counted

if TYPE_CHECKING:
    from agraph.history import Learned


@click.command("history", cls=Command)
@click.argument("path", metavar="FILE")
@click.option("--diff", "number", type=click.IntRange(1), metavar="RUN", help="Show what this run changed.")
@click.option("--json", "as_json", is_flag=True, help="Print the records as JSON.")
def history_(path: str, number: int | None, as_json: bool) -> None:
    """List what was learned for a file, the newest first: when, from which data, at what score.

    It comes from the store of the file's project, which nothing but this list, `revert` and
    `optimize --apply` needs.
    """
    from agraph.files import read_source
    from agraph.history import diff_of, history

    read_source(path)
    found = history(path)
    if number is not None:
        shown = next((each for each in found if each.number == number), None)
        if shown is None:
            raise click.UsageError(
                f"run {number} learned nothing for this file: without `--diff` all are listed"
            )
        click.echo(diff_of(shown) or f"run {number} changed nothing")
    elif as_json:
        import attrs

        click.echo(json.dumps([attrs.asdict(each) for each in found], ensure_ascii=False, indent=2))
    elif found:
        click.echo("\n".join(line for each in found for line in _lines(each)))
    else:
        click.echo("nothing was learned for this file yet")


@click.command("revert", cls=Command)
@click.argument("path", metavar="FILE")
def revert_(path: str) -> None:
    """Give a file back the text that it had before it was last optimized or frozen.

    Each call goes one change further back. A file that was changed by hand since is left as it is.
    """
    from agraph.history import revert

    back = revert(path, recorded(no_cache=False).report)
    click.echo(f"took back what run {back.of} wrote into {path}")


def _lines(learned: "Learned") -> list[str]:
    """A record in a few lines: what it was, how it was judged, and what it changed."""
    import datetime

    began = datetime.datetime.fromtimestamp(learned.began_s).astimezone()
    of = "" if learned.of is None else f" run {learned.of}"
    what = f"{learned.verb}{of}  {learned.graph}: {_outcome(learned)}"
    lines = [f"{learned.number}  {began:%Y-%m-%d %H:%M:%S}  {what}"]
    data, verdict, usage = learned.data, learned.verdict, learned.usage
    if data:
        lines.append(f"    data      {data['path']}, {data['rows']} rows, hash {data['hash']}")
    if verdict is not None:
        means = f"{verdict['seed_mean']:.3f} before, {verdict['result_mean']:.3f} after"
        lines.append(f"    held out  {means}, on {data['held_out_rows']} rows: {_VERDICTS[verdict['kind']]}")
    if usage:
        usd = usage["cost_usd"]
        cost = "unknown" if usd is None else f"${usd:.2f}"
        lines.append(f"    used      {counted(usage['calls'], 'model call')}, cost {cost}")
    if learned.before != learned.after:
        changed = [each for each in learned.changes if each.old != each.new]
        lines += [f"    {each.name}: {each.old:.3g}, then {each.new:.3g}" for each in changed]
        lines += [f"    {name}: another text, see --diff {learned.number}" for name in learned.texts]
    return lines


_VERDICTS = {"improved": "improved", "not proven": "better, not proven", "rejected": "rejected"}


def _outcome(learned: "Learned") -> str:
    if learned.before == learned.after:
        return "nothing better was found"
    return "written" if learned.written else "planned"
