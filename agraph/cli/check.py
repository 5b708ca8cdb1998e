"""`agraph check`: everything that is wrong with files of graphs."""

import sys
from collections.abc import Sequence

import click

from agraph.cli.help import Command
from agraph.cli.paths import STANDARD_INPUT, named_files
from agraph.compiler import compile_source
from agraph.compiler.diagnostics import Diagnostic
from agraph.compiler.loader import Unreadable
from agraph.compiler.source import Source
from agraph.files import FileLoader, decoded, read_source
from agraph.lints import findings_of
from agraph.render import as_json, concise, counted, summary, visible, write_full
from agraph.runtime.errors import FileError


@click.command(cls=Command)
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["full", "concise", "json", "sarif", "github"]),
    default="full",
    show_default=True,
    help="How findings are written.",
)
@click.option("--fix", is_flag=True, help="Mend what can be mended safely, and report the rest.")
def check(files: tuple[str, ...], form: str, fix: bool) -> int:
    """Report every error and warning of the files.

    A FILE that is a folder stands for every .agraph file below it, and no FILE for the current folder;
    - reads standard input. Nothing of yours is run. The exit code is 0 where nothing was found, 1 where
    something was, 2 for a wrong command line. A comment `# allow AG0414` at the end of a line switches a
    warning off there.
    """
    paths = tuple(named_files(files))
    if fix and STANDARD_INPUT in paths:
        raise click.UsageError("--fix mends files; standard input is none")
    found: list[Diagnostic] = []
    unreadable = 0
    for path in paths:
        try:
            if fix:
                found.extend(_mended(path))
                continue
            source = standard_input() if path == STANDARD_INPUT else read_source(path)
        except FileError as error:
            click.echo(f"error: {error}", err=True)
            unreadable += 1
        else:
            found.extend(findings_of(compile_source(source, FileLoader())))
    _report(found, form, len(paths) - unreadable)
    return 1 if found or unreadable else 0


def _mended(path: str) -> tuple[Diagnostic, ...]:
    """Mend a file, say what was done, and give what is left to say."""
    from agraph.fixing import mend
    from agraph.writing import replace_file, sole_use

    with sole_use(path):
        source = read_source(path)
        mended = mend(source, FileLoader())
        if mended.done:
            replace_file(path, mended.source.text, source)
    for each in mended.done:
        line, column = each.source.position(each.span.start)
        click.echo(visible(f"{source.path}:{line}:{column}: mended {each.code}: {each.title}"), err=True)
    return mended.left


def standard_input() -> Source:
    """What is given on standard input.

    Raises:
        FileError: It is no text.
    """
    text = decoded(sys.stdin.buffer.read())
    if isinstance(text, Unreadable):
        raise FileError(f"cannot read standard input: {text.reason}")
    return Source("<stdin>", text)


def _report(found: Sequence[Diagnostic], form: str, files: int) -> None:
    if form == "full" and not found:
        if files:
            click.echo(f"no problems in {counted(files, 'file')}")
    elif form == "json":
        import json

        click.echo(json.dumps([as_json(diagnostic) for diagnostic in found], ensure_ascii=False, indent=2))
    elif form == "sarif":
        import json

        from agraph.sarif import as_sarif

        click.echo(json.dumps(as_sarif(found), ensure_ascii=False, indent=2))
    elif form == "github":
        from agraph.workflow import as_workflow_command

        for diagnostic in found:
            click.echo(as_workflow_command(diagnostic))
    elif form == "concise":
        for diagnostic in found:
            click.echo(concise(diagnostic))
    else:
        write_full(found, sys.stdout)
        click.echo(f"{summary(found)} in {counted(files, 'file')}")
