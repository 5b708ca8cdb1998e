"""Holds that the wheel and the sdist of a folder carry the project's files: each once, and no others.

Called from the root of the project: `python .ci/distribution.py dist`.
"""

import sys
import tarfile
import tomllib
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

_TOOLS = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]


def main() -> None:
    """Compare both; ends with a message where one differs."""
    (wheel,) = Path(sys.argv[1]).glob("*.whl")
    (sdist,) = Path(sys.argv[1]).glob("*.tar.gz")
    packaged = dict(_packaged())
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]
    _compare(wheel.name, names, packaged.keys())
    with tarfile.open(sdist) as archive:
        members = [PurePosixPath(member.name) for member in archive if not member.isdir()]
    tops = {PurePosixPath(source).parts[0] for source in packaged.values()}
    names = [str(PurePosixPath(*name.parts[1:])) for name in members if name.parts[1] in tops]
    _compare(sdist.name, names, packaged.values())
    print(f"{wheel.name} and {sdist.name} hold the {len(packaged)} files of the packages, each once")


def _packaged() -> Iterator[tuple[str, str]]:
    """Each file of the packages on disk: its path in the wheel and its path in the project."""
    roots = _TOOLS["package-dir"]
    for name, folder in sorted(roots.items()):
        for path in sorted(Path(folder).rglob("*")):
            inside = path.relative_to(folder)
            # The links inside `agraph` lead to folders that come under their own name.
            linked = any(
                Path(folder, *inside.parts[:end]).is_symlink() for end in range(1, 1 + len(inside.parts))
            )
            if path.is_file() and not linked and "__pycache__" not in path.parts:
                yield str(PurePosixPath(*name.split("."), *inside.parts)), path.as_posix()


def _compare(where: str, names: Iterable[str], expected: Iterable[str]) -> None:
    found, wanted = Counter(names), Counter(expected)
    if found != wanted:
        missing, excess = sorted((wanted - found).elements()), sorted((found - wanted).elements())
        sys.exit(f"{where}: missing {missing}, in excess {excess}")


if __name__ == "__main__":
    main()
