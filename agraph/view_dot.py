"""A graph in the language of Graphviz."""

from agraph.view import EdgeView, GraphView, NodeView


def dot_text(shown: GraphView) -> str:
    """A digraph: families are boxes, what the deployed graph does not run is dashed."""
    lines = [
        f"digraph {quoted(shown.name)} {{",
        f"  label={quoted(shown.signature)};",
        '  graph [rankdir=LR, fontname="sans-serif"];',
        '  node [shape=box, fontname="sans-serif"];',
        '  edge [fontname="sans-serif"];',
    ]
    for members in shown.families:
        nodes = [_node(index, shown.nodes[index]) for index in members]
        first = shown.nodes[members[0]]
        if first.member is None:
            lines += (f"  {node}" for node in nodes)
        else:
            # Graphviz draws a box around a subgraph only where its name begins with `cluster`.
            title = quoted(first.group, first.description or "")
            lines += (f"  subgraph cluster{members[0]} {{", f"    label={title};")
            lines += (*(f"    {node}" for node in nodes), "  }")
    lines += (f"  {_edge(edge)}" for edge in shown.edges)
    return "\n".join([*lines, "}"])


def quoted(*lines: str) -> str:
    r"""The lines as one string of Graphviz: `\` and `&` begin escapes there."""
    escaped = (
        " ".join(line.split()).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
        for line in lines
        if line
    )
    return '"' + "\\n".join(escaped) + '"'


def _node(index: int, node: NodeView) -> str:
    lines = [node.name, node.type, node.work, *node.learned]
    if node.description is not None and node.member is None:
        lines.append(node.description)
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
    if not edge.message:
        styles.append("arrowhead=none")
    return f"n{edge.sender} -> n{edge.receiver}" + (f" [{', '.join(styles)}];" if styles else ";")
