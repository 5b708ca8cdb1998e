"""Which of the findings are told, and in which order."""

import re
from collections.abc import Sequence

from agraph.compiler import kinds, syntax
from agraph.compiler.diagnostics import Diagnostic, nearest
from agraph.compiler.names import import_alias
from agraph.compiler.source import Source, Span
from agraph.compiler.stubs import NAMELESS

ABSENCES = frozenset(
    kind.code
    for kind in (
        kinds.UNKNOWN_NAME, kinds.UNKNOWN_TYPE, kinds.UNKNOWN_MODEL, kinds.UNKNOWN_TOOL,
        kinds.UNKNOWN_NODE, kinds.UNKNOWN_GRAPH, kinds.UNKNOWN_MODULE, kinds.UNKNOWN_INPUT,
        kinds.NO_SUCH_FIELD, kinds.MISSING_TYPE, kinds.TOO_MANY_ARGUMENTS, kinds.MISSING_ARGUMENT,
        kinds.UNKNOWN_ARGUMENT, kinds.NO_WORK, kinds.NO_SUCH_INNER_NODE, kinds.NO_SUCH_INSTANCE,
        kinds.NO_INNER_NODES, kinds.NOT_A_FAMILY, kinds.UNKNOWN_OPTION, kinds.OPTION_WITHOUT_CHOICE,
        kinds.UNREAD_EXAMPLE, kinds.NEEDS_PARAMETERS, kinds.NO_SUCH_MEMBER, kinds.READS_ITSELF,
        kinds.NO_OUTPUT, kinds.NO_MODEL, kinds.NO_DESCRIPTION, kinds.NAME_NEEDS_EDGE, kinds.NO_SUCH_EDGE,
    )
)  # fmt: skip
"""The codes of what says that something is missing, which may stand in what could not be read."""

_WANTED = {
    kinds.NO_OUTPUT.code: "output",
    kinds.NO_WORK.code: "prompt",
    kinds.NO_MODEL.code: "model",
}
"""The word that begins what is missing."""

_QUOTED = re.compile(r"`([A-Za-z_]\w*)", re.ASCII)
_WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def reported(found: Sequence[Diagnostic], tree: syntax.File, source: Source) -> tuple[Diagnostic, ...]:
    """The findings that are told of a file: each mistake once, by place, without what follows from others."""
    told = _without_failed_edges(_without_failed_instances(found, tree, source), tree, source)
    told = _without_misspelt(_without_guesses(told, tree, source))
    return _sorted(_of_the_file(_without_failed_imports(told, tree), source))


def _without_guesses(found: Sequence[Diagnostic], tree: syntax.File, source: Source) -> Sequence[Diagnostic]:
    """The findings but those that something is missing, where it may stand in what could not be read."""
    if not tree.unread:
        return found
    unread = [source.slice(span) for span in tree.unread]
    words = [_WORD.findall(text) for text in unread]
    nameless = {code for text in unread for code in _NAMELESS.get(_nameless(text), ())}
    around = [_item_around(span, tree) for span in tree.unread if _nameless(source.slice(span)) == "node"]
    if any(map(_NAMELESS_INPUT.search, unread)):
        nameless |= {kinds.UNKNOWN_NAME.code, kinds.UNKNOWN_INPUT.code}
    found = [
        each
        for each in found
        if each.code not in nameless
        and not (each.code == kinds.UNKNOWN_NODE.code and any(_lies_in(each.span, item) for item in around))
    ]
    return [each for each in found if each.code not in ABSENCES or not _may_stand_in(each, words)]


def _item_around(place: Span, tree: syntax.File) -> Span:
    """The item of the file in which a place lies, else the file."""
    return next((item.span for item in tree.items if _lies_in(place, item.span)), tree.span)


def _may_stand_in(diagnostic: Diagnostic, unread: Sequence[Sequence[str]]) -> bool:
    """Whether what is missing may be one of the statements, given by their words, that could not be read."""
    names = _QUOTED.findall(diagnostic.message)
    if NAMELESS in names:
        return True
    if diagnostic.code in (kinds.NAME_NEEDS_EDGE.code, kinds.NO_SUCH_EDGE.code):
        return any({*names} <= {*words} for words in unread)
    wanted = _WANTED.get(diagnostic.code)
    if wanted and any(nearest(word, [wanted]) for words in unread for word in words[:1]):
        return True
    return any(name in words for words in unread for name in names)


def _lies_in(inner: Span, outer: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


_NOT_CALLED = {kinds.UNKNOWN_TOOL.code, kinds.NOT_IN_MODULE.code, kinds.UNKNOWN_MODULE.code}


def _without_failed_instances(
    found: Sequence[Diagnostic], tree: syntax.File, source: Source
) -> Sequence[Diagnostic]:
    """The findings but those of what is said of the inside of an instance whose graph is not known."""
    unknown = [each.span for each in found if each.code in _NOT_CALLED and each.source is source]
    failed = [
        node
        for item in tree.items
        if unknown and isinstance(item, syntax.GraphDeclaration)
        for node in item.body
        if isinstance(node, syntax.NodeDeclaration) and isinstance(node.value, syntax.Call)
        if any(_lies_in(place, node.value.callee.span) for place in unknown)
    ]
    return [each for each in found if not _is_of_inside(each, failed)] if failed else found


def _is_of_inside(diagnostic: Diagnostic, failed: Sequence[syntax.NodeDeclaration]) -> bool:
    """Whether a finding is about the inside of one of some nodes."""
    if diagnostic.code in (kinds.NO_INNER_NODES.code, kinds.NAME_NEEDS_EDGE.code):
        return any(node.name.text in _QUOTED.findall(diagnostic.message) for node in failed)
    is_of_block = diagnostic.code == kinds.MISPLACED_STATEMENT.code or (
        diagnostic.code == kinds.UNKNOWN_ATTRIBUTE.code and "." in diagnostic.message
    )
    return is_of_block and any(_lies_in(diagnostic.span, node.span) for node in failed)


def _without_failed_edges(
    found: Sequence[Diagnostic], tree: syntax.File, source: Source
) -> Sequence[Diagnostic]:
    """The findings but those that an edge is missing which is there, and has an error."""
    if all(each.code != kinds.NAME_NEEDS_EDGE.code for each in found):
        return found
    places = [each.span for each in found if each.source is source and each.severity == "error"]
    failed = [
        {*_WORD.findall(source.slice(edge.span))}
        for item in tree.items
        if isinstance(item, syntax.GraphDeclaration)
        for edge in item.body
        if isinstance(edge, syntax.EdgeDeclaration)
        if any(_lies_in(place, edge.span) for place in places)
    ]
    return [
        each
        for each in found
        if each.code != kinds.NAME_NEEDS_EDGE.code
        or not any({*_QUOTED.findall(each.message)} <= words for words in failed)
    ]


_NAMELESS = {
    "model": (kinds.UNKNOWN_MODEL.code,),
    "tool": (kinds.UNKNOWN_TOOL.code,),
    "graph": (kinds.UNKNOWN_TOOL.code, kinds.UNKNOWN_GRAPH.code),
    "type": (kinds.UNKNOWN_TYPE.code,),
}
"""What may be missed in the file where a declaration has lost its name."""


_NAMELESS_INPUT = re.compile(r"[(,]\s*:")


def _nameless(statement: str) -> str:
    """The first word of a statement that has no name behind it, or nothing."""
    words = statement.split(maxsplit=2)
    if not words or (len(words) > 1 and _WORD.match(words[1])):
        return ""
    return words[0]


_MISSPELT = {
    kinds.UNKNOWN_ATTRIBUTE.code: kinds.NO_WORK.code,
    kinds.UNKNOWN_INPUT.code: kinds.MISSING_ARGUMENT.code,
    kinds.UNKNOWN_ARGUMENT.code: kinds.MISSING_ARGUMENT.code,
}
"""What is unknown under one name is often missing under another."""


def _without_misspelt(found: Sequence[Diagnostic]) -> Sequence[Diagnostic]:
    """The findings but those that something is missing which is there, under nearly its name."""
    there = {
        (_MISSPELT[each.code], _owner_or_name(each))
        for each in found
        if each.code in _MISSPELT and each.hint and each.hint.startswith("did you mean")
    }
    if not there:
        return found
    return [
        each
        for each in found
        if not any((each.code, name) in there for name in _QUOTED.findall(each.message))
    ]


def _owner_or_name(diagnostic: Diagnostic) -> str:
    """The node whose prompt is misspelt, or the name that an input or an argument should have."""
    meant: list[str] = _QUOTED.findall(diagnostic.hint or "")
    owner: list[str] = _QUOTED.findall(diagnostic.message)
    if diagnostic.code == kinds.UNKNOWN_ATTRIBUTE.code:
        return owner[0] if meant[0] == "prompt" else ""
    return meant[0]


_NOT_IMPORTED = {kinds.UNKNOWN_STD.code, kinds.IMPORT_UNREADABLE.code, kinds.IMPORT_CYCLE.code}


def _without_failed_imports(found: Sequence[Diagnostic], tree: syntax.File) -> Sequence[Diagnostic]:
    """The findings but those that nothing is imported under a name, where an import of it has failed."""
    places = {each.span for each in found if each.code in _NOT_IMPORTED}
    failed = [
        import_alias(item)
        for item in tree.items
        if isinstance(item, syntax.Import)
        if item.path_span in places
    ]
    if not failed:
        return found
    return [
        each
        for each in found
        if each.code != kinds.UNKNOWN_MODULE.code or not nearest(_QUOTED.findall(each.message)[0], failed)
    ]


def _of_the_file(found: Sequence[Diagnostic], source: Source) -> Sequence[Diagnostic]:
    """The findings but those that an imported file has by itself and shows when it is checked."""
    points_there = {kinds.IMPORT_HAS_ERRORS.code, kinds.IMPORT_CYCLE.code}
    told = any(diagnostic.code in points_there for diagnostic in found)
    misfits = {d.span for d in found if d.code == kinds.PRIOR_SHAPE.code and d.source is source}
    return [
        diagnostic
        for diagnostic in found
        if diagnostic.source is source or (diagnostic.severity == "error" and not told)
        if diagnostic.code != kinds.PRIOR_NOT_FOR_INSTANCE.code
        or not any(
            label.span.start <= span.start < label.span.end
            for label in diagnostic.labels
            if label.source is source
            for span in misfits
        )
    ]


def _sorted(found: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Each mistake once, by place: a graph's default is read by each of its nodes."""
    return tuple(sorted(dict.fromkeys(found), key=lambda diagnostic: diagnostic.sort_key))
