"""Intervals of a share, of a mean and of a paired difference, two-sided."""

import math
from collections.abc import Sequence
from statistics import NormalDist

CONFIDENCE = 0.95
"""How often an interval holds what it is of, unless something else is asked for."""

Interval = tuple[float, float]


def wilson(successes: float, count: int, confidence: float = CONFIDENCE) -> Interval:
    """The interval of a share, from how many of `count` succeeded; all of 0 to 1 where there are none.

    Source:
        Wilson 1927.
    """
    if not count:
        return 0.0, 1.0
    z, share = _normal(confidence), successes / count
    centre = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * math.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    # At the ends the two terms are equal but for rounding.
    return centre - half if successes else 0.0, centre + half if successes < count else 1.0


def mean_interval(scores: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """The interval of the mean of scores: Wilson's where all are 0 or 1, else Student's.

    Without scores, or with a single one that is neither 0 nor 1, nothing is known: all real numbers.
    """
    if all(score in (0, 1) for score in scores):
        return wilson(math.fsum(scores), len(scores), confidence)
    return _student(scores, confidence)


def difference_interval(differences: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """The interval of the mean of paired differences.

    Where all are -1, 0 or 1, as with scores of 0 and 1, half a row is added to each way a pair can fall, so
    that a few rows without a difference do not prove that there is none; else Student's.

    Source:
        Agresti and Min 2005, "Simple improved confidence intervals for comparing matched proportions".
    """
    if not differences or any(difference not in (-1, 0, 1) for difference in differences):
        return _student(differences, confidence)
    wins, losses = differences.count(1) + 0.5, differences.count(-1) + 0.5
    count = len(differences) + 2
    centre = (wins - losses) / count
    half = _normal(confidence) * math.sqrt(wins + losses - (wins - losses) ** 2 / count) / count
    return max(-1.0, centre - half), min(1.0, centre + half)


def sum_interval(
    differences: Sequence[float], saved: Sequence[float], confidence: float = CONFIDENCE
) -> Interval:
    """The interval of the mean of paired differences and of what is saved on the same rows together.

    What is saved mostly hardly differs between rows, and scores of 0 and 1 seldom do: taken as one they
    would look surer than they are. So what is won, what is lost and what is saved have intervals of their
    own, which are put together.

    Source:
        Zou and Donner 2008, "Construction of confidence limits about effect measures: a general approach".
    """
    count = len(differences)
    mean = (math.fsum(differences) + math.fsum(saved)) / count
    if any(difference not in (-1, 0, 1) for difference in differences):
        return _student([sum(both) for both in zip(differences, saved, strict=True)], confidence)
    won, lost = differences.count(1), differences.count(-1)
    wins, losses = wilson(won, count, confidence), wilson(lost, count, confidence)
    saving = _student(saved, confidence)
    spared = math.fsum(saved) / count
    unlike = math.sqrt(won * lost / max(1, (count - won) * (count - lost)))

    def half(win: float, loss: float, saved: float) -> float:
        # Where more is won less is lost, and the other way round.
        return math.sqrt(win**2 + loss**2 + 2 * unlike * win * loss + saved**2)

    low = half(won / count - wins[0], losses[1] - lost / count, spared - saving[0])
    high = half(wins[1] - won / count, lost / count - losses[0], saving[1] - spared)
    return mean - low, mean + high


def _student(scores: Sequence[float], confidence: float) -> Interval:
    count = len(scores)
    if count < 2:
        return -math.inf, math.inf
    mean = math.fsum(scores) / count
    variance = math.fsum((score - mean) ** 2 for score in scores) / (count - 1)
    half = _student_quantile(count - 1, confidence) * math.sqrt(variance / count)
    return mean - half, mean + half


def _normal(confidence: float) -> float:
    """The normal distribution's two-sided quantile."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


def _student_quantile(freedom: int, confidence: float) -> float:
    """Student's two-sided quantile.

    Source:
        The first two are exact; from three on Abramowitz and Stegun 26.7.5, at 95% within 0.003.
    """
    if freedom == 1:
        return math.tan(math.pi * confidence / 2)
    if freedom == 2:
        return confidence * math.sqrt(2 / (1 - confidence**2))
    z = _normal(confidence)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + math.fsum(term / float(freedom) ** power for power, term in enumerate(terms, 1))
