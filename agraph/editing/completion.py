"""What could be written at a place: told by the text before it, and by what was last known of the file."""

import re
from collections.abc import Iterable, Iterator

import attrs

from agraph.compiler import syntax
from agraph.compiler.attributes import ATTRIBUTES as KNOWN
from agraph.compiler.attributes import INSTANCE_ATTRIBUTES
from agraph.compiler.declarations import PROVIDERS
from agraph.compiler.names import Graph, Module
from agraph.compiler.source import Span
from agraph.compiler.tasks import BUDGET_UNITS, METRICS
from agraph.editing import words
from agraph.editing.analysis import Analysis
from agraph.editing.cursor import Cursor, cursor_at
from agraph.editing.offers import (
    Kind,
    Offer,
    declared,
    description,
    ends,
    named,
    parameters,
    plain,
    readable,
    type_names,
    worded,
)
from agraph.editing.paths import Reader
from agraph.editing.symbols import GraphNames

_PATH = re.compile(r"((?:[A-Za-z_]\w*(?:\[[^\[\]\n]*\])?\.)*)([A-Za-z_]\w*)?\Z", re.ASCII)
_STEP = re.compile(r"([A-Za-z_]\w*)(?:\[[^\[\]\n]*\])?\.", re.ASCII)
_DECLARED = re.compile(r"(?:graph|test|optimize|node)[ \t]+([A-Za-z_]\w*)", re.ASCII)
_CALLED = re.compile(r"[=~][ \t]*((?:[A-Za-z_]\w*\.)?[A-Za-z_]\w*)[ \t]*[\[(]", re.ASCII)
_CALLEE = re.compile(r"((?:[A-Za-z_]\w*\.)?[A-Za-z_]\w*)[ \t]*\Z", re.ASCII)
_SETTING = re.compile(
    r"((?:[A-Za-z_]\w*\.)*)([A-Za-z_]\w*)(?:[ \t]+([A-Za-z_][\w.]*))?[ \t]*([=~])(?!=)", re.ASCII
)
_COMPLETE = re.compile(r"[\d\"\])]\Z")
_TYPE_NEXT = re.compile(r"(?:->|[:|\[(?]|->[^=~{]*[|\[(])[ \t]*\Z")


@attrs.frozen
class Completion:
    """One thing that could stand at a place.

    Attributes:
        span: What it replaces: the word that is being written.
        detail: What it is, in a few words, or nothing.
    """

    label: str
    kind: Kind
    detail: str
    span: Span


def completions(
    text: str, offset: int, analysis: Analysis, files: Iterable[str] = ()
) -> tuple[Completion, ...]:
    """What could stand at a place.

    Args:
        text: The file as it is now.
        offset: The place.
        analysis: What was last known of the file, which may have changed since.
        files: What a string after `import` could name.
    """
    cursor = cursor_at(text, offset)
    if cursor.comment:
        return ()
    match = _PATH.search(cursor.statement if cursor.text is None else cursor.text)
    assert match is not None, "the pattern matches the empty text"
    path, word = tuple(_STEP.findall(match[1])), match[2] or ""
    head = cursor.statement[: len(cursor.statement) - len(match.group())].rstrip()
    if (
        cursor.text is None
        and _COMPLETE.search(head)
        and cursor.statement[len(head) :][:1] not in (" ", "\t")
    ):
        # Nothing begins directly behind a number or a bracket.
        return ()
    span = Span(offset - len(word), offset)
    if cursor.text is not None and cursor.statement.startswith("import"):
        span = Span(offset - len(cursor.text) + 1, offset)
    place = _Place(analysis, cursor, head, path, tuple(files))
    offers = {label: (kind, detail) for label, kind, detail in place.offers()}
    return tuple(Completion(label, kind, detail, span) for label, (kind, detail) in offers.items())


@attrs.frozen(eq=False)
class _Place:
    """A place where something is being written.

    Attributes:
        head: The statement up to the path that is being written.
        path: The words of the path that are complete: `x.judge.wi` has two.
        files: What a string after `import` could name.
    """

    analysis: Analysis
    cursor: Cursor
    head: str
    path: tuple[str, ...]
    files: tuple[str, ...]

    @property
    def module(self) -> Module:
        return self.analysis.module

    def offers(self) -> Iterator[Offer]:
        frames = self.cursor.frames
        if self.cursor.text is not None:
            yield from self.in_text(self.cursor.text)
        elif not frames:
            yield from self.item()
        else:
            item = frames[0].head.partition(" ")[0]
            if item == "type":
                yield from type_names(self.module, self.path) if self.head.endswith((":", "[", "|")) else ()
            elif item == "graph":
                yield from self.in_graph()
            elif item == "test":
                yield from self.in_test()
            elif item == "optimize":
                yield from self.in_optimize()

    # Items.

    def item(self) -> Iterator[Offer]:
        first = self.head.partition(" ")[0]
        if not self.head:
            if not self.path:
                yield from worded(words.ITEMS, "word")
        elif first == "import":
            yield from self.std()
        elif first in ("test", "optimize") and " " not in self.head:
            yield from ((name, "graph", "") for name in self.module.graphs)
        elif first == "model" and self.head.endswith("="):
            yield from plain(PROVIDERS, "word")
        elif first == "model" and re.search(r"\bfallback[ \t]*=[ \t]*\[[^\]]*\Z", self.head):
            yield from declared(self.module, self.path, "model")
        elif first == "tool" and self.head.endswith("="):
            yield from plain(("python", "recorded"), "word")
        elif first in ("tool", "graph", "type"):
            yield from self.signature()

    def signature(self) -> Iterator[Offer]:
        """Types; in the brackets of a graph the kinds of compile-time parameters, and defaults."""
        brackets = self.cursor.brackets
        if brackets and brackets[0][0] == "[":
            if self.head.endswith(":"):
                yield from plain(("int", "model", "tool"), "word")
            elif self.head.endswith("="):
                yield from declared(self.module, self.path, "model", "tool")
        elif _TYPE_NEXT.search(self.head):
            yield from type_names(self.module, self.path)

    def std(self) -> Iterator[Offer]:
        if self.path == ("std",):
            yield from ((name, "module", "") for name in self.analysis.std_modules)
        elif not self.path and self.head == "import":
            yield from ((f"std.{name}", "module", "") for name in self.analysis.std_modules)

    # Strings.

    def in_text(self, text: str) -> Iterator[Offer]:
        if self.cursor.statement.startswith("import"):
            yield from ((file, "file", "") for file in self.files)
            return
        setting = _SETTING.match(self.cursor.statement)
        line = text.rpartition("\n")[2]
        opening = line.rfind("{{")
        is_prompt = setting is not None and setting[2] in ("prompt", "system")
        if is_prompt and opening >= 0 and "}}" not in line[opening:]:
            yield from readable(self.reader(), self.path)

    # Graphs.

    def graph(self) -> GraphNames | None:
        name = _declared_name(self.cursor.frames[0].head)
        if name not in self.module.graphs:
            return None
        return self.analysis.known.of(Graph(self.module.graphs[name], self.module, ""))

    def inner(self) -> GraphNames | None:
        """The graph inside the instance in whose block the place lies, or `None` outside of such."""
        graph, frames = self.graph(), self.cursor.frames
        if graph is None or len(frames) < 2:
            return None
        called = _CALLED.search(frames[1].head)
        found = None if called is None else self.module.graph(named(called[1]))
        inner = None if found is None else self.analysis.known.of(found)
        for frame in frames[2:]:
            inner = None if inner is None else inner.inside(frame.head)
        return inner

    def reader(self) -> Reader | None:
        """Who reads what is being written: a node, or one inside an instance."""
        graph = self.graph()
        if graph is None:
            return None
        name = graph.name
        inner = self.inner()
        if inner is not None:
            node = self.cursor.statement.partition(".")[0].strip()
            return Reader(inner, node if node in inner.nodes else None, None)
        frames = self.cursor.frames
        head = frames[1].head if len(frames) > 1 else self.cursor.statement
        node = _declared_name(head)
        return Reader(
            graph, node if node in graph.nodes else None, self.analysis.compilation.lowered.get(name)
        )

    def in_graph(self) -> Iterator[Offer]:
        inner, in_body = self.inner(), len(self.cursor.frames) > 1
        graph = inner or self.graph()
        first = self.head.partition(" ")[0].partition("[")[0]
        if not self.head:
            yield from self.statement(inner, in_body)
        elif first == "edge":
            if not re.search(r"[=~]", self.head) and graph is not None:
                yield from ends(graph, self.path)
        elif first == "output":
            if graph is not None and self.head == "output":
                yield from ends(graph, self.path)
        elif first == "node":
            yield from self.node(graph)
        else:
            yield from self.value(graph)

    def statement(self, inner: GraphNames | None, in_body: bool) -> Iterator[Offer]:
        """What begins a statement of a graph, of a node, or of the block of an instance."""
        own = {name: told for name, told in words.ATTRIBUTES.items() if name not in self.written()}
        if not in_body:
            if not self.path:
                yield from worded(words.GRAPH_STATEMENTS, "word")
                yield from worded(
                    {name: told for name, told in own.items() if KNOWN[name].default}, "attribute"
                )
        elif inner is None:
            if not self.path:
                yield from worded(own, "attribute")
        elif len(self.path) == 1 and self.path[0] in inner.nodes:
            node = self.path[0]
            is_model = inner.nodes[node].value is None
            has = INSTANCE_ATTRIBUTES if inner.inside(node) else words.ATTRIBUTES
            for name in has:
                if is_model or not KNOWN[name].of_models:
                    yield name, "attribute", words.ATTRIBUTES[name]
        elif not self.path:
            if len(self.cursor.frames) == 2:
                yield from ((name, "attribute", own[name]) for name in INSTANCE_ATTRIBUTES if name in own)
            yield "edge", "word", "an edge statement of the graph, as it is declared there"
            yield from ((name, "node", description(node)) for name, node in inner.nodes.items())

    def written(self) -> frozenset[str]:
        """The attributes that the node around has already."""
        graph, frames = self.graph(), self.cursor.frames
        if graph is None or len(frames) != 2:
            return frozenset()
        node = graph.nodes.get(_declared_name(frames[1].head))
        return frozenset(
            statement.path[0].text
            for statement in (node.body if node is not None else None) or ()
            if isinstance(statement, syntax.Setting) and len(statement.path) == 1
        )

    def node(self, graph: GraphNames | None) -> Iterator[Offer]:
        """The head of a node: its size, its type, its right side."""
        bare = re.sub(r'"(?:[^"\\\n]|\\.)*"', '""', self.head)
        sign = re.search(r"[=~]", bare)
        if sign is not None:
            yield from self.right_side()
        elif "->" in bare:
            if _TYPE_NEXT.search(bare):
                yield from type_names(self.module, self.path)
        elif bare.endswith("[") and graph is not None:
            yield from ((name, "constant", "") for name in graph.constants)

    def right_side(self) -> Iterator[Offer]:
        brackets = self.cursor.brackets
        if brackets and brackets[-1][0] == "(":
            start = brackets[-1][1] - self.cursor.start
            called = _CALLEE.search(self.cursor.statement, 0, start)
            if not self.path and called is not None:
                yield from parameters(called[1], self.module)
        if brackets and brackets[-1][0] == "[" and re.search(r"[=~][ \t]*[\w.]+\[[^\]]*\Z", self.head):
            yield from declared(self.module, self.path, "model", "tool")
        yield from declared(self.module, self.path, "tool", "graph")
        yield from readable(self.reader(), self.path)

    def value(self, graph: GraphNames | None) -> Iterator[Offer]:
        """The value of an attribute."""
        setting = _SETTING.match(self.cursor.statement)
        if setting is None:
            return
        attribute, is_key = setting[2], self.head.endswith(("{", ","))
        constants = self.constants()
        match attribute:
            case "model" if setting[4] == "=" or is_key:
                yield from ((name, "constant", "model") for name in constants)
                yield from declared(self.module, self.path, "model")
            case "tools" if self.cursor.brackets and self.cursor.brackets[-1][0] == "[":
                yield from ((name, "constant", "tool") for name in constants)
                yield from declared(self.module, self.path, "tool")
            case "prompt" | "tools" if setting[4] == "~" and is_key:
                yield from ((name, "option", "") for name in self.options(attribute))
            case "on" | "cache" if self.head.endswith("="):
                yield from plain(("true", "false"), "value")
            case "on_error" if self.head.endswith("="):
                yield from plain(("fail", "skip", "null"), "value")
            case "when":
                yield from readable(self.reader(), self.path)
            case "requires" | "retries" | "max_turns" if self.head.endswith("="):
                yield from ((name, "constant", "") for name in constants)
            case "examples" if is_key and graph is not None:
                yield from ((name, "input", "") for name in graph.inputs)
                yield "output", "word", "the answer"

    def constants(self) -> tuple[str, ...]:
        graph = self.graph()
        return () if graph is None or self.path else graph.constants

    def options(self, attribute: str) -> Iterator[str]:
        reader = self.reader()
        node = None if reader is None or reader.name is None else reader.graph.nodes[reader.name]
        for statement in (node.body if node is not None else None) or ():
            match statement:
                case syntax.Setting(path=(name,), option=syntax.Name(option)) if name.text == attribute:
                    yield option

    # Tests and optimize blocks.

    def in_test(self) -> Iterator[Offer]:
        graph = self.graph()
        if not self.head:
            if not self.path:
                yield from worded(words.TEST_STATEMENTS, "word")
                yield from ((name, "input", "") for name in (graph.inputs if graph else ()))
        elif self.head.startswith("expect"):
            if graph is not None:
                lowered = self.analysis.compilation.lowered.get(graph.name)
                yield from readable(Reader(graph, None, lowered, everywhere=True), self.path)
                yield from declared(self.module, self.path, "tool")
        elif self.head == "model":
            yield from declared(self.module, self.path, "model")
        elif self.head.startswith("model ") and self.head.endswith("="):
            yield from plain(PROVIDERS, "word")

    def in_optimize(self) -> Iterator[Offer]:
        graph = self.graph()
        setting = _SETTING.match(self.cursor.statement)
        if not self.head:
            yield from worded(words.OPTIMIZE_STATEMENTS, "word")
        elif setting is None or graph is None:
            return
        elif setting[2] == "metric" and self.head.endswith("="):
            yield from plain(METRICS, "word")
        elif setting[2] == "metric":
            lowered = self.analysis.compilation.lowered.get(graph.name)
            if self.path[:1] == ("output",):
                yield from readable(Reader(graph, None, lowered, everywhere=True), self.path)
            elif not self.path:
                yield "output", "word", "the graph's answer"
                yield "row", "word", "a row of the data"
        elif setting[2] == "data" and self.head.endswith("="):
            yield from plain(("jsonl", "json", "csv"), "word")
        elif setting[2] == "budget":
            yield from plain(BUDGET_UNITS, "word")
        elif setting[2] == "columns" and self.head.endswith(("{", ",")):
            yield from ((name, "input", "") for name in graph.inputs)
        elif setting[2] == "proposer":
            yield from declared(self.module, self.path, "model")


def _declared_name(head: str) -> str:
    """The name after the word that begins a statement, or nothing."""
    match = _DECLARED.match(head)
    return match[1] if match else ""
