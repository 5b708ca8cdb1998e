"""What runs of a graph will use, told before the first of them: about how many calls, and the most of all.

The most assumes that each reply is as long as `max_tokens` lets it be, that each node needs all its turns and
attempts, that each byte of a prompt is a token, that the dearest options are chosen, and that no model falls
back on another. A tool's value is taken to be as long as what it reads.
"""

import json
import os
from collections.abc import Mapping, Sequence

import attrs

from agraph.compiler import ir
from agraph.compiler.types import STR
from agraph.runtime.bounds import bound_usd, prompt_tokens
from agraph.runtime.budget import Amount, larger
from agraph.runtime.models.anthropic_settings import DEFAULT_MAX_TOKENS
from agraph.runtime.offers import signature
from agraph.runtime.options import every_work
from agraph.runtime.prices import Price, Prices
from agraph.runtime.servers import SERVICE, server_of
from agraph.runtime.values import json_schema, object_schema

VALUE_TOKENS = 50
"""The tokens of a value that nothing is known of, such as a number."""

Heard = Mapping[ir.NodeIndex, Sequence[ir.NodeIndex]]
"""The nodes that run, each with those that it hears."""


@attrs.frozen
class Estimate:
    """What runs will use.

    Attributes:
        about: Calls if each model node that runs makes one.
        most: The most calls, tokens and money; money `None` where a price is unknown.
        unpriced: The models whose price is unknown, by the provider's name.
    """

    about: float
    most: Amount
    unpriced: tuple[str, ...]

    def times(self, about: float, most: float) -> "Estimate":
        """That of several runs: about so many, and at most."""
        usd = None if self.most.usd is None else most * self.most.usd
        amount = Amount(most * self.most.calls, most * self.most.tokens, usd)
        return Estimate(about * self.about, amount, self.unpriced)


def estimate_run(
    graph: ir.Graph,
    heard: Heard,
    models: Sequence[ir.Model],
    inputs: Mapping[str, float],
    prices: Prices,
) -> Estimate:
    """What one run uses.

    Args:
        graph: What runs.
        heard: Which of its nodes.
        models: The models of the graph, replacements in their places.
        inputs: The bytes of each input.
        prices: What tokens cost.
    """
    estimator = _Estimator(graph, heard, models, inputs, prices)
    about, most, unpriced = 0, Amount(), dict[str, None]()
    for index in heard:
        node = graph.nodes[index]
        if not isinstance(node.work, ir.ModelCall):
            continue
        about += 1
        largest = Amount()
        for work in every_work(node.work):
            amount = estimator.amount(node, work, index)
            largest = larger(largest, amount)
            if amount.usd is None:
                unpriced[service_name(models[work.model])] = None
        usd = None if most.usd is None or largest.usd is None else most.usd + largest.usd
        most = Amount(most.calls + largest.calls, most.tokens + largest.tokens, usd)
    return Estimate(about, most, tuple(unpriced))


@attrs.frozen(eq=False)
class _Estimator:
    """The sizes of the prompts and values of a graph, in tokens."""

    graph: ir.Graph
    heard: Heard
    models: Sequence[ir.Model]
    inputs: Mapping[str, float]
    prices: Prices

    def amount(self, node: ir.Node, work: ir.ModelCall, index: ir.NodeIndex) -> Amount:
        """The most that a node uses in a run; only a served model uses anything but calls."""
        model = self.models[work.model]
        asked, read, written = self.conversation(node, work, index)
        if model.provider != "anthropic":
            return Amount(asked)
        return Amount(asked, read + written, bound_usd(price_of(model, self.prices), read, written))

    def conversation(
        self, node: ir.Node, work: ir.ModelCall, index: ir.NodeIndex
    ) -> tuple[int, float, float]:
        """The most calls that a node makes, and the most tokens that it reads and writes in them."""
        turns = work.max_turns if work.tools else 1
        # One turn more mends a reply of another type.
        turns += node.type != STR
        offered = [self.graph.tools[tool] for tool in work.tools]
        beside = [[signature(tool), object_schema(tool.parameters)] for tool in offered]
        schema = None if node.type == STR else json_schema(node.type)
        first = self.template(work.prompt, index) + self.template(work.system or (), index)
        first += prompt_tokens(json.dumps([beside, schema]))
        reply = _reply_tokens(self.models[work.model])
        # Each turn reads again what was said before it: a reply, and a result that is taken to be as long.
        read = turns * first + reply * turns * (turns - 1)
        attempts = 1 + node.retries
        return attempts * turns, attempts * read, attempts * turns * reply

    def template(self, template: ir.Template, index: ir.NodeIndex) -> float:
        """The tokens of a template, rendered."""
        return sum(
            len(part.encode()) if isinstance(part, str) else self.value(part.value, index, frozenset())
            for part in template
        )

    def value(self, expression: ir.Expression, index: ir.NodeIndex, above: frozenset[int]) -> float:
        """The tokens of what an expression of a node stands for."""
        match expression:
            case ir.Constant(constant):
                return len(json.dumps(constant).encode())
            case ir.Input(name):
                return self.inputs.get(name, VALUE_TOKENS)
            case ir.Message(sender):
                return self.message(sender, above)
            case ir.Messages(senders):
                return sum(self.message(sender, above) for sender in senders)
            case ir.Inbox():
                return sum(self.message(sender, above) + VALUE_TOKENS for sender in self.heard[index])
            case ir.FieldOf(whole, _):
                return self.value(whole, index, above)
            case ir.MakeList(items):
                return sum(self.value(item, index, above) for item in items)
            case ir.MakeRecord(entries):
                return sum(self.value(item, index, above) for _, item in entries)
            case ir.Apply(_, arguments):
                return VALUE_TOKENS + sum(self.value(item, index, above) for item in arguments)
            case _:
                return VALUE_TOKENS

    def message(self, sender: ir.NodeIndex, above: frozenset[int]) -> float:
        """The tokens of a node's message; nothing where it does not run, or hears itself."""
        work = self.graph.nodes[sender].work
        if sender not in self.heard or sender in above:
            return 0.0
        if isinstance(work, ir.ModelCall):
            return max(_reply_tokens(self.models[each.model]) for each in every_work(work))
        return self.value(work, sender, above | {sender})


def _reply_tokens(model: ir.Model) -> float:
    said = dict(model.options).get("max_tokens", DEFAULT_MAX_TOKENS)
    served = model.provider == "anthropic"
    return said if served and isinstance(said, int | float) else VALUE_TOKENS


def service_name(model: ir.Model) -> str:
    """The name that the provider knows a model by."""
    return str(model.arguments[0]) if model.arguments else model.name


def price_of(model: ir.Model, prices: Prices) -> Price | None:
    """What a served model's tokens cost, or `None` where that is unknown."""
    match model.arguments:
        case (str() as id_,):
            server = server_of(model)
            address = os.environ.get("ANTHROPIC_BASE_URL") or SERVICE if server is None else server.address
            return prices.of(id_, by_service=address == SERVICE)
        case _:
            return None
