"""Budgets as a command line or a call says them, and those of files."""

import re
from collections.abc import Iterable, Mapping

from agraph.compiler.diagnostics import nearest
from agraph.compiler.ir import Graph
from agraph.runtime.budget import Budget
from agraph.runtime.errors import InputError

UNITS = ("usd", "calls", "tokens", "time")

SECONDS: Mapping[str, float] = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}

FORM = "write `--budget usd=2`, `calls=500`, `tokens=1e6` or `time=10m`, several with commas between"


def budget_of(texts: str | Iterable[str], graph: Graph | None = None) -> Budget | None:
    """The budget that texts such as `usd=2,calls=500` say, else that of a graph's file; `None` without one.

    Args:
        texts: One text or several.
        graph: Whose `optimize` block gives the budget where there is no text.

    Raises:
        InputError: A text is no budget.
    """
    limits: dict[str, float] = {}
    for text in (texts,) if isinstance(texts, str) else texts:
        for part in text.split(","):
            unit, limit = _limit(part)
            if unit in limits:
                raise InputError(f"the budget limits `{unit.removesuffix('_s')}` twice")
            limits[unit] = limit
    if not limits and graph is not None and graph.task is not None:
        limits = dict(graph.task.budget)
    return Budget(limits) if limits else None


def _limit(text: str) -> tuple[str, float]:
    unit, equals, said = (part.strip() for part in text.partition("="))
    if not equals:
        raise InputError(f"`{text.strip()}` is no budget: {FORM}")
    if unit not in UNITS:
        hint = nearest(unit, UNITS)
        raise InputError(f"there is no budget in `{unit}`; {f'{hint}; ' if hint else ''}{FORM}")
    amount = _seconds(said) if unit == "time" else _number(said)
    if amount is None or not 0 < amount < float("inf"):
        raise InputError(f"`{text.strip()}` is no budget: {FORM}")
    return ("time_s" if unit == "time" else unit), amount


def _number(said: str) -> float | None:
    try:
        return float(said.lstrip("$"))
    except ValueError:
        return None


def _seconds(said: str) -> float | None:
    found = re.fullmatch(r"(.*?)\s*([smhd]?)", said)
    amount = None if found is None else _number(found[1])
    return None if amount is None or found is None else amount * SECONDS[found[2]]
