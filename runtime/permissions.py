"""What a file may reach. A file may come from a stranger: code, files and servers are the user's to open.

Its project is trusted as any Python project that one runs is, and so is what its `pyproject.toml` says:

    [tool.agraph]
    allow = ["numpy"]
    allow-read = ["../shared"]

Servers are not among it: only the user opens them, on the command line or when asked (`trust.py`).
"""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs

from agraph.compiler.diagnostics import nearest
from agraph.compiler.ir import Model
from agraph.runtime.errors import InputError, ModelError
from agraph.runtime.project import project_root, project_settings
from agraph.runtime.servers import Server, is_open, server_of
from agraph.runtime.trust import trusted_servers

INSTALLED = frozenset({"site-packages", "dist-packages"})
"""Folders of packages; one may lie in a virtual environment below the root."""


@attrs.frozen
class Permissions:
    """What a file may reach.

    Attributes:
        root: The project's folder, without symbolic links: the modules and files below it may be used.
        packages: The installed packages whose functions may be called, by the name they are imported by.
        folders: More folders whose files may be read, without symbolic links.
        servers: Those that may be asked, beside the service and this machine.
        addresses: Those that may be asked with whatever key the file names, as `address_of` gives them.
    """

    root: Path
    packages: frozenset[str] = frozenset()
    folders: tuple[Path, ...] = ()
    servers: frozenset[Server] = frozenset()
    addresses: frozenset[str] = frozenset()

    def file_refusal(self, path: str | Path) -> str | None:
        """Why a file may not be read, or `None` where it may; links and `..` are followed first."""
        try:
            real = Path(os.path.realpath(path))
        except ValueError:
            return "a path holds no NUL character"
        if any(real.is_relative_to(folder) for folder in (self.root, *self.folders)):
            return None
        return (
            f"`{path}` lies outside of the project `{self.root}`: "
            f"pass `--allow-read {real.parent}` if it may be read"
        )

    def owns(self, path: str | Path) -> bool:
        """Whether a Python file or folder is the project's own, and not of a package installed below it."""
        real = Path(os.path.realpath(path))
        if not real.is_relative_to(self.root) or INSTALLED & set(real.parts):
            return False
        prefix = Path(os.path.realpath(sys.prefix))
        below = prefix != self.root and prefix.is_relative_to(self.root)
        return not (below and real.is_relative_to(prefix))

    def with_packages(self, names: Iterable[str]) -> "Permissions":
        """The same with more packages."""
        return attrs.evolve(self, packages=self.packages | set(names))

    def opens(self, server: Server) -> bool:
        """Whether a server may be asked."""
        return is_open(server) or server in self.servers or server.address in self.addresses

    def require_model(self, model: Model) -> None:
        """Hold that a model reaches nothing that it may not.

        What a command line or a caller gives in a file's place has no origin, and may reach anything.

        Raises:
            ModelError: It may not be used; the message says what would allow it.
        """
        if not model.origin:
            return
        match model.provider, model.arguments:
            case "scripted", (str() as path, *_):
                refusal = self.file_refusal(Path(model.origin).parent / path)
                if refusal is not None:
                    raise ModelError(f"model `{model.name}`: {refusal}")
        server = server_of(model)
        if server is not None and not self.opens(server):
            raise ModelError(
                f"model `{model.name}`: its file wants to send prompts to {server} which you have not "
                f"allowed: pass `--allow-url {server.address}` if you trust that server"
            )


def reaches_out(model: Model) -> bool:
    """Whether a model's declaration names a file or a server at all."""
    return model.provider == "scripted" or server_of(model) is not None


def project_permissions(path: str | Path) -> Permissions:
    """What a file may reach unless a command line says more: its project, and what the user opened for it.

    Raises:
        InputError: The project's settings or the user's list of servers cannot be used.
    """
    root = project_root(path)
    settings = project_settings(root)
    return Permissions(
        root,
        frozenset(_texts(settings, "allow", root)),
        tuple(Path(os.path.realpath(root / folder)) for folder in _texts(settings, "allow-read", root)),
        trusted_servers(root),
    )


KNOWN = ("allow", "allow-read", "prices")
"""The settings of `[tool.agraph]`."""


def _texts(settings: dict[str, Any], name: str, root: Path) -> tuple[str, ...]:
    place = f"`{root / 'pyproject.toml'}`"
    for known in settings:
        if known not in KNOWN:
            hint = nearest(known, KNOWN) or f"there are {', '.join(f'`{each}`' for each in KNOWN)}"
            raise InputError(f"{place}: `tool.agraph` has an unknown setting `{known}`; {hint}")
    said = settings.get(name, [])
    if not isinstance(said, list) or not all(isinstance(each, str) for each in said):
        raise InputError(f"{place}: `tool.agraph.{name}` should be a list of texts")
    return tuple(said)
