"""What a command leaves behind: options for the store and for events, and how verbs read the store."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from agraph.recording import Recording
    from agraph.runtime.events import Event, Listener

F = TypeVar("F", bound=Callable[..., Any])


def recording_options(function: F) -> F:
    """`--no-cache` and `--events FILE`."""
    function = click.option(
        "--events", metavar="FILE", help="Write what happens to this file, an event in JSON a line."
    )(function)
    return click.option(
        "--no-cache", is_flag=True, help="Ask models again what they were asked before, and keep no answer."
    )(function)


def recorded(no_cache: bool) -> "Recording":
    """How a command of the command line uses the store."""
    from agraph.recording import Recording

    return Recording(cache=not no_cache, report=lambda message: click.echo(f"warning: {message}", err=True))


@contextmanager
def listening(path: str | None, listener: "Listener | None" = None) -> "Iterator[Listener | None]":
    """A listener that tells the given one, and writes to the file of `--events` where there is one."""
    if path is None:
        yield listener
        return
    if path == "-":
        raise click.UsageError(
            "`--events -`: standard output is for the result; name a file, or `/dev/stderr`"
        )
    from agraph.runtime.errors import FileError
    from agraph.runtime.event_json import event_json

    try:
        # A line at a time, for whoever follows the file.
        file = open(path, "w", encoding="utf-8", buffering=1)  # noqa: SIM115 -- closed below
    except OSError as error:
        raise FileError(f"`{path}` cannot be written: {(error.strerror or str(error)).lower()}") from error
    with file:

        def write(event: "Event") -> None:
            file.write(json.dumps(event_json(event, time.time())) + "\n")
            if listener is not None:
                listener(event)

        yield write


def project_option(function: F) -> F:
    """`--project PATH`."""
    return click.option(
        "--project", metavar="PATH", default=".", show_default="the working folder",
        help="A file or folder of the project whose store is meant.",
    )(function)  # fmt: skip
