"""Graphs of texts, for tests of what the compiler makes of them."""

from agraph.compiler import Compilation, compile_source, ir
from agraph.compiler.source import Source
from tests.case_files import Files

PREAMBLE = """\
agraph 1
import std.text
import std.vote
model fast = anthropic("m")
model smart = anthropic("n")
tool change(value: T) -> T = python("tools:change")
tool both(left: str, right: str?) -> str = python("tools:both")
"""


def compiled(text: str, **files: str) -> Compilation:
    """What becomes of a file; the others are named `name.agraph`."""
    texts = {f"{name}.agraph": other for name, other in files.items()}
    return compile_source(Source("main.agraph", text), Files({**texts, "main.agraph": text}))


def graph_of(body: str, signature: str = "(question: str) -> str") -> ir.Graph:
    """The one graph `g` of a body that has no mistakes; its default model is `fast`."""
    text = f"{PREAMBLE}graph g{signature} {{\n  model = fast\n{body}\n}}\n"
    compilation = compiled(text)
    errors = [diagnostic.message for diagnostic in compilation.diagnostics if diagnostic.severity == "error"]
    assert not errors, errors
    [graph] = compilation.graphs
    return graph


def edges_of(graph: ir.Graph) -> list[tuple[str, str]]:
    """The edges of a graph by the names of their ends."""
    ends = zip(graph.edges.senders, graph.edges.receivers, strict=True)
    return [(graph.nodes[sender].name, graph.nodes[receiver].name) for sender, receiver in ends]


def named_edges(graph: ir.Graph) -> list[tuple[str, str]]:
    """The edges whose messages are read by the sender's name."""
    return [ends for ends, by_name in zip(edges_of(graph), graph.edges.by_name, strict=True) if by_name]


def priors_of(graph: ir.Graph) -> dict[tuple[str, str], float | None]:
    """The probability of each edge; `None` of a fixed one."""
    return {
        ends: None if parameter == ir.FIXED else graph.priors[parameter]
        for ends, parameter in zip(edges_of(graph), graph.edges.parameters, strict=True)
    }


def slots_of(graph: ir.Graph, node: str) -> list[ir.Expression]:
    """What the placeholders of a node's prompt show."""
    work = graph.nodes[graph.node_index[node]].work
    assert isinstance(work, ir.ModelCall)
    return [part.value for part in work.prompt if isinstance(part, ir.Slot)]


def whole_text(graphs: str, body: str | None, signature: str = "(question: str) -> str") -> str:
    """A file of some graphs and a graph `g` with a body, or none where that is `None`."""
    last = "" if body is None else f"graph g{signature} {{\n  model = fast\n{body}\n}}\n"
    return f"{PREAMBLE}{graphs}{last}"


def last_graph(graphs: str, body: str | None, signature: str = "(question: str) -> str") -> ir.Graph:
    """The last graph of such a file, which has no mistakes."""
    compilation = compiled(whole_text(graphs, body, signature))
    errors = [diagnostic.message for diagnostic in compilation.diagnostics if diagnostic.severity == "error"]
    assert not errors, errors
    return compilation.graphs[-1]
