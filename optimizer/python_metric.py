"""Metrics that are a Python function of the author's."""

import copy
import inspect
import math
from collections.abc import Callable, Mapping
from numbers import Real

from agraph.compiler import ir
from agraph.compiler.ir import Json
from agraph.optimizer.grade import Grade, Scorer
from agraph.optimizer.rows import DataRow
from agraph.runtime.errors import ToolError
from agraph.runtime.permissions import Permissions


def open_python_metric(metric: ir.Metric, permissions: Callable[[], Permissions] | None = None) -> Scorer:
    """The metric that calls an author's function with output, row and trace, as many as it takes.

    The function gives a number, a boolean, or one of these and a text, its feedback.

    Args:
        metric: Its name, module and function.
        permissions: Gives what may be imported; its file's project where `None`.

    Raises:
        ToolError: The function cannot be loaded, or takes something else.
    """
    # Only here, so that reading a data set does not load what runs graphs.
    from agraph.runtime.tools import load_function

    name = metric.function or ""
    module, _, attribute = name.partition(":")
    try:
        function = load_function(module, attribute, metric.origin, permissions)
    except ToolError as error:
        raise ToolError(f"the metric `{name}`: {error}") from error.__cause__
    if inspect.iscoroutinefunction(function):
        raise ToolError(f"the metric `{name}` is an `async` function; a metric is a plain one")
    taken = _positions(function, name)

    def score(output: Json, row: DataRow, trace: Mapping[str, Json]) -> Grade:
        # Copies, since a function of the author's may change what it is given.
        given = (copy.deepcopy(output), copy.deepcopy(row.columns), dict(trace))[:taken]
        try:
            result = function(*given)
        except (Exception, SystemExit) as error:
            cause = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            raise ToolError(
                f"the metric `{name}` failed on row {row.number} ({row.place}): {cause}"
            ) from error
        return _grade(result, name, row)

    return score


def _positions(function: Callable[..., object], name: str) -> int:
    """How many of output, row and trace the function takes."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 1
    kinds = [parameter.kind for parameter in parameters]
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        return 3
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [parameter for parameter in parameters if parameter.default is inspect.Parameter.empty]
    needed = [parameter for parameter in needed if parameter.kind is not inspect.Parameter.VAR_KEYWORD]
    most = sum(kind in positional for kind in kinds)
    if not most or len(needed) > 3 or any(parameter.kind not in positional for parameter in needed):
        raise ToolError(f"the metric `{name}` takes one to three values: the output, the row and the trace")
    return min(most, 3)


def _grade(result: object, name: str, row: DataRow) -> Grade:
    match result:
        case (value, str() | None as feedback):
            pass
        case value:
            feedback = None
    if not isinstance(value, Real) or not math.isfinite(value):
        where = f"on row {row.number} ({row.place})"
        raise ToolError(f"the metric `{name}` gave `{result!r}` {where}, not a finite number")
    return Grade(float(value), feedback)
