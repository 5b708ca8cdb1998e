"""What calls cost: a table with a date, which a project may change in its `pyproject.toml`.

    [tool.agraph.prices]
    "claude-haiku-4-5" = { input = 1.0, output = 5.0, cache_read = 0.1 }
    "qwen3" = { input = 0, output = 0 }

Prices are US dollars per million tokens. What the table does not hold is unknown, never free.
"""

import json
import math
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import attrs

from agraph.compiler.diagnostics import nearest
from agraph.runtime.errors import InputError

MILLION = 1_000_000

_SNAPSHOT = re.compile(r"-\d{8}$")
"""The date that the full name of a model ends with, where its table entry has none."""


@attrs.frozen
class Price:
    """What a model costs, in US dollars per million tokens; `None` is unknown.

    Attributes:
        long: The price of a whole call whose input has at least `long_from` tokens.
    """

    input: float
    output: float
    cache_read: float | None = None
    cache_write_5m: float | None = None
    cache_write_1h: float | None = None
    long_from: int | None = None
    long: "Price | None" = None


@attrs.frozen
class TokenCounts:
    """The tokens of one call, each counted in one place only; `None` is unknown."""

    fresh: int | None
    output: int | None
    cache_read: int | None
    cache_write_5m: int | None
    cache_write_1h: int | None


def cost_usd(price: Price, counts: TokenCounts) -> float | None:
    """What a call costs, or `None` where a count or a price that it needs is unknown."""
    read = (counts.fresh, counts.cache_read, counts.cache_write_5m, counts.cache_write_1h)
    if price.long is not None and price.long_from is not None:
        if None in read:
            return None
        if sum(count for count in read if count is not None) >= price.long_from:
            return cost_usd(price.long, counts)
    total = 0.0
    for count, each in (
        (counts.fresh, price.input),
        (counts.output, price.output),
        (counts.cache_read, price.cache_read),
        (counts.cache_write_5m, price.cache_write_5m),
        (counts.cache_write_1h, price.cache_write_1h),
    ):
        if count is None or (count and each is None):
            return None
        total += count * (each or 0.0)
    return total / MILLION


@attrs.frozen
class Prices:
    """Prices by the provider's name of the model.

    Attributes:
        date: When the service's prices were read.
        service: Those of the service; they hold for nobody else.
        project: Those that the project says; they hold wherever the model runs, and go first.
    """

    date: str
    service: Mapping[str, Price]
    project: Mapping[str, Price] = attrs.field(factory=dict)

    def of(self, model_id: str, *, by_service: bool) -> Price | None:
        """The price of a model, or `None` where it is unknown.

        Args:
            model_id: The provider's name for it, with or without the date of a snapshot.
            by_service: Whether the service itself runs it.
        """
        for table in (self.project, self.service if by_service else {}):
            price = table.get(model_id) or table.get(_SNAPSHOT.sub("", model_id))
            if price is not None:
                return price
        return None


@cache
def service_prices() -> Prices:
    """The table that comes with agraph."""
    table = json.loads(files("agraph.runtime").joinpath("prices.json").read_text(encoding="utf-8"))
    return Prices(table["date"], {name: _price(name, price) for name, price in table["models"].items()})


def project_prices(root: Path) -> Prices:
    """The table with what the `pyproject.toml` of a project says.

    Raises:
        InputError: The project's prices cannot be used; the message says why.
    """
    path = root / "pyproject.toml"
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return service_prices()
    except (OSError, ValueError) as error:
        raise InputError(f"`{path}` cannot be read: {error}") from None
    table: Any = said
    for part in ("tool", "agraph", "prices"):
        table = table.get(part, {}) if isinstance(table, dict) else {}
    if not isinstance(table, dict):
        raise InputError(f"`{path}`: `tool.agraph.prices` should be a table")
    try:
        project = {name: _price(name, price) for name, price in table.items()}
    except ValueError as error:
        raise InputError(f"`{path}`: `tool.agraph.prices`: {error}") from None
    return attrs.evolve(service_prices(), project=project)


def _price(name: str, said: Any) -> Price:
    """The price that an entry says.

    Raises:
        ValueError: It says none.
    """
    if not isinstance(said, dict):
        raise ValueError(f"`{name}` should be a table of prices, such as {{ input = 1.0, output = 5.0 }}")
    known = [field.name for field in attrs.fields(Price)]
    for part, value in said.items():
        if part not in known:
            hint = nearest(part, known) or f"there are {', '.join(f'`{each}`' for each in known)}"
            raise ValueError(f"`{name}` has an unknown part `{part}`; {hint}")
        if part != "long" and not _is_price(value):
            raise ValueError(f"`{name}`: `{part}` should be a number that is not negative, not `{value}`")
    for part in ("input", "output"):
        if part not in said:
            raise ValueError(f"`{name}` says no price of `{part}`")
    if ("long" in said) != ("long_from" in said):
        raise ValueError(f"`{name}`: `long` and `long_from` belong together")
    long = _price(f"{name}.long", said["long"]) if "long" in said else None
    return Price(**{**said, "long": long})


def _is_price(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf
