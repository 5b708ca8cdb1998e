"""Whether realizations can be scored from calls that they all share."""

from agraph.compiler import ir


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
    """For each node whether a learnable has a say in what it hears."""
    edges = list(zip(graph.edges.senders, graph.edges.receivers, graph.edges.parameters, strict=True))
    hearing: list[list[int]] = [[] for _ in graph.nodes]
    changing = [False] * len(graph.nodes)
    for sender, receiver, parameter in edges:
        hearing[sender].append(receiver)
        if parameter != ir.FIXED or graph.nodes[sender].gate is not None:
            changing[receiver] = True
    waiting: list[int] = [node for node, changes in enumerate(changing) if changes]
    while waiting:
        for other in hearing[waiting.pop()]:
            if not changing[other]:
                changing[other] = True
                waiting.append(other)
    return changing
