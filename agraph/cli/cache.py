"""`agraph cache`: the replies that are kept, so that nothing is paid for twice."""

import re
from typing import TYPE_CHECKING

import click

from agraph.cli.help import Command, Group
from agraph.cli.recording import project_option
from agraph.render import counted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from agraph.runtime.store import Holdings

UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


class Age(click.ParamType[float]):
    """A length of time such as `30d`."""

    name = "age"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The seconds of the length."""
        found = re.fullmatch(r"(\d+)\s*([smhdw])", value)
        if found is None:
            self.fail(f"`{value}` is no age: write a number and s, m, h, d or w, such as `30d`", param, ctx)
        return int(found[1]) * UNIT_S[found[2]]


@click.group(cls=Group)
def cache() -> None:
    """Look after the store of a project: the answers of its models, and the records of its runs."""


@cache.command(cls=Command)
@project_option
def stats(project: str) -> None:
    """Tell how much is kept."""
    from agraph.recording import damaged_stores, kept_store

    with kept_store(project) as store:
        words = [] if store is None else [_words(store.holdings())]
    damaged = damaged_stores(project)
    if damaged:
        size_bytes = sum(file.stat().st_size for file in damaged)
        words.append(f"{_stores(damaged)} set aside, {_size(size_bytes)}")
    click.echo("\n".join(words) or "nothing is kept")


@cache.command(cls=Command)
@project_option
def clear(project: str) -> None:
    """Forget everything: the next run pays for its answers again, and `agraph history` starts anew.

    A damaged store is removed, and so are those that were set aside.
    """
    from agraph.recording import clear_store

    held, removed = clear_store(project)
    words = [] if held is None else [f"forgot {_words(held)}"]
    words += [f"removed {_stores(removed)}"] if removed else []
    click.echo("\n".join(words) or "nothing is kept")


@cache.command(cls=Command)
@project_option
@click.option(
    "--older-than", "age_s", type=Age(), metavar="AGE", default="30d", show_default=True,
    help="A number and s, m, h, d or w.",
)  # fmt: skip
def prune(project: str, age_s: float) -> None:
    """Forget what is old: answers, and runs with what they learned (`agraph history`)."""
    import time

    from agraph.recording import kept_store

    with kept_store(project) as store:
        if store is None:
            click.echo("nothing is kept")
            return
        click.echo(f"forgot {_words(store.prune(time.time() - age_s))}")


def _words(held: "Holdings") -> str:
    kept = [
        f"{counted(held.calls, 'answer')} of models ({counted(held.tokens, 'token')})",
        f"{counted(held.runs, 'run')} with {counted(held.events, 'event')}",
        *([counted(held.checkpoints, "checkpoint")] if held.checkpoints else []),
        _size(held.size_bytes),
    ]
    return ", ".join(kept)


def _stores(files: "Sequence[Path]") -> str:
    return counted(sum(not file.name.endswith(("-wal", "-shm")) for file in files), "damaged store")


def _size(count: int) -> str:
    return f"{count / 2**20:.1f} MB" if count >= 2**20 else f"{count / 2**10:.0f} kB"
