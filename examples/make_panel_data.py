"""Writes `panel.jsonl`: word problems, and what four programs of different care answer to them.

The programs are real: each reads the text of the problem and nothing else. They share mistakes, as models do
that learned from the same books, so that a majority of them can be wrong together.

    python examples/make_panel_data.py > examples/panel.jsonl
"""

import json
import random
import re
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

PROBLEMS = 240
NAMES = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Radia", "Ken")
THINGS = ("apples", "marbles", "stamps", "books", "coins", "shells")


class Step(NamedTuple):
    """A sentence, and what it does to the number of things; nothing where it only distracts."""

    text: str
    apply: Callable[[int], int]


def steps(generator: random.Random, count: int) -> Iterator[Step]:
    """The sentences of a problem, of which the count stays a whole number above zero."""
    number = count
    for _ in range(generator.randint(2, 4)):
        amount = generator.randint(2, 9)
        choices = [
            Step(f"buys {amount} more", lambda n, a=amount: n + a),
            Step(f"finds {amount} dozen more", lambda n, a=amount: n + 12 * a),
            Step(f"is {amount + 20} years old", lambda n: n),
        ]
        if number > amount:
            choices.append(Step(f"gives away {amount}", lambda n, a=amount: n - a))
        if number % 2 == 0:
            choices.append(Step("loses half of them", lambda n: n // 2))
        step = generator.choice(choices)
        number = step.apply(number)
        yield step


def problem(generator: random.Random) -> tuple[str, int]:
    """A word problem and its answer."""
    name, thing, count = generator.choice(NAMES), generator.choice(THINGS), generator.randint(10, 40)
    number, sentences = count, [f"{name} has {count} {thing}."]
    for step in steps(generator, count):
        number = step.apply(number)
        sentences.append(f"{name} {step.text}.")
    sentences.append(f"How many {thing} does {name} have now?")
    return " ".join(sentences), number


def solve(question: str, *, ages: bool, halves: bool, dozens: bool, last: bool) -> str:
    """What a reader answers who takes notice of some things and not of others.

    Args:
        question: The problem.
        ages: Whether years are known not to be things.
        halves: Whether "half" is understood.
        dozens: Whether "dozen" is understood.
        last: Whether the sentence before the question is read at all.
    """
    sentences = question.split(". ")[:-1]
    number, lines = 0, []
    for sentence in sentences if last else sentences[:-1]:
        found = re.search(r"\d+", sentence)
        amount = int(found.group()) if found else 0
        if "years" in sentence and ages:
            continue
        if "dozen" in sentence and dozens:
            amount *= 12
        if "half" in sentence:
            number = number // 2 if halves else number
        elif "away" in sentence:
            number -= amount
        else:
            number += amount
        lines.append(f"{sentence}: {number}")
    return "\n".join((*lines, f"A: {number}"))


READERS: dict[str, dict[str, bool]] = {
    "hasty": {"ages": False, "halves": True, "dozens": False, "last": False},
    "literal": {"ages": False, "halves": True, "dozens": False, "last": True},
    "young": {"ages": False, "halves": False, "dozens": True, "last": True},
    "careful": {"ages": True, "halves": True, "dozens": False, "last": True},
}


def main() -> None:
    """Write the rows."""
    generator, seen = random.Random(24), set[str]()
    while len(seen) < PROBLEMS:
        question, answer = problem(generator)
        if question in seen:
            continue
        seen.add(question)
        row = {"question": question, "answer": answer}
        answers = {name: solve(question, **habits) for name, habits in READERS.items()}
        sys.stdout.write(json.dumps(row | answers) + "\n")


if __name__ == "__main__":
    main()
