"""A session with an editor: its open files, what is known of them, and what is told of them unasked.

Files are compiled in a thread of their own, a moment after the last change. Hover and completion do not wait
for it: they are answered from what was last known.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

import agraph
from agraph import stdlib
from agraph.compiler import syntax
from agraph.compiler.diagnostics import Diagnostic
from agraph.compiler.loader import Unreadable
from agraph.compiler.names import import_alias
from agraph.compiler.source import Source, Span
from agraph.editing.analysis import Analysis
from agraph.editing.learned import LastChanges
from agraph.editing.navigation import Place
from agraph.editing.workspace import Workspace, real_path
from agraph.lsp.positions import Positions, changed

T = TypeVar("T")

PAUSE_S = 0.15
"""How long nothing must change before the open files are compiled again."""

_SEVERITIES = {"error": lsp.DiagnosticSeverity.Error, "warning": lsp.DiagnosticSeverity.Warning}


class Server(LanguageServer):
    """A session with an editor.

    Attributes:
        files: What is known of the files of the session.
        uris: What the editor calls each open file, by its absolute path.
        published: What was last told of each open file.
        changes: What the history of each open file tells of its values.
    """

    def __init__(self) -> None:
        super().__init__("agraph", agraph.__version__)
        self.files = Workspace()
        self.uris: dict[str, str] = {}
        self.published: dict[str, Analysis] = {}
        self.changes: dict[str, LastChanges] = {}
        self._compiler = ThreadPoolExecutor(1, "compiler")
        self._timer: asyncio.TimerHandle | None = None
        self._publishing: asyncio.Task[None] | None = None

    # Files.

    def path(self, uri: str) -> str:
        """The file of a URI, by its absolute path; a document that is no file goes by its URI."""
        path = to_fs_path(uri) if uri.startswith("file:") else None
        return real_path(uri if path is None else path)

    def uri(self, source: Source) -> str:
        """The URI of a file."""
        if source.path.startswith("std/"):
            path = os.path.join(stdlib.__path__[0], source.path.removeprefix("std/"))
        else:
            path = real_path(source.path)
        return self.uris.get(path) or from_fs_path(path)

    def open(self, uri: str, text: str) -> None:
        """Take the text of a file from the editor from now on."""
        path = self.path(uri)
        self.uris[path] = uri
        self.files.open_texts[path] = text
        self.schedule()

    def change(self, uri: str, changes: list[lsp.TextDocumentContentChangeEvent]) -> None:
        """Take note of changes to an open file."""
        path = self.path(uri)
        text = self.files.open_texts.get(path, "")
        self.files.open_texts[path] = changed(text, changes, self.encoding)
        self.schedule()

    def close(self, uri: str) -> None:
        """Take the text of a file from disk from now on."""
        path = self.path(uri)
        self.uris.pop(path, None)
        self.files.open_texts.pop(path, None)
        self.published.pop(path, None)
        self.changes.pop(path, None)
        self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, []))
        self.schedule()

    def text(self, uri: str) -> str:
        """The text of an open file as it is now."""
        return self.files.open_texts.get(self.path(uri), "")

    async def in_thread(self, work: Callable[[], T]) -> T:
        """What some work gives that may take long; such works are done one after another."""
        return await asyncio.get_running_loop().run_in_executor(self._compiler, work)

    async def analysis(self, uri: str) -> Analysis | None:
        """All that is known of a file as it is now; `None` where it cannot be read."""
        path = self.path(uri)
        found = await self.in_thread(lambda: self.files.analysis(path))
        return None if isinstance(found, Unreadable) else found

    async def latest(self, uri: str) -> Analysis | None:
        """What is known of a file, which may have changed since: an answer that needs no waiting."""
        return self.files.latest(self.path(uri)) or await self.analysis(uri)

    # Places.

    @property
    def encoding(self) -> str:
        """Whose units count in a line."""
        return self.workspace.position_encoding or lsp.PositionEncodingKind.Utf16

    def positions(self, text: str) -> Positions:
        """The positions of a text as this editor counts."""
        return Positions(text, self.encoding)

    def location(self, place: Place) -> lsp.Location:
        """The location of a place."""
        return lsp.Location(self.uri(place.source), self.positions(place.source.text).range(place.span))

    # Diagnostics.

    def schedule(self) -> None:
        """Compile what is open, once nothing has changed for a moment."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(PAUSE_S, self._begin)

    def _begin(self) -> None:
        self._timer = None
        if self._publishing is not None and not self._publishing.done():
            # The files are told of what has changed meanwhile once that is over.
            self.schedule()
            return
        self._publishing = asyncio.get_running_loop().create_task(self._publish())

    async def _publish(self) -> None:
        """Tell what is wrong with each open file of which that is not known yet."""
        for path, uri in list(self.uris.items()):
            found = await self.analysis(uri)
            is_current = found is not None and self.files.open_texts.get(path) == found.source.text
            if found is None or not is_current:
                continue
            await self._remember(path)
            if self.published.get(path) is not found:
                self.published[path] = found
                diagnostics = [self.diagnostic(each, found) for each in found.findings]
                self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, diagnostics))

    async def _remember(self, path: str) -> None:
        """Read the history of a file; where it says something new, the editor is to ask for hints again."""
        found = await self.in_thread(lambda: self.files.last_changes(path))
        known = self.changes.get(path, {})
        if path in self.uris:
            self.changes[path] = found
        workspace = self.client_capabilities.workspace
        if found != known and workspace and workspace.inlay_hint and workspace.inlay_hint.refresh_support:
            self.workspace_inlay_hint_refresh(None)

    def diagnostic(self, found: Diagnostic, analysis: Analysis) -> lsp.Diagnostic:
        """A finding; one of an imported file is shown where that is imported."""
        labels = [(label.source, label.span, label.text) for label in found.labels]
        span = found.span
        if found.source.path != analysis.source.path:
            labels.insert(0, (found.source, span, found.message))
            span = _import_of(found.source, analysis)
        related = [
            lsp.DiagnosticRelatedInformation(self.location(Place(source, place)), text)
            for source, place, text in labels
        ]
        return lsp.Diagnostic(
            range=self.positions(analysis.source.text).range(span),
            message=found.message if found.hint is None else f"{found.message}\n{found.hint}",
            severity=_SEVERITIES[found.severity],
            code=found.code,
            source="agraph",
            related_information=related or None,
        )


def _import_of(source: Source, analysis: Analysis) -> Span:
    """Where a file imports another, else its beginning."""
    for item in analysis.module.tree.items:
        if isinstance(item, syntax.Import):
            module = analysis.module.imports.get(import_alias(item))
            if module is not None and module.source.path == source.path:
                return item.path_span
    return Span(0, 0)
