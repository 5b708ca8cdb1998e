"""The project that a file belongs to."""

from pathlib import Path

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
