"""`--allow`, `--allow-read` and `--allow-url`, and the question whether a file may ask a server."""

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from agraph.compiler.ir import Model
    from agraph.runtime.permissions import Permissions

F = TypeVar("F", bound=Callable[..., Any])


def project_options(function: F) -> F:
    """The options `allow` and `allow_read`, as `permissions_of` takes them."""
    for option in (
        click.option("--allow-read", "allow_read", multiple=True, metavar="DIR",
                     help="Let the file read files in this folder, outside of its project."),
        click.option("--allow", "allow", multiple=True, metavar="PACKAGE",
                     help="Let the file call functions of this installed package."),
    ):  # fmt: skip
        function = option(function)
    return function


def permission_options(function: F) -> F:
    """The options `allow`, `allow_read` and `allow_url`, as `granted` takes them."""
    help_text = "Let the file send prompts to this server, which it names by `base_url`."
    return project_options(
        click.option("--allow-url", multiple=True, metavar="URL", help=help_text)(function)
    )


def granted(
    target: str,
    replaced: "Mapping[str, Model]",
    allow: tuple[str, ...],
    allow_read: tuple[str, ...],
    allow_url: tuple[str, ...],
) -> "Permissions":
    """What a file may reach; on a terminal the user is asked about each server, and the answer kept.

    Args:
        target: `FILE` or `FILE:graph`.
        replaced: Models that are not used, by name.
        allow: Packages; `allow_read` are folders, and `allow_url` servers.
        allow_read: See above.
        allow_url: See above.
    """
    import attrs

    from agraph.granting import closed_servers, permissions_of
    from agraph.runtime.trust import trust_server

    permissions = permissions_of(target, allow, allow_read, allow_url)
    if not on_terminal():
        # What is not allowed is refused when a model is opened, before anything is sent.
        return permissions
    for server in closed_servers(target, permissions, replaced):
        click.echo(f"{target} wants to send prompts to {server} which is not on this machine.", err=True)
        if click.confirm(f"Allow it, now and later, for the project {permissions.root}?", err=True):
            trust_server(permissions.root, server)
            permissions = attrs.evolve(permissions, servers=permissions.servers | {server})
    return permissions


def on_terminal() -> bool:
    """Whether someone is there who can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()
