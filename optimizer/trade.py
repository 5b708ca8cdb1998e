"""What cost counts for: how much score a unit of it is worth."""

from typing import Literal

import attrs

from agraph.runtime.errors import BudgetError, InputError
from agraph.runtime.models.protocol import Usage


@attrs.frozen
class Trade:
    """A weight of cost against score.

    Attributes:
        unit: Of the cost.
        weight: What a unit takes from a run's score.
    """

    unit: Literal["calls", "usd"]
    weight: float

    def price(self, usage: Usage) -> float:
        """What is taken from a run's score.

        Raises:
            BudgetError: What it cost in money is unknown.
        """
        if self.unit == "calls":
            return self.weight * usage.calls
        if usage.cost_usd is None:
            raise BudgetError("cost is to count in US dollars, and what a call cost is unknown")
        return self.weight * usage.cost_usd


def trade(text: str) -> Trade:
    """The trade of `calls=0.01` or `usd=5`.

    Raises:
        InputError: It says something else.
    """
    unit, _, number = text.partition("=")
    try:
        weight = float(number)
    except ValueError:
        weight = -1.0
    if unit not in ("calls", "usd") or not 0 <= weight < float("inf"):
        raise InputError(
            f"`{text}` is no trade: write `calls=0.01`, where a call costs 0.01 of score, or `usd=5`"
        )
    return Trade("calls" if unit == "calls" else "usd", weight)
