"""The compiler: text in, values out; it reads no file but through a `Loader`, no clock, no randomness.

The passes in order: `parser.parse` makes the tree, `names.resolve` finds what its names mean,
`lower.lower` lays out and types each graph, `check.check` holds the rules about a graph as a whole, and
`verify.verify` holds that what came out is legal. Mistakes are values: every pass adds to the findings.
"""

from collections.abc import Sequence

import attrs

from agraph.compiler import ir, kinds
from agraph.compiler.check import check
from agraph.compiler.diagnostics import Diagnostic, Findings, has_errors, nearest
from agraph.compiler.loader import Loader
from agraph.compiler.lower import lower
from agraph.compiler.names import Module, resolve
from agraph.compiler.source import Source
from agraph.compiler.verify import verify


@attrs.frozen
class Compilation:
    """What became of a file.

    Attributes:
        graphs: In order of declaration; empty where the file has errors.
        diagnostics: Sorted by place.
    """

    module: Module
    graphs: tuple[ir.Graph, ...]
    diagnostics: tuple[Diagnostic, ...]


def compile_source(source: Source, loader: Loader) -> Compilation:
    """The graphs of a file, and everything that is wrong with it.

    Args:
        source: The file.
        loader: Reads what it imports.
    """
    module, diagnostics = resolve(source, loader)
    findings = Findings(source, list(diagnostics))
    graphs: list[ir.Graph] = []
    for declaration in module.graphs.values():
        lowered = lower(declaration, module, findings)
        if lowered is not None:
            check(lowered, findings)
            graphs.append(lowered.graph)
    for block in module.optimizes.values():
        if block.graph.text not in module.graphs:
            hint = nearest(block.graph.text, module.graphs)
            findings.add(kinds.UNKNOWN_GRAPH, block.graph.span, name=block.graph.text, hint=hint)
    found = _sorted(_without_guesses(findings.found))
    if has_errors(found):
        return Compilation(module, (), found)
    for graph in graphs:
        verify(graph)
    return Compilation(module, tuple(graphs), found)


def _without_guesses(found: Sequence[Diagnostic]) -> Sequence[Diagnostic]:
    """The findings but those that something is missing, where it may stand in what could not be read."""
    syntax_errors = {d.code for d in found if d.code.startswith("AG01")} - {
        kinds.MISSING_HEADER.code,
        kinds.MISPLACED_HEADER.code,
    }
    if not syntax_errors:
        return found
    return [diagnostic for diagnostic in found if diagnostic.code not in kinds.ABSENCES]


def _sorted(found: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Each mistake once, by place: a graph's default is read by each of its nodes."""
    return tuple(sorted(dict.fromkeys(found), key=lambda diagnostic: diagnostic.sort_key))
