"""A graph in the language of Mermaid, which code forges draw."""

from collections.abc import Iterator

from agraph.view import EdgeView, GraphView, NodeView
from agraph.view_boxes import Box, boxes, order_links

_PLAIN = frozenset(" .,:!?-+=/_()[]")


def mermaid_text(shown: GraphView) -> str:
    """A flowchart: instances and families are boxes, what the deployed graph does not run is dashed."""
    lines = ["---", f'title: "{shown.name}"', "---", "flowchart LR"]
    drawn = boxes(shown)
    for each in drawn:
        lines += (f"  {line}" for line in _lines(each, shown))
    lines += (f"  {_edge(edge)}" for edge in shown.edges if edge.message)
    lines += (f"  n{entry} ~~~ n{first}" for entry, first in order_links(shown))
    idle = ",".join(name for each in drawn for name in _idle(each, shown))
    if idle:
        lines += ("  classDef idle stroke-dasharray: 4", f"  class {idle} idle")
    return "\n".join(lines)


def escaped(text: str) -> str:
    """The text for a label in quotes: what Mermaid could take for syntax or markup stands as its number."""
    return "".join(
        character if character.isalnum() or character in _PLAIN else f"#{ord(character)};"
        for character in " ".join(text.split())
    )


def _lines(drawn: int | Box, shown: GraphView) -> Iterator[str]:
    if isinstance(drawn, int):
        yield _node(drawn, shown.nodes[drawn])
        return
    name, *rest = filter(None, drawn.title)
    yield f'subgraph {drawn.kind}{drawn.first}["{"<br/>".join([name, *map(escaped, rest)])}"]'
    for each in drawn.inside:
        yield from (f"  {line}" for line in _lines(each, shown))
    yield "end"


def _idle(drawn: int | Box, shown: GraphView) -> Iterator[str]:
    """The names of what is dashed."""
    if isinstance(drawn, int):
        if shown.nodes[drawn].idle is not None:
            yield f"n{drawn}"
        return
    if drawn.idle:
        yield f"{drawn.kind}{drawn.first}"
    for each in drawn.inside:
        yield from _idle(each, shown)


def _node(index: int, node: NodeView) -> str:
    lines = [f"<b>{escaped(node.name)}</b>", *map(escaped, (node.type, *node.deeds))]
    if node.remark is not None:
        lines.append(f"<i>{escaped(node.remark)}</i>")
    opening, closing = ("([", "])") if node.output else ("[", "]")
    return f'n{index}{opening}"{"<br/>".join(lines)}"{closing}'


def _edge(edge: EdgeView) -> str:
    arrow = "-->" if edge.deployed else "-.->"
    label = "" if edge.probability is None else f'|"{edge.probability}"|'
    return f"n{edge.sender} {arrow}{label} n{edge.receiver}"
