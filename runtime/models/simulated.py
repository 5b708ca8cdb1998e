"""`simulated(…)`: a world with a known best answer, for trying optimizers and for teaching.

It knows the row's target and gives it with a chance that its prompt and its messages raise. Draws are hashes
of seed, node, row and request: never of time or order.
"""

import asyncio
import hashlib
import json
import math
from collections.abc import Mapping, Sequence

import attrs

from agraph.compiler.diagnostics import nearest
from agraph.compiler.ir import Json, Model
from agraph.runtime.errors import ModelError
from agraph.runtime.models.carried import carried
from agraph.runtime.models.protocol import Reply, Request, Turn, Usage
from agraph.stdlib.text import last_line, last_number

FIRST_LINE = "(simulated: no model was asked)"


def open_simulated(model: Model) -> "Simulated":
    """The simulated model with the options of its declaration.

    Raises:
        ModelError: An option is unknown or not what it should be.
    """
    if model.arguments:
        raise ModelError(f"model `{model.name}`: `simulated` takes options by name only")
    options = dict(model.options)
    for name, value in options.items():
        if name not in _OPTIONS:
            hint = nearest(name, _OPTIONS) or f"it takes {', '.join(f'`{known}`' for known in _OPTIONS)}"
            raise ModelError(f"model `{model.name}`: `simulated` has no option `{name}`; {hint}")
        if not _fits(name, value):
            raise ModelError(
                f"model `{model.name}`: `{name}` should be {_OPTIONS[name]}, not `{json.dumps(value)}`"
            )
    return Simulated(model.name, **options)  # type: ignore[arg-type]


_OPTIONS = {
    "right": "a number from 0 to 1",
    "heard_right": "a number",
    "heard_wrong": "a number",
    "phrases": "a record of numbers",
    "shown": "a number",
    "choices": "a list that is not empty",
    "seed": "a whole number",
    "latency_s": "a number that is not negative",
    "cost_usd": "a number that is not negative",
}


def _fits(name: str, value: Json) -> bool:
    match name:
        case "phrases":
            return isinstance(value, dict) and all(map(_is_number, value.values()))
        case "choices":
            return isinstance(value, list) and bool(value)
        case "right":
            return _is_number(value) and 0 <= value <= 1  # type: ignore[operator]
        case "seed":
            return isinstance(value, int) and not isinstance(value, bool)
        case "latency_s" | "cost_usd":
            return _is_number(value) and value >= 0  # type: ignore[operator]
        case _:
            return _is_number(value)


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@attrs.frozen(eq=False)
class Simulated:
    """An open simulated model.

    Attributes:
        name: For errors.
        right: The chance of the right answer.
        heard_right: What each right message that its prompt shows adds to it.
        heard_wrong: What each wrong one adds.
        phrases: What each phrase adds that its prompt contains.
        shown: What each example adds that it is shown.
        choices: The answers to choose a wrong one from; `None` for the other targets of the data.
        seed: Another seed is another world.
        latency_s: How long a reply takes.
        cost_usd: What a reply costs, in US dollars.
    """

    name: str
    right: float = 0.7
    heard_right: float = 0.0
    heard_wrong: float = 0.0
    phrases: Mapping[str, float] = attrs.field(factory=dict)
    shown: float = 0.0
    choices: Sequence[Json] | None = None
    seed: int = 0
    latency_s: float = 0.0
    cost_usd: float = 0.0

    async def ask(self, request: Request) -> Reply:
        """The target with a certain chance, else a wrong answer.

        Raises:
            ModelError: The request comes without a truth, for nobody evaluates.
        """
        if request.truth is None:
            raise ModelError(
                f"model `{self.name}` is simulated: it answers only where the right answer is known, "
                "in `agraph eval`, `agraph optimize` and tests with a target"
            )
        if self.latency_s:
            await asyncio.sleep(self.latency_s)
        draw = _draw(self.seed, request)
        if draw("right") < self.chance(request, request.truth.target):
            value = request.truth.target
        else:
            choices = request.truth.choices if self.choices is None else self.choices
            value = wrong_answer(request.truth.target, choices, draw("choice"))
        return Reply(_written(value, request.schema), (), "end_turn", Usage(calls=1, cost_usd=self.cost_usd))

    def chance(self, request: Request, target: Json) -> float:
        """The chance of the right answer, in 0 to 1."""
        right = sum(is_right(message, target) for message in request.heard)
        wrong = len(request.heard) - right
        text = "\n".join(
            [request.system or "", *(turn.text for turn in request.asked if turn.role == "user")]
        )
        told = sum(worth for phrase, worth in self.phrases.items() if phrase in text)
        told += self.shown * (request.examples // 2)
        chance = self.right + self.heard_right * right + self.heard_wrong * wrong + told
        return min(1.0, max(0.0, chance))

    async def close(self) -> None:
        """Nothing is held."""


class _Draw:
    """Numbers in 0 to 1 that depend on the request, and on what they are for."""

    def __init__(self, world: str) -> None:
        self._world = world

    def __call__(self, purpose: str) -> float:
        digest = hashlib.sha256(f"{purpose}\0{self._world}".encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:7]) / 2**56


def _draw(seed: int, request: Request) -> _Draw:
    turns: list[Json] = [[turn.role, turn.text, _results(turn)] for turn in request.asked]
    tools: list[Json] = [tool.name for tool in request.tools]
    world: list[Json] = [seed, request.node, request.row, request.system, turns, tools, request.schema]
    return _Draw(json.dumps(world, sort_keys=True))


def _results(turn: Turn) -> list[Json]:
    return [result.content for result in turn.results]


def is_right(message: Json, target: Json) -> bool:
    """Whether a message says the target.

    It equals it, or is a text whose last line is the target's text, or whose last number is a target that
    is a number; a record does where one of its fields does.
    """
    if isinstance(message, bool) or isinstance(target, bool):
        return message is target or (isinstance(message, str) and last_line(message) == str(target))
    if isinstance(message, dict):
        return message == target or any(is_right(field, target) for field in message.values())
    if message == target:
        return True
    number = _number(target)
    if isinstance(message, str):
        return last_line(message) == str(target) or (number is not None and last_number(message) == number)
    return number is not None and message == number


def _number(value: Json) -> float | None:
    """The number that a value is or that its text spells."""
    if isinstance(value, str):
        try:
            number = float(value.strip().replace(",", ""))
        except ValueError:
            return None
        return number if math.isfinite(number) else None
    return value if isinstance(value, int | float) else None


def wrong_answer(target: Json, choices: Sequence[Json], draw: float) -> Json:
    """One of the choices that is not the target, or something made up where there is none.

    Args:
        target: The right answer.
        choices: Answers to choose from.
        draw: In 0 to 1, exclusive; decides which.
    """
    others = [choice for choice in choices if choice is not None and not is_right(choice, target)]
    if others:
        return others[int(draw * len(others))]
    match target:
        case bool():
            return not target
        case int() | float():
            return _other_number(target, draw)
        case str() if (number := _number(target)) is not None:
            other = _other_number(number, draw)
            return str(int(other)) if float(other).is_integer() else str(other)
        case "a wrong answer":
            return "another wrong answer"
        case _:
            return "a wrong answer"


def _other_number(number: float, draw: float) -> float:
    other = number + 1 + int(draw * 9)
    # A float can be so large that adding to it changes nothing.
    return other if other != number else 0


def _written(value: Json, schema: Mapping[str, Json] | None) -> str:
    if schema is None:
        return f"{FIRST_LINE}\n{value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
    return json.dumps(carried(value, schema), ensure_ascii=False)
