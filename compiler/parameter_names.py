"""What each learnable value of a graph is called for people, one by one."""

from collections.abc import Mapping

from agraph.compiler.ir import FIXED, Graph, ParameterIndex


def parameter_names(graph: Graph) -> Mapping[ParameterIndex, str]:
    """The name of every parameter: `critic.on`, `solver[0] -> vote`, `solver[0].model: fast`."""
    names = {node.gate: f"{node.name}.on" for node in graph.nodes if node.gate is not None}
    for index, choice in graph.choices:
        for option, weight in zip(choice.names, choice.parameters, strict=True):
            names[weight] = f"{graph.nodes[index].name}.{choice.kind}: {option}"
    edges = zip(graph.edges.senders, graph.edges.receivers, graph.edges.parameters, strict=True)
    for sender, receiver, parameter in edges:
        if parameter != FIXED:
            names[parameter] = f"{graph.nodes[sender].name} -> {graph.nodes[receiver].name}"
    return names
