"""The most that one call may use, known before it is made."""

import json

import attrs

from agraph.compiler.ir import Model
from agraph.runtime.budget import Amount, Budget
from agraph.runtime.errors import InputError
from agraph.runtime.models.anthropic import AnthropicAdapter
from agraph.runtime.models.protocol import ModelAdapter, Request
from agraph.runtime.open_model import OpenModel
from agraph.runtime.prices import MILLION, Price

OVERHEAD_TOKENS = 600
"""What a service adds to a prompt, such as its instructions for the use of tools."""


def call_bound(model: OpenModel, request: Request) -> Amount:
    """The most that a call of a model may use; only a served model uses anything but the call itself.

    A token stands for at least one byte of what is sent, and a reply is no longer than `max_tokens`.
    """
    if not isinstance(model.adapter, AnthropicAdapter):
        return Amount(calls=1)
    parts = (request.system, request.turns, request.tools, request.schema, request.addition)
    sent = json.dumps(parts, ensure_ascii=False, default=attrs.asdict)
    files = sum(content.most_tokens for content in request.files)
    read, written = prompt_tokens(sent) + files, model.adapter.settings.max_tokens
    return Amount(1, read + written, bound_usd(model.adapter.price, read, written))


def require_price(budget: Budget, model: Model, adapter: ModelAdapter) -> None:
    """Hold that a budget in money can be kept.

    Raises:
        InputError: What the model costs is unknown.
    """
    if "usd" in budget.limits and isinstance(adapter, AnthropicAdapter) and adapter.price is None:
        raise InputError(
            f"the budget is in money, and what the model `{model.name}` costs is unknown: "
            "write a budget in calls or tokens, such as `budget = calls(500)`, or the price of "
            f'`"{adapter.settings.id}"` under `[tool.agraph.prices]` in the project\'s `pyproject.toml`'
        )


def prompt_tokens(sent: str) -> int:
    """The most tokens of a text as a prompt."""
    return len(sent.encode("utf-8", "surrogatepass")) + OVERHEAD_TOKENS


def bound_usd(price: Price | None, read: float, written: float) -> float | None:
    """The most that tokens cost, however the provider caches them; `None` where the price is unknown."""
    if price is None:
        return None
    inputs = (price.input, price.cache_write_5m or 0.0, price.cache_write_1h or 0.0)
    cost = (read * max(inputs) + written * price.output) / MILLION
    long = bound_usd(price.long, read, written)
    return cost if long is None else max(cost, long)
