"""`agraph fmt`: files of graphs in the one form."""

import sys

import click

from agraph.cli.check import standard_input
from agraph.cli.help import Command
from agraph.cli.paths import STANDARD_INPUT, named_files
from agraph.compiler.format import formatted
from agraph.files import read_source
from agraph.patch import unified
from agraph.render import counted, summary, write_full
from agraph.runtime.errors import FileError
from agraph.writing import replace_file, require_writable, sole_use


@click.command(cls=Command)
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("--check", is_flag=True, help="Write nothing, and name the files that would change.")
@click.option("--diff", is_flag=True, help="Write nothing, and print what would change.")
def fmt(files: tuple[str, ...], check: bool, diff: bool) -> int:
    """Write files in the one form that the language has.

    Comments and blank lines stay, and what a file says. A FILE that is a folder stands for every .agraph
    file below it, and no FILE for the current folder; - reads standard input and writes standard output. A
    file with syntax errors is left as it is, and its errors are shown. The exit code is 1 where that
    happened, or where --check or --diff found something to change; 2 for a wrong command line.
    """
    if check and diff:
        raise click.UsageError("--check and --diff are two ways to write nothing; choose one")
    if STANDARD_INPUT in files and len(files) > 1:
        raise click.UsageError("- stands alone: its text goes to standard output")
    mode = "check" if check else "diff" if diff else "write"
    changes: list[bool | None] = []
    for path in tuple(named_files(files)):
        try:
            changes.append(_format(path, mode))
        except FileError as error:
            click.echo(f"error: {error}", err=True)
            changes.append(None)
    if mode != "diff" and files != (STANDARD_INPUT,):
        _report(changes, mode)
    return 1 if None in changes or (mode != "write" and True in changes) else 0


def _format(path: str, mode: str) -> bool | None:
    """Whether a file changes or would, or `None` where it has syntax errors, which are then told.

    Raises:
        FileError: The file cannot be read or written.
    """
    source = standard_input() if path == STANDARD_INPUT else read_source(path)
    text = formatted(source)
    if not isinstance(text, str):
        write_full(text, sys.stderr)
        click.echo(f"{summary(text)} in {source.path}, which is left as it is", err=True)
        return None
    changed = text != source.text
    if mode == "write" and path == STANDARD_INPUT:
        click.echo(text.encode(), nl=False)
    elif changed and mode == "diff":
        click.echo(unified(source.text, text, source.path, source.path))
    elif changed and mode == "check":
        click.echo(source.path)
    elif changed:
        require_writable(path)
        with sole_use(path):
            replace_file(path, text, source)
        click.echo(f"formatted {source.path}")
    return changed


def _report(changes: list[bool | None], mode: str) -> None:
    """A line on how many files there were of each kind."""
    words = {True: "formatted" if mode == "write" else "would change", False: "unchanged", None: "left out"}
    counts = {word: changes.count(change) for change, word in words.items()}
    # What --check prints on standard output is a list of files, and nothing else.
    told = (f"{counted(count, 'file')} {word}" for word, count in counts.items() if count)
    click.echo(", ".join(told), err=mode == "check")
