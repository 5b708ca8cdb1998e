"""Pieces of the language given from outside: models and metrics as texts of a command line or a call."""

from collections.abc import Iterable

import attrs

from agraph.compiler import ir, syntax
from agraph.compiler.declarations import declared_model
from agraph.compiler.diagnostics import Findings, has_errors
from agraph.compiler.names import Module
from agraph.compiler.parser import parse
from agraph.compiler.source import Source
from agraph.compiler.tasks import metric_of
from agraph.compiler.types import Type
from agraph.runtime.errors import CompileError, InputError


def models_of(replacements: Iterable[str]) -> dict[str, ir.Model]:
    """The models of texts such as `fast=simulated(right = 0.8)`, by the name that each replaces.

    Paths in their options are relative to the working folder.

    Raises:
        InputError: A text has no `NAME=`.
        CompileError: What stands after it is no model.
    """
    models = {}
    for replacement in replacements:
        name, equals, value = replacement.partition("=")
        if not equals or not name.strip():
            raise InputError(f"`{replacement}` is no replacement of a model: write `NAME=simulated(…)`")
        source = Source("(--model)", f"agraph 1\nmodel replacement = {value.strip()}\n")
        tree, diagnostics = parse(source)
        findings = Findings(source, list(diagnostics))
        for item in tree.items:
            if isinstance(item, syntax.ModelDeclaration):
                # It has no origin: whoever gives it may name any file and server.
                models[name.strip()] = attrs.evolve(declared_model(item, findings), origin="")
        _raise_errors(findings)
    return models


def metric_argument(text: str, module: Module, output: Type) -> ir.Metric:
    """The metric of a text such as `number(tolerance = 0.01)` or `python("module:function")`.

    Args:
        text: As it would stand in the file.
        module: The file; a metric in Python lies beside it.
        output: The type of what is scored.

    Raises:
        CompileError: It is no metric.
    """
    source = Source("(--metric)", f"agraph 1\noptimize graph {{\n  metric = {text}\n}}\n")
    tree, diagnostics = parse(source)
    findings = Findings(source, list(diagnostics))
    metric = None
    for item in tree.items:
        if isinstance(item, syntax.OptimizeDeclaration):
            for setting in item.body:
                if isinstance(setting, syntax.Setting):
                    metric = metric_of(setting.value, module, output, findings)
    _raise_errors(findings)
    assert metric is not None, "what is no metric was reported"
    return attrs.evolve(metric, origin=module.source.path)


def _raise_errors(findings: Findings) -> None:
    if has_errors(findings.found):
        raise CompileError(tuple(findings.found))
