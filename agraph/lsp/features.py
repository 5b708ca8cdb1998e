"""What an editor can ask, each question answered by a function of `agraph.editing`."""

import logging
import os
from collections.abc import Iterable, Iterator, Sequence

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.uris import to_fs_path

from agraph.compiler.format import formatted
from agraph.compiler.source import Source, Span
from agraph.editing.analysis import Analysis
from agraph.editing.completion import completions
from agraph.editing.hover import Hover, hover, hover_of_new
from agraph.editing.learned import hints
from agraph.editing.moved import difference, moved
from agraph.editing.navigation import definition, highlights, references
from agraph.editing.rename import FileEdits, Refusal, renamable, renamed
from agraph.editing.structure import Part, structure
from agraph.fixing import mend
from agraph.lsp.positions import Positions
from agraph.lsp.server import Server

_PARTS = {
    "import": lsp.SymbolKind.Module, "type": lsp.SymbolKind.Struct, "field": lsp.SymbolKind.Field,
    "model": lsp.SymbolKind.Constant, "tool": lsp.SymbolKind.Function, "graph": lsp.SymbolKind.Class,
    "node": lsp.SymbolKind.Method, "edge": lsp.SymbolKind.Operator, "test": lsp.SymbolKind.Event,
    "optimize": lsp.SymbolKind.Event,
}  # fmt: skip
_OFFERS = {
    "word": lsp.CompletionItemKind.Keyword, "attribute": lsp.CompletionItemKind.Property,
    "module": lsp.CompletionItemKind.Module, "file": lsp.CompletionItemKind.File,
    "type": lsp.CompletionItemKind.Struct, "field": lsp.CompletionItemKind.Field,
    "model": lsp.CompletionItemKind.Constant, "tool": lsp.CompletionItemKind.Function,
    "parameter": lsp.CompletionItemKind.Property, "graph": lsp.CompletionItemKind.Class,
    "constant": lsp.CompletionItemKind.Constant, "input": lsp.CompletionItemKind.Variable,
    "node": lsp.CompletionItemKind.Method, "option": lsp.CompletionItemKind.EnumMember,
    "value": lsp.CompletionItemKind.Value,
}  # fmt: skip

WATCHED = "**/{*.agraph,pyproject.toml}"
"""What is told of when it changes on disk: files of graphs, and what they may reach."""

FIX_ALL = "source.fixAll.agraph"


class RequestFailed(JsonRpcException):
    """A request that is understood and refused, with a reason for people."""

    CODE = lsp.LSPErrorCodes.RequestFailed


def was_refused(record: logging.LogRecord) -> bool:
    """Whether a log record tells of a request that was refused."""
    return record.exc_info is not None and isinstance(record.exc_info[1], RequestFailed)


def new_server() -> Server:
    """A server with everything that an editor can ask."""
    server = Server()
    _add_documents(server)
    _add_reading(server)
    _add_changing(server)
    return server


def _add_documents(server: Server) -> None:
    @server.feature(lsp.INITIALIZED)
    async def initialized(ls: Server, params: lsp.InitializedParams) -> None:
        folders = [to_fs_path(uri) for uri in ls.workspace.folders]
        root = ls.workspace.root_path
        ls.files.folders = [folder for folder in folders or [root] if folder]
        workspace = ls.client_capabilities.workspace
        watched = None if workspace is None else workspace.did_change_watched_files
        if watched is not None and watched.dynamic_registration:
            options = lsp.DidChangeWatchedFilesRegistrationOptions([lsp.FileSystemWatcher(WATCHED)])
            kind = lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES
            registration = lsp.Registration(kind, kind, options)
            await ls.client_register_capability_async(lsp.RegistrationParams([registration]))

    @server.feature(lsp.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def folders_changed(ls: Server, params: lsp.DidChangeWorkspaceFoldersParams) -> None:
        ls.files.folders = [folder for uri in ls.workspace.folders if (folder := to_fs_path(uri))]

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    async def opened(ls: Server, params: lsp.DidOpenTextDocumentParams) -> None:
        ls.open(params.text_document.uri, params.text_document.text)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    async def document_changed(ls: Server, params: lsp.DidChangeTextDocumentParams) -> None:
        ls.change(params.text_document.uri, list(params.content_changes))

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    async def saved(ls: Server, params: lsp.DidSaveTextDocumentParams) -> None:
        ls.schedule()

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    async def closed(ls: Server, params: lsp.DidCloseTextDocumentParams) -> None:
        ls.close(params.text_document.uri)

    @server.feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    async def files_changed(ls: Server, params: lsp.DidChangeWatchedFilesParams) -> None:
        ls.schedule()


def _add_reading(server: Server) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    async def hovered(ls: Server, params: lsp.HoverParams) -> lsp.Hover | None:
        text = ls.text(params.text_document.uri)
        positions = ls.positions(text)
        found = await _hover(ls, params.text_document.uri, text, positions.offset(params.position))
        if found is None:
            return None
        content = lsp.MarkupContent(lsp.MarkupKind.Markdown, found.text)
        return lsp.Hover(content, positions.range(found.span))

    options = lsp.CompletionOptions(trigger_characters=[".", "{", '"'])

    @server.feature(lsp.TEXT_DOCUMENT_COMPLETION, options)
    async def completed(ls: Server, params: lsp.CompletionParams) -> list[lsp.CompletionItem]:
        uri = params.text_document.uri
        analysis = await ls.latest(uri)
        if analysis is None:
            return []
        text = ls.text(uri)
        positions = ls.positions(text)
        found = completions(text, positions.offset(params.position), analysis, _beside(ls.path(uri)))
        return [
            lsp.CompletionItem(
                label=each.label,
                kind=_OFFERS[each.kind],
                detail=each.detail or None,
                text_edit=lsp.TextEdit(positions.range(each.span), each.label),
            )
            for each in found
        ]

    @server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    async def defined(ls: Server, params: lsp.DefinitionParams) -> lsp.Location | None:
        analysis = await ls.analysis(params.text_document.uri)
        place = None if analysis is None else definition(analysis, _offset(ls, analysis, params.position))
        return None if place is None else ls.location(place)

    @server.feature(lsp.TEXT_DOCUMENT_REFERENCES)
    async def referred(ls: Server, params: lsp.ReferenceParams) -> list[lsp.Location]:
        analysis = await ls.analysis(params.text_document.uri)
        if analysis is None:
            return []
        offset, all_ = _offset(ls, analysis, params.position), params.context.include_declaration
        places = await ls.in_thread(lambda: references(analysis, offset, ls.files, with_declaration=all_))
        return [ls.location(place) for place in places]

    @server.feature(lsp.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)
    async def highlighted(ls: Server, params: lsp.DocumentHighlightParams) -> list[lsp.DocumentHighlight]:
        analysis = await ls.analysis(params.text_document.uri)
        if analysis is None:
            return []
        positions = ls.positions(analysis.source.text)
        spans = highlights(analysis, positions.offset(params.position))
        return [lsp.DocumentHighlight(positions.range(span)) for span in spans]

    @server.feature(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    async def structured(ls: Server, params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
        analysis = await ls.analysis(params.text_document.uri)
        if analysis is None:
            return []
        positions = ls.positions(analysis.source.text)
        return [_symbol(part, positions) for part in structure(analysis)]

    @server.feature(lsp.TEXT_DOCUMENT_INLAY_HINT)
    async def hinted(ls: Server, params: lsp.InlayHintParams) -> list[lsp.InlayHint]:
        uri = params.text_document.uri
        analysis = await ls.analysis(uri)
        if analysis is None:
            return []
        positions = ls.positions(analysis.source.text)
        start, end = positions.offset(params.range.start), positions.offset(params.range.end)
        return [
            lsp.InlayHint(positions.position(each.offset), each.label, tooltip=each.more, padding_left=True)
            for each in hints(analysis, ls.changes.get(ls.path(uri), {}))
            if start <= each.offset <= end
        ]


def _add_changing(server: Server) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_PREPARE_RENAME)
    async def prepared(ls: Server, params: lsp.PrepareRenameParams) -> lsp.PrepareRenamePlaceholder | None:
        analysis = await ls.analysis(params.text_document.uri)
        if analysis is None:
            return None
        found = renamable(analysis, _offset(ls, analysis, params.position))
        if isinstance(found, Refusal):
            raise RequestFailed(found.reason)
        positions = ls.positions(analysis.source.text)
        return lsp.PrepareRenamePlaceholder(positions.range(found.span), found.symbol.name)

    @server.feature(lsp.TEXT_DOCUMENT_RENAME, lsp.RenameOptions(prepare_provider=True))
    async def named(ls: Server, params: lsp.RenameParams) -> lsp.WorkspaceEdit | None:
        analysis = await ls.analysis(params.text_document.uri)
        if analysis is None:
            return None
        offset, name = _offset(ls, analysis, params.position), params.new_name
        changes = await ls.in_thread(lambda: renamed(analysis, offset, name, ls.files))
        if isinstance(changes, Refusal):
            raise RequestFailed(changes.reason)
        return lsp.WorkspaceEdit(changes={ls.uri(each.source): _edits(ls, each) for each in changes})

    @server.feature(lsp.TEXT_DOCUMENT_FORMATTING)
    async def formed(ls: Server, params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit] | None:
        source = Source("", ls.text(params.text_document.uri))
        text = await ls.in_thread(lambda: formatted(source))
        # What cannot be read cannot be formatted, and its diagnostics say so.
        return None if isinstance(text, tuple) else _whole(ls, source.text, text)

    kinds = [lsp.CodeActionKind.QuickFix, FIX_ALL]

    @server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, lsp.CodeActionOptions(code_action_kinds=kinds))
    async def acted(ls: Server, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        uri, only = params.text_document.uri, params.context.only
        analysis = await ls.analysis(uri)
        if analysis is None:
            return []
        actions = list(_fixes(ls, uri, analysis, params.range)) if _wants("quickfix", only) else []
        if only and _wants(FIX_ALL, only):
            mended = await ls.in_thread(lambda: mend(analysis.source, ls.files.loader(ls.path(uri))))
            edits = _whole(ls, analysis.source.text, mended.source.text)
            if edits:
                edit = lsp.WorkspaceEdit(changes={uri: edits})
                actions.append(lsp.CodeAction("mend what is safe to mend", FIX_ALL, edit=edit))
        return actions


def _wants(kind: str, only: Sequence[str] | None) -> bool:
    """Whether an editor that asks for some kinds of actions, or for any, asks for a kind."""
    return only is None or any(kind == each or kind.startswith(f"{each}.") for each in only)


def _fixes(ls: Server, uri: str, analysis: Analysis, range_: lsp.Range) -> Iterator[lsp.CodeAction]:
    """What can be done about the findings that a range touches."""
    positions = ls.positions(analysis.source.text)
    start, end = positions.offset(range_.start), positions.offset(range_.end)
    for found in analysis.findings:
        here = found.source is analysis.source and found.span.start <= end and start <= found.span.end
        if here and found.title is not None:
            edits = _edits(ls, FileEdits(found.source, found.edits))
            yield lsp.CodeAction(
                found.title,
                lsp.CodeActionKind.QuickFix,
                diagnostics=[ls.diagnostic(found, analysis)],
                is_preferred=found.safe,
                edit=lsp.WorkspaceEdit(changes={uri: edits}),
            )


def _whole(ls: Server, before: str, after: str) -> list[lsp.TextEdit]:
    """The edit of a file whose text is another now."""
    edit = difference(before, after)
    return [] if edit is None else [lsp.TextEdit(ls.positions(before).range(edit.span), edit.text)]


async def _hover(ls: Server, uri: str, text: str, offset: int) -> Hover | None:
    """What there is to know at a place of a text, told by what was last known of the file."""
    latest = await ls.latest(uri)
    if latest is None:
        return None
    before = moved(Span(offset, offset), text, latest.source.text)
    if before is None:
        return hover_of_new(text, offset, latest)
    found = hover(latest, before.start, ls.changes.get(ls.path(uri)))
    span = None if found is None else moved(found.span, latest.source.text, text)
    if found is None or span is None:
        return None if found is None else hover_of_new(text, offset, latest)
    return Hover(found.text, span)


def _offset(ls: Server, analysis: Analysis, position: lsp.Position) -> int:
    return ls.positions(analysis.source.text).offset(position)


def _edits(ls: Server, changes: FileEdits) -> list[lsp.TextEdit]:
    positions = ls.positions(changes.source.text)
    return [lsp.TextEdit(positions.range(edit.span), edit.text) for edit in changes.edits]


def _symbol(part: Part, positions: Positions) -> lsp.DocumentSymbol:
    return lsp.DocumentSymbol(
        name=part.name,
        kind=_PARTS[part.kind],
        range=positions.range(part.span),
        selection_range=positions.range(part.name_span),
        detail=part.detail or part.kind,
        children=[_symbol(each, positions) for each in part.parts],
    )


def _beside(path: str) -> Iterable[str]:
    """The names of the graph files beside a file."""
    try:
        names = os.listdir(os.path.dirname(path))
    except OSError:
        return ()
    return sorted(name for name in names if name.endswith(".agraph") and name != os.path.basename(path))
