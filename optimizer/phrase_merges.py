"""Proposals from all that was tried: what seems to help is put together, what seems to harm left out.

What a sentence is worth comes from a ridge regression of the scores of all prompts on the sentences that they
have, as if each counted for itself. Few prompts are the sum of their parts; but a race soon tells.
"""

import re
from collections.abc import Iterable, Sequence

import attrs
import numpy as np
import numpy.typing as npt

from agraph.optimizer.gate import longest_allowed
from agraph.optimizer.phrase_edits import sentences
from agraph.optimizer.prompt_history import Tried

SPREAD = 0.08
"""How far the effects of sentences lie from nothing before anything is seen, in score."""

COIN_VARIANCE = 0.25
"""Of a score of 0 or 1, at most."""

FEWEST = 3
"""With fewer prompts there is nothing to compare."""


@attrs.frozen(eq=False)
class Effects:
    """What is believed of sentences.

    Attributes:
        sentences: In the order in which they came.
        mean: (sentences,) what each adds to the score.
        covariance: (sentences, sentences).
    """

    sentences: tuple[str, ...]
    mean: npt.NDArray[np.float64]
    covariance: npt.NDArray[np.float64]


def merged(
    current: str, tried: Iterable[Tried], known: Iterable[str], count: int, generator: np.random.Generator
) -> list[str]:
    """Prompts of the sentences that help: by what they seem to add, and by samples of what they may add.

    Args:
        current: The prompt; its order, its lines and what holds a placeholder stay.
        tried: Prompts with their scores.
        known: Texts that are not wanted again.
        count: The most that are wanted.
        generator: The source of randomness.
    """
    scored = tuple(tried)
    if len(scored) < FEWEST:
        return []
    believed = effects(scored)
    if not believed.sentences:
        return []
    samples = [believed.mean, *generator.multivariate_normal(believed.mean, believed.covariance, count - 1)]
    found = [
        _put_together(current, dict(zip(believed.sentences, each.tolist(), strict=True))) for each in samples
    ]
    seen = {current, *known}
    return [text for text in dict.fromkeys(found) if text not in seen]


def effects(tried: Sequence[Tried]) -> Effects:
    """What each sentence adds to the score, as far as the prompts that were tried tell."""
    parts = [frozenset(movable(each.text)) for each in tried]
    every = tuple(dict.fromkeys(part for each in tried for part in movable(each.text)))
    has = np.array([[sentence in own for sentence in every] for own in parts], np.float64)
    scores, rows = np.array([each.score for each in tried]), np.array([float(each.rows) for each in tried])
    weights = rows / COIN_VARIANCE
    has = has - weights @ has / weights.sum()
    scores = scores - weights @ scores / weights.sum()
    precision = has.T @ (has * weights[:, None]) + np.eye(len(every)) / SPREAD**2
    covariance = np.linalg.inv(precision)
    return Effects(every, covariance @ (has.T @ (weights * scores)), (covariance + covariance.T) / 2)


def movable(text: str) -> list[str]:
    """The sentences that can be moved: they have words, and no placeholder."""
    return [part for line in sentences(text) for part in line if "{{" not in part and re.search(r"\w", part)]


def _put_together(current: str, worths: dict[str, float]) -> str:
    """The prompt without what harms, with as much of what helps before it as it may be long."""
    lines = [[part for part in line if worths.get(part, 1.0) > 0] for line in sentences(current)]
    text = "\n".join(" ".join(line) for line in lines if line or not movable(current)).strip("\n")
    present = set(movable(text))
    helping = [each for each in sorted(worths, key=lambda each: -worths[each]) if worths[each] > 0]
    added: list[str] = []
    for sentence in helping:
        longer = " ".join([*added, sentence, text])
        if sentence not in present and len(longer) <= longest_allowed(current):
            added.append(sentence)
    if not added:
        return text
    # Sentences in front of a placeholder stand on a line of their own, for all that it stands for follows.
    first = text.partition("\n")[0]
    return ("\n" if "{{" in first else " ").join([" ".join(added), text])
