"""The project that a file belongs to, and what its `pyproject.toml` says for agraph."""

import tomllib
from pathlib import Path
from typing import Any

from agraph.runtime.errors import InputError

MARKS = ("pyproject.toml", ".git")
"""What lies in the root of a project."""


def project_root(path: str | Path) -> Path:
    """The root of the project of a file or folder, absolute and without symbolic links.

    It is the nearest folder upwards with a `pyproject.toml` or a `.git`, else the file's own. What is no file
    on disk, such as a pipe, belongs to where the working folder does.
    """
    place = Path(path).resolve()
    if place.exists() and not place.is_file() and not place.is_dir():
        place = Path.cwd().resolve()
    own = place if place.is_dir() else place.parent
    for folder in (own, *own.parents):
        if any((folder / mark).exists() for mark in MARKS):
            return folder
    return own


def project_settings(root: Path) -> dict[str, Any]:
    """The table `[tool.agraph]` of a project's `pyproject.toml`, empty where there is none.

    Raises:
        InputError: The file cannot be read, or its entry is no table.
    """
    path = root / "pyproject.toml"
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise InputError(f"`{path}` cannot be read: {error}") from None
    tool = said.get("tool", {})
    settings = tool.get("agraph", {}) if isinstance(tool, dict) else {}
    if not isinstance(settings, dict):
        raise InputError(f"`{path}`: `tool.agraph` should be a table")
    return settings
