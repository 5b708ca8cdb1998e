"""A graph with the text that it was compiled from: which statement says which learnable."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import attrs

from agraph.compiler import Compilation, ir, syntax
from agraph.compiler.diagnostics import Findings
from agraph.compiler.ir import FIXED, Missing, NodeIndex, ParameterIndex, Probabilities
from agraph.compiler.layout import lay_out
from agraph.compiler.names import Graph, Module
from agraph.compiler.parameter_names import parameter_names
from agraph.compiler.parameters import placeholders
from agraph.compiler.sites import Family, Site
from agraph.compiler.source import Source, Span


@attrs.frozen(eq=False)
class LaidOut:
    """A graph of a file that has no errors.

    Attributes:
        graph: Its IR.
        site: How its statements lie over the nodes of the IR.
    """

    compilation: Compilation
    graph: ir.Graph
    site: Site

    @property
    def module(self) -> Module:
        """The file."""
        return self.compilation.module

    @property
    def source(self) -> Source:
        """The text."""
        return self.compilation.module.source

    @property
    def body(self) -> tuple[syntax.Statement, ...]:
        """The statements of the graph."""
        return self.site.declaration.body

    @cached_property
    def by_span(self) -> Mapping[Span, Probabilities]:
        """The learnable numbers that stand in the file, each by its place."""
        return {each.span: each for each in self.graph.probabilities if isinstance(each.span, Span)}

    @cached_property
    def names(self) -> Mapping[ParameterIndex, str]:
        """The name of each learnable number."""
        return parameter_names(self.graph)

    def parameters(self, learnable: Probabilities) -> tuple[ParameterIndex, ...]:
        """The parameters of a learnable that stand for something."""
        every = range(learnable.offset, learnable.offset + len(learnable.values))
        return tuple(ParameterIndex(each) for each in every if each in self.names)

    def missing_in(self, node: syntax.NodeDeclaration) -> Iterator[Probabilities]:
        """The numbers inside an instance that its block does not say."""
        return (each for each in self.graph.probabilities if _is_missing_in(node, each.span))

    def missing_texts_in(self, node: syntax.NodeDeclaration) -> Iterator[str]:
        """The names of the learnable prompts and examples inside an instance that its block does not say."""
        texts: tuple[ir.Prompt | ir.Demonstrations, ...] = (*self.graph.prompts, *self.graph.demonstrations)
        return (each.name for each in texts if _is_missing_in(node, each.span))

    def nodes_of(self, family: Family) -> frozenset[NodeIndex]:
        """All nodes of a declared one, those inside its instances too."""
        inner = (each for site in family.sites for each in site.families.values())
        own = {*family.receivers, *family.senders}
        return frozenset(own.union(*map(self.nodes_of, inner)))


def laid_out(compilation: Compilation, graph: str) -> LaidOut:
    """A graph of a file, by its name."""
    module = compilation.module
    declaration, findings = module.graphs[graph], Findings(module.source)
    constants = placeholders(declaration, module, findings)
    site, _ = lay_out(Graph(declaration, module, ""), constants, findings)
    [found] = [each for each in compilation.graphs if each.name == graph]
    return LaidOut(compilation, found, site)


def _is_missing_in(node: syntax.NodeDeclaration, place: Span | Missing) -> bool:
    return isinstance(place, Missing) and node.span.start <= place.begins < node.span.end


def reaching(graph: ir.Graph, verdicts: Mapping[ParameterIndex, bool | None]) -> frozenset[str]:
    """The names of the nodes from which some realization has a path to the output.

    Args:
        graph: The graph.
        verdicts: The candidate edges that count as there or not there whatever their probability.
    """
    senders: dict[NodeIndex, list[NodeIndex]] = {}
    receivers: dict[NodeIndex, list[NodeIndex]] = {}
    edges = graph.edges
    for sender, receiver, parameter in zip(edges.senders, edges.receivers, edges.parameters, strict=True):
        if parameter == FIXED or (graph.priors[parameter] > 0 and verdicts.get(parameter) is not False):
            senders.setdefault(receiver, []).append(sender)
            receivers.setdefault(sender, []).append(receiver)
    there = _possible(graph, senders, receivers)
    found = {node for node in graph.output if node in there}
    waiting = list(found)
    while waiting:
        for sender in senders.get(waiting.pop(), ()):
            if sender in there and sender not in found:
                found.add(sender)
                waiting.append(sender)
    return frozenset(graph.nodes[index].name for index in found)


def _possible(
    graph: ir.Graph,
    senders: Mapping[NodeIndex, Sequence[NodeIndex]],
    receivers: Mapping[NodeIndex, Sequence[NodeIndex]],
) -> set[NodeIndex]:
    """The nodes that some realization has: they may be on, and may hear as many as they require."""
    there: set[NodeIndex] = set()
    for number, node in enumerate(graph.nodes):
        around = node.instance is None or node.instance in there
        if around and node.on and (node.gate is None or graph.priors[node.gate] > 0):
            there.add(NodeIndex(number))
    waiting = list(there)
    while waiting:
        index = waiting.pop()
        node = graph.nodes[index]
        heard = [sender for sender in senders.get(index, ()) if sender in there and sender != node.instance]
        lost = node.instance is not None and node.instance not in there
        if index in there and (lost or len(heard) < node.requires):
            there.remove(index)
            waiting += receivers.get(index, ())
    return there
