"""Three steps, each with a choice of four models and a gate; models differ in skill and price."""

import json
from collections.abc import Sequence
from itertools import product

import attrs
import numpy as np

from agraph.compiler import ir
from agraph.runtime.plan import Realization
from benchmarks.worlds.society import CHOICES, questions
from benchmarks.worlds.world import World, compiled

STEPS, OPTIONS = 3, 4


@attrs.frozen
class Skill:
    """What a model can do in its step.

    Attributes:
        right: The chance of the right answer.
        heard_right: What a right answer of the step before adds.
        heard_wrong: What a wrong one adds.
        cost_usd: Of a call.
    """

    right: float
    heard_right: float
    heard_wrong: float
    cost_usd: float


def chain(name: str, seed: int) -> World:
    """The world of the chain: what counts is the share of right answers less the price in US dollars.

    Three of the four models at each step are drawn so that the dearer is the better, and which is worth its
    price depends on the other steps.
    """
    skills = drawn_skills(seed)
    text = program(skills, seed)
    graph = compiled(text)
    worths = {
        (gates, options): net(skills, gates, options)
        for gates in product((False, True), repeat=STEPS)
        for options in product(range(OPTIONS), repeat=STEPS)
    }

    def worth(realization: Realization) -> float:
        return worths[taken(graph, realization)]

    gates, options = max(worths, key=lambda each: worths[each])
    nodes = [node.name for node in graph.nodes]
    there = dict(zip((f"step_{number}" for number in range(STEPS)), gates, strict=True))
    best = Realization(tuple(there.get(node, True) for node in nodes), (True,) * len(graph.edges), options)
    return World(name, text, graph, questions(name, seed), worth, best, trade=1.0)


def drawn_skills(seed: int) -> tuple[tuple[Skill, ...], ...]:
    """The models of each step."""
    generator = np.random.default_rng([seed, 3])
    return tuple(_models(generator) for _ in range(STEPS))


def _models(generator: np.random.Generator) -> tuple[Skill, ...]:
    made = []
    for right in np.sort(generator.uniform(0.2, 0.6, OPTIONS)).tolist():
        heard = float(generator.uniform(0.1, 0.4))
        cost = 0.25 * right + float(generator.uniform(-0.04, 0.04))
        made.append(Skill(round(right, 3), round(heard, 3), round(-heard / 2, 3), round(max(0.01, cost), 3)))
    # The file takes the first of equals, and that should not be the cheapest everywhere.
    return tuple(made[place] for place in generator.permutation(OPTIONS))


def taken(graph: ir.Graph, realization: Realization) -> tuple[tuple[bool, ...], tuple[int, ...]]:
    """Which steps are there, and which option each takes."""
    names = [node.name for node in graph.nodes]
    steps = [ir.NodeIndex(names.index(f"step_{number}")) for number in range(STEPS)]
    choosers = (node for node, _ in graph.choices)
    options = dict(zip(choosers, realization.options or (0,) * STEPS, strict=True))
    return tuple(realization.nodes[step] for step in steps), tuple(options[step] for step in steps)


def net(skills: Sequence[Sequence[Skill]], gates: Sequence[bool], options: Sequence[int]) -> float:
    """The chance that the last step there is right, less what the steps cost; nothing without a step."""
    right: float | None = None
    cost = 0.0
    for models, there, option in zip(skills, gates, options, strict=True):
        if not there:
            continue
        skill = models[option]
        cost += skill.cost_usd
        alone, helped = skill.right, _clipped(skill.right + skill.heard_right)
        misled = _clipped(skill.right + skill.heard_wrong)
        right = alone if right is None else right * helped + (1 - right) * misled
    return 0.0 if right is None else right - cost


def _clipped(chance: float) -> float:
    return min(1.0, max(0.0, chance))


def program(skills: Sequence[Sequence[Skill]], seed: int) -> str:
    """The world as a program; a step that is not there is passed by."""
    models, nodes = [], []
    for step, each in enumerate(skills):
        names = [f"model_{step}_{option}" for option in range(OPTIONS)]
        for name, skill in zip(names, each, strict=True):
            options = ", ".join(f"{key} = {value}" for key, value in attrs.asdict(skill).items())
            models.append(
                f"model {name} = simulated({options}, choices = {json.dumps(CHOICES)}, seed = {seed})"
            )
        weights = ", ".join(f"{name}: 0.25" for name in names)
        # A step hears the one before it, or where that is not there the one before that.
        before = "".join(f"  edge step_{other} -> before_{step}\n" for other in range(step))
        nodes.append(
            (f"  node before_{step} -> str? = vote.last(inbox)\n{before}" if step else "")
            + f"  node step_{step} {{\n    on ~ 0.5\n    model ~ {{ {weights} }}\n"
            f'    prompt = "{{{{ question }}}} {{{{ inbox }}}}"\n  }}\n'
            + (f"  edge before_{step} -> step_{step}\n" if step else "")
            + f"  edge step_{step} -> answer"
        )
    return "\n".join(
        ["agraph 1", "", "import std.text", "import std.vote", "", *models, "",
         "graph world(question: str) -> str? {", *nodes,
         "  node answer = vote.last(text.last_line(inbox))", "  output answer", "}", ""]
    )  # fmt: skip
