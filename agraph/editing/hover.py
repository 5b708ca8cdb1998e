"""What there is to know of the name, word or probability at a place."""

import re
from collections.abc import Iterator, Mapping

import attrs

from agraph.compiler import ir, syntax, types
from agraph.compiler.names import Graph, Module
from agraph.compiler.source import Source, Span
from agraph.editing import words
from agraph.editing.analysis import Analysis
from agraph.editing.completion import Completion, completions
from agraph.editing.cursor import Frame, cursor_at
from agraph.editing.learned import LastChanges, changes_of
from agraph.editing.paths import Reader
from agraph.editing.symbols import Occurrence, Symbol

_COMMENTS = re.compile(r"(?:^[ \t]*#[^\n]*\n)+\Z", re.MULTILINE)
_IN_NAME = re.compile(r"\w", re.ASCII)
_FENCE = "```agraph\n{}\n```"
_FIRST_WORD = re.compile(r"[ \t]*(?:[A-Za-z_]\w*\.)*([A-Za-z_]\w*)", re.ASCII)
_MOST_LINES = 5


@attrs.frozen
class Hover:
    """What is told of a stretch of a file, in Markdown."""

    text: str
    span: Span


def hover(analysis: Analysis, offset: int, changes: LastChanges | None = None) -> Hover | None:
    """What there is to know at a place, or `None`.

    Args:
        analysis: The file.
        offset: The place.
        changes: What the file's history tells of its values.
    """
    found = analysis.occurrence_at(offset)
    if found is not None:
        told = describe(found, analysis)
        return None if told is None else Hover(told, found.span)
    told_of_word = _word(analysis, offset) or _read_word(analysis, offset)
    return _probability(analysis, offset, changes or {}) or told_of_word


def hover_of_new(text: str, offset: int, analysis: Analysis) -> Hover | None:
    """What there is to know of a name in text that is newer than what is known of the file, or `None`.

    Args:
        text: The file as it is now.
        offset: The place.
        analysis: What was last known of the file.
    """
    found = _offered(text, offset, analysis)
    if found is None:
        return None
    head = _FENCE.format(f"{found.kind} {found.label}")
    return Hover(f"{head}\n\n{found.detail}" if found.detail else head, found.span)


def _offered(text: str, offset: int, analysis: Analysis) -> Completion | None:
    """What is offered for the name at a place, as if it were written just now, or `None`."""
    start, end = offset, offset
    while start and _IN_NAME.match(text[start - 1]):
        start -= 1
    while end < len(text) and _IN_NAME.match(text[end]):
        end += 1
    offered = completions(text, end, analysis) if start < end else ()
    return next((each for each in offered if each.label == text[start:end]), None)


def describe(found: Occurrence, analysis: Analysis) -> str | None:
    """What there is to know of a symbol that is named somewhere, in Markdown."""
    symbol = found.symbol
    if symbol.kind in ("import", "file"):
        return _imported(symbol, analysis)
    module = analysis.modules.get(symbol.path)
    if module is None:
        return None
    if symbol.kind == "node":
        return _node(symbol, module, analysis)
    head = _head(symbol, module)
    return None if head is None else "\n\n".join((_FENCE.format(head), *_comment(symbol, module)))


def _imported(symbol: Symbol, analysis: Analysis) -> str | None:
    module = analysis.module.imports.get(symbol.name) or analysis.modules.get(symbol.path)
    if module is None or module is analysis.module:
        return None
    names = [*module.types, *module.models, *module.tools, *module.graphs]
    return "\n\n".join((f"`{module.source.path}`", "declares " + ", ".join(f"`{name}`" for name in names)))


def _head(symbol: Symbol, module: Module) -> str | None:
    """The first line of a declaration, as an author would write it."""
    name = symbol.name
    match symbol.kind:
        case "type":
            fields = ", ".join(f"{field}: {types.show(each)}" for field, each in module.types[name].fields)
            return f"type {name} {{ {fields} }}"
        case "field":
            record = module.types.get(symbol.scope[0])
            each = None if record is None else record.field(name)
            return None if each is None else f"{name}: {types.show(each)}"
        case "model":
            declared = next((each for each in module.tree.items if _declares(each, name)), None)
            return None if declared is None else module.source.slice(declared.span)
        case "tool":
            return _signature(module.tools[name])
        case "parameter":
            tool = module.tools[symbol.scope[0]]
            return "\n".join(f"{name}: {types.show(each)}" for key, each in tool.parameters if key == name)
        case "graph":
            return graph_head(Graph(module.graphs[name], module, ""))
        case "constant" | "input":
            graph = module.graphs[symbol.scope[0]]
            spans = {each.name.text: each.span for each in graph.parameters}
            spans |= {each.name.text: each.span for each in graph.inputs}
            return module.source.slice(spans[name])
        case "option":
            return f"{symbol.scope[-1]} {name}"
        case "running index":
            return f"{name}  # the running number of this edge statement"
        case _:
            return None


def _declares(item: syntax.Item, name: str) -> bool:
    return isinstance(item, syntax.ModelDeclaration) and item.name.text == name


def _signature(tool: ir.Tool) -> str:
    parameters = ", ".join(f"{name}: {types.show(each)}" for name, each in tool.parameters)
    return f"tool {tool.name}({parameters}) -> {types.show(tool.returns)}"


def graph_head(graph: Graph) -> str:
    """A graph's declaration without its body."""
    declaration, source = graph.declaration, graph.module.source
    parameters = ", ".join(source.slice(each.span) for each in declaration.parameters)
    inputs = ", ".join(source.slice(each.span) for each in declaration.inputs)
    brackets = f"[{parameters}]" if declaration.parameters else ""
    answer = "" if declaration.type is None else f" -> {source.slice(declaration.type.span)}"
    return f"graph {declaration.name.text}{brackets}({inputs}){answer}"


def _comment(symbol: Symbol, module: Module) -> Iterator[str]:
    """The comment above the declaration of a type, a model, a tool or a graph."""
    for item in module.tree.items:
        if isinstance(item, syntax.Import | syntax.TestDeclaration | syntax.OptimizeDeclaration):
            continue
        if item.name.text == symbol.name and symbol.kind in ("type", "model", "tool", "graph"):
            above = _COMMENTS.search(module.source.text[: item.span.start])
            if above:
                yield "\n".join(line.strip().lstrip("#").strip() for line in above.group().splitlines())


# Nodes.


def _node(symbol: Symbol, module: Module, analysis: Analysis) -> str | None:
    graph = analysis.known.of(Graph(module.graphs[symbol.scope[0]], module, ""))
    node = graph.nodes.get(symbol.name)
    if node is None:
        return None
    count = "" if node.count is None else f"[{module.source.slice(node.count.span)}]"
    lowered = analysis.compilation.lowered.get(graph.name) if module is analysis.module else None
    type_ = Reader(graph, None, lowered).node_type(symbol.name)
    if type_ is not None:
        shown = types.show(type_)
    else:
        shown = "" if node.type is None else module.source.slice(node.type.span)
    head = f"node {node.name.text}{count}" + (f" -> {shown}" if shown else "")
    parts = [_FENCE.format(head)]
    if node.description is not None:
        parts.append(node.description.value)
    inner = graph.inside(symbol.name)
    if inner is not None:
        parts.append(_FENCE.format(graph_head(inner.graph)))
    parts.extend(_gate(node, module.source))
    return "\n\n".join(parts)


def _gate(node: syntax.NodeDeclaration, source: Source) -> Iterator[str]:
    for statement in node.body or ():
        if isinstance(statement, syntax.Setting) and [name.text for name in statement.path] == ["on"]:
            shown = " ".join(source.slice(statement.span).split())
            what = "there with this probability" if statement.learnable else "switched by hand"
            yield f"`{shown}`: {what}"


# Probabilities.


def _probability(analysis: Analysis, offset: int, changes: LastChanges) -> Hover | None:
    """What a number after `~` is the probability of."""
    for graph in analysis.compilation.graphs:
        for learnable in graph.probabilities:
            span = learnable.span
            if not isinstance(span, Span) or not span.start <= offset <= span.end:
                continue
            for number, element in enumerate(learnable.element_spans):
                if element.start <= offset <= element.end:
                    return Hover(_learned(graph, learnable, range(number, number + 1), changes), element)
            return Hover(_learned(graph, learnable, range(len(learnable.values)), changes), span)
    return None


def _learned(graph: ir.Graph, learnable: ir.Probabilities, elements: range, changes: LastChanges) -> str:
    wanted = {learnable.offset + element: learnable.values[element] for element in elements}
    meanings = [f"- {what}: {wanted[parameter]:g}" for parameter, what in _meanings(graph, learnable, wanted)]
    history = [
        f"- last changed from {change}" if len(elements) == 1 else f"- `{name}`: last changed from {change}"
        for element, name, change in changes_of(graph, learnable, changes)
        if element in elements
    ]
    lists = "\n\n".join("\n".join(_first(lines)) for lines in (meanings, history) if lines)
    head = _FENCE.format(learnable.name)
    return f"{head}\n\n{lists}" if lists else head


def _first(lines: list[str]) -> list[str]:
    rest = len(lines) - _MOST_LINES
    return [*lines[:_MOST_LINES], f"- and {rest} more"] if rest > 0 else lines


def _meanings(
    graph: ir.Graph, learnable: ir.Probabilities, wanted: "dict[int, float]"
) -> Iterator[tuple[int, str]]:
    """What each of some parameters decides, with the parameter."""
    if learnable.kind == "edge":
        edges = graph.edges
        for sender, receiver, parameter in zip(edges.senders, edges.receivers, edges.parameters, strict=True):
            if parameter in wanted:
                yield parameter, f"`{graph.nodes[sender].name}` → `{graph.nodes[receiver].name}` is there"
    elif learnable.kind == "gate":
        for node in graph.nodes:
            if node.gate in wanted and node.gate is not None:
                yield node.gate, f"`{node.name}` is there"
    else:
        for index, choice in graph.choices:
            total = sum(graph.priors[parameter] for parameter in choice.parameters)
            for name, parameter in zip(choice.names, choice.parameters, strict=True):
                if parameter in wanted and total:
                    share = graph.priors[parameter] / total
                    what = f"weight of `{name}`, taken by `{graph.nodes[index].name}` in {share:.0%} of draws"
                    yield parameter, what


# Words of the language.


def _word(analysis: Analysis, offset: int) -> Hover | None:
    """What an attribute or the word that begins a statement is for."""
    text = analysis.source.text
    line = text.rfind("\n", 0, offset) + 1
    match = _FIRST_WORD.match(text, line)
    if match is None or not match.start(1) <= offset <= match.end(1):
        return None
    cursor = cursor_at(text, match.start(1))
    if cursor.text is not None or cursor.brackets:
        return None
    told = _known_words(cursor.frames).get(match[1])
    return None if told is None else Hover(told, Span(match.start(1), match.end(1)))


def _read_word(analysis: Analysis, offset: int) -> Hover | None:
    """What a word that stands for a value or a type means, such as `inbox` in a prompt."""
    found = _offered(analysis.source.text, offset, analysis)
    if found is None or found.kind not in ("word", "type") or not found.detail:
        return None
    return Hover(found.detail, found.span)


def _known_words(frames: tuple[Frame, ...]) -> Mapping[str, str]:
    """The words that can begin a statement in a body."""
    if not frames:
        return words.ITEMS
    match frames[0].head.partition(" ")[0]:
        case "graph":
            return {**words.GRAPH_STATEMENTS, **words.ATTRIBUTES}
        case "test":
            return words.TEST_STATEMENTS
        case "optimize":
            return words.OPTIMIZE_STATEMENTS
        case _:
            return {}
