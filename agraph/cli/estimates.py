"""`--budget` and `--estimate`: what a command may use, and what it will."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from agraph.estimating import Forecast

F = TypeVar("F", bound=Callable[..., Any])

ASSUMED = (
    "The most assumes that each node needs all its turns and attempts, that each reply is as long as\n"
    "max_tokens lets it be, that each byte of a prompt is a token, that a tool's value is as long as what\n"
    "it reads, that the dearest options are chosen, and that no model falls back on another. Equal calls\n"
    "are made once, which makes it less."
)


def budget_option(function: F) -> F:
    """`--budget`."""
    return click.option(
        "--budget", multiple=True, metavar="UNIT=N",
        help="A hard stop: `usd=2`, `calls=500`, `tokens=1e6`, `time=10m`, or several.",
    )(function)  # fmt: skip


def budget_options(function: F) -> F:
    """`--budget` and `--estimate`."""
    estimate = click.option(
        "--estimate", is_flag=True, help="Tell what calls, tokens and money it will take, and make no call."
    )
    return budget_option(estimate(function))


def estimate_text(forecast: "Forecast") -> str:
    """The forecast for people."""
    used, (about, most) = forecast.used, forecast.runs
    runs = f"{about:,} runs" if about == most else f"about {about:,} runs, at most {most:,}"
    asked = "1 model node" if forecast.model_nodes == 1 else f"{forecast.model_nodes} model nodes"
    usd = used.most.usd
    cost = f"at most ${usd:.2f}" if usd is not None else "unknown: no price of "
    if usd is None:
        cost += ", ".join(f"`{name}`" for name in used.unpriced)
    return "\n".join(
        (
            f"runs    {runs} of `{forecast.graph}` with {asked}, on {forecast.rows:,} rows",
            f"calls   about {used.about:,.0f} of models, at most {used.most.calls:,.0f}",
            f"tokens  at most {used.most.tokens:,.0f}",
            f"cost    {cost}",
            ASSUMED,
        )
    )


def what_rows_show(rows: int, confidence: float) -> str:
    """Which gain the held-out rows can show, before money is spent on it."""
    from agraph.optimizer.power import CHURN, rows_to_show, smallest_effect

    smallest = smallest_effect(rows, CHURN, confidence)
    gains = " and ".join(
        f"one of {gain:+.2f} takes {rows_to_show(gain, CHURN, confidence):,}" for gain in (0.03, 0.1)
    )
    seen = "no gain at all is shown by so few" if smallest >= 1 else f"a gain of {smallest:+.2f} is shown"
    return (
        f"The result is judged on {rows:,} held-out rows, a quarter of all: {seen} in four of\n"
        f"five cases at {100 * confidence:g}% confidence, if {100 * CHURN:g}% of the answers change;\n"
        f"{gains} such rows."
    )


def estimate_json(forecast: "Forecast") -> str:
    """The forecast for programs; `null` is unknown."""
    import json

    used, (about, most) = forecast.used, forecast.runs
    report = {
        "graph": forecast.graph, "rows": forecast.rows, "runs_about": about, "runs_at_most": most,
        "calls_about": used.about, "calls_at_most": used.most.calls, "tokens_at_most": used.most.tokens,
        "cost_usd_at_most": used.most.usd, "unpriced": list(used.unpriced),
    }  # fmt: skip
    return json.dumps(report, ensure_ascii=False, indent=2)
