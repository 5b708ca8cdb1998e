"""What the front door's commands leave in the store of a file's project, `.agraph/` in its root."""

import os
import warnings
from collections.abc import Callable, Mapping

import attrs

from agraph.compiler.ir import Graph, Json, Model
from agraph.graph_argument import parse_target
from agraph.runtime.journal import Journal
from agraph.runtime.project import project_root
from agraph.runtime.store import RunRecord, Store
from agraph.runtime.store_file import identity, set_aside, store_path
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


def journal_of(
    verb: str,
    target: str,
    graph: Graph,
    arguments: Mapping[str, Json],
    models: Mapping[str, Model] | None,
    recording: Recording,
) -> Journal:
    """The journal of a command on a file.

    Args:
        verb: As on the command line.
        target: `FILE` or `FILE:graph`.
        graph: What is run.
        arguments: What else decides what is done, for the record.
        models: Replacements by name. Of these the record says who they are and not their options.
        recording: How the store is used.
    """
    path, _ = parse_target(target)
    root = project_root(path)
    place = store_path(root)
    replaced: dict[str, Json] = {name: spelled(model) for name, model in (models or {}).items()}
    known = {name: value for name, value in arguments.items() if value is not None}
    said = {**known, "models": replaced} if replaced else known
    record = RunRecord(verb, os.path.relpath(os.path.realpath(path), root), graph.name, said, started_s=0.0)
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
        open_store, record, recording.report, lambda: set_aside(place, opened[-1]), recording.cache
    )
