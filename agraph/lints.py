"""What is legal in a file and probably not meant: warnings that only `agraph check` and editors ask for."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from agraph.compiler import Compilation, kinds, syntax
from agraph.compiler.allowed import allowances, divided, lines_of
from agraph.compiler.diagnostics import Diagnostic, Findings, has_errors
from agraph.compiler.fixes import line_removed, replacement
from agraph.compiler.names import Module, import_alias
from agraph.compiler.prompts import prompt_reads
from agraph.compiler.reads import NameRead, names_read
from agraph.runtime.plan import deployed, plan


def findings_of(compilation: Compilation) -> tuple[Diagnostic, ...]:
    """Everything that there is to say about a file: what the compiler found, and the lints."""
    found = (*compilation.diagnostics, *lint(compilation))
    return tuple(sorted(found, key=lambda diagnostic: diagnostic.sort_key))


def lint(compilation: Compilation) -> tuple[Diagnostic, ...]:
    """The lints of a file, but for those that its comments allow; nothing of a file that has errors."""
    if has_errors(compilation.diagnostics):
        return ()
    module = compilation.module
    findings = Findings(module.source)
    for graph in module.graphs.values():
        _lint_graph(graph, module, findings)
    for made in compilation.graphs:
        if not plan(made, deployed(made)).outputs:
            _report_silence(module.graphs[made.name], findings)
    _report_unused(module, findings)
    told, allowed = divided(findings.found, module.source)
    return (*told, *_needless(compilation, (*compilation.diagnostics, *compilation.allowed, *told, *allowed)))


def _needless(compilation: Compilation, found: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """The allowances of what is not told on their line."""
    source = compilation.module.source
    findings = Findings(source)
    used = {
        (each.code, line)
        for each in found
        if each.source is source and each.severity == "warning"
        for line in lines_of(each)
    }
    for allowance in allowances(source):
        if (allowance.code, allowance.line) not in used:
            findings.add(kinds.NEEDLESS_ALLOWANCE, allowance.span, code=allowance.code)
    yield from findings.found


# Graphs.


def _lint_graph(graph: syntax.GraphDeclaration, module: Module, findings: Findings) -> None:
    nodes = {each.name.text: each for each in graph.body if isinstance(each, syntax.NodeDeclaration)}
    edges = [each for each in graph.body if isinstance(each, syntax.EdgeDeclaration)]
    for lost in _lost(graph, nodes, edges):
        findings.add(kinds.LOST_NODE, lost.name.span, node=lost.name.text)
    for edge in edges:
        if edge.prior is not None and edge.learnable:
            _check_candidate(edge, nodes, _setting(graph.body, "requires") is not None, findings)
    for node in nodes.values():
        if node.value is None and node.description is None:
            findings.add(kinds.NOT_DESCRIBED, node.name.span, node=node.name.text)
        prompt = _setting(node.body or (), "prompt")
        if prompt is not None and not prompt.learnable and graph.name.text in module.optimizes:
            fix = replacement(prompt.sign, "~") if node.description else None
            name = node.name.text
            findings.add(kinds.FIXED_PROMPT, prompt.span, fix=fix, node=name, graph=graph.name.text)


def _lost(
    graph: syntax.GraphDeclaration,
    nodes: Mapping[str, syntax.NodeDeclaration],
    edges: Iterable[syntax.EdgeDeclaration],
) -> list[syntax.NodeDeclaration]:
    """The nodes from which no path of edges leads to the output, whatever their priors."""
    outputs = [each.value for each in graph.body if isinstance(each, syntax.OutputDeclaration)]
    senders: dict[str, set[str]] = {}
    for edge in edges:
        for sender, receiver in pairwise(edge.ends):
            for name in _names(receiver):
                senders.setdefault(name, set()).update(_names(sender))
    reached: set[str] = set()
    waiting = [name for output in outputs for name in _names(output)]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting.extend(senders.get(name, ()))
    return [node for name, node in nodes.items() if name not in reached]


def _names(end: syntax.Expression) -> Iterator[str]:
    """The nodes of the graph that an end is, or lies in."""
    match end:
        case syntax.ListValue(items):
            for item in items:
                yield from _names(item)
        case syntax.Brackets(value) | syntax.Field(value):
            yield from _names(value)
        case syntax.Reference(name):
            yield name.text


def _check_candidate(
    edge: syntax.EdgeDeclaration,
    nodes: Mapping[str, syntax.NodeDeclaration],
    always_requires: bool,
    findings: Findings,
) -> None:
    """Report a candidate edge that changes nothing, whether it is there or not."""
    senders, receivers = (tuple(_names(end)) for end in (edge.ends[0], edge.ends[-1]))
    for name in (*senders, *receivers):
        if name in nodes and _is_off(nodes[name]):
            reason = f"`{name}` is switched off"
            findings.add(kinds.NOTHING_TO_LEARN, edge.span, reason=reason, remedy="leave the edge out")
            return
    if always_requires or any(name not in nodes for name in receivers) or not _ends_plainly(edge.ends[-1]):
        return
    for name in receivers:
        node = nodes[name]
        if node.value is None or _setting(node.body or (), "requires") is not None:
            return
        unread = [sender for sender in senders if not _hears(node, sender)]
        if not unread:
            return
        reason = f"`{name}` reads nothing of what `{unread[0]}` says"
    remedy = f"read `{unread[0]}` or `inbox` in `{name}`"
    findings.add(kinds.NOTHING_TO_LEARN, edge.span, reason=reason, remedy=remedy)


def _ends_plainly(end: syntax.Expression) -> bool:
    """Whether an end names nothing inside of instances."""
    match end:
        case syntax.ListValue(items):
            return all(map(_ends_plainly, items))
        case syntax.Brackets(value):
            return _ends_plainly(value)
        case _:
            return isinstance(end, syntax.Reference)


def _hears(node: syntax.NodeDeclaration, sender: str) -> bool:
    said = [node.value, *(each.value for each in node.body or () if isinstance(each, syntax.Setting))]
    reads = [read for value in said if value is not None for read in _reads(value)]
    return any(read.name.partition(".")[0] in ("inbox", sender) for read in reads)


def _reads(value: syntax.Expression) -> Iterator[NameRead]:
    return prompt_reads(value) if isinstance(value, syntax.String) else names_read(value)


def _is_off(node: syntax.NodeDeclaration) -> bool:
    on = _setting(node.body or (), "on")
    return on is not None and isinstance(on.value, syntax.Boolean) and not on.value.value


def _setting(body: Iterable[syntax.Statement], name: str) -> syntax.Setting | None:
    """What a body says of an attribute, an option's text aside."""
    for each in body:
        if isinstance(each, syntax.Setting) and each.option is None and [p.text for p in each.path] == [name]:
            return each
    return None


def _report_silence(graph: syntax.GraphDeclaration, findings: Findings) -> None:
    for each in graph.body:
        if isinstance(each, syntax.OutputDeclaration):
            findings.add(kinds.NO_ANSWER_DEPLOYED, each.span, graph=graph.name.text)


# Imports, models and tools.


def _report_unused(module: Module, findings: Findings) -> None:
    """Report what nobody uses; a file without graphs declares models and tools for others."""
    used = set(_mentioned(module.tree.items))
    for item in module.tree.items:
        match item:
            case syntax.Import() if (alias := import_alias(item)) not in used:
                fix = line_removed(item.span, findings.source, "the import")
                findings.add(kinds.UNUSED_IMPORT, item.span, fix=fix, name=alias)
            case syntax.ModelDeclaration(name) if module.graphs and name.text not in used:
                findings.add(kinds.UNUSED_MODEL, name.span, name=name.text)
            case syntax.ToolDeclaration(name) if module.graphs and name.text not in used:
                findings.add(kinds.UNUSED_TOOL, name.span, name=name.text)


def _mentioned(part: object) -> Iterator[str]:
    """The first name of every path in a part of the tree; what is declared is not among them."""
    waiting = [part]
    while waiting:
        match each := waiting.pop():
            case tuple():
                waiting.extend(each)
            case syntax.Reference(name):
                yield name.text
            case syntax.Entry(key, value):
                # An option of a choice is named as a key.
                yield key.text
                waiting.append(value)
            case syntax.TypeName():
                if each.module is not None:
                    yield each.module.text
            case _ if (fields := getattr(type(each), "__attrs_attrs__", None)) is not None:
                waiting.extend(getattr(each, field.name) for field in fields)
