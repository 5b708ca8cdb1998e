"""`FILE[:graph]`, the argument by which the command line names a graph."""

from agraph.compiler import Compilation, ir
from agraph.compiler.diagnostics import has_errors, nearest
from agraph.files import load
from agraph.runtime.errors import CompileError, InputError


def parse_target(text: str) -> tuple[str, str | None]:
    """The path, and the name of the graph where one is named.

    >>> parse_target("panel.agraph:debate")
    ('panel.agraph', 'debate')
    """
    path, _, graph = text.rpartition(":")
    # The colon may be part of a path, as in `C:\\panel.agraph`, whose end is no name.
    named = path.endswith(".agraph") or (len(path) > 1 and graph.isidentifier())
    return (path, graph) if named else (text, None)


def load_graph(text: str) -> tuple[Compilation, ir.Graph]:
    """What became of the file of `FILE[:graph]`, and the graph: the last one where none is named.

    Raises:
        FileError: The file cannot be read.
        CompileError: It has errors.
        InputError: It has no such graph, or none at all.
    """
    path, name = parse_target(text)
    compilation = load(path)
    if has_errors(compilation.diagnostics):
        raise CompileError(compilation.diagnostics)
    graphs = {graph.name: graph for graph in compilation.graphs}
    if not graphs:
        raise InputError(f"`{path}` declares no graph")
    if name is None:
        return compilation, compilation.graphs[-1]
    if name not in graphs:
        hint = nearest(name, graphs)
        known = ", ".join(f"`{graph}`" for graph in graphs)
        suggestion = f"; {hint}" if hint else ""
        raise InputError(f"there is no graph `{name}` in `{path}`, which has {known}{suggestion}")
    return compilation, graphs[name]
