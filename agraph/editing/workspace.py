"""The files of an editing session: what is open in the editor counts, and else what is on disk."""

import os
from collections.abc import Iterator

import attrs

from agraph.compiler.loader import Unreadable
from agraph.compiler.source import Source
from agraph.editing.analysis import Analysis, analyzed
from agraph.editing.learned import LastChanges, last_changes
from agraph.files import FileLoader, graph_files, read_text, shown_path
from agraph.history import history
from agraph.runtime.errors import InputError, StoreError
from agraph.runtime.permissions import Permissions, project_permissions

_Stamp = tuple[str, str | tuple[int, int] | None]


def real_path(path: str) -> str:
    """The one absolute name of a file; what can be no file's name stays as it is."""
    try:
        return os.path.realpath(path)
    except ValueError:
        return path


@attrs.define
class _Kept:
    """An analysis, and what each file that it was made of was like."""

    analysis: Analysis
    stamps: tuple[_Stamp, ...]


@attrs.define
class Workspace:
    """The texts of a session and what is known of them.

    Attributes:
        folders: Where files are looked for that nobody has opened.
        open_texts: The text of each open file, by its absolute path.
    """

    folders: list[str] = attrs.field(factory=list)
    open_texts: dict[str, str] = attrs.field(factory=dict)
    _kept: dict[str, _Kept] = attrs.field(factory=dict)

    def source(self, path: str) -> Source | Unreadable:
        """The text of a file as it is at the moment."""
        real = real_path(path)
        text = self.open_texts[real] if real in self.open_texts else read_text(real)
        return text if isinstance(text, Unreadable) else Source(self.name(real), text)

    def name(self, path: str) -> str:
        """How a file is called in what is said of it: relative to the working folder, if it lies below."""
        real = real_path(path)
        if real in self.open_texts and not os.path.isfile(real):
            below = os.path.relpath(real)
            return real if below.startswith(os.pardir) else below
        return shown_path(real)

    def analysis(self, path: str) -> Analysis | Unreadable:
        """All that is known of a file, made anew only where it or something that it imports has changed."""
        real = real_path(path)
        kept = self._kept.get(real)
        if kept is not None and all(self.stamp(place) == stamp for place, stamp in kept.stamps):
            return kept.analysis
        source = self.source(real)
        if isinstance(source, Unreadable):
            self._kept.pop(real, None)
            return source
        loader = self.loader(real)
        loader.stamps.append((real, self.stamp(real)))
        analysis = analyzed(source, loader)
        self._kept[real] = _Kept(analysis, tuple(loader.stamps))
        return analysis

    def loader(self, path: str) -> "Imports":
        """What reads the imports of a file."""
        return Imports(self, real_path(path))

    def latest(self, path: str) -> Analysis | None:
        """What was last known of a file, which may have changed since."""
        kept = self._kept.get(real_path(path))
        return None if kept is None else kept.analysis

    def mentioning(self, word: str) -> Iterator[Analysis]:
        """The files of the session that hold a word, analyzed."""
        paths = dict.fromkeys(self.open_texts)
        for folder in self.folders:
            paths.update(dict.fromkeys(real_path(path) for path in graph_files(folder)))
        for path in paths:
            source = self.source(path)
            if isinstance(source, Source) and word in source.text:
                analysis = self.analysis(path)
                if isinstance(analysis, Analysis):
                    yield analysis

    def stamp(self, path: str) -> str | tuple[int, int] | None:
        """What tells whether a file has changed: its text where it is open, else when it was written."""
        if path in self.open_texts:
            return self.open_texts[path]
        try:
            status = os.stat(path)
        except (OSError, ValueError):
            return None
        return status.st_mtime_ns, status.st_size

    def last_changes(self, path: str) -> LastChanges:
        """What the history of a file tells of its values; nothing where its store cannot be read."""
        try:
            return last_changes(history(path))
        except (StoreError, InputError):
            return {}


@attrs.define
class Imports:
    """The loader of one analysis: it reads what the file may read, and takes note of what that was like."""

    workspace: Workspace
    file: str
    stamps: list[_Stamp] = attrs.field(factory=list)
    _disk: FileLoader = attrs.field(factory=FileLoader)
    _permissions: Permissions | None = None

    def std_modules(self) -> tuple[str, ...]:
        """The names of the std modules."""
        return self._disk.std_modules()

    def std(self, name: str) -> Source:
        """The text of a std module."""
        return self._disk.std(name)

    def relative(self, path: str, importer: Source) -> Source | Unreadable:
        """The text of a file named relative to the importing one, which may be open."""
        real = real_path(os.path.join(os.path.dirname(importer.path), path))
        self.stamps.append((real, self.workspace.stamp(real)))
        try:
            if self._permissions is None:
                self._permissions = project_permissions(self.file)
                settings = str(self._permissions.root / "pyproject.toml")
                self.stamps.append((settings, self.workspace.stamp(settings)))
        except InputError as error:
            return Unreadable(str(error))
        refusal = self._permissions.file_refusal(real)
        return self.workspace.source(real) if refusal is None else Unreadable(refusal)
