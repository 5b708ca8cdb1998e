"""`agraph explain`: what a code means, and what to do about it."""

import sys

import click

from agraph.cli.help import Command
from agraph.compiler.diagnostics import nearest
from agraph.explanations import codes, explanation, index


@click.command(cls=Command)
@click.argument("code", required=False)
@click.option("--markdown", is_flag=True, help="The text as it is; without CODE, the page that lists all.")
def explain(code: str | None, markdown: bool) -> int:
    """Explain a code such as AG0203: its cause, a program that has it, and the same one mended.

    Without CODE, list every code.
    """
    if code is None:
        if markdown:
            click.echo(index(), nl=False)
        else:
            for known, kind in codes().items():
                mark = "  " if kind.severity == "error" else "w "
                click.echo(f"{known} {mark}{explanation(known).title}")
        return 0
    wanted = code.upper().removeprefix("AG").rjust(4, "0")
    wanted = f"AG{wanted}"
    if wanted not in codes():
        hint = nearest(wanted, codes()) or "`agraph explain` lists all"
        raise click.BadParameter(f"there is no code {code}; {hint}", param_hint="CODE")
    text = explanation(wanted).text
    if markdown or not sys.stdout.isatty():
        click.echo(text, nl=False)
    else:
        from agraph.render import write_markdown

        write_markdown(text, sys.stdout)
    return 0
