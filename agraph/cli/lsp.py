"""`agraph lsp`: the language server."""

import click

from agraph.cli.help import Command


@click.command("lsp", cls=Command)
@click.option("--stdio", is_flag=True, help="Accepted for editors that pass it; there is no other way.")
def lsp(stdio: bool) -> None:
    """Serve an editor over standard input and output.

    Your editor starts this by itself. It needs the packages of the extra `lsp`.
    """
    try:
        from agraph.lsp import serve

        serve()
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("pygls", "lsprotocol"):
            raise
        raise click.UsageError("the language server needs more packages: pip install 'agraph[lsp]'") from None
