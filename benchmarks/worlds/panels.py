"""Panels of recorded voters: the best subset is known from the records, and often lies behind worse ones."""

import json
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

import numpy as np
import numpy.typing as npt

from agraph.runtime.plan import Realization
from agraph.stdlib.text import last_number
from benchmarks.worlds import lookups
from benchmarks.worlds.world import World, compiled, example, realization_of
from tests.panels import climbs_end, drawn_answers

Integers = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

RECORDED = Path(__file__).parents[3] / "shared" / "data" / "gsm8k_recorded.jsonl"
MODELS = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")
LEARNED = 400
"""Rows that a search sees; a realization is worth what it scores on the others."""


def recorded_panel(name: str, seed: int) -> World:
    """The panel of four real models in one of its 24 orders, judged by the last 200 word problems.

    Raises:
        FileNotFoundError: The records are not there.
    """
    rows = [json.loads(line) for line in RECORDED.read_text("utf-8").splitlines()]
    order = list(permutations(MODELS))[seed % 24]
    said = [[_spelled(last_number(row[model])) for row in rows] for model in order]
    return panel(name, seed, said, [_spelled(last_number(row["answer"])) for row in rows])


def trap(name: str, seed: int) -> World:
    """A panel of six to ten voters whose best subset neither single flips nor the gradient reach."""
    generator = np.random.default_rng([seed, 4])
    while True:
        answers = drawn_answers(generator, int(generator.integers(6, 11)), 2000)
        if is_trap(means(answers[:, :LEARNED])):
            break
    said = [[str(answer) for answer in member] for member in answers.tolist()]
    return panel(name, seed, said, ["0"] * answers.shape[1])


def panel(name: str, seed: int, said: Sequence[Sequence[str]], targets: Sequence[str]) -> World:
    """A world of voters who say what was recorded.

    Args:
        name: Of the world.
        seed: Tells its questions from those of others.
        said: (members, rows) what each says to each question.
        targets: (rows,) what is right.
    """
    key = f"{name} {seed}"
    questions = [f"{key} {number}" for number in range(len(targets))]
    ledger = lookups.open_ledger(key, dict(zip(questions, zip(*said, strict=True), strict=True)))
    members = [f"member_{number}" for number in range(len(said))]
    text = program(members, key)
    graph = compiled(text)
    codes = {answer: code for code, answer in enumerate(sorted({*targets, *(a for m in said for a in m)}))}
    truth = np.array([codes[target] for target in targets])
    right = means_by_subset(np.array([[codes[answer] for answer in member] for member in said]), truth)
    learned, held = right[:, :LEARNED].mean(axis=1), right[:, LEARNED:].mean(axis=1)

    def worth(realization: Realization) -> float:
        return float(held[sum(1 << number for number, there in enumerate(realization.edges) if there)])

    best = realization_of(
        graph,
        [(member, "vote") for number, member in enumerate(members) if int(learned.argmax()) >> number & 1],
    )
    choices = sorted(set(targets))[:100]
    return World(
        name,
        text,
        graph,
        tuple(
            example(question, number, target, choices)
            for number, (question, target) in enumerate(
                zip(questions[:LEARNED], targets[:LEARNED], strict=True)
            )
        ),
        worth,
        best,
        lookups=ledger.bill,
    )


def program(members: Sequence[str], key: str) -> str:
    """The panel as a program."""
    nodes = [
        f"  node {member} = said({json.dumps(key)}, question, {number})"
        for number, member in enumerate(members)
    ]
    return "\n".join(
        ["agraph 1", "", "import std.vote", "",
         "tool said(world: str, question: str, member: int) -> str"
         ' = python("benchmarks.worlds.lookups:said")', "",
         "graph world(question: str) -> str? {", *nodes,
         "  node vote = vote.majority(inbox)",
         f"  edge [{', '.join(members)}] -> vote ~ 0.5", "  output vote", "}", ""]
    )  # fmt: skip


def means_by_subset(answers: Integers, truth: Integers) -> npt.NDArray[np.bool_]:
    """(subsets, rows) whether the vote of a subset is right; bit k of its number stands for member k."""
    members, rows = answers.shape
    right = np.zeros((1 << members, rows), np.bool_)
    for number in range(1, 1 << members):
        heard = answers[[index for index in range(members) if number >> index & 1]]
        votes = (heard[:, None] == heard[None, :]).sum(axis=1)
        # The first of the greatest: ties go to the earliest sender.
        right[number] = heard[votes.argmax(axis=0), np.arange(rows)] == truth
    return right


def means(answers: Integers) -> Floats:
    """(subsets,) the share of rows that the vote of each subset gets right, where 0 is right."""
    shares: Floats = means_by_subset(answers, np.zeros(answers.shape[1], np.intp)).mean(axis=1)
    return shares


def is_trap(scores: Floats) -> bool:
    """Whether neither climbing by single flips from all members, nor the gradient, nor both find the best."""
    return all(scores[end] < scores.max() / 1.06 for end in climbs_end(scores))


def _spelled(number: float | None) -> str:
    return "nothing" if number is None else f"{number:g}"
