"""The attributes of nodes: which there are, where they may stand, and what values they take."""

from collections.abc import Iterable, Mapping
from typing import Literal, TypeVar

import attrs

from agraph.compiler import ir, kinds, syntax, types
from agraph.compiler.diagnostics import Findings, nearest
from agraph.compiler.fixes import replacement
from agraph.compiler.literals import as_literal, describe, is_literal, literal, literal_type
from agraph.compiler.names import not_imported
from agraph.compiler.sites import Place

K = TypeVar("K")


@attrs.frozen(eq=False)
class Said:
    """A setting, and where it is said.

    Attributes:
        place: Where its names are looked up.
        findings: Of the file that says it.
        level: The number of the instance whose block says it; that of the site for its graph's own text.
    """

    setting: syntax.Setting
    place: Place
    findings: Findings
    level: int

    @property
    def value(self) -> syntax.Expression:
        """What stands after the sign."""
        return self.setting.value

    @property
    def learnable(self) -> bool:
        """Whether the sign is `~`."""
        return self.setting.learnable


@attrs.frozen(eq=False)
class Settings:
    """The settings of a node or of a graph.

    Attributes:
        by_name: Those that mean something, by attribute.
        options: The options of choices, by attribute and name: `prompt short = "…"`.
        refused: The attributes of which a setting was refused, so that nothing more is said of them.
        beneath: What blocks around say otherwise of, from the graph's own text outwards, by attribute.
    """

    by_name: Mapping[str, Said] = {}
    options: Mapping[tuple[str, str], Said] = {}
    refused: frozenset[str] = frozenset()
    beneath: Mapping[str, tuple[Said, ...]] = {}

    def get(self, name: str) -> Said | None:
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


INSTANCE_ATTRIBUTES = ("on", "when", "requires")
"""The attributes of an instance itself."""


def node_settings(
    body: Iterable[syntax.Statement],
    node: str,
    works: Literal["model", "function", "instance"],
    defaults: Settings,
    place: Place,
    level: int,
    findings: Findings,
) -> Settings:
    """The settings of a node in its graph's own text, the graph's defaults included.

    Args:
        body: What stands between its braces; of an instance, only what is said of itself.
        node: Its name.
        works: What it is.
        defaults: Those of its graph.
        place: Where names are looked up.
        level: The number of the site.
        findings: Where misplaced settings are noted.
    """
    known = ATTRIBUTES
    if works == "instance":
        known = {name: ATTRIBUTES[name] for name in INSTANCE_ATTRIBUTES}
    own = _settings(body, f"node `{node}`", known, place, level, findings)
    if works == "instance":
        return own
    together = {**defaults.by_name, **own.by_name}
    if works == "function":
        for name, said in own.by_name.items():
            if ATTRIBUTES[name].of_models:
                findings.add(kinds.TWO_WORKS, said.setting.span, node=node, name=name)
        together = {name: said for name, said in together.items() if not ATTRIBUTES[name].of_models}
    return Settings(together, own.options, defaults.refused | own.refused)


def graph_settings(
    body: Iterable[syntax.Statement], graph: str, place: Place, level: int, findings: Findings
) -> Settings:
    """The settings in a graph's body, which are the defaults of its nodes."""
    known = {name: attribute for name, attribute in ATTRIBUTES.items() if attribute.default}
    own = [
        statement
        for statement in body
        if not isinstance(
            statement, syntax.NodeDeclaration | syntax.EdgeDeclaration | syntax.OutputDeclaration
        )
    ]
    settings = _settings(own, f"graph `{graph}`", known, place, level, findings)
    for name, said in settings.by_name.items():
        if said.learnable:
            findings.add(kinds.LEARNABLE_DEFAULT, said.setting.sign, name=name)
    return settings


def overridden(settings: Settings, said: Iterable[Said]) -> Settings:
    """The settings with those of the blocks around in place of their own, the last given counting most."""
    by_name, beneath = dict(settings.by_name), dict(settings.beneath)
    for each in said:
        name = each.setting.path[-1].text
        if not _is_refused(each.setting, name, ATTRIBUTES[name], each.findings):
            if name in by_name:
                beneath[name] = (*beneath.get(name, ()), by_name[name])
            by_name[name] = each
    return attrs.evolve(settings, by_name=by_name, beneath=beneath)


def _settings(
    body: Iterable[syntax.Statement],
    where: str,
    known: Mapping[str, Attribute],
    place: Place,
    level: int,
    findings: Findings,
) -> Settings:
    accepted: dict[str, Said] = {}
    options: dict[tuple[str, str], Said] = {}
    refused: set[str] = set()
    for statement in body:
        if not isinstance(statement, syntax.Setting):
            what = describe_statement(statement)
            findings.add(kinds.MISPLACED_STATEMENT, statement.span, what=what, where=where)
            continue
        name = statement.path[0].text
        said = Said(statement, place, findings, level)
        if len(statement.path) > 1 or name not in known:
            written = ".".join(part.text for part in statement.path)
            span = statement.path[0].span.to(statement.path[-1].span)
            # Two words and a sign can be a node, its first word misspelt.
            words = known if statement.option is None else [*known, "node"]
            hint = "it is set in each node" if name in ATTRIBUTES else nearest(written, words)
            findings.add(kinds.UNKNOWN_ATTRIBUTE, span, what=where, name=written, hint=hint)
        elif statement.option is not None and name in CHOICES and not statement.learnable:
            _keep((name, statement.option.text), said, options, f"{name} {statement.option.text}", findings)
        elif name in refused:
            continue
        elif _is_refused(statement, name, known[name], findings):
            refused.add(name)
        else:
            _keep(name, said, accepted, name, findings)
    return Settings(accepted, options, frozenset(refused))


def _keep(key: K, said: Said, kept: dict[K, Said], name: str, findings: Findings) -> None:
    """Keep the first setting of a name, and report the others."""
    if key in kept:
        label = findings.label(kept[key].setting.span, "the first is here")
        findings.add(kinds.ATTRIBUTE_TWICE, said.setting.span, label, name=name)
    else:
        kept[key] = said


def _is_refused(setting: syntax.Setting, name: str, attribute: Attribute, findings: Findings) -> bool:
    """Whether a setting is of a kind that the attribute cannot have, with the reason reported."""
    if isinstance(setting.value, syntax.Comparison) and name != "when":
        findings.add(kinds.MISPLACED_COMPARISON, setting.value.span)
    elif setting.option is not None:
        findings.add(kinds.NO_OPTIONS, setting.option.span, name=name)
    elif setting.learnable and not attribute.learnable:
        fix = replacement(setting.sign, "=")
        findings.add(kinds.NOT_LEARNABLE, setting.sign, fix=fix, name=name)
    elif (
        setting.learnable and name in ("model", "tools") and not isinstance(setting.value, syntax.RecordValue)
    ):
        findings.add(kinds.NOT_A_CHOICE, setting.value.span, name=name)
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


def _refuse(said: Said, wanted: str, hint: str | None = None) -> None:
    name, found = said.setting.path[-1].text, describe(said.value)
    meant = as_literal(said.value.name.text) if isinstance(said.value, syntax.Reference) else None
    help_ = meant if meant and f"`{meant.names[0]}`" in wanted else hint
    said.findings.add(kinds.BAD_ATTRIBUTE, said.value.span, name=name, wanted=wanted, found=found, hint=help_)


def whole_number(said: Said | None, least: int, default: int) -> int:
    """The value of a setting that counts."""
    if said is None:
        return default
    value: object = said.value.value if isinstance(said.value, syntax.Number) else None
    if isinstance(said.value, syntax.Reference):
        value = said.place.constants.get(said.value.name.text)
    if isinstance(value, int) and value >= least:
        return value
    _refuse(said, f"a whole number of at least {least}")
    return default


def seconds(said: Said | None) -> float | None:
    """The value of a setting that is a time, or `None` where it is not set."""
    if said is None:
        return None
    if isinstance(said.value, syntax.Number) and said.value.value > 0:
        return float(said.value.value)
    _refuse(said, "a number of seconds above 0")
    return None


def boolean(said: Said | None, default: bool) -> bool:
    """The value of a setting that is `true` or `false`."""
    if said is None:
        return default
    if isinstance(said.value, syntax.Boolean):
        return said.value.value
    number = said.setting.path[-1].text == "on" and isinstance(said.value, syntax.Number)
    hint = "a probability stands after `~`: `on ~ 0.5`" if number else None
    _refuse(said, "`true` or `false`", hint)
    return default


def text(said: Said | None) -> syntax.String | None:
    """The value of a setting that is a text, or `None`."""
    if said is None:
        return None
    if isinstance(said.value, syntax.String):
        return said.value
    _refuse(said, "a text")
    return None


def error_policy(said: Said | None, type_: types.Type) -> Literal["fail", "skip"] | ir.Constant:
    """What `on_error` says."""
    if said is None:
        return "fail"
    match said.value:
        case syntax.Reference(syntax.Name("fail")):
            return "fail"
        case syntax.Reference(syntax.Name("skip")):
            return "skip"
        case value if is_literal(value):
            given = literal_type(value)
            if types.fits(given, type_):
                return ir.Constant(literal(value, said.findings))
    _refuse(said, f"`fail`, `skip`, or a value of type `{types.show(type_)}`")
    return "fail"


def model(expression: syntax.Expression, said: Said) -> ir.Model | None:
    """The model that an expression of a setting names, or `None` with the reason reported."""
    place, findings = said.place, said.findings
    found = place.model(expression)
    if found is not None:
        return found
    match expression:
        case syntax.Reference(name):
            near = nearest(name.text, [*place.module.model_names, *place.constants])
            findings.add(kinds.UNKNOWN_MODEL, name.span, name=name.text, hint=near)
        case syntax.Field(syntax.Reference(alias), name):
            not_imported(alias, name, "model", place.module, findings)
        case value:
            hint = "a name stands without quotes" if isinstance(value, syntax.String) else None
            _refuse(said, "the name of a model", hint)
    return None


def tools(said: Said | None) -> tuple[ir.Tool, ...]:
    """The tools that a setting lists."""
    if said is None:
        return ()
    if not isinstance(said.value, syntax.ListValue):
        _refuse(said, "a list of tools")
        return ()
    found = []
    for item in said.value.items:
        tool = _tool(item, said)
        if tool is None:
            continue
        if any(types.letters(type_) for _, type_ in tool.parameters):
            said.findings.add(kinds.TOOL_PARAMETERS_UNTYPED, item.span, tool=tool.name)
        elif (files := _files(tool)) is not None:
            what, type_ = files
            said.findings.add(kinds.FILE_FROM_MODEL, item.span, what=what, type=types.show(type_))
        else:
            found.append(tool)
    return tuple(found)


def _files(tool: ir.Tool) -> tuple[str, types.Type] | None:
    """What of a tool is a file, for a message, and its type."""
    parts = [(f"`{name}` of `{tool.name}`", type_) for name, type_ in tool.parameters]
    parts.append((f"what `{tool.name}` gives", tool.returns))
    return next(((what, type_) for what, type_ in parts if types.holds_files(type_)), None)


def _tool(item: syntax.Expression, said: Said) -> ir.Tool | None:
    """The tool that an item of a list names, or `None` with the reason reported."""
    place, findings = said.place, said.findings
    found = place.tool(item)
    if found is not None:
        return found
    graph = place.module.graph(item)
    match item:
        case syntax.Reference(name) if graph is None:
            hint = nearest(name.text, [*place.module.callable_names, *place.constants])
            findings.add(kinds.UNKNOWN_TOOL, name.span, name=name.text, hint=hint)
        case syntax.Field(syntax.Reference(alias), name) if graph is None:
            not_imported(alias, name, "tool", place.module, findings)
        case _:
            what = describe(item) if graph is None else f"the graph `{graph.declaration.name.text}`"
            wanted = "a list of names of tools"
            findings.add(kinds.BAD_ATTRIBUTE, item.span, name="tools", wanted=wanted, found=what)
    return None
