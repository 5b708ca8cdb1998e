"""Types as authors write them: names, lists, unions and records, resolved to what they mean."""

from collections.abc import Callable, Mapping
from typing import assert_never

import attrs

from agraph.compiler import kinds, syntax, types
from agraph.compiler.diagnostics import Findings, listed, nearest
from agraph.compiler.source import Span

ANY = types.ANY
DEEPEST_RECORD = 50

_PRIMITIVES: Mapping[str, types.Type] = {
    "str": types.STR, "int": types.INT, "float": types.FLOAT, "bool": types.BOOL,
    "image": types.IMAGE, "file": types.FILE,
}  # fmt: skip


@attrs.frozen
class TypeScope:
    """Where type names are looked up.

    Attributes:
        record: The record of a name, or `None`.
        names: The names that `record` knows, for suggestions.
        imports: The types of each import, by its alias.
        variables: Whether a single capital letter stands for any type.
    """

    record: Callable[[str], types.Record | None]
    names: tuple[str, ...]
    imports: Mapping[str, Mapping[str, types.Record]]
    variables: bool = False


def resolve_type(expression: syntax.TypeExpression, scope: TypeScope, findings: Findings) -> types.Type:
    """The type that an author wrote; what is wrong with it is reported, and stands for any type."""
    match expression:
        case syntax.TypeLiteral(value):
            return types.LiteralUnion((value,))
        case syntax.TypeOptional(item):
            return types.optional(resolve_type(item, scope, findings))
        case syntax.TypeUnion(options):
            return _union(options, scope, findings)
        case syntax.TypeApplication(name, arguments):
            if name.text != "list" or len(arguments) != 1:
                findings.add(kinds.BAD_TYPE_APPLICATION, name.span, name=name.text)
                return ANY
            return types.ListOf(resolve_type(arguments[0], scope, findings))
        case syntax.TypeName(module, name):
            if module is None:
                return _own_type(name, scope, findings)
            return _imported_type(module, name, scope, findings)
        case _:
            assert_never(expression)


def _union(options: tuple[syntax.TypeExpression, ...], scope: TypeScope, findings: Findings) -> types.Type:
    texts: dict[str, None] = {}
    for option in options:
        type_ = resolve_type(option, scope, findings)
        if not isinstance(type_, types.LiteralUnion):
            findings.add(kinds.NOT_A_UNION, option.span)
            return ANY
        texts.update(dict.fromkeys(type_.options))
    return types.LiteralUnion(tuple(texts))


def _own_type(name: syntax.Name, scope: TypeScope, findings: Findings) -> types.Type:
    if name.text in _PRIMITIVES:
        return _PRIMITIVES[name.text]
    record = scope.record(name.text)
    if record is not None:
        return record
    if scope.variables and len(name.text) == 1 and name.text.isupper():
        return types.Variable(name.text)
    hint = nearest(name.text, [*_PRIMITIVES, *scope.names, "list"])
    findings.add(kinds.UNKNOWN_TYPE, name.span, name=name.text, hint=hint)
    return ANY


def _imported_type(
    module: syntax.Name, name: syntax.Name, scope: TypeScope, findings: Findings
) -> types.Type:
    if module.text not in scope.imports:
        findings.add(kinds.UNKNOWN_MODULE, module.span, name=module.text)
        return ANY
    known = scope.imports[module.text]
    if name.text not in known:
        hint = nearest(name.text, known) or f"it has {listed(tuple(known))}"
        findings.add(
            kinds.NOT_IN_MODULE, name.span, module=module.text, what="type", name=name.text, hint=hint
        )
        return ANY
    return known[name.text]


def typed_names(
    fields: tuple[syntax.TypedName, ...], scope: TypeScope, findings: Findings
) -> tuple[tuple[str, types.Type], ...]:
    """Names with their types, each name once."""
    seen: dict[str, Span] = {}
    result = []
    for field in fields:
        name, type_ = field.name, resolve_type(field.type, scope, findings)
        if name.text in seen:
            first = findings.label(seen[name.text], "the first is here")
            findings.add(kinds.DECLARED_TWICE, name.span, first, name=name.text)
            continue
        seen[name.text] = name.span
        result.append((name.text, type_))
    return tuple(result)


def declared_records(
    tree: syntax.File, imports: Mapping[str, Mapping[str, types.Record]], findings: Findings
) -> dict[str, types.Record]:
    """The records of a file; each is resolved when it is first named, so their order does not matter."""
    declared = {item.name.text: item for item in tree.items if isinstance(item, syntax.TypeDeclaration)}
    records: dict[str, types.Record] = {}
    unfinished: dict[str, None] = {}

    def record(name: str) -> types.Record | None:
        if name in records or name not in declared:
            return records.get(name)
        place = declared[name].name.span
        if name in unfinished:
            findings.add(kinds.RECURSIVE_TYPE, place, name=name)
            return records.setdefault(name, types.Record(name, ()))
        if len(unfinished) == DEEPEST_RECORD:
            # What is this deep is too deep for the type where the walk began, which is told so.
            return types.Record(name, ())
        unfinished[name] = None
        found = types.Record(name, typed_names(declared[name].fields, scope, findings))
        del unfinished[name]
        if found.depth > DEEPEST_RECORD:
            findings.add(kinds.TYPE_TOO_DEEP, place, name=name, limit=DEEPEST_RECORD)
            found = types.Record(name, ())
        return records.setdefault(name, found)

    scope = TypeScope(record, tuple(declared), imports)
    for name, item in declared.items():
        if name in _PRIMITIVES or name == "list":
            findings.add(kinds.RESERVED_NAME, item.name.span, name=name, what="a type of your own")
        record(name)
    return records
