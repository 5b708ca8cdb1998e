"""`agraph test`: the `test` blocks of files."""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from agraph.cli.granting import project_options
from agraph.cli.help import Command
from agraph.files import graph_files

if TYPE_CHECKING:
    from rich.text import Text

    from agraph.compiler import Compilation
    from agraph.compiler.test_blocks import TestBlock
    from agraph.junit import Case, Suite
    from agraph.runtime.permissions import Permissions
    from agraph.testing_blocks import Miss, TestResult


@click.command("test", cls=Command)
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("-k", "part", metavar="TEXT", help="Only the tests whose name, file included, holds this text.")
@click.option("--junit", "report", metavar="FILE", help="Write the results to this file as JUnit XML.")
@project_options
def test(
    files: tuple[str, ...],
    part: str | None,
    report: str | None,
    allow: tuple[str, ...],
    allow_read: tuple[str, ...],
) -> int:
    """Run the test blocks of the files, offline.

    Without FILE, of every .agraph file below the current folder. The graph that a file deploys runs on the
    test's inputs, with the models that the test names in place of its own; a model that would be asked over
    the network is an error.

    The exit code is 0 where every test passed or there is none, 1 where one failed or a file has errors, and
    2 where no test is named as -k says.
    """
    from agraph.granting import permissions_of
    from agraph.junit import write_junit

    paths = files or tuple(graph_files("."))
    if not paths:
        raise click.UsageError("there is no .agraph file below the current folder; name one")
    suites = [
        suite for path in paths for suite in _suite(path, part, permissions_of(path, allow, allow_read))
    ]
    cases = [case for suite in suites for case in suite.cases]
    if not cases and part is not None:
        raise click.UsageError(f"no test has `{part}` in its name")
    if report is not None:
        write_junit(report, suites)
    click.echo(_summary(suites))
    return 1 if any(case.failure or case.error for case in cases) else 0


def _suite(path: str, part: str | None, permissions: "Permissions") -> "Iterator[Suite]":
    """The results of a file's tests, shown as they come, or none where it has no test to run."""
    from agraph.files import FileLoader, load, shown_path
    from agraph.junit import Case, Suite
    from agraph.runtime.errors import AgraphError, CompileError

    shown = shown_path(path)
    try:
        compilation = load(path, FileLoader(permissions))
        if not compilation.graphs and compilation.diagnostics:
            raise CompileError(compilation.diagnostics)
    except AgraphError as error:
        _tell(error)
        yield Suite(shown, (Case("compiles", 0.0, error=str(error)),), unusable=True)
        return
    chosen = [block for block in compilation.tests if _is_chosen(f"{shown}::{block.name}", part)]
    if chosen:
        yield Suite(shown, tuple(_run(block, shown, compilation, permissions) for block in chosen))


def _is_chosen(name: str, part: str | None) -> bool:
    return part is None or part.casefold() in name.casefold()


def _run(block: "TestBlock", path: str, compilation: "Compilation", permissions: "Permissions") -> "Case":
    """Run a test and show what became of it."""
    from agraph.junit import Case
    from agraph.render import visible, write_text
    from agraph.testing_blocks import run_test

    result = run_test(block, permissions)
    click.echo(f"{visible(f'{path}::{block.name}')} {'passed' if result.passed else 'failed'}")
    pictures = list(_pictures(result, compilation))
    for picture in pictures:
        click.echo("")
        sys.stdout.flush()
        write_text(picture, sys.stdout)
    if pictures:
        click.echo("")
    text = "\n\n".join(picture.plain for picture in pictures)
    return Case(
        block.name,
        result.duration_s,
        failure=text if result.misses else "",
        error=text if result.error else "",
    )


def _pictures(result: "TestResult", compilation: "Compilation") -> "Iterator[Text]":
    """What went wrong in a test, each with its place in the file."""
    from agraph.render import finding

    source = compilation.module.source
    if result.error is not None:
        yield finding(str(result.error), source, result.test.span, ())
    for miss in result.misses:
        yield finding("this does not hold", source, miss.expectation.span, _notes(miss))


def _notes(miss: "Miss") -> Sequence[tuple[str, str]]:
    from agraph.runtime.values import shorten

    left, right = miss.sides
    values = [("left", left), ("right", right), *miss.named]
    return [(name, shorten(value)) for name, value in values]


def _tell(error: Exception) -> None:
    """Write what is wrong with a file to standard error."""
    from agraph.cli import show_compile_error
    from agraph.runtime.errors import CompileError

    if isinstance(error, CompileError):
        show_compile_error(error)
    else:
        click.echo(f"error: {error}", err=True)


def _summary(suites: "Sequence[Suite]") -> str:
    from agraph.render import counted

    unusable = sum(suite.unusable for suite in suites)
    cases = [case for suite in suites if not suite.unusable for case in suite.cases]
    failed = sum(bool(case.failure or case.error) for case in cases)
    parts = [
        (len(cases) - failed, f"{len(cases) - failed} passed"),
        (failed, f"{failed} failed"),
        (unusable, f"{counted(unusable, 'file')} with errors"),
    ]
    return ", ".join(text for count, text in parts if count) or "no tests"
