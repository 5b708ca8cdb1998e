"""A model whose skill depends on the sentences of its prompt, and a writer who puts together new prompts."""

import hashlib
import json
from collections.abc import Sequence

import attrs
import numpy as np

from benchmarks.worlds.society import CHOICES, questions

RIGHT = 0.3
"""The chance of the right answer with a prompt that says nothing useful."""

HELPING = (0.15, 0.12, 0.1, 0.08, 0.05)
HARMING = (-0.12, -0.1, -0.08, -0.05)
ROWS = 200

SENTENCES = (
    "Think step by step.", "Name the quantity that is asked for.", "Check the answer.",
    "Rule out what is wrong.", "Write down what is given.", "Answer quickly.", "Trust your first idea.",
    "Be creative.", "Never change your mind.", "You are an expert.", "Take a deep breath.", "Do your best.",
    "Be brief.", "Be polite.", "Use plain words.", "Do not apologize.", "Stay on the subject.",
    "Be confident.", "Write in full sentences.", "Imagine that you teach a class.", "Read everything twice.",
    "This is important.", "Consider the context.", "Answer in English.",
)  # fmt: skip
START = ("Answer the question.",)
MOST = 8
"""Sentences of a prompt."""

FREE = 0.25
"""How often the writer forgets what it was shown."""

READS = "{{ question }}"


@attrs.frozen
class Wording:
    """What each sentence is worth.

    Attributes:
        worths: What those that count add to the chance of the right answer.
        seed: Of the world.
    """

    worths: dict[str, float]
    seed: int

    @property
    def optimum(self) -> float:
        """The chance with the best prompt."""
        return RIGHT + sum(HELPING)

    def chance(self, prompt: str) -> float:
        """The chance of the right answer with a prompt."""
        told = sum(worth for sentence, worth in self.worths.items() if sentence in prompt)
        return min(1.0, max(0.0, RIGHT + told))


def wording(seed: int) -> Wording:
    """A world in which other sentences count than in another's."""
    order = np.random.default_rng([seed, 6]).permutation(len(SENTENCES)).tolist()
    counting = [SENTENCES[place] for place in order[: len(HELPING) + len(HARMING)]]
    return Wording(dict(zip(counting, (*HELPING, *HARMING), strict=True)), seed)


def program(world: Wording, writer: str) -> str:
    """The world as a program whose one prompt can be learned.

    Args:
        world: Says what counts.
        writer: The address of the model that writes prompts.
    """
    options = f"right = {RIGHT}, phrases = {json.dumps(world.worths)}, choices = {json.dumps(CHOICES)}"
    return f"""agraph 1

import std.text

model reader = simulated({options}, seed = {world.seed})
model writer = anthropic("writer", base_url = "{writer}")

graph world(question: str) -> str? {{
  node solver "Answers a question of four choices." {{
    model = reader
    prompt ~ "{written(START)}"
  }}
  node answer = text.last_line(solver)
  edge solver -> answer
  output answer
}}

optimize world {{
  data = jsonl("rows.jsonl", target = "answer")
  proposer = writer
}}
"""


def rows(seed: int) -> str:
    """The rows of the world, as JSONL."""
    return "".join(f"{json.dumps(each.source.columns)}\n" for each in questions("wording", seed, ROWS))


def written(sentences: Sequence[str]) -> str:
    """A prompt of these sentences."""
    return " ".join([*sentences, READS])


def sentences_of(prompt: str) -> tuple[str, ...]:
    """The sentences that the writer knows, in the order of the prompt."""
    found = [(prompt.find(sentence), sentence) for sentence in (*START, *SENTENCES) if sentence in prompt]
    return tuple(sentence for _, sentence in sorted(found))


def proposed(shown: Sequence[str], count: int, generator: np.random.Generator) -> list[str]:
    """What the writer makes of the prompts that it is shown, the best last; without any it writes freely.

    Now and then it forgets what it was shown. Else it takes mostly the best one, at times mixes in another,
    drops a sentence here and there, and adds one or two. It has no idea which sentences count.
    """
    return [_proposal([sentences_of(each) for each in shown], generator) for _ in range(count)]


def _proposal(shown: Sequence[tuple[str, ...]], generator: np.random.Generator) -> str:
    if not shown or generator.random() < FREE:
        return written(_drawn(int(generator.integers(3, 1 + MOST)), generator))
    best = shown[-1] if generator.random() < 0.6 else shown[int(generator.integers(len(shown)))]
    mixed = shown[int(generator.integers(len(shown)))] if generator.random() < 0.3 else ()
    kept = [sentence for sentence in (*best, *mixed) if generator.random() > 0.15]
    added = _drawn(int(generator.integers(1, 3)), generator)
    return written(list(dict.fromkeys([*added, *kept]))[:MOST])


def _drawn(count: int, generator: np.random.Generator) -> list[str]:
    return [SENTENCES[place] for place in generator.permutation(len(SENTENCES))[:count].tolist()]


def generator_of(seed: int, text: str) -> np.random.Generator:
    """The randomness of the writer's answer to a question: the same for the same question."""
    return np.random.default_rng([seed, *hashlib.sha256(text.encode()).digest()[:8]])
