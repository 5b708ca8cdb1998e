"""The compiler: text in, values out; it reads no file but through a `Loader`, no clock, no randomness.

The passes in order: `parser.parse` makes the tree, `names.resolve` finds what its names mean,
`lower.lower` lays out and types each graph, `check.check` holds the rules about a graph as a whole, and
`verify.verify` holds that what came out is legal. Mistakes are values: every pass adds to the findings.
"""

from collections.abc import Mapping

import attrs

from agraph.compiler import ir
from agraph.compiler.allowed import divided
from agraph.compiler.check import check
from agraph.compiler.diagnostics import Diagnostic, Findings, has_errors
from agraph.compiler.loader import Loader
from agraph.compiler.lower import Lowered, lower
from agraph.compiler.names import Module, resolve
from agraph.compiler.parameters import needs_parameters
from agraph.compiler.reported import reported
from agraph.compiler.source import Source
from agraph.compiler.test_blocks import TestBlock, lower_tests, require_graph
from agraph.compiler.verify import verify


@attrs.frozen
class Compilation:
    """What became of a file.

    Attributes:
        graphs: Those that can run by themselves, in order of declaration; empty where the file has errors.
        tests: Likewise.
        diagnostics: Sorted by place.
        lowered: What was made of every graph, whether or not the file has errors, by name.
        allowed: The warnings that comments in the file switch off.
    """

    module: Module
    graphs: tuple[ir.Graph, ...]
    tests: tuple[TestBlock, ...]
    diagnostics: tuple[Diagnostic, ...]
    lowered: Mapping[str, Lowered]
    allowed: tuple[Diagnostic, ...] = ()


def compile_source(source: Source, loader: Loader) -> Compilation:
    """The graphs of a file, and everything that is wrong with it.

    Args:
        source: The file.
        loader: Reads what it imports.
    """
    module, diagnostics = resolve(source, loader)
    findings = Findings(source, list(diagnostics))
    lowered = {name: lower(graph, module, findings) for name, graph in module.graphs.items()}
    for each in lowered.values():
        check(each)
    complete = {name: each for name, each in lowered.items() if not needs_parameters(module.graphs[name])}
    for block in module.optimizes.values():
        require_graph(block.graph, module, frozenset(complete), findings)
    tests = lower_tests(module, lowered, frozenset(complete), findings)
    found, allowed = divided(reported(findings.found, module.tree, source), source)
    if has_errors(found):
        return Compilation(module, (), (), found, lowered, allowed)
    graphs = tuple(each.graph for each in complete.values())
    for graph in graphs:
        verify(graph)
    return Compilation(module, graphs, tests, found, lowered, allowed)
