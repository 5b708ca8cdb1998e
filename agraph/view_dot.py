"""A graph in the language of Graphviz."""

from collections.abc import Iterator

from agraph.view import EdgeView, GraphView, NodeView
from agraph.view_boxes import Box, boxes, order_links


def dot_text(shown: GraphView) -> str:
    """A digraph: instances and families are boxes, what the deployed graph does not run is dashed."""
    lines = [
        f"digraph {quoted(shown.name)} {{",
        f"  label={quoted(shown.signature)};",
        '  graph [rankdir=LR, fontname="sans-serif"];',
        '  node [shape=box, fontname="sans-serif"];',
        '  edge [fontname="sans-serif"];',
    ]
    for each in boxes(shown):
        lines += (f"  {line}" for line in _lines(each, shown))
    lines += (f"  {_edge(edge)}" for edge in shown.edges if edge.message)
    lines += (f"  n{entry} -> n{first} [style=invis];" for entry, first in order_links(shown))
    return "\n".join([*lines, "}"])


def quoted(*lines: str) -> str:
    r"""The lines as one string of Graphviz: `\` and `&` begin escapes there."""
    escaped = (
        " ".join(line.split()).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
        for line in lines
        if line
    )
    return '"' + "\\n".join(escaped) + '"'


def _lines(drawn: int | Box, shown: GraphView) -> Iterator[str]:
    if isinstance(drawn, int):
        yield _node(drawn, shown.nodes[drawn])
        return
    # Graphviz draws a box around a subgraph only where its name begins with `cluster`.
    yield f"subgraph cluster{drawn.first} {{"
    yield f"  label={quoted(*drawn.title)};"
    # A box takes what is not said of it from the box around it.
    yield f"  style={'dashed' if drawn.idle else 'solid'};"
    for each in drawn.inside:
        yield from (f"  {line}" for line in _lines(each, shown))
    yield "}"


def _node(index: int, node: NodeView) -> str:
    lines = [node.name, node.type, *node.deeds]
    if node.remark is not None:
        lines.append(node.remark)
    styles = [f"label={quoted(*lines)}"]
    if node.idle is not None:
        styles.append("style=dashed")
    if node.output:
        styles.append("peripheries=2")
    return f"n{index} [{', '.join(styles)}];"


def _edge(edge: EdgeView) -> str:
    styles = [] if edge.probability is None else [f"label={quoted(str(edge.probability))}"]
    if not edge.deployed:
        styles.append("style=dashed")
    return f"n{edge.sender} -> n{edge.receiver}" + (f" [{', '.join(styles)}];" if styles else ";")
