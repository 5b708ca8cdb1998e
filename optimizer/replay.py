"""Whether realizations can be scored from calls that they all share."""

from agraph.compiler import ir
from agraph.optimizer.policy import policy_of


def replayable(graph: ir.Graph) -> bool:
    """Whether no choice changes what any model is asked, only who is heard.

    Then the calls of one pass over the rows serve every realization, and each may be scored on all of them.
    """
    changing = _changing(graph)
    return not any(
        isinstance(node.work, ir.ModelCall) and changes
        for node, changes in zip(graph.nodes, changing, strict=True)
    )


def _changing(graph: ir.Graph) -> list[bool]:
    """For each node whether a learnable has a say in what it hears, or in what it is."""
    edges = list(zip(graph.edges.senders, graph.edges.receivers, graph.edges.parameters, strict=True))
    hearing: list[list[int]] = [[] for _ in graph.nodes]
    changing = [False] * len(graph.nodes)
    learnable = policy_of(graph).learnable
    for node, choice in graph.choices:
        changing[node] |= bool(learnable[list(choice.parameters)].any())
    gates = _gates(graph)
    for sender, receiver, parameter in edges:
        hearing[sender].append(receiver)
        # A gate that holds for both ends takes no message away from one that is there.
        if parameter != ir.FIXED or gates[sender] - gates[receiver]:
            changing[receiver] = True
    waiting: list[int] = [node for node, changes in enumerate(changing) if changes]
    while waiting:
        for other in hearing[waiting.pop()]:
            if not changing[other]:
                changing[other] = True
                waiting.append(other)
    return changing


def _gates(graph: ir.Graph) -> list[frozenset[int]]:
    """The gates that each node needs: its own, and those of the instances around."""
    gates: list[frozenset[int]] = []
    for node in graph.nodes:
        around = frozenset[int]() if node.instance is None else gates[node.instance]
        gates.append(around if node.gate is None else around | {node.gate})
    return gates
