"""What a comparison on some rows can show, and how many rows a difference takes.

Most is for the sign test of paired scores of 0 and 1, of which a share, the churn, differs at all. The more
answers change, the more rows a gain of the same size takes.
"""

import math
from statistics import NormalDist

POWER = 0.8
"""How often a difference shall be found that is there, as is usual."""

CHURN = 0.15
"""The share of answers that a result usually changes, where nothing was seen yet."""


def rows_to_show(effect: float, churn: float, confidence: float) -> int:
    """On how many rows a difference of the means is found in four of five cases.

    Args:
        effect: The difference, above 0.
        churn: The share of rows on which scores differ; at least the effect.
        confidence: Of the two-sided test.

    Source:
        Connor 1987, "Sample size for testing differences in proportions for the paired-sample design".
    """
    churn = min(1.0, max(churn, effect))
    sure, often = _quantiles(confidence)
    spread = sure * math.sqrt(churn) + often * math.sqrt(max(churn - effect**2, 0.0))
    return max(fewest_rows(confidence), math.ceil((spread / effect) ** 2))


def smallest_effect(rows: int, churn: float, confidence: float) -> float:
    """The smallest difference of the means that so many rows show in four of five cases; 1 where none would.

    Args:
        rows: That are compared.
        churn: The share of rows on which scores differ.
        confidence: Of the two-sided test.
    """
    low, high = 0.0, 1.0
    if rows_to_show(high, churn, confidence) > rows:
        return 1.0
    while high - low > 5e-4:
        middle = (low + high) / 2
        low, high = (low, middle) if rows_to_show(middle, churn, confidence) <= rows else (middle, high)
    return high


def effect_of_interval(half: float, confidence: float) -> float:
    """The smallest difference that an interval leaves above 0 in four of five cases.

    Args:
        half: From the interval's lower end to the difference; it falls with the root of the rows.
        confidence: Of the two-sided interval.
    """
    sure, often = _quantiles(confidence)
    return half * (sure + often) / sure


def fewest_rows(confidence: float) -> int:
    """The fewest rows on which the sign test can say anything: all of them won."""
    return math.ceil(1 - math.log2(1 - confidence))


def _quantiles(confidence: float) -> tuple[float, float]:
    normal = NormalDist()
    return normal.inv_cdf((1 + confidence) / 2), normal.inv_cdf(POWER)
