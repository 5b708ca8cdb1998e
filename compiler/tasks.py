"""The optimize block of a graph: its data, its metric, its budget."""

from collections.abc import Callable, Mapping
from typing import Literal

from agraph.compiler import ir, kinds, syntax, types
from agraph.compiler.attributes import Said, describe_statement, model
from agraph.compiler.declarations import python_function
from agraph.compiler.diagnostics import Findings, nearest
from agraph.compiler.expressions import Scope, Tools, Typed, resolve_expression
from agraph.compiler.literals import literal, report_repeated_keys
from agraph.compiler.names import Module
from agraph.compiler.sites import Place
from agraph.compiler.type_names import ANY

SETTINGS = ("data", "metric", "budget", "columns", "proposer")
METRICS: Mapping[str, tuple[str, ...]] = {
    "exact": ("ignore_case",),
    "number": ("tolerance",),
    "contains": ("ignore_case",),
    "one_of": ("ignore_case",),
    "python": (),
}
"""The metrics with the names of their options."""

BUDGET_UNITS: Mapping[str, str] = {"usd": "usd", "calls": "calls", "tokens": "tokens", "time": "time_s"}
"""How a limit is written, and the unit that it is in."""


def lower_task(
    block: syntax.OptimizeDeclaration,
    module: Module,
    inputs: Mapping[str, types.Type],
    output: types.Type,
    index: Callable[[ir.Model], ir.ModelIndex],
    findings: Findings,
) -> ir.Task:
    """What an optimize block says; what is wrong with it is reported and left out.

    Args:
        block: The block.
        module: The file around it.
        inputs: The inputs of the graph, whose columns may be renamed.
        output: The type of the graph's answer.
        index: Gives the index that a model has in the graph.
        findings: Where mistakes are noted.
    """
    settings: dict[str, syntax.Setting] = {}
    for statement in block.body:
        if not isinstance(statement, syntax.Setting):
            what = describe_statement(statement)
            findings.add(kinds.MISPLACED_STATEMENT, statement.span, what=what, where="an optimize block")
            continue
        name = ".".join(part.text for part in statement.path)
        if statement.option is not None:
            findings.add(kinds.NO_OPTIONS, statement.option.span, name=name)
        elif name not in SETTINGS:
            hint = nearest(name, SETTINGS)
            findings.add(
                kinds.UNKNOWN_ATTRIBUTE, statement.span, what="an optimize block", name=name, hint=hint
            )
        elif statement.learnable:
            findings.add(kinds.NOT_LEARNABLE, statement.sign, name=name)
        elif name in settings:
            label = findings.label(settings[name].span, "the first is here")
            findings.add(kinds.ATTRIBUTE_TWICE, statement.span, label, name=name)
        else:
            settings[name] = statement
    data, metric, budget, columns, proposer = (settings.get(name) for name in SETTINGS)
    return ir.Task(
        None if data is None else data_set(data.value, findings),
        None if metric is None else metric_of(metric.value, module, output, findings),
        () if columns is None else _columns(columns.value, inputs, findings),
        () if budget is None else _budget(budget.value, findings),
        None if proposer is None else _proposer(proposer, module, index, findings),
    )


def _proposer(
    setting: syntax.Setting,
    module: Module,
    index: Callable[[ir.Model], ir.ModelIndex],
    findings: Findings,
) -> ir.ModelIndex | None:
    found = model(setting.value, Said(setting, Place(module), findings, 0))
    return None if found is None else index(found)


def data_set(value: syntax.Expression, findings: Findings) -> ir.DataSet | None:
    """The data set of `jsonl("file", target = "column")`, or `None` with the reason reported."""
    match value:
        case syntax.Call(
            syntax.Reference(syntax.Name("jsonl" | "json" | "csv" as format_)),
            (syntax.Argument(None, syntax.String(path)), *rest),
        ):
            match rest:
                case []:
                    return ir.DataSet(_format(format_), path, None)
                case [syntax.Argument(syntax.Name("target"), syntax.String(target))]:
                    return ir.DataSet(_format(format_), path, target)
    findings.add(kinds.BAD_DATA, value.span)
    return None


def _format(word: str) -> Literal["jsonl", "json", "csv"]:
    return "jsonl" if word == "jsonl" else "json" if word == "json" else "csv"


def metric_of(
    value: syntax.Expression, module: Module, output: types.Type, findings: Findings
) -> ir.Metric | None:
    """The metric of `exact(output.winner)` or of a bare name, or `None` with the reason reported."""
    callee, arguments = (value.callee, value.arguments) if isinstance(value, syntax.Call) else (value, ())
    if not isinstance(callee, syntax.Reference) or callee.name.text not in METRICS:
        known = ", ".join(f"`{name}`" for name in METRICS)
        name = callee.name.text if isinstance(callee, syntax.Reference) else ""
        findings.add(kinds.BAD_METRIC, value.span, known=known, hint=nearest(name, METRICS))
        return None
    name, path = callee.name.text, findings.source.path
    if name == "python":
        match arguments:
            case (syntax.Argument(None, syntax.String(text)),) if python_function(text):
                return ir.Metric(name, (), (), text, path)
        findings.add(kinds.BAD_PYTHON_METRIC, value.span)
        return None
    extra: Mapping[str, Typed] = {"output": (ir.Output(), output), "row": (ir.Constant(None), ANY)}
    scope = Scope(Place(module), findings, Tools(), extra=extra)
    compared = tuple(resolve_expression(a.value, scope)[0] for a in arguments if a.name is None)
    if scope.tools.found:
        findings.add(kinds.CALL_IN_METRIC, value.span, name=scope.tools.found[0].name)
    if len(compared) > 2:
        findings.add(
            kinds.TOO_MANY_ARGUMENTS, value.span, name=name, wanted="at most 2 values", given=len(compared)
        )
    options = [(argument.name, argument.value) for argument in arguments if argument.name is not None]
    for option, _ in options:
        if option.text not in METRICS[name]:
            hint = nearest(option.text, METRICS[name])
            findings.add(kinds.UNKNOWN_ARGUMENT, option.span, name=name, argument=option.text, hint=hint)
    read = tuple((option.text, literal(option_value, findings)) for option, option_value in options)
    return ir.Metric(name, compared, read, None, path)


def _columns(
    value: syntax.Expression, inputs: Mapping[str, types.Type], findings: Findings
) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, syntax.RecordValue):
        findings.add(kinds.BAD_COLUMNS, value.span)
        return ()
    report_repeated_keys(value.entries, findings)
    columns = []
    for entry in value.entries:
        if entry.key.text not in inputs:
            hint = nearest(entry.key.text, inputs)
            findings.add(kinds.UNKNOWN_INPUT, entry.key.span, name=entry.key.text, hint=hint)
        elif not isinstance(entry.value, syntax.String):
            findings.add(kinds.BAD_COLUMNS, entry.value.span)
        else:
            columns.append((entry.key.text, entry.value.value))
    return tuple(columns)


def _budget(value: syntax.Expression, findings: Findings) -> tuple[tuple[str, float], ...]:
    limits = value.items if isinstance(value, syntax.ListValue) else (value,)
    budget = []
    for limit in limits:
        match limit:
            case syntax.Call(
                syntax.Reference(syntax.Name(unit)), (syntax.Argument(None, syntax.Number(amount)),)
            ) if unit in BUDGET_UNITS and amount > 0:
                budget.append((BUDGET_UNITS[unit], float(amount)))
            case _:
                findings.add(kinds.BAD_BUDGET, limit.span)
    return tuple(budget)
