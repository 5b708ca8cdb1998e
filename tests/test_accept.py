"""Verdicts on held-out rows, and the intervals behind them."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agraph.optimizer.accept import judge, sign_test
from agraph.optimizer.intervals import difference_interval, mean_interval, wilson

scores = st.floats(0, 1, allow_subnormal=False)


def test_a_clear_gain_is_improved() -> None:
    verdict = judge([0.0] * 30 + [1.0] * 10, [1.0] * 25 + [0.0] * 5 + [1.0] * 10, 160, 40)
    assert verdict.kind == "improved"
    assert verdict.accepted
    assert (verdict.seed_mean, verdict.result_mean) == (0.25, 0.875)
    assert (verdict.wins, verdict.losses) == (25, 0)
    assert verdict.interval[0] > 0
    assert verdict.reason.startswith("Better on 40 held-out rows: +0.625")


def test_a_gain_that_chance_could_explain_is_accepted_and_said_to_be_unproven() -> None:
    verdict = judge([0.0, 0.0, 1.0, 1.0], [1.0, 1.0, 0.0, 1.0], 4, 4)
    assert (verdict.kind, verdict.accepted) == ("not proven", True)
    assert "prove little" in verdict.reason


def test_a_tie_is_accepted_only_at_lower_cost() -> None:
    assert judge([1.0, 0.0], [0.0, 1.0], 4, 2).kind == "not proven"
    assert judge([1.0, 0.0], [0.0, 1.0], 4, 4).kind == "rejected"
    assert judge([1.0, 0.0], [0.0, 1.0], 2, 4).kind == "rejected"


def test_no_answer_is_no_saving() -> None:
    silent = judge([0.0, 0.0], [0.0, 0.0], 4, math.inf)
    assert silent.kind == "rejected"
    assert silent.reason == "No better on 2 held-out rows, and without an answer to some."
    assert judge([0.0, 0.0], [0.0, 0.0], math.inf, math.inf).kind == "rejected"
    answering = judge([0.0, 0.0], [0.0, 0.0], math.inf, 4)
    assert answering.kind == "not proven"
    assert answering.reason == "As good on 2 held-out rows, and with an answer to each of them."


def test_lower_cost_does_not_buy_a_worse_mean() -> None:
    verdict = judge([1.0, 1.0], [1.0, 0.0], 100, 1)
    assert (verdict.kind, verdict.accepted) == ("rejected", False)
    assert verdict.reason.startswith("Worse on 2 held-out rows")


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
