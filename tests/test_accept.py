"""Verdicts on held-out rows, and the intervals behind them."""

import math
import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agraph.optimizer.accept import judge, sign_test
from agraph.optimizer.intervals import difference_interval, mean_interval, wilson
from agraph.optimizer.power import POWER, fewest_rows, rows_to_show, smallest_effect

scores = st.floats(0, 1, allow_subnormal=False)


def test_a_clear_gain_is_improved() -> None:
    verdict = judge([0.0] * 30 + [1.0] * 10, [1.0] * 25 + [0.0] * 5 + [1.0] * 10, 160, 40)
    assert verdict.kind == "improved"
    assert verdict.accepted
    assert (verdict.seed_mean, verdict.result_mean) == (0.25, 0.875)
    assert (verdict.wins, verdict.losses) == (25, 0)
    assert verdict.interval[0] > 0
    assert verdict.reason.startswith("Improved: better on 40 held-out rows, +0.625 (95% interval")
    assert verdict.proven


def test_a_gain_that_chance_could_explain_is_accepted_and_said_to_be_unproven() -> None:
    verdict = judge([0.0, 0.0, 1.0, 1.0], [1.0, 1.0, 0.0, 1.0], 4, 4)
    assert (verdict.kind, verdict.accepted) == ("not proven", True)
    assert verdict.reason.startswith("Better, not proven: higher on 4 held-out rows, +0.250")
    assert "So few rows show no difference at all." in verdict.reason
    assert f"takes about {verdict.rows_needed:,} rows" in verdict.reason


def test_a_tie_is_accepted_only_at_lower_cost() -> None:
    assert judge([1.0, 0.0], [0.0, 1.0], 4, 2).kind == "not proven"
    assert judge([1.0, 0.0], [0.0, 1.0], 4, 4).kind == "rejected"
    assert judge([1.0, 0.0], [0.0, 1.0], 2, 4).kind == "rejected"


def test_no_answer_is_no_saving() -> None:
    silent = judge([0.0, 0.0], [0.0, 0.0], 4, math.inf)
    assert silent.kind == "rejected"
    assert silent.reason == "Rejected: no better on 2 held-out rows, and without an answer to some."
    assert judge([0.0, 0.0], [0.0, 0.0], math.inf, math.inf).kind == "rejected"
    answering = judge([0.0, 0.0], [0.0, 0.0], math.inf, 4)
    assert answering.kind == "not proven"
    assert (
        answering.reason
        == "Better, not proven: as good on 2 held-out rows, and with an answer to each of them."
    )


def test_lower_cost_does_not_buy_a_worse_mean() -> None:
    verdict = judge([1.0, 1.0], [1.0, 0.0], 100, 1)
    assert (verdict.kind, verdict.accepted) == ("rejected", False)
    assert verdict.reason.startswith("Rejected: worse on 2 held-out rows")


def test_more_wins_do_not_outweigh_a_worse_mean() -> None:
    verdict = judge([0.5] * 9 + [1.0], [0.51] * 9 + [0.0], 1, 1)
    assert (verdict.wins, verdict.losses) == (9, 1)
    assert verdict.kind == "rejected"


def test_rows_are_needed_and_belong_together() -> None:
    with pytest.raises(ValueError, match="held-out"):
        judge([], [], 0, 0)
    with pytest.raises(ValueError, match="argument"):
        judge([1.0], [1.0, 0.0], 0, 0)


@given(st.lists(st.tuples(scores, scores), min_size=1))
def test_the_seed_and_the_result_change_places(rows: list[tuple[float, float]]) -> None:
    first, second = [row[0] for row in rows], [row[1] for row in rows]
    there, back = judge(first, second, 1, 1), judge(second, first, 1, 1)
    assert (there.wins, there.losses, there.p) == (back.losses, back.wins, back.p)
    assert there.interval[0] == pytest.approx(-back.interval[1], abs=1e-9)
    assert not (there.accepted and back.accepted)
    assert (there.seed_interval, there.result_interval) == (back.result_interval, back.seed_interval)


@given(st.integers(0, 40), st.integers(0, 40))
def test_the_sign_test_is_the_share_of_all_coins_as_uneven(wins: int, losses: int) -> None:
    count = wins + losses
    uneven = abs(wins - losses)
    exact = Fraction(
        sum(math.comb(count, k) for k in range(count + 1) if abs(2 * k - count) >= uneven), 2**count
    )
    assert sign_test(wins, losses) == pytest.approx(float(exact))


@given(st.integers(1, 500), st.data())
def test_wilson_solves_its_equation(count: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, count))
    low, high = wilson(successes, count)
    assert 0 <= low <= successes / count <= high <= 1
    for bound in (low, high):
        # Each end is the share from which the one that was found lies 1.96 deviations away.
        distance = abs(successes / count - bound)
        assert distance == pytest.approx(1.959964 * math.sqrt(bound * (1 - bound) / count), abs=1e-6)


def test_intervals_match_published_values() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)  # Newcombe 1998, method 3
    # Agresti, Categorical Data Analysis, 10.1: 1,600 people asked twice, 150 changed one way, 86 the other.
    changed = [1.0] * 150 + [-1.0] * 86 + [0.0] * 1364
    assert difference_interval(changed) == pytest.approx((0.021, 0.059), abs=5e-4)
    # Student's quantiles for 1, 2, 3, 4, 10 and 30 degrees of freedom.
    for freedom, quantile in [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (10, 2.228), (30, 2.042)]:
        values = [0.25, 0.75] + [0.5] * (freedom - 1)
        deviation = math.sqrt(0.125 / freedom / (freedom + 1))
        low, high = mean_interval(values)
        assert (high - low) / 2 == pytest.approx(quantile * deviation, rel=2e-3)


def test_mean_intervals_say_what_is_not_known() -> None:
    assert mean_interval([1, 0, 1]) == wilson(2, 3)
    assert mean_interval([0.5]) == (-math.inf, math.inf)
    assert difference_interval([]) == (-math.inf, math.inf)
    low, high = difference_interval([0.0, 0.0, 0.0])
    assert low < 0 < high


@given(st.integers(1, 400), st.integers(0, 400))
def test_more_confidence_asks_for_more(wins: int, losses: int) -> None:
    seed, result = [0.0] * wins + [1.0] * losses, [1.0] * wins + [0.0] * losses
    verdicts = [judge(seed, result, 1, 1, confidence) for confidence in (0.8, 0.95, 0.99)]
    widths = [verdict.interval[1] - verdict.interval[0] for verdict in verdicts]
    assert widths == sorted(widths)
    proven = [verdict.proven for verdict in verdicts]
    assert proven == sorted(proven, reverse=True)
    assert proven == [wins > losses and verdicts[0].p <= 1 - level for level in (0.8, 0.95, 0.99)]


@pytest.mark.parametrize(("rows", "churn"), [(100, 0.3), (40, 0.2), (300, 0.05)])
def test_without_a_difference_improved_is_seldom_said(rows: int, churn: float) -> None:
    assert improved_share(rows, churn, 0.0) <= 0.05


@pytest.mark.parametrize(("win", "lose"), [(0.0, 0.02), (0.0, 0.1), (0.05, 0.1), (0.2, 0.4)])
@pytest.mark.parametrize("rows", [30, 60, 200])
def test_where_what_is_saved_only_makes_up_for_what_is_lost_improved_is_seldom_said(
    rows: int, win: float, lose: float
) -> None:
    """Each row is won by a little, and a few are lost: counting rows would find the result better."""
    generator = random.Random(f"{rows} {win} {lose}")
    said, trials = 0, 400
    for _ in range(trials):
        falls = generator.choices([(0.0, 1.0), (1.0, 0.0), (1.0, 1.0)], [win, lose, 1 - win - lose], k=rows)
        seed, result = [list(each) for each in zip(*falls, strict=True)]
        said += judge(seed, result, 3, 2, saved=[lose - win] * rows).proven
    assert said <= 0.06 * trials


def test_what_cost_takes_counts_in_the_verdict() -> None:
    seed, result = [0.0] * 20 + [1.0] * 40, [1.0] * 60
    assert judge(seed, result, 60, 120).kind == "improved"
    dearer = judge(seed, result, 60, 120, saved=[-0.05] * 60)
    assert (dearer.kind, dearer.wins, dearer.losses) == ("improved", 20, 0)
    assert "+0.283 after costs (95% interval +0." in dearer.reason
    assert judge(seed, result, 60, 120, saved=[-0.5] * 60).kind == "rejected"
    assert judge(seed, result, 60, 120, saved=[-0.3] * 60).kind == "not proven"
    assert judge(result, seed, 120, 60, saved=[0.5] * 60).kind == "improved"


def test_how_many_rows_show_a_gain_after_costs_is_told_by_the_interval() -> None:
    """A sign test of the scores would tell of other rows."""
    seed, result = [0.0] * 20 + [1.0] * 40, [1.0] * 60
    few = judge(seed, result, 60, 120, saved=[-0.25] * 60)
    needed, gain = few.rows_needed, 20 / 60 - 0.25
    assert needed is not None
    assert few.smallest_effect > gain - few.interval[0]
    assert needed == pytest.approx(60 * (few.smallest_effect / gain) ** 2, abs=1)
    times = needed // 60 + 1
    assert judge(seed * times, result * times, 60, 120, saved=[-0.25] * 60 * times).proven


def test_where_scores_have_shades_many_small_wins_do_not_prove_a_gain() -> None:
    """Forty rows are better by a hundredth, and one is worse by a third: on the whole that is chance."""
    verdict = judge([0.5] * 41, [0.51] * 40 + [0.17], 1, 1)
    assert (verdict.kind, verdict.wins, verdict.losses) == ("not proven", 40, 1)
    assert verdict.p < 0.001
    assert verdict.interval[0] < 0 < verdict.interval[1]
    assert judge([0.5] * 41, [0.51] * 41, 1, 1).kind == "improved"


@pytest.mark.parametrize(("effect", "churn"), [(0.1, 0.15), (0.08, 0.3), (0.3, 0.4)])
def test_a_difference_shows_on_as_many_rows_as_are_said(effect: float, churn: float) -> None:
    rows = rows_to_show(effect, churn, 0.95)
    # The exact test is a little less sharp than the normal form that rows are counted by.
    assert POWER - 0.1 <= improved_share(rows, churn, effect) <= POWER + 0.1
    assert smallest_effect(rows, churn, 0.95) == pytest.approx(effect, abs=0.01)


def improved_share(rows: int, churn: float, effect: float) -> float:
    """How often *improved* is said, exactly: over all numbers of wins and losses."""
    win = (churn + effect) / 2 / churn
    share = 0.0
    for changed in range(rows + 1):
        some = math.comb(rows, changed) * churn**changed * (1 - churn) ** (rows - changed)
        if some > 1e-9:
            said = (
                math.comb(changed, wins) * win**wins * (1 - win) ** (changed - wins)
                for wins in range(changed // 2 + 1, changed + 1)
                if sign_test(wins, changed - wins) <= 0.05
            )
            share += some * math.fsum(said)
    return share


@given(st.integers(1, 2000), st.floats(0.01, 1), st.sampled_from([0.8, 0.95, 0.99]))
def test_the_smallest_effect_is_the_one_that_the_rows_suffice_for(
    rows: int, churn: float, confidence: float
) -> None:
    smallest = smallest_effect(rows, churn, confidence)
    assert 0 < smallest <= 1
    if rows < fewest_rows(confidence):
        assert smallest == 1
    elif smallest < 1:
        assert rows_to_show(smallest, churn, confidence) <= rows
