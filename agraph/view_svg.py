"""A graph as a picture that needs nobody to lay it out: SVG, for notebooks."""

from collections import Counter
from graphlib import TopologicalSorter
from xml.sax.saxutils import escape

import attrs

from agraph.compiler.components import components
from agraph.view import GraphView, NodeView

WIDTH, HEIGHT, ACROSS, DOWN, MARGIN = 170, 46, 80, 22, 16
LONGEST = 22
"""Characters of a line in a box."""

# Every rule begins with the picture's own class: a notebook may put it into a page beside others.
STYLE = "".join(
    f".agraph {rule}"
    for rule in (
        ".node{fill:#f6f8fa;stroke:#57606a}",
        ".idle{stroke-dasharray:4;opacity:.6}",
        ".output{stroke-width:2.5}",
        ".edge{fill:none;stroke:#57606a;stroke-width:1.3}",
        ".out{stroke-dasharray:4;opacity:.55}",
        "text{font:12px sans-serif;fill:#1f2328;text-anchor:middle}",
        ".name{font-weight:bold}",
        ".number{font-size:10px;paint-order:stroke;stroke:#fff;stroke-width:3px}",
    )
)


@attrs.frozen
class Place:
    """The upper left corner of a node's box."""

    x: int
    y: int


def svg_text(shown: GraphView) -> str:
    """The graph from left to right; what the deployed graph does not run is dashed, its answer drawn bold."""
    places = _places(shown)
    width = max((place.x for place in places), default=0) + WIDTH + MARGIN
    height = max((place.y for place in places), default=0) + HEIGHT + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="agraph" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img">',
        f"<title>{_escaped(shown.signature)}</title><style>{STYLE}</style>",
        '<defs><marker id="agraph-end" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0L8 4L0 8z" fill="#57606a"/></marker></defs>',
    ]
    for edge in shown.edges:
        path, middle = _curve(places[edge.sender], places[edge.receiver])
        kind = "edge" if edge.deployed else "edge out"
        parts.append(f'<path class="{kind}" d="{path}" marker-end="url(#agraph-end)"/>')
        if edge.probability is not None:
            x, y = middle
            parts.append(f'<text class="number" x="{x}" y="{y}">{edge.probability:g}</text>')
    parts += [_box(node, place) for node, place in zip(shown.nodes, places, strict=True)]
    return "\n".join([*parts, "</svg>"])


def _places(shown: GraphView) -> list[Place]:
    """Each node right of those that it hears; nodes that may hear each other stand in one column."""
    circle = components(len(shown.nodes), [(edge.sender, edge.receiver) for edge in shown.edges])
    hears: dict[int, set[int]] = {number: set() for number in circle}
    for edge in shown.edges:
        if circle[edge.sender] != circle[edge.receiver]:
            hears[circle[edge.receiver]].add(circle[edge.sender])
    columns: dict[int, int] = {}
    for number in TopologicalSorter(hears).static_order():
        columns[number] = 1 + max((columns[other] for other in hears[number]), default=-1)
    filled: Counter[int] = Counter()
    places = []
    for number in circle:
        column = columns[number]
        places.append(Place(MARGIN + column * (WIDTH + ACROSS), MARGIN + filled[column] * (HEIGHT + DOWN)))
        filled[column] += 1
    return places


def _curve(sender: Place, receiver: Place) -> tuple[str, tuple[int, int]]:
    """The path from one box to another, and where its number stands."""
    if sender.x == receiver.x:
        # Within a column the line bends out to the right.
        x, start, end = sender.x + WIDTH, sender.y + HEIGHT // 2 + 8, receiver.y + HEIGHT // 2 - 8
        out = x + ACROSS // 2
        return f"M{x} {start}C{out} {start} {out} {end} {x} {end}", (x + ACROSS // 3, (start + end) // 2)
    x, y = sender.x + WIDTH, sender.y + HEIGHT // 2
    to, down = receiver.x, receiver.y + HEIGHT // 2
    bend = (x + to) // 2
    return f"M{x} {y}C{bend} {y} {bend} {down} {to} {down}", ((x + bend) // 2, (3 * y + down) // 4 - 3)


def _box(node: NodeView, place: Place) -> str:
    kinds = ["node", *(["output"] if node.output else []), *(["idle"] if node.idle is not None else [])]
    middle = place.x + WIDTH // 2
    told = [f"{node.name}: {node.type}", *(text for text in (node.description, node.idle) if text)]
    gate = "" if node.gate is None else f", on {node.gate:g}"
    return (
        f"<g><title>{_escaped(chr(10).join(told))}</title>"
        f'<rect class="{" ".join(kinds)}" x="{place.x}" y="{place.y}" '
        f'width="{WIDTH}" height="{HEIGHT}" rx="6"/>'
        f'<text class="name" x="{middle}" y="{place.y + 19}">{_escaped(_cut(node.name))}</text>'
        f'<text x="{middle}" y="{place.y + 36}">{_escaped(_cut(node.work + gate))}</text></g>'
    )


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _escaped(text: str) -> str:
    """The text without what XML cannot hold, and with what it takes for its own as entities."""
    return escape(
        "".join(character if character.isprintable() or character in "\n\t" else " " for character in text)
    )
