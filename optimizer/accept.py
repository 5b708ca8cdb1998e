"""Whether what was learned is really better, judged on rows that the search never saw."""

import math
from collections.abc import Sequence
from typing import Literal

import attrs

from agraph.optimizer.intervals import Interval, difference_interval

SIGNIFICANT = 0.05


@attrs.frozen
class Verdict:
    """The result against the seed, row by row.

    Attributes:
        kind: `improved` where the sign test says so, `not proven` where the mean is better, or as good at
            lower cost, but the test does not, else `rejected`.
        seed_mean: Of the seed's scores.
        result_mean: Of the result's scores.
        interval: 95%, of the difference of the means.
        wins: Rows on which the result scored higher.
        losses: Rows on which the seed scored higher.
        p: Of the two-sided exact sign test.
        seed_cost: Of running the seed on these rows; infinite where one of them has no answer.
        result_cost: Of running the result on them.
        reason: A sentence for people.
    """

    kind: Literal["improved", "not proven", "rejected"]
    seed_mean: float
    result_mean: float
    interval: Interval
    wins: int
    losses: int
    p: float
    seed_cost: float
    result_cost: float
    reason: str

    @property
    def accepted(self) -> bool:
        """Whether the file should be rewritten."""
        return self.kind != "rejected"


def judge(
    seed_scores: Sequence[float], result_scores: Sequence[float], seed_cost: float, result_cost: float
) -> Verdict:
    """Compare the result with the seed on held-out rows.

    Args:
        seed_scores: One a row; higher is better.
        result_scores: On the same rows in the same order.
        seed_cost: Of running the seed on all of them; infinite where it gave no answer.
        result_cost: Of running the result, in the same unit.

    Raises:
        ValueError: There are no rows, or not as many of one as of the other.
    """
    differences = [ours - theirs for ours, theirs in zip(result_scores, seed_scores, strict=True)]
    if not differences:
        raise ValueError("a verdict needs held-out rows")
    count = len(differences)
    wins = sum(difference > 0 for difference in differences)
    losses = sum(difference < 0 for difference in differences)
    gain = round(math.fsum(differences) / count, 12)
    p = sign_test(wins, losses)
    better = gain > 0 or (gain == 0 and result_cost < seed_cost)
    proven = gain > 0 and wins > losses and p < SIGNIFICANT
    interval = difference_interval(differences)
    return Verdict(
        kind="improved" if proven else "not proven" if better else "rejected",
        seed_mean=math.fsum(seed_scores) / count,
        result_mean=math.fsum(result_scores) / count,
        interval=interval,
        wins=wins,
        losses=losses,
        p=p,
        seed_cost=seed_cost,
        result_cost=result_cost,
        reason=_reason(gain, proven, interval, wins, losses, count, seed_cost, result_cost),
    )


def sign_test(wins: int, losses: int) -> float:
    """The chance that a fair coin falls as unevenly as this, either way; 1 without wins and losses."""
    count = wins + losses
    tail: int = sum(math.comb(count, few) for few in range(min(wins, losses) + 1))
    return min(1.0, 2 * tail / (1 << count))


def _reason(
    gain: float,
    proven: bool,
    interval: Interval,
    wins: int,
    losses: int,
    count: int,
    seed_cost: float,
    result_cost: float,
) -> str:
    rows = f"{count} held-out {'row' if count == 1 else 'rows'}"
    size = f"{gain:+.3f} (95% interval {interval[0]:+.3f} to {interval[1]:+.3f}; {wins} won, {losses} lost)"
    if proven:
        return f"Better on {rows}: {size}."
    if gain > 0:
        return f"Better on {rows}, though so few differences prove little: {size}."
    if gain < 0:
        return f"Worse on {rows}: {size}."
    if result_cost < seed_cost == math.inf:
        return f"As good on {rows}, and with an answer to each of them."
    if seed_cost < result_cost == math.inf:
        return f"No better on {rows}, and without an answer to some."
    cost = f"{result_cost:g} instead of {seed_cost:g}"
    if result_cost < seed_cost:
        return f"As good on {rows} at lower cost: {cost}."
    if result_cost > seed_cost:
        return f"No better on {rows}, and dearer: {cost}."
    return f"No better on {rows}, and no cheaper."
