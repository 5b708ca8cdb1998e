"""Proposals without a model: sentences of earlier prompts dropped, swapped, and put in.

What can be put in are the sentences of the prompts that were tried, of the file's other learnable prompts,
and a few that have helped many models.
"""

import re
from collections.abc import Iterable, Sequence

import numpy as np

KNOWN_PHRASES = (
    "Let's think step by step.",
    "Read the question carefully.",
    "Break the problem into smaller parts.",
    "Check your answer before you give it.",
    "Use every fact that is given.",
    "Be concise.",
    "Explain your reasoning first.",
    "Answer only what is asked.",
    "If you are not sure, consider the alternatives.",
    "Give the final answer alone on the last line.",
)
"""Sentences that often help; a start where the file has no other prompts to learn from."""

_SENTENCE_END = re.compile(r"(?<=[.!?])[ \t]+")
_ATTEMPTS = 40


def edited(
    current: str, others: Iterable[str], known: Iterable[str], count: int, generator: np.random.Generator
) -> list[str]:
    """Different edits of a prompt, each a small one: three put a sentence in for each that changes the order.

    Sentences that were seldom put in before go first, so that each has its chance.

    Args:
        current: The prompt.
        others: Earlier and other prompts, whose sentences may be put in.
        known: Texts that were tried before.
        count: How many are wanted; fewer come where there are no more.
        generator: The source of randomness.
    """
    seen = [current, *known]
    pool = _pool(current, others)
    uses = {sentence: (sum(sentence in text for text in seen), generator.random()) for sentence in pool}
    pool.sort(key=uses.__getitem__)
    found: list[str] = []
    for attempt in range(_ATTEMPTS):
        if len(found) == count:
            break
        sentence = pool[attempt % len(pool)] if pool and attempt % 4 != 3 else None
        text = _rearranged(current, generator) if sentence is None else _with(current, sentence, generator)
        if text is not None and text not in seen and text not in found:
            found.append(text)
    return found


def sentences(text: str) -> list[list[str]]:
    """The sentences of each line; joined by blanks and line ends they are the text but for double blanks."""
    return [_SENTENCE_END.split(line) for line in text.split("\n")]


def _pool(current: str, others: Iterable[str]) -> list[str]:
    """What can be put in: sentences without placeholders that the prompt does not have."""
    known = [sentence.strip() for text in others for line in sentences(text) for sentence in line]
    return [
        sentence
        for sentence in dict.fromkeys((*known, *KNOWN_PHRASES))
        if re.search(r"\w", sentence) and "{{" not in sentence and sentence not in current
    ]


def _movable(lines: Sequence[Sequence[str]]) -> list[tuple[int, int]]:
    """The places of the sentences that may be dropped: they have words, and no placeholder."""
    return [
        (line, place)
        for line, parts in enumerate(lines)
        for place, sentence in enumerate(parts)
        if "{{" not in sentence and re.search(r"\w", sentence)
    ]


def _with(current: str, sentence: str, generator: np.random.Generator) -> str:
    """The prompt with a sentence more, or one time in four in place of another."""
    lines = sentences(current)
    movable = _movable(lines)
    if movable and generator.random() < 0.25:
        line, place = movable[generator.integers(len(movable))]
        lines[line][place] = sentence
    else:
        _put_in(lines, sentence, generator)
    return _joined(lines)


def _rearranged(current: str, generator: np.random.Generator) -> str | None:
    """The prompt with a sentence less, or with two of them swapped; `None` where it has none to move."""
    lines = sentences(current)
    movable = _movable(lines)
    if not movable:
        return None
    line, place = movable[generator.integers(len(movable))]
    if generator.random() < 0.5:
        del lines[line][place]
        if not lines[line]:
            del lines[line]
    else:
        other, spot = movable[generator.integers(len(movable))]
        lines[line][place], lines[other][spot] = lines[other][spot], lines[line][place]
    return _joined(lines) or None


def _joined(lines: Iterable[Iterable[str]]) -> str:
    return "\n".join(" ".join(parts) for parts in lines)


def _put_in(lines: list[list[str]], sentence: str, generator: np.random.Generator) -> None:
    """A sentence more: on a line of its own, or before or behind those of a line that holds no placeholder.

    What a placeholder stands for may be long, and a sentence right behind it would be taken for a part of it.
    """
    line = int(generator.integers(len(lines) + 1))
    if line == len(lines) or generator.random() < 0.5 or any("{{" in part for part in lines[line]):
        lines.insert(line, [sentence])
    else:
        lines[line].insert(int(generator.integers(len(lines[line]) + 1)), sentence)
