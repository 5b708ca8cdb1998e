"""Freezing a file: what has settled becomes fixed structure, written in place."""

import os
import time
from collections.abc import Callable

import attrs

from agraph.files import FileLoader
from agraph.graph_argument import load_optimized_graph, parse_target
from agraph.history import Change, Learned, difference, note
from agraph.optimizer.decisions import Open
from agraph.optimizer.freeze import Frozen, freeze_graph
from agraph.recording import warned
from agraph.runtime.errors import InputError
from agraph.runtime.permissions import Permissions
from agraph.writing import replace_file, require_writable, sole_use


@attrs.frozen
class Freezing:
    """What became of a file.

    Attributes:
        path: The file that was or would be written.
        fixed: What became fixed, each with what it is now.
        removed: The nodes that no longer reach the output and went, with their edges.
        stays: What stays as it is, and why.
        diff: From the file to its new text, empty where nothing is to be changed.
        written: Whether it was written.
        run: The number under which the history keeps it, or `None`.
    """

    graph: str
    path: str
    fixed: tuple[tuple[str, str], ...]
    removed: tuple[str, ...]
    stays: tuple[Open, ...]
    diff: str
    written: bool
    run: int | None


def freeze(
    target: str,
    *,
    threshold: float = 0.9,
    everything: bool = False,
    plan: bool = False,
    permissions: Permissions | None = None,
    report: Callable[[str], None] = warned,
) -> Freezing:
    """Turn what has settled in a graph into fixed structure; the file deploys what it deployed.

    Args:
        target: `FILE` or `FILE:graph`; unless one is named, the graph of the file's one `optimize` block.
        threshold: From which probability on, and from which as far below 1, something has settled: 0.5 to 1.
        everything: Take all as the file deploys it, whatever the threshold; prompts and examples stay as
            they stand.
        plan: Write nothing.
        permissions: What the file may import; its project where `None`.
        report: Is told where the store cannot be used, which then lacks the change.

    Raises:
        AgraphError: As `runtime.errors` tells them apart; the file is then as it was.
    """
    if not 0.5 <= threshold <= 1:
        raise InputError(f"a threshold is between 0.5 and 1, and not {threshold:g}")
    path, _ = parse_target(target)
    with sole_use(path):
        if not plan:
            require_writable(path)
        compilation, graph = load_optimized_graph(target, permissions)
        source = compilation.module.source
        frozen = freeze_graph(compilation, graph.name, FileLoader(permissions), threshold, everything)
        diff = difference(source, frozen.text, path)
        written, run = bool(diff) and not plan, None
        if written:
            replace_file(path, frozen.text, source)
            run = note(_learned(frozen, graph.name, path, source.text), path, report)
    return Freezing(graph.name, path, frozen.fixed, frozen.removed, frozen.stays, diff, written, run)


def _learned(frozen: Frozen, graph: str, path: str, before: str) -> Learned:
    return Learned(
        number=0,
        verb="freeze",
        file=os.path.realpath(path),
        graph=graph,
        began_s=time.time(),
        before=before,
        after=frozen.text,
        written=True,
        changes=tuple(Change(*value) for value in frozen.values),
    )
