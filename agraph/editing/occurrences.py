"""Every place of a file that names something, with the thing that is named.

The walk follows the tree, so it works on files with mistakes: what names nothing is passed over.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property

import attrs

from agraph.compiler import syntax
from agraph.compiler.ends import written
from agraph.compiler.lower import Lowered
from agraph.compiler.names import Graph, Module, called_graph, import_alias
from agraph.compiler.source import Span
from agraph.compiler.templates import Placeholder, split
from agraph.editing.paths import Reader, resolved_path
from agraph.editing.placeholders import placeholder_expression
from agraph.editing.symbols import GraphNames, Known, Occurrence, Symbol, path_steps, words

_TEXTS = ("prompt", "system")
_COUNTS = ("requires", "retries", "max_turns")


def occurrences(module: Module, lowered: Mapping[str, Lowered], known: Known) -> tuple[Occurrence, ...]:
    """The names of a file in the order of its text.

    Args:
        module: The file.
        lowered: Its graphs as the compiler lowered them, which tell the types of values; may be empty.
        known: The names of graphs.
    """
    walk = _Walk(module, lowered, known)
    walk.items()
    return tuple(sorted(walk.found, key=lambda occurrence: occurrence.span))


@attrs.define
class _Walk:
    module: Module
    lowered: Mapping[str, Lowered]
    known: Known
    found: list[Occurrence] = attrs.field(factory=list)

    def add(self, symbol: Symbol | None, span: Span, *, declares: bool = False) -> None:
        if symbol is not None:
            self.found.append(Occurrence(symbol, span, declares))

    @cached_property
    def path(self) -> str:
        return self.module.source.path

    # Items.

    def items(self) -> None:
        for item in self.module.tree.items:
            match item:
                case syntax.Import():
                    self.imported(item)
                case syntax.TypeDeclaration(name, fields):
                    self.add(Symbol("type", self.path, (), name.text), name.span, declares=True)
                    for field in fields:
                        symbol = Symbol("field", self.path, (name.text,), field.name.text)
                        self.add(symbol, field.name.span, declares=True)
                        self.type(field.type)
                case syntax.ModelDeclaration(name, value):
                    self.add(Symbol("model", self.path, (), name.text), name.span, declares=True)
                    self.fallback(value)
                case syntax.ToolDeclaration(name, parameters, returns):
                    self.add(Symbol("tool", self.path, (), name.text), name.span, declares=True)
                    for each in parameters:
                        symbol = Symbol("parameter", self.path, (name.text,), each.name.text)
                        self.add(symbol, each.name.span, declares=True)
                        self.type(each.type)
                    if returns is not None:
                        self.type(returns)
                case syntax.GraphDeclaration():
                    self.graph(item)
                case syntax.TestDeclaration():
                    self.test(item)
                case syntax.OptimizeDeclaration():
                    self.optimize(item)

    def imported(self, item: syntax.Import) -> None:
        alias = import_alias(item)
        target = self.module.imports.get(alias)
        if target is not None:
            self.add(Symbol("file", target.source.path, (), ""), item.path_span)
        place = item.path_span if item.alias is None else item.alias.span
        if item.alias is None:
            start = self.module.source.text.rfind(alias, place.start, place.end)
            place = place if start < 0 else Span(start, start + len(alias))
        self.add(Symbol("import", self.path, (), alias), place, declares=True)

    def type(self, expression: syntax.TypeExpression) -> None:
        match expression:
            case syntax.TypeName(None, name):
                self.add(self.own(name.text, ("type",)), name.span)
            case syntax.TypeName(alias, name) if alias is not None:
                self.qualified(alias, name, ("type",))
            case syntax.TypeUnion(parts) | syntax.TypeApplication(_, parts):
                for part in parts:
                    self.type(part)
            case syntax.TypeOptional(item):
                self.type(item)

    def fallback(self, value: syntax.Expression) -> None:
        """The models that are asked where the one of a provider's call fails."""
        for argument in value.arguments if isinstance(value, syntax.Call) else ():
            if argument.name is not None and argument.name.text == "fallback":
                models = argument.value.items if isinstance(argument.value, syntax.ListValue) else ()
                for model in models:
                    self.declared(model, ("model",), None)

    # What a file declares.

    def own(self, name: str, wanted: Iterable[str], module: Module | None = None) -> Symbol | None:
        home = module or self.module
        declared: dict[str, Mapping[str, object]] = {
            "type": home.types, "model": home.models, "tool": home.tools, "graph": home.graphs,
        }  # fmt: skip
        for kind in ("type", "model", "tool", "graph"):
            if kind in wanted and name in declared[kind]:
                return Symbol(kind, home.source.path, (), name)
        return None

    def qualified(self, alias: syntax.Name, name: syntax.Name, wanted: Iterable[str]) -> None:
        """`alias.name`, where the alias is that of an import."""
        home = self.module.imports.get(alias.text)
        if home is not None:
            self.add(Symbol("import", self.path, (), alias.text), alias.span)
            self.add(self.own(name.text, wanted, home), name.span)

    def declared(
        self, expression: syntax.Expression, wanted: tuple[str, ...], here: GraphNames | None
    ) -> None:
        """A model, tool or graph, or a compile-time parameter that stands for one."""
        match expression:
            case syntax.Reference(name):
                constant = None if here is None else here.symbol("constant", name.text)
                self.add(constant or self.own(name.text, wanted), name.span)
            case syntax.Field(syntax.Reference(alias), name):
                self.qualified(alias, name, wanted)

    def dotted(self, name: syntax.Name, wanted: tuple[str, ...], home: Module) -> None:
        """A dotted name that is written as one word or in quotes: `"teams.fast"`."""
        found = list(words(self.module.source, name))
        at = home
        for number, (word, place) in enumerate(found):
            if number + 1 == len(found):
                self.add(self.own(word, wanted, at), place)
            elif word in at.imports:
                self.add(Symbol("import", at.source.path, (), word), place)
                at = at.imports[word]
            else:
                return

    # Graphs.

    def graph(self, item: syntax.GraphDeclaration) -> None:
        name = item.name.text
        self.add(Symbol("graph", self.path, (), name), item.name.span, declares=True)
        here = self.known.of(Graph(item, self.module, ""))
        for parameter in item.parameters:
            symbol = Symbol("constant", self.path, (name,), parameter.name.text)
            self.add(symbol, parameter.name.span, declares=True)
            if parameter.default is not None:
                self.declared(parameter.default, ("model", "tool"), None)
        for given in item.inputs:
            self.add(Symbol("input", self.path, (name,), given.name.text), given.name.span, declares=True)
            self.type(given.type)
        if item.type is not None:
            self.type(item.type)
        for statement in item.body:
            match statement:
                case syntax.NodeDeclaration():
                    self.node(statement, here)
                case syntax.EdgeDeclaration():
                    self.edge(statement, here)
                case syntax.OutputDeclaration(value):
                    self.end(value, here, "")
                case syntax.Setting():
                    self.setting(statement, here, here, None)

    def reader(self, graph: GraphNames, name: str | None, *, everywhere: bool = False) -> Reader:
        own = graph.graph.module is self.module
        return Reader(graph, name, self.lowered.get(graph.name) if own else None, everywhere)

    def node(self, node: syntax.NodeDeclaration, here: GraphNames) -> None:
        reader = self.reader(here, node.name.text)
        symbol = Symbol("node", self.path, (here.name,), node.name.text)
        self.add(symbol, node.name.span, declares=True)
        if node.count is not None:
            self.declared(node.count, (), here)
        if node.type is not None:
            self.type(node.type)
        inner = called_graph(node.value, self.module)
        if inner is not None and isinstance(node.value, syntax.Call):
            self.instance(node.value, self.known.of(inner), reader)
            self.block(node.body or (), self.known.of(inner), here, reader)
            return
        if node.value is not None:
            self.value(node.value, reader)
        for statement in node.body or ():
            if isinstance(statement, syntax.Setting) and len(statement.path) == 1:
                self.setting(statement, here, here, node.name.text)

    def instance(self, call: syntax.Call, inner: GraphNames, reader: Reader) -> None:
        callee = call.callee
        brackets = callee.arguments if isinstance(callee, syntax.Brackets) else ()
        self.declared(callee.value if isinstance(callee, syntax.Brackets) else callee, ("graph",), None)
        for argument in brackets:
            if argument.name is not None:
                self.add(inner.symbol("constant", argument.name.text), argument.name.span)
            self.declared(argument.value, ("model", "tool"), reader.graph)
        for argument in call.arguments:
            if argument.name is not None:
                self.add(inner.symbol("input", argument.name.text), argument.name.span)
            self.value(argument.value, reader)

    def block(
        self, body: Iterable[syntax.Statement], inner: GraphNames, here: GraphNames, reader: Reader | None
    ) -> None:
        """The block of an instance of `inner`, written in `here`; `reader` is the instance, if outermost."""
        for statement in body:
            match statement:
                case syntax.Setting((_,)) if reader is not None:
                    self.setting(statement, here, here, reader.name)
                case syntax.Setting((node, _)):
                    self.add(inner.symbol("node", node.text), node.span)
                    if node.text in inner.nodes:
                        self.setting(statement, inner, here, node.text)
                case syntax.EdgeDeclaration():
                    self.edge(statement, inner)
                case syntax.Block(name, lines):
                    self.add(inner.symbol("node", name.text), name.span)
                    deeper = inner.inside(name.text)
                    if deeper is not None:
                        self.block(lines, deeper, here, None)

    def setting(
        self, setting: syntax.Setting, around: GraphNames, here: GraphNames, node: str | None
    ) -> None:
        """An attribute of a node of `around`, or its default without one, said in the text of `here`."""
        name, reader = setting.path[-1].text, self.reader(around, node)
        if setting.option is not None and node is not None:
            self.add(around.option(node, name, setting.option.text), setting.option.span, declares=True)
        value = setting.value
        if isinstance(value, syntax.RecordValue) and name in ("model", "prompt", "tools"):
            for entry in value.entries:
                self.option(entry.key, name, around, here, node)
        elif name in _TEXTS and isinstance(value, syntax.String):
            self.template(value, reader)
        elif name == "model":
            self.declared(value, ("model",), here)
        elif name == "tools" and isinstance(value, syntax.ListValue):
            for item in value.items:
                self.declared(item, ("tool",), here)
        elif name in _COUNTS:
            self.declared(value, (), here)
        elif name == "examples" and isinstance(value, syntax.ListValue):
            self.examples(value, reader)
        elif name == "when":
            self.value(value, reader)

    def option(
        self, key: syntax.Name, attribute: str, around: GraphNames, here: GraphNames, node: str | None
    ) -> None:
        """The name of an option of a choice, which for a model is that of the model."""
        if attribute != "model":
            if node is not None:
                for _, place in words(self.module.source, key):
                    self.add(around.option(node, attribute, key.text), place)
            return
        # In a block the names of options are first those that the graph has.
        home = around if key.text in _written_models(around, node) else here
        constant = home.symbol("constant", key.text)
        if constant is None:
            self.dotted(key, ("model",), home.graph.module)
        for _, place in words(self.module.source, key) if constant is not None else ():
            self.add(constant, place)

    def examples(self, examples: syntax.ListValue, reader: Reader) -> None:
        for example in examples.items:
            for entry in example.entries if isinstance(example, syntax.RecordValue) else ():
                symbol = reader.graph.symbol("input", entry.key.text) or reader.graph.symbol(
                    "node", entry.key.text
                )
                for _, place in words(self.module.source, entry.key):
                    self.add(symbol, place)

    def template(self, literal: syntax.String, reader: Reader) -> None:
        for part in split(literal.value):
            if isinstance(part, Placeholder) and part.valid:
                expression = placeholder_expression(literal, part, self.module.source)
                if expression is not None:
                    self.read(expression, reader)

    # Edges.

    def edge(self, edge: syntax.EdgeDeclaration, graph: GraphNames) -> None:
        statement = " -> ".join(written(end) for end in edge.ends)
        for end in edge.ends:
            for item in end.items if isinstance(end, syntax.ListValue) else (end,):
                self.end(item, graph, statement)

    def end(self, expression: syntax.Expression, graph: GraphNames, statement: str) -> None:
        at: GraphNames | None = graph
        for name, arguments in path_steps(expression) or ():
            symbol = None if at is None else at.symbol("node", name.text)
            self.add(symbol, name.span)
            at = None if at is None else at.inside(name.text)
            for argument in arguments:
                self.index(argument.value, graph, statement)

    def index(self, value: syntax.Expression, graph: GraphNames, statement: str) -> None:
        name = value.name if isinstance(value, syntax.Reference | syntax.Offset) else None
        if name is not None and statement:
            scope = (graph.name, statement)
            self.add(Symbol("running index", graph.graph.module.source.path, scope, name.text), name.span)

    # Values.

    def value(self, expression: syntax.Expression, reader: Reader) -> None:
        match expression:
            case syntax.Reference() | syntax.Field() | syntax.Brackets():
                self.read(expression, reader)
            case syntax.Call(callee, arguments):
                self.declared(callee, ("tool", "graph"), reader.graph)
                tool = self.module.tool(callee)
                for argument in arguments:
                    if argument.name is not None and tool is not None:
                        name = tool.name.rpartition(".")[2]
                        symbol = Symbol("parameter", tool.origin, (name,), argument.name.text)
                        self.add(symbol, argument.name.span)
                    self.value(argument.value, reader)
            case syntax.ListValue(items):
                for item in items:
                    self.value(item, reader)
            case syntax.RecordValue(entries):
                for entry in entries:
                    self.value(entry.value, reader)
            case syntax.Comparison(left, _, right):
                self.value(left, reader)
                self.value(right, reader)

    def read(self, expression: syntax.Expression, reader: Reader) -> None:
        steps = path_steps(expression)
        if steps is None:
            if isinstance(expression, syntax.Field):
                self.value(expression.value, reader)
            return
        resolved = resolved_path(tuple(name.text for name, _ in steps), reader)
        for (name, _), step in zip(steps, resolved, strict=False):
            self.add(step.symbol, name.span)

    # Tests and optimize blocks.

    def test(self, item: syntax.TestDeclaration) -> None:
        graph = self.named_graph(item.graph)
        if graph is None:
            return
        for statement in item.body:
            match statement:
                case syntax.Setting((syntax.Name("model"),), syntax.Name() as option, value=value):
                    self.dotted(option, ("model",), self.module)
                    self.fallback(value)
                case syntax.Setting((name,), None):
                    self.add(graph.symbol("input", name.text), name.span)
                case syntax.Expectation(value):
                    self.value(value, self.reader(graph, None, everywhere=True))

    def optimize(self, item: syntax.OptimizeDeclaration) -> None:
        graph = self.named_graph(item.graph)
        if graph is None:
            return
        for statement in item.body:
            match statement:
                case syntax.Setting((syntax.Name("columns"),), None, value=syntax.RecordValue(entries)):
                    for entry in entries:
                        for _, place in words(self.module.source, entry.key):
                            self.add(graph.symbol("input", entry.key.text), place)
                case syntax.Setting((syntax.Name("metric"),), None, value=syntax.Call(_, arguments)):
                    for argument in arguments:
                        self.metric(argument.value, graph)
                case syntax.Setting((syntax.Name("proposer"),), None, value=value):
                    self.declared(value, ("model",), None)

    def metric(self, value: syntax.Expression, graph: GraphNames) -> None:
        """What a metric compares reads the output and a row, never a node."""
        steps = path_steps(value)
        if steps is not None and steps[0][0].text == "output":
            self.read(value, self.reader(graph, None, everywhere=True))

    def named_graph(self, name: syntax.Name) -> GraphNames | None:
        self.add(self.own(name.text, ("graph",)), name.span)
        graph = self.module.graph(syntax.Reference(name, name.span))
        return None if graph is None else self.known.of(graph)


def _written_models(graph: GraphNames, node: str | None) -> frozenset[str]:
    """The options of the choice of model that a node has in its graph's own text."""
    declaration = None if node is None else graph.nodes.get(node)
    return frozenset(
        entry.key.text
        for statement in (declaration.body if declaration is not None else None) or ()
        if isinstance(statement, syntax.Setting) and [name.text for name in statement.path] == ["model"]
        if isinstance(statement.value, syntax.RecordValue)
        for entry in statement.value.entries
    )
