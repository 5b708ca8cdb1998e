"""The `test` blocks of a file: a graph, its inputs, models in the place of its own, and what is expected."""

from collections.abc import Iterator, Mapping

import attrs

from agraph.compiler import ir, kinds, syntax, types
from agraph.compiler.attributes import describe_statement
from agraph.compiler.comparisons import resolve_comparison
from agraph.compiler.declarations import model_of
from agraph.compiler.diagnostics import Findings, listed, nearest
from agraph.compiler.expressions import Scope, Tools, resolve_expression
from agraph.compiler.literals import literal, literal_type
from agraph.compiler.lower import Lowered
from agraph.compiler.mismatch import report_mismatch
from agraph.compiler.names import Module
from agraph.compiler.site_nodes import TARGET
from agraph.compiler.source import Span


@attrs.frozen(eq=False)
class Part:
    """A piece of a comparison: as it is written, and what it reads."""

    text: str
    value: ir.Expression


@attrs.frozen(eq=False)
class Expectation:
    """One comparison that shall hold after a run.

    Attributes:
        sides: What stands left and right of the sign.
        named: What is named in them, each once, where it is no whole side.
        span: Of the comparison.
    """

    compare: ir.Compare
    sides: tuple[Part, Part]
    named: tuple[Part, ...]
    span: Span


@attrs.frozen(eq=False)
class TestBlock:
    """A test.

    Attributes:
        graph: What runs; its tools include those that are called after `expect` only.
        title: The text after the graph's name, or `None`.
        inputs: A value for each input; null where an optional one is not given.
        models: Replacements by the names of the graph's models.
        has_target: Whether a right answer is given to simulated models, `target`.
        span: Of the graph's name and the title.
    """

    __test__ = False

    graph: ir.Graph
    title: str | None
    inputs: Mapping[str, ir.Json]
    models: Mapping[str, ir.Model]
    has_target: bool
    target: ir.Json
    expectations: tuple[Expectation, ...]
    span: Span

    @property
    def name(self) -> str:
        """How it is told from the other tests of its file: `debate "obvious"`."""
        return _name(self.graph.name, self.title)


def _name(graph: str, title: str | None) -> str:
    return graph if title is None else f'{graph} "{title}"'


def lower_tests(
    module: Module, graphs: Mapping[str, Lowered], complete: frozenset[str], findings: Findings
) -> tuple[TestBlock, ...]:
    """The tests of a file; what is wrong with them is reported, and they mean something only without errors.

    Args:
        module: The file.
        graphs: Its graphs by name.
        complete: The names of those that run by themselves.
        findings: Where mistakes are noted.
    """
    seen: dict[str, Span] = {}
    tests = []
    for block in module.tests:
        name = _name(block.graph.text, None if block.title is None else block.title.value)
        span = block.graph.span if block.title is None else block.graph.span.to(block.title.span)
        if name in seen:
            label = findings.label(seen[name], "the first is here")
            hint = f'tell them apart by a title: `test {block.graph.text} "…"`'
            findings.add(kinds.DECLARED_TWICE, span, label, name=f"test {name}", hint=hint)
        seen.setdefault(name, span)
        if require_graph(block.graph, module, complete, findings):
            tests.append(_Lowering(block, module, graphs[block.graph.text], findings).test(span))
    return tuple(tests)


def require_graph(name: syntax.Name, module: Module, complete: frozenset[str], findings: Findings) -> bool:
    """Whether a block names a graph of its file that runs by itself; else the reason is reported."""
    if name.text not in module.graphs:
        findings.add(kinds.UNKNOWN_GRAPH, name.span, name=name.text, hint=nearest(name.text, module.graphs))
        return False
    if name.text not in complete:
        parameters = module.graphs[name.text].parameters
        lacking = listed([each.name.text for each in parameters if each.default is None])
        findings.add(kinds.NEEDS_PARAMETERS, name.span, name=name.text, parameters=lacking)
        return False
    return True


@attrs.define
class _Lowering:
    """One test while it is read."""

    block: syntax.TestDeclaration
    module: Module
    lowered: Lowered
    findings: Findings

    def test(self, span: Span) -> TestBlock:
        graph = self.lowered.graph
        tools = Tools()
        for tool in graph.tools:
            tools.index(tool)
        settings, models, expectations = self._statements()
        values = {name: literal(setting.value, self.findings) for name, setting in settings.items()}
        self._check_inputs(settings, dict(graph.inputs))
        read = [self._expectation(statement, tools) for statement in expectations]
        return TestBlock(
            graph=attrs.evolve(graph, tools=tuple(tools.found)),
            title=None if self.block.title is None else self.block.title.value,
            inputs={name: values.get(name) for name, _ in graph.inputs},
            models=self._replacements(models),
            has_target=TARGET in values,
            target=values.get(TARGET),
            expectations=tuple(expectation for expectation in read if expectation is not None),
            span=span,
        )

    def _statements(
        self,
    ) -> tuple[dict[str, syntax.Setting], dict[str, syntax.Setting], list[syntax.Expectation]]:
        """The values and the models that the test gives, by name, and what it expects."""
        values: dict[str, syntax.Setting] = {}
        models: dict[str, syntax.Setting] = {}
        expectations: list[syntax.Expectation] = []
        for statement in self.block.body:
            match statement:
                case syntax.Expectation():
                    expectations.append(statement)
                case syntax.Setting((syntax.Name("model"),), syntax.Name() as option):
                    self._keep(option, statement, models)
                case syntax.Setting(path, None):
                    written = ".".join(name.text for name in path)
                    self._keep(syntax.Name(written, path[0].span.to(path[-1].span)), statement, values)
                case syntax.Setting((name,), syntax.Name(_, span)):
                    self.findings.add(kinds.NO_OPTIONS, span, name=name.text)
                    values.setdefault(name.text, _without_value(statement))
                case _:
                    what = describe_statement(statement)
                    self.findings.add(kinds.MISPLACED_STATEMENT, statement.span, what=what, where="a test")
        return values, models, expectations

    def _keep(self, name: syntax.Name, setting: syntax.Setting, kept: dict[str, syntax.Setting]) -> None:
        if setting.learnable:
            self.findings.add(kinds.NOT_LEARNABLE, setting.sign, name=name.text)
        elif isinstance(setting.value, syntax.Comparison):
            self.findings.add(kinds.MISPLACED_COMPARISON, setting.value.span)
            setting = _without_value(setting)
        elif name.text in kept:
            label = self.findings.label(kept[name.text].span, "the first is here")
            self.findings.add(kinds.ATTRIBUTE_TWICE, setting.span, label, name=name.text)
            return
        kept[name.text] = setting

    def _check_inputs(self, given: Mapping[str, syntax.Setting], inputs: Mapping[str, types.Type]) -> None:
        for name, setting in given.items():
            if name in inputs:
                type_ = literal_type(setting.value)
                # A file is given by its path.
                if not types.fits(type_, types.as_data(inputs[name])):
                    report_mismatch(f"`{name}`", type_, inputs[name], setting.value.span, self.findings)
            elif name != TARGET:
                span = setting.path[0].span.to(setting.path[-1].span)
                hint = nearest(name, [*inputs, TARGET]) or f"its inputs: {listed(list(inputs))}"
                self.findings.add(kinds.UNKNOWN_INPUT, span, name=name, hint=hint)
        for name, type_ in inputs.items():
            if name not in given and not isinstance(type_, types.Optional):
                graph, hint = self.block.graph, f"write `{name} = …` in the test"
                self.findings.add(
                    kinds.MISSING_ARGUMENT, graph.span, name=graph.text, parameter=name,
                    type=types.show(type_), hint=hint,
                )  # fmt: skip

    def _replacements(self, given: Mapping[str, syntax.Setting]) -> dict[str, ir.Model]:
        """The replacements by the names that the graph has for the models that are replaced."""
        replacements: dict[str, ir.Model] = {}
        for name, setting in given.items():
            model = model_of(name, setting.value, self.findings)
            replaced = _declared_model(name, self.module)
            if replaced is None:
                assert setting.option is not None
                hint = nearest(name, self.module.model_names) or (
                    f"the models here: {listed(self.module.model_names)}"
                )
                self.findings.add(kinds.UNKNOWN_MODEL, setting.option.span, name=name, hint=hint)
                continue
            for known in self.lowered.graph.models:
                if known.declared == replaced.declared:
                    replacements[known.name] = model
        return replacements

    # What is expected.

    def _expectation(self, statement: syntax.Expectation, tools: Tools) -> Expectation | None:
        scope = self._scope(tools, self.findings)
        compare = resolve_comparison(statement.value, "expect", scope)
        if compare is None or not isinstance(statement.value, syntax.Comparison):
            return None
        left, right = statement.value.left, statement.value.right
        sides = Part(self._text(left), compare.left), Part(self._text(right), compare.right)
        # What is wrong with a name was reported with its side.
        unreported = self._scope(tools, Findings(self.findings.source))
        named = {self._text(each): each for side in (left, right) for each in _names_in(side, unreported)}
        return Expectation(
            compare,
            sides,
            tuple(
                Part(text, resolve_expression(each, unreported)[0])
                for text, each in named.items()
                if text not in (sides[0].text, sides[1].text)
            ),
            statement.value.span,
        )

    def _scope(self, tools: Tools, findings: Findings) -> Scope:
        nodes = self.lowered.nodes
        return Scope(
            nodes.site.place, findings, tools, inputs=nodes.inputs, node_type=nodes.node_type,
            site=nodes.site, extra={"output": (ir.Output(), nodes.answer)}, everywhere=True,
        )  # fmt: skip

    def _text(self, expression: syntax.Expression) -> str:
        return " ".join(self.findings.source.slice(expression.span).split())


def _without_value(setting: syntax.Setting) -> syntax.Setting:
    """What stands for a setting of which something was said already: null fits everywhere."""
    return attrs.evolve(setting, value=syntax.NullValue(setting.value.span))


def _declared_model(name: str, module: Module) -> ir.Model | None:
    """The model of a name, which may lead through several imports: `agents.fast`."""
    *aliases, last = name.split(".")
    for alias in aliases:
        if alias not in module.imports:
            return None
        module = module.imports[alias]
    return module.models.get(last)


def _names_in(expression: syntax.Expression, scope: Scope) -> Iterator[syntax.Expression]:
    """What an expression names and calls, from the outside in; of a field, also what it is a field of."""
    match expression:
        case syntax.Reference() | syntax.Brackets():
            yield expression
        case syntax.Field(value):
            yield expression
            if isinstance(resolve_expression(expression, scope)[0], ir.FieldOf):
                yield from _names_in(value, scope)
        case syntax.Call(_, arguments):
            yield expression
            for argument in arguments:
                yield from _names_in(argument.value, scope)
        case syntax.ListValue(items):
            for item in items:
                yield from _names_in(item, scope)
        case syntax.RecordValue(entries):
            for entry in entries:
                yield from _names_in(entry.value, scope)
