"""A graph as text for a terminal: what it is made of, and what its deployed form runs."""

from collections.abc import Iterable, Sequence

from agraph.render import visible
from agraph.view import ChoiceView, EdgeView, GraphView, NodeView

_BAR_LENGTH = 10


def graph_text(shown: GraphView) -> str:
    """The nodes and edges with what is learned of them; a filled dot marks what the deployed graph runs."""
    nodes = _table(
        (
            _dot(node.idle is None),
            node.name,
            node.type,
            node.work,
            "  ".join(node.learned),
            " ".join(_remarks(node)),
        )
        for node in shown.nodes
    )
    edges = _table(
        (_dot(edge.deployed), _arrow(edge, shown), *_probability(edge.probability))
        for edge in shown.edges
        if edge.message
    )
    return "\n\n".join([f"graph {shown.signature}", _section("nodes", nodes), *_optional("edges", edges)])


def plan_text(shown: GraphView) -> str:
    """What the deployed graph runs, in order with the senders that each node hears, and what it does not."""
    heard: list[list[str]] = [[] for _ in shown.nodes]
    for edge in shown.edges:
        if edge.deployed and edge.message:
            heard[edge.receiver].append(shown.nodes[edge.sender].name)
    order = _table(
        (f"{number}.", shown.nodes[index].name, f"hears {', '.join(heard[index])}" if heard[index] else "")
        for number, index in enumerate(shown.order, 1)
    )
    idle = _table((node.name, node.idle) for node in shown.nodes if node.idle is not None)
    choices = _table(
        (f"{node.name}.{choice.kind}", choice.taken, f"of {_weights(choice)}")
        for node in shown.nodes
        for choice in node.choices
        if node.idle is None
    )
    left_out = _table(
        (_arrow(edge, shown), *_probability(edge.probability))
        for edge in shown.edges
        if edge.message and not edge.deployed
    )
    return "\n\n".join(
        [
            f"graph {shown.signature}",
            _section("runs", order or ["nothing: the graph has no answer"]),
            *_optional("takes", choices),
            *_optional("does not run", idle),
            *_optional("edges left out", left_out),
        ]
    )


def _remarks(node: NodeView) -> Iterable[str]:
    if node.output:
        yield "[output]"
    if node.description is not None:
        yield visible(" ".join(node.description.split()))
    if node.idle is not None:
        yield f"(does not run: {node.idle})"


def _weights(choice: ChoiceView) -> str:
    return ", ".join(f"{name} {weight:g}" for name, weight in choice.weights.items())


def _dot(filled: bool) -> str:
    return "●" if filled else "○"


def _arrow(edge: EdgeView, shown: GraphView) -> str:
    return f"{shown.nodes[edge.sender].name} -> {shown.nodes[edge.receiver].name}"


def _probability(probability: float | None) -> tuple[str, str]:
    """A bar and the number of a candidate edge; nothing for a fixed one."""
    if probability is None:
        return "", ""
    filled = round(probability * _BAR_LENGTH)
    return "█" * filled + "░" * (_BAR_LENGTH - filled), str(probability)


def _optional(title: str, lines: Sequence[str]) -> list[str]:
    return [_section(title, lines)] if lines else []


def _section(title: str, lines: Iterable[str]) -> str:
    return "\n".join([title, *(f"  {line}" for line in lines)])


def _table(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """The rows with their columns aligned; a column that is empty in every row takes no room."""
    cells = list(rows)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width).rstrip()
        for row in cells
    ]
