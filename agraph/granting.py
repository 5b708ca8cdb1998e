"""What a file may reach, as a command line or a call says it beside the project's own settings."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import attrs

from agraph.compiler import ir
from agraph.files import FileLoader, load
from agraph.graph_argument import parse_target
from agraph.runtime.permissions import Permissions, project_permissions
from agraph.runtime.servers import Server, address_of, server_of


def permissions_of(
    target: str,
    allow: Iterable[str] = (),
    allow_read: Iterable[str | Path] = (),
    allow_url: Iterable[str] = (),
) -> Permissions:
    """What a file may reach: what its project and the user's list of servers say, and more.

    Args:
        target: `FILE` or `FILE:graph`.
        allow: Installed packages whose functions it may call.
        allow_read: Folders whose files it may read.
        allow_url: Servers that it may ask, with whatever key it names.

    Raises:
        InputError: The project's settings or the user's list of servers cannot be used.
    """
    permissions = project_permissions(parse_target(target)[0]).with_packages(allow)
    folders = tuple(Path(os.path.realpath(folder)) for folder in allow_read)
    return attrs.evolve(
        permissions,
        folders=(*permissions.folders, *folders),
        addresses=permissions.addresses | set(map(address_of, allow_url)),
    )


def closed_servers(
    target: str, permissions: Permissions, replaced: Mapping[str, ir.Model]
) -> tuple[Server, ...]:
    """The servers that a file names and may not ask, each once.

    Args:
        target: `FILE` or `FILE:graph`; all graphs of the file unless one is named.
        permissions: What it may reach.
        replaced: Models that are not used, by name.

    Raises:
        FileError: The file cannot be read.
    """
    path, name = parse_target(target)
    graphs = load(path, FileLoader(permissions)).graphs
    models = [
        model
        for graph in graphs
        if name in (None, graph.name)
        for model in graph.models
        if model.name not in replaced
    ]
    named = [server for model in models if (server := server_of(model)) is not None]
    return tuple(dict.fromkeys(server for server in named if not permissions.opens(server)))
