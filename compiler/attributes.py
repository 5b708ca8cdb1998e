"""The attributes of nodes: which there are, where they may stand, and what values they take."""

from collections.abc import Iterable, Mapping
from typing import Literal

import attrs

from agraph.compiler import ir, kinds, syntax, types
from agraph.compiler.diagnostics import Findings, nearest
from agraph.compiler.literals import describe, is_literal, literal, literal_type
from agraph.compiler.names import Module, not_imported


@attrs.frozen
class Settings:
    """The settings of a node or of a graph.

    Attributes:
        by_name: Those that mean something, by attribute.
        refused: The attributes of which a setting was refused, so that nothing more is said of them.
    """

    by_name: Mapping[str, syntax.Setting] = {}
    refused: frozenset[str] = frozenset()

    def get(self, name: str) -> syntax.Setting | None:
        """The setting of an attribute, or `None`."""
        return self.by_name.get(name)

    def mentions(self, name: str) -> bool:
        """Whether the author wrote the attribute, rightly or not."""
        return name in self.by_name or name in self.refused


@attrs.frozen
class Attribute:
    """What the language knows of an attribute.

    Attributes:
        of_models: Whether only model nodes have it.
        default: Whether a graph may set it for its nodes.
        learnable: Whether `~` may stand before its value.
    """

    of_models: bool = False
    default: bool = False
    learnable: bool = False


CHOICES = ("model", "tools", "prompt")
"""The attributes that `~` may choose among options for."""

ATTRIBUTES: Mapping[str, Attribute] = {
    "model": Attribute(of_models=True, default=True, learnable=True),
    "tools": Attribute(of_models=True, default=True, learnable=True),
    "prompt": Attribute(of_models=True, learnable=True),
    "system": Attribute(of_models=True, default=True),
    "examples": Attribute(of_models=True, learnable=True),
    "max_turns": Attribute(of_models=True, default=True),
    "on": Attribute(learnable=True),
    "when": Attribute(),
    "requires": Attribute(default=True),
    "retries": Attribute(default=True),
    "timeout": Attribute(default=True),
    "on_error": Attribute(default=True),
    "cache": Attribute(default=True),
}


def node_settings(
    body: Iterable[syntax.Statement], node: str, is_model: bool, defaults: Settings, findings: Findings
) -> Settings:
    """The settings of a node, its graph's defaults included; misplaced ones are reported."""
    own = _settings(body, f"node `{node}`", ATTRIBUTES, findings)
    together = {**defaults.by_name, **own.by_name}
    if not is_model:
        for name, setting in own.by_name.items():
            if ATTRIBUTES[name].of_models:
                findings.add(kinds.TWO_WORKS, setting.span, node=node, name=name)
        together = {name: s for name, s in together.items() if not ATTRIBUTES[name].of_models}
    return Settings(together, defaults.refused | own.refused)


def graph_settings(body: Iterable[syntax.Statement], graph: str, findings: Findings) -> Settings:
    """The settings in a graph's body, which are the defaults of its nodes."""
    known = {name: attribute for name, attribute in ATTRIBUTES.items() if attribute.default}
    own = [
        statement
        for statement in body
        if not isinstance(
            statement, syntax.NodeDeclaration | syntax.EdgeDeclaration | syntax.OutputDeclaration
        )
    ]
    return _settings(own, f"graph `{graph}`", known, findings)


def _settings(
    body: Iterable[syntax.Statement], where: str, known: Mapping[str, Attribute], findings: Findings
) -> Settings:
    accepted: dict[str, syntax.Setting] = {}
    refused: set[str] = set()
    for statement in body:
        if not isinstance(statement, syntax.Setting):
            what = describe_statement(statement)
            findings.add(kinds.MISPLACED_STATEMENT, statement.span, what=what, where=where)
            continue
        name = statement.path[0].text
        if len(statement.path) > 1 or name not in known:
            written = ".".join(part.text for part in statement.path)
            span = statement.path[0].span.to(statement.path[-1].span)
            hint = "it is set in each node" if name in ATTRIBUTES else nearest(written, known)
            findings.add(kinds.UNKNOWN_ATTRIBUTE, span, what=where, name=written, hint=hint)
        elif name in refused:
            continue
        elif name in accepted:
            label = findings.label(accepted[name].span, "the first is here")
            findings.add(kinds.ATTRIBUTE_TWICE, statement.span, label, name=name)
        elif _is_refused(statement, name, known[name], findings):
            refused.add(name)
        else:
            accepted[name] = statement
    return Settings(accepted, frozenset(refused))


def _is_refused(setting: syntax.Setting, name: str, attribute: Attribute, findings: Findings) -> bool:
    """Whether a setting is of a kind that the attribute cannot have, with the reason reported."""
    if name == "examples":
        findings.add(kinds.NO_EXAMPLES, setting.span)
    elif name in CHOICES and (
        setting.option is not None
        or (setting.learnable and (name != "prompt" or isinstance(setting.value, syntax.RecordValue)))
    ):
        findings.add(kinds.NO_CHOICES, setting.span, name=name)
    elif isinstance(setting.value, syntax.Comparison) and name != "when":
        findings.add(kinds.MISPLACED_COMPARISON, setting.value.span)
    elif setting.option is not None:
        findings.add(kinds.NO_OPTIONS, setting.option.span, name=name)
    elif setting.learnable and not attribute.learnable:
        findings.add(kinds.NOT_LEARNABLE, setting.sign, name=name)
    else:
        return False
    return True


def describe_statement(statement: syntax.Statement) -> str:
    """What a statement is, for a message."""
    match statement:
        case syntax.Setting(path):
            return f"`{path[0].text}`"
        case syntax.NodeDeclaration():
            return "a node"
        case syntax.EdgeDeclaration():
            return "an edge"
        case syntax.OutputDeclaration():
            return "`output`"
        case syntax.Expectation():
            return "`expect`"
        case syntax.Block(name):
            return f"the block `{name.text} {{ … }}`"


# Values.


def _refuse(setting: syntax.Setting, wanted: str, findings: Findings, hint: str | None = None) -> None:
    name, found = setting.path[0].text, describe(setting.value)
    findings.add(kinds.BAD_ATTRIBUTE, setting.value.span, name=name, wanted=wanted, found=found, hint=hint)


def whole_number(setting: syntax.Setting | None, least: int, default: int, findings: Findings) -> int:
    """The value of a setting that counts."""
    if setting is None:
        return default
    value = setting.value.value if isinstance(setting.value, syntax.Number) else None
    if isinstance(value, int) and value >= least:
        return value
    _refuse(setting, f"a whole number of at least {least}", findings)
    return default


def seconds(setting: syntax.Setting | None, findings: Findings) -> float | None:
    """The value of a setting that is a time, or `None` where it is not set."""
    if setting is None:
        return None
    if isinstance(setting.value, syntax.Number) and setting.value.value > 0:
        return float(setting.value.value)
    _refuse(setting, "a number of seconds above 0", findings)
    return None


def boolean(setting: syntax.Setting | None, default: bool, findings: Findings) -> bool:
    """The value of a setting that is `true` or `false`."""
    if setting is None:
        return default
    if isinstance(setting.value, syntax.Boolean):
        return setting.value.value
    number = setting.path[0].text == "on" and isinstance(setting.value, syntax.Number)
    hint = "a probability stands after `~`: `on ~ 0.5`" if number else None
    _refuse(setting, "`true` or `false`", findings, hint)
    return default


def text(setting: syntax.Setting | None, findings: Findings) -> syntax.String | None:
    """The value of a setting that is a text, or `None`."""
    if setting is None:
        return None
    if isinstance(setting.value, syntax.String):
        return setting.value
    _refuse(setting, "a text", findings)
    return None


def error_policy(
    setting: syntax.Setting | None, type_: types.Type, findings: Findings
) -> Literal["fail", "skip"] | ir.Constant:
    """What `on_error` says."""
    if setting is None:
        return "fail"
    match setting.value:
        case syntax.Reference(syntax.Name("fail")):
            return "fail"
        case syntax.Reference(syntax.Name("skip")):
            return "skip"
        case value if is_literal(value):
            given = literal_type(value)
            if types.fits(given, type_):
                return ir.Constant(literal(value, findings))
    _refuse(setting, f"`fail`, `skip`, or a value of type `{types.show(type_)}`", findings)
    return "fail"


def model(setting: syntax.Setting, module: Module, findings: Findings) -> ir.Model | None:
    """The model that a setting names, or `None` with the reason reported."""
    found = module.model(setting.value)
    if found is not None:
        return found
    match setting.value:
        case syntax.Reference(name):
            hint = nearest(name.text, module.model_names)
            findings.add(kinds.UNKNOWN_MODEL, name.span, name=name.text, hint=hint)
        case syntax.Field(syntax.Reference(alias), name):
            not_imported(alias, name, "model", module, findings)
        case value:
            hint = "a name stands without quotes" if isinstance(value, syntax.String) else None
            _refuse(setting, "the name of a model", findings, hint)
    return None


def tools(setting: syntax.Setting | None, module: Module, findings: Findings) -> tuple[ir.Tool, ...]:
    """The tools that a setting lists."""
    if setting is None:
        return ()
    if not isinstance(setting.value, syntax.ListValue):
        _refuse(setting, "a list of tools", findings)
        return ()
    found = []
    for item in setting.value.items:
        tool = _tool(item, setting, module, findings)
        if tool is None:
            continue
        if any(_has_variable(type_) for _, type_ in tool.parameters):
            findings.add(kinds.TOOL_PARAMETERS_UNTYPED, item.span, tool=tool.name)
        else:
            found.append(tool)
    return tuple(found)


def _tool(
    item: syntax.Expression, setting: syntax.Setting, module: Module, findings: Findings
) -> ir.Tool | None:
    """The tool that an item of a list names, or `None` with the reason reported."""
    found = module.tool_or_graph(item)
    if isinstance(found, ir.Tool):
        return found
    match item:
        case syntax.Reference(name) if found is None:
            hint = nearest(name.text, module.callable_names)
            findings.add(kinds.UNKNOWN_TOOL, name.span, name=name.text, hint=hint)
        case syntax.Field(syntax.Reference(alias), name) if found is None:
            not_imported(alias, name, "tool", module, findings)
        case _:
            what = describe(item) if found is None else f"the graph `{found.name.text}`"
            wanted = "a list of names of tools"
            findings.add(kinds.BAD_ATTRIBUTE, item.span, name="tools", wanted=wanted, found=what)
    return None


def _has_variable(type_: types.Type) -> bool:
    match type_:
        case types.Variable():
            return True
        case types.ListOf(item) | types.Optional(item):
            return _has_variable(item)
        case types.Record(_, fields):
            return any(_has_variable(field) for _, field in fields)
        case _:
            return False
