"""Demonstrations of a model node: each as two turns before the prompt."""

import json
import re
from collections.abc import Iterator, Mapping

from agraph.compiler.ir import Constant, Example, Json, Slot, Template
from agraph.runtime.expressions import field_of
from agraph.runtime.models.protocol import Turn
from agraph.runtime.templates import render

_STEP = re.compile(r"\[\s*-?\d+\s*\]|\.\s*\w+|\w+")


def example_turns(prompt: Template, examples: tuple[Example, ...]) -> tuple[Turn, ...]:
    """For each example the prompt with its values in place, and what is to be answered.

    What an example does not give renders as nothing, except numbers that are fixed before the run.
    """
    return tuple(turn for example in examples for turn in _turns(prompt, example))


def _turns(prompt: Template, example: Example) -> Iterator[Turn]:
    values = dict(example.values)
    shown = (part if isinstance(part, str) else render(_shown(part, values)) for part in prompt)
    yield Turn("user", "".join(shown))
    said = example.output
    yield Turn("assistant", said if isinstance(said, str) else json.dumps(said, ensure_ascii=False))


def _shown(slot: Slot, values: Mapping[str, Json]) -> Json:
    """What a placeholder shows: the value of the longest part of its path that the example gives."""
    steps = ["".join(step.split()) for step in _STEP.findall(slot.path)]
    for length in range(len(steps), 0, -1):
        name = "".join(steps[:length])
        if name in values:
            return _followed(values[name], steps[length:], inbox=name == "inbox")
    return slot.value.value if isinstance(slot.value, Constant) else None


def _followed(value: Json, steps: list[str], *, inbox: bool) -> Json:
    """The value at the end of a path; `inbox.named` is the inbox as the example writes it."""
    for step in [] if inbox and steps == [".named"] else steps:
        if step.startswith("."):
            value = field_of(value, step[1:])
        else:
            number = int(step[1:-1])
            there = isinstance(value, list) and -len(value) <= number < len(value)
            value = value[number] if isinstance(value, list) and there else None
    return value
