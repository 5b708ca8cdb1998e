"""The files that a command line names: one by one, or all below a folder."""

import os
from collections.abc import Iterator, Sequence

import click

from agraph.files import graph_files

STANDARD_INPUT = "-"


def named_files(paths: Sequence[str]) -> Iterator[str]:
    """Each file once, folders replaced by the .agraph files below them; without a path, the current folder.

    Raises:
        click.UsageError: There is no file below a folder.
    """
    seen: set[str] = set()
    for path in paths or (".",):
        found = tuple(graph_files(path)) if os.path.isdir(path) else (path,)
        if not found:
            where = f"`{path}`" if paths else "the current folder; name one"
            raise click.UsageError(f"there is no .agraph file below {where}")
        for file in found:
            real = os.path.realpath(file)
            if real not in seen:
                seen.add(real)
                # As the user would name it: `./a.agraph` of the folder `.` is `a.agraph`.
                yield file if file == STANDARD_INPUT else os.path.normpath(file)
