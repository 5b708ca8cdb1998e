"""Whether what was learned is really better, judged on rows that the search never saw."""

import math
from collections.abc import Sequence
from typing import Literal

import attrs

from agraph.optimizer.cost import compared_costs
from agraph.optimizer.intervals import (
    CONFIDENCE,
    Interval,
    difference_interval,
    mean_interval,
    sum_interval,
)
from agraph.optimizer.power import effect_of_interval, rows_to_show, smallest_effect


@attrs.frozen
class Verdict:
    """The result against the seed, row by row.

    Attributes:
        kind: `improved` where the test says so, `not proven` where the mean is better, or as good at lower
            cost, but the test does not, else `rejected`. The test is the sign test. Where scores are not all
            0 or 1 the interval must lie above 0, too; where cost counts the interval alone decides, for then
            every row is won or lost by a little.
        seed_mean: Of the seed's scores, without any price.
        result_mean: Of the result's scores, likewise.
        seed_interval: Of the seed's mean.
        result_interval: Of the result's mean.
        interval: Of the difference of the means, less that of the prices where cost counts.
        confidence: Of the intervals, and of the test.
        wins: Rows on which the result scored higher.
        losses: Rows on which the seed scored higher.
        p: Of the two-sided exact sign test.
        seed_cost: Of running the seed on these rows; infinite where one of them has no answer.
        result_cost: Of running the result on them.
        smallest_effect: The smallest difference that so many rows show in four of five cases, where as many
            scores differ as did here.
        rows_needed: On how many rows a difference of this size shows, or `None` where there is no gain.
        reason: A sentence for people.
        priced: Whether cost counted.
    """

    kind: Literal["improved", "not proven", "rejected"]
    seed_mean: float
    result_mean: float
    seed_interval: Interval
    result_interval: Interval
    interval: Interval
    confidence: float
    wins: int
    losses: int
    p: float
    seed_cost: float
    result_cost: float
    smallest_effect: float
    rows_needed: int | None
    reason: str
    priced: bool = False

    @property
    def accepted(self) -> bool:
        """Whether the result is at least as good as the seed, proven or not."""
        return self.kind != "rejected"

    @property
    def proven(self) -> bool:
        """Whether the test says that the result is better."""
        return self.kind == "improved"


def judge(
    seed_scores: Sequence[float],
    result_scores: Sequence[float],
    seed_cost: float,
    result_cost: float,
    confidence: float = CONFIDENCE,
    saved: Sequence[float] = (),
) -> Verdict:
    """Compare the result with the seed on held-out rows.

    Args:
        seed_scores: One a row; higher is better.
        result_scores: On the same rows in the same order.
        seed_cost: Of running the seed on all of them, as `cost.py` counts it; infinite where it gave no
            answer.
        result_cost: Of running the result.
        confidence: With no difference, *improved* is said in at most `1 - confidence` of cases.
        saved: Where cost counts, by how much less it takes from the result's score on each row.

    Raises:
        ValueError: There are no rows, or not as many of one as of the other.
    """
    differences = [ours - theirs for ours, theirs in zip(result_scores, seed_scores, strict=True)]
    if not differences:
        raise ValueError("a verdict needs held-out rows")
    count = len(differences)
    wins = sum(difference > 0 for difference in differences)
    losses = sum(difference < 0 for difference in differences)
    priced = any(saved)
    gain = round((math.fsum(differences) + math.fsum(saved)) / count, 12)
    p = sign_test(wins, losses)
    interval = difference_interval(differences, confidence)
    if priced:
        interval = sum_interval(differences, saved, confidence)
    better = gain > 0 or (gain == 0 and result_cost < seed_cost)
    tested = wins > losses and p <= 1 - confidence
    shaded = any(score not in (0, 1) for score in (*seed_scores, *result_scores))
    proven = gain > 0 and (tested or priced) and (interval[0] > 0 or not (priced or shaded))
    # What the interval alone leaves open, more rows make narrower; else they decide for the sign test.
    by_interval = priced or (shaded and interval[0] <= 0)
    smallest, rows_needed = _power(wins + losses, count, gain, gain - interval[0], confidence, by_interval)
    verdict = Verdict(
        kind="improved" if proven else "not proven" if better else "rejected",
        seed_mean=math.fsum(seed_scores) / count,
        result_mean=math.fsum(result_scores) / count,
        seed_interval=mean_interval(seed_scores, confidence),
        result_interval=mean_interval(result_scores, confidence),
        interval=interval,
        confidence=confidence,
        wins=wins,
        losses=losses,
        p=p,
        seed_cost=seed_cost,
        result_cost=result_cost,
        smallest_effect=smallest,
        rows_needed=rows_needed,
        reason="",
        priced=priced,
    )
    return attrs.evolve(verdict, reason=_reason(verdict, gain, count))


def sign_test(wins: int, losses: int) -> float:
    """The chance that a fair coin falls as unevenly as this, either way; 1 without wins and losses."""
    count = wins + losses
    tail: int = sum(math.comb(count, few) for few in range(min(wins, losses) + 1))
    return min(1.0, 2 * tail / (1 << count))


def _power(
    changed: int, count: int, gain: float, half: float, confidence: float, by_interval: bool
) -> tuple[float, int | None]:
    """The smallest difference that the rows show, and on how many rows the gain shows, if it is one.

    Args:
        changed: On how many rows scores differ.
        count: How many rows there are.
        gain: The difference that was seen.
        half: From the lower end of its interval to it.
        confidence: Of the test.
        by_interval: Whether the interval decides, and else the sign test.
    """
    if by_interval and half < math.inf:
        smallest = effect_of_interval(half, confidence)
        return min(1.0, smallest), math.ceil(count * (smallest / gain) ** 2) if gain > 0 else None
    # Half a row more each way: a few rows of which none differs do not show that none ever will.
    churn = (changed + 1) / (count + 2)
    needed = rows_to_show(min(gain, 1.0), churn, confidence) if gain > 0 else None
    return smallest_effect(count, churn, confidence), needed


def _reason(verdict: Verdict, gain: float, count: int) -> str:
    """The verdict in words."""
    rows = f"{count} held-out {'row' if count == 1 else 'rows'}"
    low, high = verdict.interval
    counted = " after costs" if verdict.priced else ""
    size = (
        f"{gain:+.3f}{counted} ({100 * verdict.confidence:g}% interval {low:+.3f} to {high:+.3f}; "
        f"{verdict.wins} won, {verdict.losses} lost)"
    )
    if verdict.kind == "improved":
        return f"Improved: better on {rows}, {size}."
    if verdict.kind == "not proven":
        return f"Better, not proven: {_unproven(verdict, gain, count, rows, size)}"
    if gain < 0:
        return f"Rejected: worse on {rows}, {size}."
    if verdict.seed_cost < verdict.result_cost == math.inf:
        return f"Rejected: no better on {rows}, and without an answer to some."
    if verdict.result_cost > verdict.seed_cost:
        return f"Rejected: no better on {rows}, and dearer, {_costs(verdict, count)}."
    return f"Rejected: no better on {rows}, and no cheaper."


def _unproven(verdict: Verdict, gain: float, count: int, rows: str, size: str) -> str:
    if gain > 0:
        needed = verdict.rows_needed
        return (
            f"higher on {rows}, {size}. {_shown(verdict)} "
            f"A difference like this one takes about {needed:,} rows."
        )
    if verdict.result_cost < verdict.seed_cost == math.inf:
        return f"as good on {rows}, and with an answer to each of them."
    return f"as good on {rows} at lower cost, {_costs(verdict, count)}. {_shown(verdict)}"


def _shown(verdict: Verdict) -> str:
    if verdict.smallest_effect >= 1:
        return "So few rows show no difference at all."
    return f"So many rows show differences from about {verdict.smallest_effect:.2f} on."


def _costs(verdict: Verdict, count: int) -> str:
    return compared_costs(verdict.result_cost, verdict.seed_cost, count)
