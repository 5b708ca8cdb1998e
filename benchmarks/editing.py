"""A replayed editing session: hover and completion while a file of 1,000 lines is typed in."""

import asyncio
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import attrs
from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

from agraph.compiler import compile_source
from agraph.compiler.source import Source
from agraph.files import FileLoader
from agraph.lsp.positions import Positions
from benchmarks.measurement import Measurement

LINES = 1_000
TYPED = [
    "  edge a7 -> a11 ~ 0.5\n",
    '  node late "Looks again." {\n    on ~ 0.9\n    prompt ~ "{{ question }} {{ a3 }} {{ inbox }}"\n  }\n',
    "  edge [a3, a4] -> late ~ 0.25\n",
]
"""What is typed, each at a place of its own."""

PAUSES_S = (0.03, 0.05, 0.08, 0.3)
"""Between two keys: mostly too short for a compilation, sometimes long enough for one to begin."""

COMPILATIONS = 9


def run() -> list[Measurement]:
    """How long an answer takes, against a bare compilation of the same file."""
    text = dense(LINES)
    compiled_s = sorted(_compiled_s(text) for _ in range(COMPILATIONS))[COMPILATIONS // 2]
    answers_s = sorted(asyncio.run(_replayed(text)))
    p95_s = answers_s[int(len(answers_s) * 0.95)]
    note = (
        f"{len(answers_s)} answers, p95 {p95_s * 1000:.0f} ms, most {answers_s[-1] * 1000:.0f} ms; "
        f"a bare compilation of the {LINES} lines takes {compiled_s * 1000:.0f} ms"
    )
    return [Measurement("hover and completion while typing, p95", p95_s / compiled_s, 1.0, note)]


def dense(lines: int) -> str:
    """A file of so many lines with nodes, prompts, candidate edges and gates."""
    head = ["agraph 1", "import std.vote", "model fast = simulated()", "graph g(question: str) -> str? {"]
    head.append("  model = fast")
    tail = ['  node vote "Takes the majority." = vote.majority(inbox)', "  output vote", "}", ""]
    body = list(_nodes(lines - len(head) - len(tail) + 1))
    return "\n".join([*head, *body, *tail])


def _nodes(lines: int) -> Iterator[str]:
    number = 0
    while lines >= 8:
        yield f'  node a{number} "Says more of part {number}." {{'
        yield from (
            "    on ~ 0.9",
            '    prompt ~ """',
            "      {{ question }}",
            "      {{ inbox }}",
            '      """',
        )
        yield "  }"
        yield f"  edge a{number} -> vote ~ 0.5"
        lines -= 8
        number += 1
    yield from ["  # the rest"] * lines


def _compiled_s(text: str) -> float:
    start = perf_counter()
    compilation = compile_source(Source("large.agraph", text), FileLoader())
    elapsed = perf_counter() - start
    assert compilation.graphs, compilation.diagnostics[:3]
    return elapsed


@attrs.define
class _Typist:
    """Types into a document, and asks after each key."""

    client: LanguageClient
    uri: str
    text: str
    random: random.Random
    version: int = 1
    answers_s: list[float] = attrs.field(factory=list)

    async def type(self, line: int, text: str) -> None:
        place = Positions(self.text).offset(lsp.Position(line, 0))
        for key in text:
            at = Positions(self.text).position(place)
            self.version += 1
            document = lsp.VersionedTextDocumentIdentifier(self.version, self.uri)
            change = lsp.TextDocumentContentChangePartial(lsp.Range(at, at), key)
            self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(document, [change]))
            self.text = self.text[:place] + key + self.text[place:]
            place += 1
            await self.ask(place)
            await asyncio.sleep(self.random.choice(PAUSES_S))

    async def ask(self, place: int) -> None:
        """Ask for what could follow, and for what is known of this place and of another."""
        document, positions = lsp.TextDocumentIdentifier(self.uri), Positions(self.text)
        here = positions.position(place)
        elsewhere = positions.position(self.random.randrange(len(self.text)))
        start = perf_counter()
        await self.client.text_document_completion_async(lsp.CompletionParams(document, here))
        asked = perf_counter()
        await self.client.text_document_hover_async(lsp.HoverParams(document, elsewhere))
        again = perf_counter()
        await self.client.text_document_hover_async(lsp.HoverParams(document, here))
        self.answers_s += [asked - start, again - asked, perf_counter() - again]


async def _replayed(text: str) -> list[float]:
    """The time of every answer of a session with a server of its own, the start of it left out."""
    client: Any = LanguageClient("replay", "1")
    with tempfile.TemporaryDirectory() as folder:
        client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(lambda _: None)
        await client.start_io(sys.executable, "-c", "from agraph.cli import main; main()", "lsp")
        root = Path(folder).as_uri()
        await client.initialize_async(lsp.InitializeParams(lsp.ClientCapabilities(), root_uri=root))
        client.initialized(lsp.InitializedParams())
        uri = f"{root}/large.agraph"
        item = lsp.TextDocumentItem(uri, "agraph", 1, text)
        client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        typist = _Typist(client, uri, text, random.Random(1))
        await typist.ask(len(text) // 2)
        typist.answers_s.clear()
        for number, typed in enumerate(TYPED):
            await typist.type(5 + 8 * (20 + 40 * number), typed)
        await client.shutdown_async(None)
        client.exit(None)
        await client.stop()
    return typist.answers_s
