"""What the front door's commands leave in the store of a file's project, `.agraph/` in its root."""

import hashlib
import json
import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import attrs

from agraph.compiler.ir import Graph, Json, Model
from agraph.graph_argument import parse_target
from agraph.runtime.errors import DamagedStoreError
from agraph.runtime.journal import Journal
from agraph.runtime.project import project_root
from agraph.runtime.store import Holdings, RunRecord, Store
from agraph.runtime.store_file import aside, identity, set_aside, store_path, told
from agraph.runtime.stored_calls import spelled


def warned(message: str) -> None:
    """Tell what is wrong with a store as Python tells such things."""
    warnings.warn(message, RuntimeWarning, stacklevel=2)


@attrs.frozen
class Recording:
    """How a command uses the store.

    Attributes:
        cache: Whether replies of models are kept and used again. The record of the command is kept anyway.
        report: Is told, in words, what is wrong with the store; the command goes on without it.
    """

    cache: bool = True
    report: Callable[[str], None] = warned


KEPT = Recording()
"""What a command does unless it is told otherwise."""


@contextmanager
def kept_store(project: str) -> Iterator[Store | None]:
    """The store of a project, or `None` where nothing was ever kept; to be read only where nobody may write.

    Args:
        project: A file or folder of it.
    """
    place = store_path(project_root(project))
    if not place.exists():
        yield None
        return
    from agraph.runtime.sqlite_store import SqliteStore

    store = SqliteStore(place, read_only=not os.access(place.parent, os.W_OK))
    try:
        yield store
    finally:
        store.close()


def damaged_stores(project: str) -> tuple[Path, ...]:
    """The files of the stores of a project that were damaged and set aside."""
    return aside(store_path(project_root(project)))


def clear_store(project: str) -> tuple[Holdings | None, tuple[Path, ...]]:
    """Forget all that is kept in a project.

    Returns:
        What was forgotten, `None` where there was no store or a damaged one; and the files of the damaged
        stores that were removed, this one or others before.

    Raises:
        StoreError: It cannot be cleared.
    """
    place = store_path(project_root(project))
    before, forgotten = identity(place), None
    try:
        with kept_store(project) as store:
            forgotten = None if store is None else store.clear()
    except DamagedStoreError:
        set_aside(place, before)
    with told(place):
        files = aside(place)
        for file in files:
            file.unlink()
    return forgotten, files


def journal_of(
    verb: str,
    target: str,
    graph: Graph,
    arguments: Mapping[str, Json],
    models: Mapping[str, Model] | None,
    recording: Recording,
    *,
    resumes: bool = False,
) -> Journal:
    """The journal of a command on a file.

    Args:
        verb: As on the command line.
        target: `FILE` or `FILE:graph`.
        graph: What is run.
        arguments: What else decides what is done, for the record.
        models: Replacements by name. Of these the record says who they are and not their options.
        recording: How the store is used.
        resumes: Whether the same command, given again after it was killed, goes on where it was.
    """
    path, _ = parse_target(target)
    root = project_root(path)
    place = store_path(root)
    replaced: dict[str, Json] = {name: spelled(model) for name, model in (models or {}).items()}
    known = {name: value for name, value in arguments.items() if value is not None}
    said = {**known, "models": replaced} if replaced else known
    record = RunRecord(verb, os.path.relpath(os.path.realpath(path), root), graph.name, said, time.time())
    opened: list[int | None] = []

    def open_store() -> Store:
        # Only here, for a command that asks no model needs no SQLite.
        from agraph.runtime.sqlite_store import SqliteStore

        # Told before, for one that is damaged may not open; and after, for one that was not there.
        opened[:] = [identity(place)]
        store = SqliteStore(place)
        opened[:] = [identity(place)]
        return store

    return Journal(
        open_store, record, recording.report, lambda: set_aside(place, opened[-1]), recording.cache,
        _named(record) if resumes else None,
    )  # fmt: skip


def _named(record: RunRecord) -> str:
    """The same text for the same command."""
    said = json.dumps([record.verb, record.file, record.graph, record.arguments], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]
