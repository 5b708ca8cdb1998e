"""A graph in the language of Mermaid, which code forges draw."""

from agraph.view import EdgeView, GraphView, NodeView

_PLAIN = frozenset(" .,:!?-+=/_()[]")


def mermaid_text(shown: GraphView) -> str:
    """A flowchart: families are boxes, what the deployed graph does not run is dashed."""
    lines = ["---", f'title: "{shown.name}"', "---", "flowchart LR"]
    for members in shown.families:
        nodes = [_node(index, shown.nodes[index]) for index in members]
        first = shown.nodes[members[0]]
        if first.member is None:
            lines += (f"  {node}" for node in nodes)
        else:
            title = f"{first.group}<br/>{escaped(first.description)}" if first.description else first.group
            lines += (
                f'  subgraph family{members[0]}["{title}"]',
                *(f"    {node}" for node in nodes),
                "  end",
            )
    lines += (f"  {_edge(edge)}" for edge in shown.edges)
    idle = ",".join(f"n{index}" for index, node in enumerate(shown.nodes) if node.idle is not None)
    if idle:
        lines += ("  classDef idle stroke-dasharray: 4", f"  class {idle} idle")
    return "\n".join(lines)


def escaped(text: str) -> str:
    """The text for a label in quotes: what Mermaid could take for syntax or markup stands as its number."""
    return "".join(
        character if character.isalnum() or character in _PLAIN else f"#{ord(character)};"
        for character in " ".join(text.split())
    )


def _node(index: int, node: NodeView) -> str:
    lines = [f"<b>{escaped(node.name)}</b>", *map(escaped, (node.type, node.work, *node.learned))]
    if node.description is not None and node.member is None:
        lines.append(f"<i>{escaped(node.description)}</i>")
    opening, closing = ("([", "])") if node.output else ("[", "]")
    return f'n{index}{opening}"{"<br/>".join(lines)}"{closing}'


def _edge(edge: EdgeView) -> str:
    arrow = ("-->" if edge.deployed else "-.->") if edge.message else ("---" if edge.deployed else "-.-")
    label = "" if edge.probability is None else f'|"{edge.probability}"|'
    return f"n{edge.sender} {arrow}{label} n{edge.receiver}"
