"""The providers that a model declaration can name."""

from collections.abc import Callable, Mapping

from agraph.compiler.diagnostics import nearest
from agraph.compiler.ir import Model
from agraph.runtime.errors import ModelError
from agraph.runtime.models.anthropic import AnthropicAdapter, open_anthropic
from agraph.runtime.models.protocol import ModelAdapter
from agraph.runtime.models.scripted import open_scripted
from agraph.runtime.models.simulated import open_simulated
from agraph.runtime.prices import Prices, service_prices

PROVIDERS: Mapping[str, Callable[[Model], ModelAdapter]] = {
    "anthropic": open_anthropic,
    "scripted": open_scripted,
    "simulated": open_simulated,
}

OFFLINE = frozenset({"scripted", "simulated"})
"""The providers that reach for nothing outside."""


def open_model(model: Model, prices: Callable[[], Prices] = service_prices) -> ModelAdapter:
    """The model, ready to be asked.

    Args:
        model: As it is declared.
        prices: Gives the table of prices; only asked where the model may cost something.

    Raises:
        MissingKeyError: It needs a key and there is none.
        ModelError: There is no such provider, or it does not take the model's options.
    """
    opener = PROVIDERS.get(model.provider)
    if opener is None:
        hint = (
            nearest(model.provider, PROVIDERS) or f"there are {', '.join(f'`{name}`' for name in PROVIDERS)}"
        )
        raise ModelError(f"model `{model.name}`: there is no provider `{model.provider}`; {hint}")
    opened = opener(model)
    return opened.at(prices()) if isinstance(opened, AnthropicAdapter) else opened
