"""Agents that answer four-choice questions, may hear each other, and are heard by a majority vote.

All is written twice: as a program that the runtime runs with simulated models, and as arrays that tell in
milliseconds what a realization is worth. `tests/test_worlds.py` holds one against the other.
"""

import json
from collections.abc import Iterable, Sequence
from functools import cache

import attrs
import numpy as np
import numpy.typing as npt

from agraph.compiler import ir
from agraph.optimizer.task import Example
from agraph.runtime.plan import Realization, plan
from benchmarks.worlds.world import World, compiled, example, realization_of

Integers = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]
Edge = tuple[str, str]
Lines = Sequence[tuple[Sequence[str], Sequence[str]]]
"""Candidate edges: from each name of the first to each of the second."""

CHOICES = ("A", "B", "C", "D")
NEVER = "E"
"""What is never right; whoever says it agrees with all others who do."""

ROWS = 600
"""How many rows a search has."""

CROWD = 16_384
"""How many rows a realization's worth is measured on: it is known to about 0.004."""

VOTE = "vote"


@attrs.frozen
class Voice:
    """An agent.

    Attributes:
        right: The chance of the right answer, before anything is heard.
        heard_right: What each right message adds to it.
        heard_wrong: What each wrong one adds.
        colluding: Whether it gives the one wrong answer that all colluders give.
    """

    name: str
    right: float
    heard_right: float = 0.0
    heard_wrong: float = 0.0
    colluding: bool = False


def society(
    name: str,
    voices: Sequence[Voice],
    seed: int,
    best: Iterable[frozenset[Edge]],
    lines: Lines | None = None,
    prior: float = 0.5,
) -> World:
    """A world of voices and a vote.

    Args:
        name: Of the world.
        voices: In the order in which they are declared: ties go to the first.
        seed: Of rows and draws.
        best: The edges of realizations of which one is best of all.
        lines: The candidate edges; where `None`, each voice may hear each other, and the vote all of them.
        prior: Of each candidate.
    """
    names = [voice.name for voice in voices]
    text = program(voices, seed, lines or ((names, names), (names, [VOTE])), prior)
    graph = compiled(text)
    crowd = Crowd(graph, tuple(voices))
    found = max((realization_of(graph, edges) for edges in best), key=crowd.worth)
    return World(name, text, graph, questions(name, seed), crowd.worth, found)


def program(voices: Sequence[Voice], seed: int, lines: Lines, prior: float) -> str:
    """The society as a program."""
    kinds = {attrs.evolve(voice, name=""): f"kind_{voice.name}" for voice in reversed(voices)}
    models = [f"model {model} = simulated({_options(kind, seed)})" for kind, model in reversed(kinds.items())]
    nodes = [
        f"  node {voice.name} {{\n    model = {kinds[attrs.evolve(voice, name='')]}\n"
        '    prompt = "{{ question }} {{ inbox }}"\n  }'
        for voice in voices
    ]
    edges = [
        f"  edge [{', '.join(senders)}] -> [{', '.join(receivers)}] ~ {prior}" for senders, receivers in lines
    ]
    return "\n".join(
        [
            "agraph 1", "", "import std.text", "import std.vote", "", *models, "",
            "graph world(question: str) -> str? {", *nodes,
            f"  node {VOTE} = vote.majority(text.last_line(inbox))",
            *edges, f"  output {VOTE}", "}", "",
        ]
    )  # fmt: skip


def _options(kind: Voice, seed: int) -> str:
    options = {
        "right": kind.right,
        "heard_right": kind.heard_right,
        "heard_wrong": kind.heard_wrong,
        "choices": [NEVER] if kind.colluding else list(CHOICES),
        "seed": seed,
    }
    return ", ".join(f"{name} = {json.dumps(value)}" for name, value in options.items())


def questions(name: str, seed: int, rows: int = ROWS) -> tuple[Example, ...]:
    """Four-choice questions; their targets are drawn."""
    targets = np.random.default_rng([seed, 0]).integers(len(CHOICES), size=rows)
    return tuple(
        example(f"{name} {seed} {number}", number, CHOICES[target], CHOICES)
        for number, target in enumerate(targets.tolist())
    )


@attrs.define(eq=False)
class Crowd:
    """Says what a realization of a society is worth."""

    graph: ir.Graph
    voices: tuple[Voice, ...]
    _known: dict[tuple[int, ...], float] = attrs.field(factory=dict, init=False)

    def worth(self, realization: Realization) -> float:
        """The share of the questions that the vote gets right."""
        planned = plan(self.graph, realization)
        if planned.edges not in self._known:
            self._known[planned.edges] = self._measured(planned.order, planned.senders)
        return self._known[planned.edges]

    def _measured(self, order: Iterable[int], senders: Sequence[Sequence[int]]) -> float:
        targets, lucks, slips = drawn(len(self.voices))
        answers: dict[int, Integers] = {}
        for node in order:
            if node == len(self.voices):
                if not senders[node]:
                    break
                return float((elected([answers[sender] for sender in senders[node]]) == targets).mean())
            voice = self.voices[node]
            right = sum(
                ((answers[sender] == targets).astype(int) for sender in senders[node]), np.zeros(CROWD)
            )
            wrong = len(senders[node]) - right
            chance = voice.right + voice.heard_right * right + voice.heard_wrong * wrong
            slip = len(CHOICES) if voice.colluding else (targets + 1 + slips[node]) % len(CHOICES)
            answers[node] = np.where(lucks[node] < chance, targets, slip)
        return 0.0


@cache
def drawn(voices: int) -> tuple[Integers, Floats, Integers]:
    """Targets (CROWD,), and for each voice luck in 0 to 1 and which wrong answer it would give."""
    generator = np.random.default_rng(0)
    targets = generator.integers(len(CHOICES), size=CROWD)
    lucks = generator.random((voices, CROWD))
    return targets, lucks, generator.integers(len(CHOICES) - 1, size=(voices, CROWD))


def elected(answers: Sequence[Integers]) -> Integers:
    """(rows,) the answer given most often; ties go to the answer that was given first.

    Args:
        answers: Of each voter, (rows,); there is at least one.
    """
    given = np.stack(answers)
    counts = np.stack([(given == choice).sum(axis=0) for choice in range(len(CHOICES) + 1)])
    votes = np.take_along_axis(counts, given, axis=0)
    chosen: Integers = np.take_along_axis(given, votes.argmax(axis=0)[None], axis=0)[0]
    return chosen
