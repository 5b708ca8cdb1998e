"""Options that several verbs share."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from agraph.runtime.models.protocol import Usage

F = TypeVar("F", bound=Callable[..., Any])


def model_option(function: F) -> F:
    """`--model NAME=PROVIDER(…)`."""
    return click.option(
        "--model", "models", multiple=True, metavar="NAME=PROVIDER(…)",
        help="Use another model in place of the one the file names, such as `fast=simulated(right = 0.7)`.",
    )(function)  # fmt: skip


def concurrency_option(function: F) -> F:
    """`--concurrency N`."""
    return click.option(
        "--concurrency", type=click.IntRange(1, 10_000), default=16, show_default=True,
        help="How many rows, and how many model calls, may be under way at once.",
    )(function)  # fmt: skip


def task_options(function: F) -> F:
    """`--data`, `--target` and `--metric`, which go before the file's optimize block."""
    for option in (
        click.option("--metric", metavar="METRIC", help="How answers are scored, as in a file: `exact`, "
                     "`number(tolerance = 0.01)`, `contains`, `one_of`, `python(\"module:function\")`."),
        click.option("--target", "target_column", metavar="COLUMN", help="The column of the right answer."),
        click.option("--data", metavar="FILE", help="The rows, as JSONL, JSON or CSV."),
    ):  # fmt: skip
        function = option(function)
    return function


def tokens(usage: "Usage") -> str:
    """The tokens used, in words."""
    if usage.input_tokens is None or usage.output_tokens is None:
        return "tokens unknown"
    return f"{usage.input_tokens + usage.output_tokens:,} tokens"


def cost(usage: "Usage") -> str:
    """The money spent, in words; what is not known is not called zero."""
    return "cost unknown" if usage.cost_usd is None else f"${usage.cost_usd:.2f}"


def usage_json(usage: "Usage") -> dict[str, int | float | None]:
    """What was used, for `--json`; `null` is unknown."""
    return {
        "calls": usage.calls,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_tokens": usage.cache_read_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "cost_usd": usage.cost_usd,
    }
