"""One reader who may be given any of two hundred tips: few matter, and a run says only right or wrong."""

import json
from collections.abc import Mapping, Sequence

import attrs
import numpy as np

from agraph.compiler import ir
from agraph.runtime.plan import Realization
from benchmarks.worlds.society import CHOICES, questions
from benchmarks.worlds.world import World, compiled, edges_of, realization_of

TIPS = 200
READER = "reader"
EFFECTS = 20
BASE = 0.1
"""The chance of the right answer without any tip."""

MOST = 0.8
"""What all helpful tips add to it; all harmful ones take away as much."""

PAIR = 0.12
"""What a pair adds or takes away."""


@attrs.frozen
class Worths:
    """What tips add to the chance of the right answer.

    Attributes:
        alone: By the number of the tip.
        paired: By the first of two neighbours, which count only together.
    """

    alone: Mapping[int, float]
    paired: Mapping[int, float]


def worths(seed: int, pairs: int) -> Worths:
    """Twenty effects, ten that help and ten that harm, each ten as much in all.

    Args:
        seed: Says which tips.
        pairs: How many of the effects are of two tips together, in turns one that harms and one that helps.
    """
    generator = np.random.default_rng([seed, 2])
    # Every fourth tip and the one after it can be a pair, so that no two effects share a tip.
    places: list[int] = (4 * generator.permutation(TIPS // 4)[:EFFECTS]).tolist()
    paired = {place: PAIR if number % 2 else -PAIR for number, place in enumerate(places[:pairs])}
    helping, harming = (sum(worth * sign > 0 for worth in paired.values()) for sign in (1, -1))
    helpful = places[pairs : pairs + EFFECTS // 2 - helping]
    harmful = places[pairs + EFFECTS // 2 - helping :]
    alone = {**_spread(helpful, MOST - PAIR * helping), **_spread(harmful, PAIR * harming - MOST)}
    return Worths(alone, paired)


def _spread(places: Sequence[int], total: float) -> dict[int, float]:
    """The total, shared out so that the last tip counts three times as much as the first."""
    shares = np.linspace(1.0, 3.0, len(places))
    return {
        place: round(float(total * share), 4)
        for place, share in zip(places, shares / shares.sum(), strict=True)
    }


def tip_search(name: str, seed: int, pairs: int = 0) -> World:
    """The world of tips; which ones matter differs by seed.

    Args:
        name: Of the world.
        seed: Of everything that is drawn.
        pairs: How many of the effects are of two tips together.
    """
    found = worths(seed, pairs)
    text = program(found, seed)
    graph = compiled(text)

    def worth(realization: Realization) -> float:
        return chance(graph, found, realization)

    wanted = [tip for tip, each in found.alone.items() if each > 0]
    wanted += [tip + after for tip, each in found.paired.items() if each > 0 for after in (0, 1)]
    best = realization_of(graph, [(f"tip[{tip}]", READER) for tip in wanted])
    return World(name, text, graph, questions(name, seed), worth, best)


def chance(graph: ir.Graph, found: Worths, realization: Realization) -> float:
    """The chance of the right answer with the tips of a realization."""
    heard = {
        int(sender.removeprefix("tip[").removesuffix("]"))
        for (sender, receiver), there in zip(edges_of(graph), realization.edges, strict=True)
        if there and receiver == READER
    }
    told = sum(worth for tip, worth in found.alone.items() if tip in heard)
    told += sum(worth for tip, worth in found.paired.items() if tip in heard and tip + 1 in heard)
    return min(1.0, max(0.0, BASE + told))


def program(found: Worths, seed: int) -> str:
    """The world as a program: tips are texts, and a pair is a phrase that goes over two of them."""
    phrases = {f"<{tip}>": worth for tip, worth in found.alone.items()}
    phrases |= {f"<{tip}>\n\n<{tip + 1}>": worth for tip, worth in found.paired.items()}
    options = (
        f"right = {BASE}, phrases = {json.dumps(phrases)}, choices = {json.dumps(CHOICES)}, seed = {seed}"
    )
    return f"""agraph 1

import std.text

model told = simulated({options})
tool marked(number: int) -> str = python("benchmarks.worlds.tip_search:marked")

graph world(question: str) -> str? {{
  node tip[{TIPS}] = marked(index)
  node {READER} {{
    model = told
    prompt = "{{{{ question }}}} {{{{ inbox }}}}"
  }}
  node answer = text.last_line({READER})
  edge tip -> {READER} ~ 0.5
  edge {READER} -> answer
  output answer
}}
"""


def marked(number: int) -> str:
    """The text of a tip."""
    return f"<{number}>"
