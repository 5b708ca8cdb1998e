"""The author's file with other values after `~`, compiled: the one way from a proposal to a graph."""

import attrs

from agraph.compiler import compile_source
from agraph.compiler.ir import Graph
from agraph.compiler.loader import Loader
from agraph.compiler.source import Source
from agraph.optimizer.rewrite import Values, current_values, rewritten


@attrs.frozen(eq=False)
class Manuscript:
    """A file that is being learned.

    Attributes:
        graph: As compiled from the source.
        source: The author's file.
        loader: Reads what it imports.
    """

    graph: Graph
    source: Source
    loader: Loader

    def text(self, values: Values) -> str:
        """The file's text where it says these values."""
        return rewritten(self.graph, self.source, values)

    def compiled(self, values: Values) -> Graph | str:
        """The graph where the file says these values, or why there is none."""
        again = compile_source(Source(self.source.path, self.text(values)), self.loader)
        errors = [finding for finding in again.diagnostics if finding.severity == "error"]
        if errors:
            return errors[0].message
        graph = next(each for each in again.graphs if each.name == self.graph.name)
        if current_values(graph) != values:
            return "the file would say something else"
        if _structure(graph) != _structure(self.graph):
            return "the graph would be another"
        return graph


def _structure(graph: Graph) -> tuple[object, ...]:
    """What no value after `~` can change; an imported file that was edited meanwhile can."""
    return graph.models, graph.tools, graph.edges, tuple(node.name for node in graph.nodes)
