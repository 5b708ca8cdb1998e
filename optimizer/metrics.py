"""Scoring an answer: the metrics of an `optimize` block, opened once and applied to each row."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import partial
from typing import assert_never

from agraph.compiler import ir
from agraph.compiler.ir import Json
from agraph.optimizer.comparisons import contains, exact, near, number_in, one_of, without_case
from agraph.optimizer.grade import Grade, Scorer
from agraph.optimizer.python_metric import open_python_metric
from agraph.optimizer.rows import DataRow, nearest_column
from agraph.runtime.errors import DataError, InputError
from agraph.runtime.permissions import Permissions
from agraph.runtime.values import shorten


def open_metric(
    metric: ir.Metric, target: str | None, permissions: Callable[[], Permissions] | None = None
) -> Scorer:
    """The metric, ready to score.

    Args:
        metric: Its name, what it compares, and its options.
        target: The column of the expected answer, or `None` where the data set has none.
        permissions: Gives what a Python metric may import; its file's project where `None`.

    Raises:
        InputError: There is no such metric or option, or it compares with a target that there is not.
        ToolError: A Python metric cannot be loaded.
    """
    if metric.name == "python":
        return open_python_metric(metric, permissions)
    compare = _comparison(metric)
    match metric.arguments:
        case ():
            answer, expected = ir.Output(), _target(metric, target)
        case (answer,):
            expected = _target(metric, target)
        case (answer, expected):
            pass
        case _:
            raise InputError(f"the metric `{metric.name}` compares two values, not {len(metric.arguments)}")

    def score(output: Json, row: DataRow, trace: Mapping[str, Json]) -> Grade:
        wanted = _evaluate(expected, output, row)
        if metric.name == "number" and number_in(wanted) is None:
            raise DataError(f"{row.place}: row {row.number} expects {shorten(wanted)}, which holds no number")
        return Grade(float(compare(_evaluate(answer, output, row), wanted)))

    return score


def _target(metric: ir.Metric, target: str | None) -> ir.Column:
    if target is None:
        raise InputError(f"the metric `{metric.name}` compares with a target, and the data set names none")
    return ir.Column(target)


def _known(name: str, names: tuple[str, ...]) -> str:
    if close := get_close_matches(name, names, n=1):
        return f"did you mean `{close[0]}`?"
    return f"known are {', '.join(f'`{known}`' for known in names)}"


# What the metrics of the language compare.

_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "exact": ("ignore_case",),
    "number": ("tolerance",),
    "contains": ("ignore_case",),
    "one_of": ("ignore_case",),
}


def _comparison(metric: ir.Metric) -> Callable[[Json, Json], bool]:
    """How the metric compares, its options applied."""
    if metric.name not in _OPTIONS:
        raise InputError(f"there is no metric `{metric.name}` ({_known(metric.name, (*_OPTIONS, 'python'))})")
    options = dict(metric.options)
    for option in options:
        if option not in _OPTIONS[metric.name]:
            hint = _known(option, _OPTIONS[metric.name])
            raise InputError(f"the metric `{metric.name}` has no option `{option}` ({hint})")
    if metric.name == "number":
        tolerance = _tolerance(options.get("tolerance", 1e-6))
        return partial(near, tolerance=tolerance)
    ignore_case = options.get("ignore_case", False)
    if not isinstance(ignore_case, bool):
        raise InputError(
            f"the option `ignore_case` of `{metric.name}` is true or false, not {shorten(ignore_case)}"
        )
    compare = {"exact": exact, "contains": contains, "one_of": one_of}[metric.name]
    if not ignore_case:
        return compare
    return lambda answer, expected: compare(without_case(answer), without_case(expected))


def _tolerance(value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise InputError(
            f"the option `tolerance` of `number` is a number of at least 0, not {shorten(value)}"
        )
    return float(value)


def _evaluate(expression: ir.Expression, output: Json, row: DataRow) -> Json:
    match expression:
        case ir.Output():
            return output
        case ir.Constant(value):
            return value
        case ir.Column(name):
            if name not in row.columns:
                hint = nearest_column(name, row)
                raise DataError(f"{row.place}: row {row.number} has no column `{name}` ({hint})")
            return row.columns[name]
        case ir.FieldOf(value, name):
            return _field(_evaluate(value, output, row), name)
        case ir.MakeList(items):
            return [_evaluate(item, output, row) for item in items]
        case ir.MakeRecord(entries):
            return {name: _evaluate(value, output, row) for name, value in entries}
        case ir.Input() | ir.Message() | ir.Messages() | ir.Inbox() | ir.Apply() | ir.Enter() | ir.Compare():
            raise ValueError(f"a metric reads the output and the row's columns, not {expression}")
        case _:
            assert_never(expression)


def _field(value: Json, name: str) -> Json:
    match value:
        case list():
            return [_field(item, name) for item in value]
        case dict():
            return value.get(name)
        case _:
            return None
