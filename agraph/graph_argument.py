"""`FILE[:graph]`, the argument by which the command line names a graph."""

from typing import TYPE_CHECKING

from agraph.compiler import Compilation, ir
from agraph.compiler.diagnostics import has_errors, nearest
from agraph.files import FileLoader, load
from agraph.runtime.errors import CompileError, InputError

if TYPE_CHECKING:
    from agraph.runtime.permissions import Permissions


def parse_target(text: str) -> tuple[str, str | None]:
    """The path, and the name of the graph where one is named.

    >>> parse_target("panel.agraph:debate")
    ('panel.agraph', 'debate')
    """
    path, _, graph = text.rpartition(":")
    # The colon may be part of a path, as in `C:\\panel.agraph`, whose end is no name.
    named = path.endswith(".agraph") or (len(path) > 1 and graph.isidentifier())
    return (path, graph) if named else (text, None)


def load_graph(text: str, permissions: "Permissions | None" = None) -> tuple[Compilation, ir.Graph]:
    """What became of the file of `FILE[:graph]`, and the graph: the last one where none is named.

    Args:
        text: The argument.
        permissions: What the file may import; its project where `None`.

    Raises:
        FileError: The file cannot be read.
        CompileError: It has errors.
        InputError: It has no such graph, or none at all.
    """
    compilation, named = _load(text, permissions)
    return compilation, compilation.graphs[-1] if named is None else named


def load_optimized_graph(text: str, permissions: "Permissions | None" = None) -> tuple[Compilation, ir.Graph]:
    """Likewise; where none is named, the graph of the one `optimize` block, or without any the last one.

    Raises:
        FileError: The file cannot be read.
        CompileError: It has errors.
        InputError: It has no such graph, or none at all, or several to choose from.
    """
    compilation, named = _load(text, permissions)
    with_block = [graph for graph in compilation.graphs if graph.task is not None]
    if named is None and len(with_block) > 1:
        shown = " or ".join(f"`{text}:{graph.name}`" for graph in with_block)
        raise InputError(f"`{text}` has {len(with_block)} optimize blocks: name the graph of one, {shown}")
    return compilation, named or (with_block or compilation.graphs)[-1]


def _load(text: str, permissions: "Permissions | None") -> tuple[Compilation, ir.Graph | None]:
    """What became of a file that has graphs, and the one that is named."""
    path, name = parse_target(text)
    compilation = load(path, FileLoader(permissions))
    if has_errors(compilation.diagnostics):
        raise CompileError(compilation.diagnostics)
    graphs = {graph.name: graph for graph in compilation.graphs}
    if not graphs:
        raise InputError(f"`{path}` declares no graph")
    if name is None:
        return compilation, None
    if name not in graphs:
        hint = nearest(name, graphs)
        known = ", ".join(f"`{graph}`" for graph in graphs)
        suggestion = f"; {hint}" if hint else ""
        raise InputError(f"there is no graph `{name}` in `{path}`, which has {known}{suggestion}")
    return compilation, graphs[name]
