"""The language server over standard input and output, as an editor talks to it."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from agraph.compiler.format import formatted
from agraph.compiler.source import Source, Span
from agraph.history import Change, Learned, note
from agraph.lsp.positions import Positions, changed
from tests.test_hover import PANEL
from tests.test_rename import MAIN_TEXT, TEAMS

pytest_lsp = pytest.importorskip("pytest_lsp", reason="not all packages of the extra `dev` are installed")

DEADLINE_S = 60
COMMAND = [sys.executable, "-c", "from agraph.cli import main; main()", "lsp", "--stdio"]

Scenario = Callable[["Editor"], Awaitable[None]]


class Editor:
    """An editor with one folder open."""

    def __init__(self, client: Any, folder: Path) -> None:
        self.client = client
        self.folder = folder
        self.versions: dict[str, int] = {}
        self.registered: asyncio.Queue[lsp.RegistrationParams] = asyncio.Queue()

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def document(self, name: str) -> lsp.TextDocumentIdentifier:
        return lsp.TextDocumentIdentifier(self.uri(name))

    def open(self, name: str, text: str) -> None:
        item = lsp.TextDocumentItem(self.uri(name), "agraph", 1, text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))

    def replace(self, name: str, range_: lsp.Range, text: str) -> None:
        self.versions[name] = self.versions.get(name, 1) + 1
        document = lsp.VersionedTextDocumentIdentifier(self.versions[name], self.uri(name))
        change = lsp.TextDocumentContentChangePartial(range_, text)
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(document, [change]))

    async def diagnostics(self, name: str) -> list[lsp.Diagnostic]:
        """What is told of a file next."""
        while True:
            told: Any = await self.client.wait_for_notification(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
            if told.uri == self.uri(name):
                return list(told.diagnostics)

    async def at(
        self, request: Callable[..., Awaitable[Any]], kind: Any, name: str, place: lsp.Position
    ) -> Any:
        return await request(kind(text_document=self.document(name), position=place))


def talk(scenario: Scenario, folder: Path, encodings: list[lsp.PositionEncodingKind] | None = None) -> None:
    """Play a scenario with a server that was started for it."""

    async def session() -> None:
        client: Any = await pytest_lsp.ClientServerConfig(COMMAND).start()
        editor = Editor(client, folder)
        client.feature(lsp.CLIENT_REGISTER_CAPABILITY)(lambda params: editor.registered.put_nowait(params))
        capabilities = pytest_lsp.client_capabilities("visual-studio-code")
        if encodings is not None and capabilities.general is not None:
            capabilities.general.position_encodings = encodings
        root = lsp.WorkspaceFolder(folder.as_uri(), "folder")
        await client.initialize_session(
            lsp.InitializeParams(capabilities, root_uri=folder.as_uri(), workspace_folders=[root])
        )
        try:
            await asyncio.wait_for(scenario(editor), DEADLINE_S)
        finally:
            await client.shutdown_session()
            await client.stop()

    asyncio.run(session())


def at(line: int, character: int) -> lsp.Position:
    return lsp.Position(line, character)


def place_of(text: str, part: str, into: int = 0) -> lsp.Position:
    """The position of a part of a text that every encoding counts alike."""
    before = text[: text.index(part) + into]
    return lsp.Position(before.count("\n"), len(before) - before.rfind("\n") - 1)


# What it tells unasked.


def test_mistakes_are_told_as_one_types(tmp_path: Path) -> None:
    async def scenario(editor: Editor) -> None:
        editor.open("main.agraph", "agraph 1\n\nmodel m = simulated()\n")
        assert await editor.diagnostics("main.agraph") == []
        editor.replace("main.agraph", lsp.Range(at(2, 10), at(2, 19)), "simulate")
        [found] = await editor.diagnostics("main.agraph")
        assert found.code == "AG0702"
        assert found.source == "agraph"
        assert found.severity == lsp.DiagnosticSeverity.Error
        assert "did you mean `simulated`" in found.message
        assert found.range == lsp.Range(at(2, 10), at(2, 18))
        editor.replace("main.agraph", lsp.Range(at(2, 18), at(2, 18)), "d")
        assert await editor.diagnostics("main.agraph") == []

    talk(scenario, tmp_path)


def test_open_text_counts_for_those_that_import_it_until_it_is_closed(tmp_path: Path) -> None:
    (tmp_path / "teams.agraph").write_text("agraph 1\n", encoding="utf-8")

    async def scenario(editor: Editor) -> None:
        editor.open("main.agraph", MAIN_TEXT)
        found = await editor.diagnostics("main.agraph")
        assert "AG0208" in {each.code for each in found}
        editor.open("teams.agraph", TEAMS)
        assert await editor.diagnostics("main.agraph") == []
        document = editor.document("teams.agraph")
        editor.client.text_document_did_close(lsp.DidCloseTextDocumentParams(document))
        assert "AG0208" in {each.code for each in await editor.diagnostics("main.agraph")}
        (tmp_path / "teams.agraph").write_text(TEAMS, encoding="utf-8")
        changes = [lsp.FileEvent(editor.uri("teams.agraph"), lsp.FileChangeType.Changed)]
        editor.client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams(changes))
        assert await editor.diagnostics("main.agraph") == []

    talk(scenario, tmp_path)


def test_files_are_watched_that_others_may_write(tmp_path: Path) -> None:
    async def scenario(editor: Editor) -> None:
        [registration] = (await editor.registered.get()).registrations
        assert registration.method == lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES
        assert "*.agraph" in str(registration.register_options)

    talk(scenario, tmp_path)


def test_second_places_and_mistakes_of_imports_are_linked(tmp_path: Path) -> None:
    async def scenario(editor: Editor) -> None:
        editor.open("teams.agraph", "agraph 1\nmodel a = simulated()\nmodel a = simulated()\n")
        [found] = await editor.diagnostics("teams.agraph")
        assert found.related_information is not None
        assert found.related_information[0].location.range.start == at(1, 6)
        editor.open("main.agraph", 'agraph 1\nimport "teams.agraph"\n')
        [found] = await editor.diagnostics("main.agraph")
        assert found.range.start == at(1, 7)

    talk(scenario, tmp_path)


# What it answers.


def test_names_are_explained_found_and_changed(tmp_path: Path) -> None:
    (tmp_path / "teams.agraph").write_text(TEAMS, encoding="utf-8")

    async def scenario(editor: Editor) -> None:
        client, name = editor.client, "main.agraph"
        editor.open(name, MAIN_TEXT)
        judge = place_of(MAIN_TEXT, "x[0].judge", 6)
        hover = await editor.at(client.text_document_hover_async, lsp.HoverParams, name, judge)
        assert "Decides." in hover.contents.value
        found = await editor.at(client.text_document_definition_async, lsp.DefinitionParams, name, judge)
        assert found == lsp.Location(
            editor.uri("teams.agraph"),
            lsp.Range(place_of(TEAMS, "judge"), place_of(TEAMS, "judge", len("judge"))),
        )
        uses = await client.text_document_references_async(
            lsp.ReferenceParams(lsp.ReferenceContext(True), editor.document(name), judge)
        )
        assert uses is not None
        assert {use.uri for use in uses} == {editor.uri(name), editor.uri("teams.agraph")}
        marks = await editor.at(
            client.text_document_document_highlight_async, lsp.DocumentHighlightParams, name, judge
        )
        assert len(marks) == MAIN_TEXT.count("judge")
        ready = await editor.at(
            client.text_document_prepare_rename_async, lsp.PrepareRenameParams, name, judge
        )
        assert ready.placeholder == "judge"
        edit = await client.text_document_rename_async(
            lsp.RenameParams(new_name="jury", text_document=editor.document(name), position=judge)
        )
        assert edit is not None
        assert edit.changes is not None
        assert {uri: len(edits) for uri, edits in edit.changes.items()} == {
            editor.uri(name): MAIN_TEXT.count("judge"), editor.uri("teams.agraph"): TEAMS.count("judge"),
        }  # fmt: skip

    talk(scenario, tmp_path)


def test_a_name_that_cannot_be_changed_is_refused_with_the_reason(tmp_path: Path) -> None:
    async def scenario(editor: Editor) -> None:
        client, name = editor.client, "teams.agraph"
        editor.open(name, TEAMS)
        with pytest.raises(JsonRpcException, match="`inbox` is a reserved word"):
            await client.text_document_rename_async(
                lsp.RenameParams(
                    new_name="inbox", text_document=editor.document(name), position=place_of(TEAMS, "judge")
                )
            )
        with pytest.raises(JsonRpcException, match="no name here"):
            await client.text_document_prepare_rename_async(
                lsp.PrepareRenameParams(editor.document(name), at(1, 0))
            )

    talk(scenario, tmp_path)


def test_completion_answers_while_the_file_is_broken(tmp_path: Path) -> None:
    (tmp_path / "teams.agraph").write_text(TEAMS, encoding="utf-8")

    async def scenario(editor: Editor) -> None:
        client, name = editor.client, "main.agraph"
        editor.open(name, MAIN_TEXT)
        await editor.diagnostics(name)
        line = place_of(MAIN_TEXT, "  edge said")
        editor.replace(name, lsp.Range(line, line), '  node 🦊 {{ "\n  edge sai\n')
        place = at(line.line + 1, len("  edge sai"))
        items = await editor.at(client.text_document_completion_async, lsp.CompletionParams, name, place)
        [item] = [item for item in items if item.label == "said"]
        assert item.detail == "Shouts."
        assert item.text_edit.range == lsp.Range(at(place.line, 7), place)

    talk(scenario, tmp_path)


def test_hover_follows_what_was_typed_before_it(tmp_path: Path) -> None:
    async def scenario(editor: Editor) -> None:
        client, name = editor.client, "teams.agraph"
        editor.open(name, TEAMS)
        await editor.diagnostics(name)
        top = at(1, 0)
        editor.replace(name, lsp.Range(top, top), "\n# 🦊\n\n")
        judge = place_of(TEAMS, "judge")
        moved = at(judge.line + 3, judge.character)
        hover = await editor.at(client.text_document_hover_async, lsp.HoverParams, name, moved)
        assert hover.range == lsp.Range(moved, at(moved.line, moved.character + len("judge")))

    talk(scenario, tmp_path)


def test_the_structure_of_a_file_is_told(tmp_path: Path) -> None:
    async def scenario(editor: Editor) -> None:
        editor.open("teams.agraph", TEAMS)
        found: Any = await editor.client.text_document_document_symbol_async(
            lsp.DocumentSymbolParams(editor.document("teams.agraph"))
        )
        assert [each.name for each in found] == ["fast", "pair"]
        assert [each.name for each in found[1].children][:2] == ["member", "judge"]

    talk(scenario, tmp_path)


def test_what_was_learned_is_hinted_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "panel.agraph"
    path.write_text(PANEL, encoding="utf-8")
    change = Change("solver[0] -> vote", 0.5, 0.75)
    record = Learned(0, "optimize", str(path), "panel", 0.0, "before", PANEL, True, changes=(change,))
    assert note(record, str(path), pytest.fail) is not None

    async def scenario(editor: Editor) -> None:
        editor.open("panel.agraph", PANEL)
        await editor.diagnostics("panel.agraph")
        whole = lsp.Range(at(0, 0), at(99, 0))
        hints = await editor.client.text_document_inlay_hint_async(
            lsp.InlayHintParams(editor.document("panel.agraph"), whole)
        )
        [hint] = hints
        assert hint.label == "was 0.5, run 1"
        assert hint.position == place_of(PANEL, "[0.75, 0.5]", len("[0.75, 0.5]"))
        place = place_of(PANEL, "0.75, 0.5]")
        hover = await editor.at(
            editor.client.text_document_hover_async, lsp.HoverParams, "panel.agraph", place
        )
        assert "by run 1 (optimize" in hover.contents.value

    talk(scenario, tmp_path)


def test_a_file_is_formatted_unless_it_cannot_be_read(tmp_path: Path) -> None:
    async def scenario(editor: Editor) -> None:
        text = "agraph 1\nmodel   m=simulated( )\n"
        editor.open("main.agraph", text)
        params = lsp.DocumentFormattingParams(editor.document("main.agraph"), lsp.FormattingOptions(2, True))
        [edit] = await editor.client.text_document_formatting_async(params)
        whole = formatted(Source("main.agraph", text))
        assert isinstance(whole, str)
        positions = Positions(text)
        start, end = positions.offset(edit.range.start), positions.offset(edit.range.end)
        assert text[:start] + edit.new_text + text[end:] == whole
        editor.replace("main.agraph", lsp.Range(at(0, 0), at(9, 0)), whole)
        unchanged = await editor.client.text_document_formatting_async(params)
        assert list(unchanged) == []
        editor.replace("main.agraph", lsp.Range(at(1, 0), at(1, 0)), "graph g( {\n")
        assert await editor.client.text_document_formatting_async(params) is None

    talk(scenario, tmp_path)


def test_what_a_finding_suggests_can_be_done(tmp_path: Path) -> None:
    async def scenario(editor: Editor) -> None:
        editor.open("main.agraph", "agraph 1\n\nmodel m = simulate()\n")
        await editor.diagnostics("main.agraph")
        place = lsp.Range(at(2, 12), at(2, 12))
        params = lsp.CodeActionParams(editor.document("main.agraph"), place, lsp.CodeActionContext([]))
        [action] = await editor.client.text_document_code_action_async(params)
        assert action.title == "write `simulated`"
        assert action.kind == lsp.CodeActionKind.QuickFix
        assert action.is_preferred
        assert [each.code for each in action.diagnostics] == ["AG0702"]
        [edit] = action.edit.changes[editor.uri("main.agraph")]
        assert (edit.range, edit.new_text) == (lsp.Range(at(2, 10), at(2, 18)), "simulated")
        params.range = lsp.Range(at(0, 0), at(0, 0))
        assert not await editor.client.text_document_code_action_async(params)

    talk(scenario, tmp_path)


def test_all_that_is_safe_can_be_mended_at_once(tmp_path: Path) -> None:
    async def scenario(editor: Editor) -> None:
        editor.open("main.agraph", 'agraph 1\nmodel m = simulate()\nmodel n = scriptet("a")\n')
        context = lsp.CodeActionContext([], only=["source.fixAll"])
        params = lsp.CodeActionParams(editor.document("main.agraph"), lsp.Range(at(0, 0), at(0, 0)), context)
        [action] = await editor.client.text_document_code_action_async(params)
        assert action.kind == "source.fixAll.agraph"
        [edit] = action.edit.changes[editor.uri("main.agraph")]
        assert "simulated" in edit.new_text or edit.range.start.line == 1
        assert "scripted" in edit.new_text or edit.range.end.line == 2
        context.only = ["refactor"]
        assert not await editor.client.text_document_code_action_async(params)

    talk(scenario, tmp_path)


WIDE = 'agraph 1\n# 漢字 🦊\ngraph g(a: str) -> str {\n  node n "🦊🦊 漢" = a # 🦊\n  output n\n}\n'


@pytest.mark.parametrize("encoding", list(lsp.PositionEncodingKind))
def test_columns_are_counted_as_the_editor_counts(tmp_path: Path, encoding: lsp.PositionEncodingKind) -> None:
    async def scenario(editor: Editor) -> None:
        name = "wide.agraph"
        editor.open(name, WIDE)
        positions = Positions(WIDE, encoding)
        span = Span(WIDE.index("= a") + 2, WIDE.index("= a") + 3)
        place = positions.range(span).start
        found = await editor.at(
            editor.client.text_document_definition_async, lsp.DefinitionParams, name, place
        )
        assert found.range == lsp.Range(at(2, 8), at(2, 9))
        hover = await editor.at(editor.client.text_document_hover_async, lsp.HoverParams, name, place)
        assert hover.range == positions.range(span)
        editor.replace(name, positions.range(span), "b")
        [error] = await editor.diagnostics(name)
        assert error.range == positions.range(span)

    talk(scenario, tmp_path, [encoding])


def test_utf_16_is_what_an_editor_counts_that_says_nothing(tmp_path: Path) -> None:
    async def scenario(editor: Editor) -> None:
        editor.open("wide.agraph", WIDE)
        line = WIDE.split("\n")[3]
        units = len(line[: line.index("= a") + 2].encode("utf-16-le")) // 2
        found = await editor.at(
            editor.client.text_document_hover_async, lsp.HoverParams, "wide.agraph", at(3, units)
        )
        assert found.range == lsp.Range(at(3, units), at(3, units + 1))

    talk(scenario, tmp_path, [])


# Positions.

texts = st.text(alphabet="ab\r\n🦊漢\u2028\x0c", max_size=30)


@given(texts, st.sampled_from(list(lsp.PositionEncodingKind)))
def test_a_position_leads_back_to_its_code_point(text: str, encoding: lsp.PositionEncodingKind) -> None:
    positions = Positions(text, encoding)
    for offset in range(len(text) + 1):
        if text[offset - 1 : offset + 1] != "\r\n":
            assert positions.offset(positions.position(offset)) == offset


@given(texts, texts, st.data(), st.sampled_from(list(lsp.PositionEncodingKind)))
def test_a_change_replaces_its_range(
    text: str, new: str, data: st.DataObject, encoding: lsp.PositionEncodingKind
) -> None:
    places = [offset for offset in range(len(text) + 1) if text[offset - 1 : offset + 1] != "\r\n"]
    start, end = sorted((data.draw(st.sampled_from(places)), data.draw(st.sampled_from(places))))
    range_ = Positions(text, encoding).range(Span(start, end))
    change = lsp.TextDocumentContentChangePartial(range_, new)
    assert changed(text, [change], encoding) == text[:start] + new + text[end:]


def test_a_position_behind_the_end_of_its_line_is_the_end() -> None:
    positions = Positions("ab\n🦊\n")
    assert positions.offset(at(0, 99)) == 2
    assert positions.offset(at(1, 99)) == 4
    assert positions.offset(at(9, 0)) == 5


# The command.


def test_without_its_packages_the_command_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['pygls'] = None\n"
        "from agraph.cli import exit_code; sys.exit(exit_code(['lsp']))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=DEADLINE_S)
    assert result.returncode == 2
    assert "pip install 'agraph[lsp]'" in result.stderr


def message(method: str, number: int | None = None, **params: Any) -> bytes:
    body: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
    body |= {} if number is None else {"id": number}
    content = json.dumps(body | ({"params": params} if params else {})).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(content), content)


def test_the_command_ends_quietly_when_the_editor_does() -> None:
    talk_ = [message("initialize", 1, capabilities={}), message("shutdown", 2), message("exit")]
    result = subprocess.run(COMMAND, input=b"".join(talk_), capture_output=True, timeout=DEADLINE_S)
    assert (result.returncode, result.stderr) == (0, b"")
    assert b'"serverInfo"' in result.stdout
