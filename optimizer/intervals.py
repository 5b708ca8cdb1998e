"""95% intervals: of a share, of a mean, of a paired difference."""

import math
from collections.abc import Sequence

Z = 1.959964
"""The normal quantile of a two-sided 95% interval."""

Interval = tuple[float, float]


def wilson(successes: float, count: int) -> Interval:
    """The interval of a share, from how many of `count` succeeded; all of 0 to 1 where there are none.

    Source:
        Wilson 1927.
    """
    if not count:
        return 0.0, 1.0
    share = successes / count
    centre = (share + Z**2 / (2 * count)) / (1 + Z**2 / count)
    half = Z / (1 + Z**2 / count) * math.sqrt(share * (1 - share) / count + Z**2 / (4 * count**2))
    # At the ends the two terms are equal but for rounding.
    return centre - half if successes else 0.0, centre + half if successes < count else 1.0


def mean_interval(scores: Sequence[float]) -> Interval:
    """The interval of the mean of scores: Wilson's where all are 0 or 1, else Student's.

    Without scores, or with a single one that is neither 0 nor 1, nothing is known: all real numbers.
    """
    if all(score in (0, 1) for score in scores):
        return wilson(math.fsum(scores), len(scores))
    return _student(scores)


def difference_interval(differences: Sequence[float]) -> Interval:
    """The interval of the mean of paired differences.

    Where all are -1, 0 or 1, as with scores of 0 and 1, half a row is added to each way a pair can fall, so
    that a few rows without a difference do not prove that there is none; else Student's.

    Source:
        Agresti and Min 2005, "Simple improved confidence intervals for comparing matched proportions".
    """
    if not differences or any(difference not in (-1, 0, 1) for difference in differences):
        return _student(differences)
    wins, losses = differences.count(1) + 0.5, differences.count(-1) + 0.5
    count = len(differences) + 2
    centre = (wins - losses) / count
    half = Z * math.sqrt(wins + losses - (wins - losses) ** 2 / count) / count
    return max(-1.0, centre - half), min(1.0, centre + half)


def _student(scores: Sequence[float]) -> Interval:
    count = len(scores)
    if count < 2:
        return -math.inf, math.inf
    mean = math.fsum(scores) / count
    variance = math.fsum((score - mean) ** 2 for score in scores) / (count - 1)
    half = _student_quantile(count - 1) * math.sqrt(variance / count)
    return mean - half, mean + half


def _student_quantile(freedom: int) -> float:
    """Student's two-sided 95% quantile.

    Source:
        The first two are exact; from three on Abramowitz and Stegun 26.7.5, within 0.003.
    """
    if freedom == 1:
        return 12.7062
    if freedom == 2:
        return 4.3027
    terms = (
        (Z**3 + Z) / 4,
        (5 * Z**5 + 16 * Z**3 + 3 * Z) / 96,
        (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / 384,
        (79 * Z**9 + 776 * Z**7 + 1482 * Z**5 - 1920 * Z**3 - 945 * Z) / 92160,
    )
    return Z + math.fsum(term / float(freedom) ** power for power, term in enumerate(terms, 1))
