"""The command line: one small module a verb, loaded when it is asked for."""

import contextlib
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

import click

from agraph.cli.help import Group

if TYPE_CHECKING:
    from agraph.runtime.errors import CompileError

_VERBS = {
    "check": "agraph.cli.check:check",
    "fmt": "agraph.cli.fmt:fmt",
    "explain": "agraph.cli.explain:explain",
    "compile": "agraph.cli.compile:compile_",
    "show": "agraph.cli.show:show",
    "run": "agraph.cli.run:run",
    "test": "agraph.cli.test:test",
    "eval": "agraph.cli.evaluate:evaluate",
    "optimize": "agraph.cli.optimize:optimize",
    "freeze": "agraph.cli.freeze:freeze",
    "history": "agraph.cli.history:history_",
    "revert": "agraph.cli.history:revert_",
    "runs": "agraph.cli.runs:runs",
    "trace": "agraph.cli.trace:trace",
    "cache": "agraph.cli.cache:cache",
    "lsp": "agraph.cli.lsp:lsp",
}

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells know it."""


class Verbs(Group):
    """The verbs by name; the module of one is imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs, in the order in which a file meets them."""
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb of a name."""
        if cmd_name not in _VERBS:
            return None
        module, _, name = _VERBS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        if not gc.isenabled():
            gc.freeze()
            gc.enable()
        return command


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(None, "--version", package_name="agraph", message="agraph %(version)s")
def agraph() -> None:
    """Describe, run and optimize graphs of agents.

    An .agraph file describes a distribution over agents: what is written with = is fixed, what is written
    with ~ can be learned.
    """


def main() -> NoReturn:
    """Run the command line; leaves the process with its exit code."""
    # Importing makes many objects and hardly any garbage: looking for some would take a tenth of the start.
    gc.disable()
    _open_streams()
    for stream in (sys.stdout, sys.stderr):
        # A name in a graph must not fail a run because the terminal has no sign for it.
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    code = exit_code(sys.argv[1:])
    # All memory is given back at once: what is left needs not be searched for cycles.
    gc.freeze()
    sys.exit(code)


_AFRESH = ("--no-cache", "reinforce-plain", "reinforce-constant")
"""What has all calls made anew, so that nothing is kept to go on with."""


def exit_code(arguments: Sequence[str]) -> int:
    """Run the command line with arguments, and give its exit code."""
    try:
        result = agraph.main(list(arguments), prog_name="agraph", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        hint = ": the same command goes on where it was" if _goes_on(arguments) else ""
        click.echo(f"interrupted{hint}", err=True)
        return INTERRUPTED
    except OSError as error:
        # Files are named by errors of their own; what is left is standard output. A reader that went away, as
        # `head` does, needs no telling.
        if not isinstance(error, BrokenPipeError):
            click.echo(f"error: cannot write: {(error.strerror or str(error)).lower()}", err=True)
        # Python flushes standard output once more as it ends, which would complain again.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if _is_told(error):
            return 1
        raise
    return result if isinstance(result, int) else 0


def _goes_on(arguments: Sequence[str]) -> bool:
    """Whether what was interrupted goes on where it was when it is asked for again."""
    resumes = any(verb in ("eval", "optimize") for verb in arguments[:1])
    return resumes and not any(each.endswith(_AFRESH) for each in arguments)


def _open_streams() -> None:
    """Open the standard streams that the caller closed (`>&-`), to nowhere: Python has none for them."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # Open for as long as the process lives.
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


def _is_told(error: Exception) -> bool:
    """Whether the error is meant for people, who have then been told; any other is a bug."""
    from agraph.runtime.errors import AgraphError, CompileError

    if isinstance(error, CompileError):
        show_compile_error(error)
    elif isinstance(error, AgraphError):
        click.echo(f"error: {error}", err=True)
    else:
        return False
    return True


def show_compile_error(error: "CompileError") -> None:
    """Write everything that is wrong with a file to standard error."""
    from agraph.render import summary, write_full

    write_full(error.diagnostics, sys.stderr)
    click.echo(summary(error.diagnostics), err=True)
