"""What the names of a file mean: its imports, types, models, tools and graphs."""

from collections.abc import Mapping
from typing import Literal

import attrs

from agraph.compiler import ir, kinds, syntax, types
from agraph.compiler.declarations import declared_model, declared_tool
from agraph.compiler.diagnostics import Diagnostic, Findings, has_errors, listed, nearest
from agraph.compiler.fallbacks import check_fallbacks
from agraph.compiler.loader import Loader, Unreadable
from agraph.compiler.parser import parse
from agraph.compiler.source import Source, Span
from agraph.compiler.type_names import TypeScope, declared_records

Kind = Literal["model", "tool", "tool or graph"]
"""What is looked for in an import."""


@attrs.frozen(eq=False)
class Module:
    """A file with its names resolved.

    Attributes:
        imports: By alias.
        optimizes: The optimize block of a graph, by the graph's name.
        tests: In the order of the file.
    """

    source: Source
    tree: syntax.File
    imports: "Mapping[str, Module]"
    types: Mapping[str, types.Record]
    models: Mapping[str, ir.Model]
    tools: Mapping[str, ir.Tool]
    graphs: Mapping[str, syntax.GraphDeclaration]
    optimizes: Mapping[str, syntax.OptimizeDeclaration]
    tests: tuple[syntax.TestDeclaration, ...]

    @property
    def type_scope(self) -> TypeScope:
        """Where the types that graphs of this file name are looked up."""
        imported = {alias: module.types for alias, module in self.imports.items()}
        return TypeScope(self.types.get, tuple(self.types), imported)

    def tool(self, callee: syntax.Expression) -> ir.Tool | None:
        """The tool that an expression names, of this file or of an import, or `None`; named as written."""
        match callee:
            case syntax.Reference(name):
                return self.tools.get(name.text)
            case syntax.Field(syntax.Reference(alias), name) if alias.text in self.imports:
                tool = self.imports[alias.text].tools.get(name.text)
                return None if tool is None else attrs.evolve(tool, name=f"{alias.text}.{tool.name}")
        return None

    def model(self, expression: syntax.Expression) -> ir.Model | None:
        """The model that an expression names, of this file or of an import, or `None`; named as written."""
        match expression:
            case syntax.Reference(name):
                return self.models.get(name.text)
            case syntax.Field(syntax.Reference(alias), name) if alias.text in self.imports:
                model = self.imports[alias.text].models.get(name.text)
                return None if model is None else model.qualified(f"{alias.text}.")
        return None

    def named_model(self, name: str) -> ir.Model | None:
        """The model of a name as it is written here, through any number of imports, or `None`."""
        alias, dot, rest = name.partition(".")
        if not dot:
            return self.models.get(name)
        found = self.imports[alias].named_model(rest) if alias in self.imports else None
        return None if found is None else found.qualified(f"{alias}.")

    def graph(self, callee: syntax.Expression) -> "Graph | None":
        """The graph that an expression names, of this file or of an import, or `None`."""
        match callee:
            case syntax.Reference(name) if name.text in self.graphs:
                return Graph(self.graphs[name.text], self, "")
            case syntax.Field(syntax.Reference(alias), name) if alias.text in self.imports:
                imported = self.imports[alias.text]
                if name.text in imported.graphs:
                    return Graph(imported.graphs[name.text], imported, f"{alias.text}.")
        return None

    def names_of(self, what: Kind) -> list[str]:
        """The names of what it declares itself of a kind."""
        match what:
            case "model":
                return list(self.models)
            case "tool":
                return list(self.tools)
            case "tool or graph":
                return [*self.tools, *self.graphs]

    @property
    def callable_names(self) -> list[str]:
        """Everything that can be called, as it is written."""
        imported = [
            f"{alias}.{name}"
            for alias, module in self.imports.items()
            for name in (*module.tools, *module.graphs)
        ]
        return [*self.tools, *self.graphs, *imported]

    @property
    def model_names(self) -> list[str]:
        """Every model, as it is written."""
        imported = [f"{alias}.{name}" for alias, module in self.imports.items() for name in module.models]
        return [*self.models, *imported]


@attrs.frozen(eq=False)
class Graph:
    """A graph as an expression names it.

    Attributes:
        module: The file that declares it.
        qualifier: Before the names of that file's models and tools: `agents.`, or nothing.
    """

    declaration: syntax.GraphDeclaration
    module: Module
    qualifier: str


def called_graph(value: syntax.Expression | None, module: Module) -> Graph | None:
    """The graph that a node's right side is an instance of, or `None`."""
    if not isinstance(value, syntax.Call):
        return None
    callee = value.callee
    return module.graph(callee.value if isinstance(callee, syntax.Brackets) else callee)


def not_imported(
    alias: syntax.Name, name: syntax.Name, what: Kind, module: Module, findings: Findings
) -> None:
    """Report that `alias.name` is nothing of the kind: the import is missing, or has nothing of the name."""
    if alias.text not in module.imports:
        near = nearest(alias.text, module.imports)
        findings.add(kinds.UNKNOWN_MODULE, alias.span, name=alias.text, hint=near)
        return
    known = module.imports[alias.text].names_of(what)
    hint = nearest(name.text, known) or f"it has {listed(known)}"
    findings.add(kinds.NOT_IN_MODULE, name.span, module=alias.text, what=what, name=name.text, hint=hint)


def resolve(source: Source, loader: Loader) -> tuple[Module, tuple[Diagnostic, ...]]:
    """The module of a source, with everything it imports, and what is wrong with its declarations."""
    return _Resolver(loader).module(source, ())


@attrs.define
class _Resolver:
    """Resolves files; one that several import is resolved once."""

    loader: Loader
    _done: dict[str, tuple[Module, tuple[Diagnostic, ...]]] = attrs.field(factory=dict)
    _cycles: list[tuple[str, ...]] = attrs.field(factory=list)

    def module(self, source: Source, importers: tuple[str, ...]) -> tuple[Module, tuple[Diagnostic, ...]]:
        if source.path not in self._done:
            tree, diagnostics = parse(source)
            findings = Findings(source, list(diagnostics))
            module = self._resolve(tree, (*importers, source.path), findings)
            self._done[source.path] = module, tuple(findings.found)
        return self._done[source.path]

    def _resolve(self, tree: syntax.File, chain: tuple[str, ...], findings: Findings) -> Module:
        _report_duplicates(tree, findings)
        imports = {
            import_alias(item): module
            for item in tree.items
            if isinstance(item, syntax.Import)
            for module in self._imported(item, chain, findings)
        }
        imported_types = {alias: module.types for alias, module in imports.items()}
        records = declared_records(tree, imported_types, findings)
        scope = TypeScope(records.get, tuple(records), imported_types)
        models, tools, graphs, optimizes, tests = {}, {}, {}, {}, []
        for item in tree.items:
            match item:
                case syntax.ModelDeclaration(name):
                    models[name.text] = declared_model(item, findings)
                case syntax.ToolDeclaration(name):
                    tools[name.text] = declared_tool(item, scope, findings)
                case syntax.GraphDeclaration(name):
                    graphs[name.text] = item
                case syntax.OptimizeDeclaration(graph):
                    optimizes[graph.text] = item
                case syntax.TestDeclaration():
                    tests.append(item)
        module = Module(
            findings.source, tree, imports, records, models, tools, graphs, optimizes, tuple(tests)
        )
        check_fallbacks(module, findings)
        return module

    def _imported(
        self, item: syntax.Import, chain: tuple[str, ...], findings: Findings
    ) -> tuple[Module, ...]:
        """The imported module, or nothing where it cannot be had, with the reason reported."""
        source = self._find(item, findings)
        if source is None:
            return ()
        if source.path in chain:
            self._cycles.append(chain[chain.index(source.path) :])
            self._report_cycle(item, self._cycles[-1], findings)
            return ()
        module, diagnostics = self.module(source, chain)
        # Each file on a cycle is told of it: else one would only point to the other, and back.
        cycle = next((c for c in self._cycles if {source.path, findings.source.path} <= set(c)), None)
        if cycle is not None:
            self._report_cycle(item, cycle, findings)
        elif has_errors(diagnostics):
            findings.add(kinds.IMPORT_HAS_ERRORS, item.path_span, path=item.path)
        return (module,)

    def _report_cycle(self, item: syntax.Import, cycle: tuple[str, ...], findings: Findings) -> None:
        start = cycle.index(findings.source.path)
        shown = " → ".join(f"`{path}`" for path in (*cycle[start:], *cycle[: start + 1]))
        findings.add(kinds.IMPORT_CYCLE, item.path_span, path=item.path, cycle=shown)

    def _find(self, item: syntax.Import, findings: Findings) -> Source | None:
        if item.relative:
            found = self.loader.relative(item.path, findings.source)
            if isinstance(found, Unreadable):
                findings.add(kinds.IMPORT_UNREADABLE, item.path_span, path=item.path, reason=found.reason)
                return None
            return found
        modules = {f"std.{name}": name for name in self.loader.std_modules()}
        if item.path not in modules:
            known = ", ".join(f"`{module}`" for module in modules)
            is_file = item.path.endswith(".agraph")
            hint = f'a file stands in quotes: `"{item.path}"`' if is_file else nearest(item.path, modules)
            findings.add(kinds.UNKNOWN_STD, item.path_span, name=item.path, known=known, hint=hint)
            return None
        return self.loader.std(modules[item.path])


def import_alias(item: syntax.Import) -> str:
    """The name under which a file knows what it imports."""
    if item.alias is not None:
        return item.alias.text
    if item.relative:
        return item.path.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".agraph")
    return item.path.rsplit(".", 1)[-1]


def _report_duplicates(tree: syntax.File, findings: Findings) -> None:
    """Types, models, tools and graphs share one set of names; imports and optimize blocks have their own."""
    seen: dict[tuple[str, str], Span] = {}
    for item in tree.items:
        match item:
            case syntax.Import(path, _, alias, path_span):
                key, span = ("import", import_alias(item)), alias.span if alias else path_span
                if not (key[1].isascii() and key[1].isidentifier()):
                    findings.add(kinds.IMPORT_NEEDS_NAME, span, path=path)
                    continue
            case syntax.OptimizeDeclaration(graph):
                key, span = ("optimize", graph.text), graph.span
            case syntax.TestDeclaration():
                continue
            case _:
                key, span = ("item", item.name.text), item.name.span
        if key in seen:
            kind = kinds.OPTIMIZED_TWICE if key[0] == "optimize" else kinds.DECLARED_TWICE
            findings.add(kind, span, findings.label(seen[key], "the first is here"), name=key[1])
        seen.setdefault(key, span)
