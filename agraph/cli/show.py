"""`agraph show`: the picture of a graph."""

import click

from agraph.cli.help import Command
from agraph.graph_argument import load_graph
from agraph.view import GraphView, view, view_json
from agraph.view_dot import dot_text
from agraph.view_mermaid import mermaid_text
from agraph.view_text import graph_text


@click.command(cls=Command)
@click.argument("target", metavar="FILE[:GRAPH]")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "mermaid", "dot", "json"]),
    default="text",
    show_default=True,
    help="How the graph is drawn.",
)
def show(target: str, form: str) -> None:
    """Draw the last graph of a file, or the named one, with its probabilities and what is deployed of it."""
    _, graph = load_graph(target)
    click.echo(_drawn(view(graph), form))


def _drawn(shown: GraphView, form: str) -> str:
    match form:
        case "mermaid":
            return mermaid_text(shown)
        case "dot":
            return dot_text(shown)
        case "json":
            import json

            return json.dumps(view_json(shown), ensure_ascii=False, indent=2)
        case _:
            return graph_text(shown)
