"""`agraph compile`: what each stage of the compiler makes of a file."""

import click

from agraph.cli.help import Command
from agraph.compiler.diagnostics import has_errors
from agraph.compiler.dump import dump_tree, to_json
from agraph.files import load
from agraph.graph_argument import load_graph, parse_target
from agraph.runtime.errors import CompileError
from agraph.view import view
from agraph.view_text import plan_text


@click.command("compile", cls=Command)
@click.argument("target", metavar="FILE[:GRAPH]")
@click.option(
    "--emit",
    type=click.Choice(["tree", "ir", "plan"]),
    default="plan",
    show_default=True,
    help="The syntax tree of the file; the graph as JSON; or what the deployed graph runs, in order.",
)
def compile_(target: str, emit: str) -> None:
    """Print what a stage of the compiler makes of the last graph of a file, or of the named one."""
    if emit == "tree":
        _print_tree(target)
        return
    _, graph = load_graph(target)
    if emit == "ir":
        import json

        click.echo(json.dumps(to_json(graph), ensure_ascii=False, indent=2))
    else:
        click.echo(plan_text(view(graph)))


def _print_tree(target: str) -> None:
    """Print the tree of a file, which needs not be right to have one, or of a graph."""
    path, name = parse_target(target)
    compilation = load(path) if name is None else load_graph(target)[0]
    module = compilation.module
    click.echo(dump_tree(module.tree if name is None else module.graphs[name], module.source), nl=False)
    if has_errors(compilation.diagnostics):
        raise CompileError(compilation.diagnostics)
