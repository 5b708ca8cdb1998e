"""What is believed of effects, against the formulas of the textbooks and against drawn worlds."""

import itertools
import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agraph.optimizer.credit import (
    Belief,
    Layout,
    Observed,
    Spreads,
    believed,
    likeliest_spreads,
    normal_quantile,
    susceptible,
    without_row_effects,
)
from agraph.optimizer.effects import left_to_gain, surely_positive

EFFECTS = Layout(np.array([0, 1, 0, 1], np.intp), 0)
ONE = Layout(np.array([0], np.intp), 0)


def belief_of(
    observed: Sequence[Observed], layout: Layout, spreads: tuple[float, float], inclined: Sequence[float] = ()
) -> Belief:
    """What is believed where what each receiver saw counts fully."""
    inclination = np.array(inclined or [0.0] * len(layout.senders))
    return believed(observed, layout, inclination, Spreads(*spreads), np.ones(len(observed)))


def seen(seed: int, effects: list[float], draws: int, noise: float = 0.3) -> list[Observed]:
    """Two receivers of the same two senders."""
    generator = np.random.default_rng(seed)
    observed = []
    for receiver in range(2):
        columns = np.array([2 * receiver, 2 * receiver + 1])
        features = (generator.random((draws, 2)) < 0.5).astype(np.float64)
        credits_ = 0.4 + features @ np.array(effects)[columns] + noise * generator.normal(size=draws)
        observed.append(Observed(features, credits_, columns))
    return observed


def test_the_belief_is_that_of_a_regression_with_an_intercept() -> None:
    """With one receiver and no shared part: the posterior of a linear model, written down plainly."""
    [observed, _] = seen(0, [0.3, -0.2, 0.0, 0.0], 40)
    belief = belief_of([observed], Layout(np.array([0, 1]), 0), (0.3, 0.0))
    centred = observed.features - observed.features.mean(axis=0)
    gained = observed.credits - observed.credits.mean()
    variance = gained @ gained / 39
    noise = (gained @ gained + 2 * variance) / 41
    precision = np.eye(2) / (0.09 * variance) + centred.T @ centred / noise
    np.testing.assert_allclose(belief.covariance, np.linalg.inv(precision), atol=1e-12)
    np.testing.assert_allclose(
        belief.mean, np.linalg.solve(precision, centred.T @ gained / noise), atol=1e-12
    )


def test_much_that_is_seen_leaves_little_doubt() -> None:
    effects = [0.3, -0.2, 0.1, 0.05]
    belief = belief_of(seen(1, effects, 20_000), EFFECTS, (0.3, 0.3))
    np.testing.assert_allclose(belief.mean, effects, atol=0.02)
    assert belief.deviation.max() < 0.01


def test_what_a_sender_does_to_one_receiver_is_expected_of_it_elsewhere() -> None:
    first, _ = seen(2, [0.5, -0.5, 0.0, 0.0], 200)
    belief = belief_of([first], EFFECTS, (0.1, 0.3))
    assert belief.mean[2] > 0.2
    assert belief.mean[3] < -0.2
    apart = belief_of([first], EFFECTS, (0.1, 0.0))
    np.testing.assert_allclose(apart.mean[2:], 0.0, atol=1e-12)


def test_before_anything_is_seen_the_chances_are_those_of_the_file() -> None:
    priors = [0.1, 0.5, 0.9, 0.7]
    inclined = [normal_quantile(prior) for prior in priors]
    belief = belief_of((), EFFECTS, (0.2, 0.2), inclined)
    chances = [NormalDist().cdf(each) for each in (belief.mean / belief.deviation).tolist()]
    np.testing.assert_allclose(chances, priors, atol=1e-9)


def test_samples_have_the_mean_and_the_spread_of_the_belief() -> None:
    belief = belief_of(seen(3, [0.3, -0.2, 0.1, 0.0], 30), EFFECTS, (0.3, 0.1))
    generator = np.random.default_rng(0)
    drawn = np.array([belief.draw(generator) for _ in range(20_000)])
    np.testing.assert_allclose(drawn.mean(axis=0), belief.mean, atol=0.005)
    np.testing.assert_allclose(np.cov(drawn.T), belief.covariance, atol=0.0005)


def test_the_spread_is_found_that_the_effects_have() -> None:
    small = likeliest_spreads(seen(4, [0.0, 0.0, 0.0, 0.0], 400), EFFECTS, np.ones(2))
    alike = likeliest_spreads(seen(4, [0.4, -0.4, 0.4, -0.4], 400), EFFECTS, np.ones(2))
    apart = likeliest_spreads(seen(4, [0.4, -0.4, -0.4, 0.4], 400), EFFECTS, np.ones(2))
    assert (small.own, small.shared) == (0.03, 0.03)
    assert alike.shared == 0.3
    assert (apart.own, apart.shared) == (0.3, 0.03)


def test_a_receiver_that_nothing_moves_is_told_from_one_that_is_moved() -> None:
    moved, still = susceptible(seen(7, [0.4, -0.3, 0.0, 0.0], 200), EFFECTS, Spreads(0.3, 0.1)).tolist()
    assert moved > 0.99
    assert still < 0.3


def test_what_counts_for_nothing_changes_no_belief() -> None:
    first, second = seen(8, [0.3, -0.2, 0.1, 0.0], 50)
    blank = Observed(np.zeros_like(second.features), second.credits, second.columns)
    without = believed([first, second], EFFECTS, np.zeros(4), Spreads(), np.array([1.0, 0.0]))
    unseen = believed([first, blank], EFFECTS, np.zeros(4), Spreads(), np.ones(2))
    np.testing.assert_allclose(without.mean, unseen.mean)
    np.testing.assert_allclose(without.covariance, unseen.covariance)


@pytest.mark.parametrize("spread", [0.0, 2.0])
def test_what_rows_have_in_common_is_taken_away_as_far_as_there_is_anything(spread: float) -> None:
    generator = np.random.default_rng(5)
    rows = np.repeat(np.arange(60), 4)
    features = (generator.random((240, 1)) < 0.5).astype(np.float64)
    noise = 0.1 * generator.normal(size=240)
    credits_ = features[:, 0] * 0.5 + spread * generator.normal(size=60)[rows] + noise
    observed = Observed(features, credits_, np.array([0]))
    without = without_row_effects(observed, rows.tolist())
    belief = belief_of([without], ONE, (1.0, 0.0))
    assert abs(belief.mean[0] - 0.5) < 0.05
    if spread:
        assert belief.deviation[0] < 0.2 * belief_of([observed], ONE, (1.0, 0.0)).deviation[0]


@given(st.integers(1, 8))
def test_one_gain_and_one_loss_are_added_before_anything_is_called_sure(count: int) -> None:
    [sure] = surely_positive(np.ones((count, 1))).tolist()
    assert sure == pytest.approx(0.5 * (1 + math.erf(count / math.sqrt(2 * (count + 2)))))
    assert surely_positive(-np.ones((count, 1)))[0] == pytest.approx(1 - sure)
    assert surely_positive(np.zeros((count, 1)))[0] == 0.5


def test_a_draw_of_no_weight_counts_for_nothing() -> None:
    gains = np.array([[1.0], [1.0], [-1.0], [-1.0]])
    assert surely_positive(gains, np.array([1.0, 1.0, 0.0, 0.0])) == surely_positive(gains[:2])


@pytest.mark.parametrize(("mean", "deviation"), [*itertools.product([-0.2, 0.0, 0.1], [0.05, 0.3])])
def test_what_is_left_to_gain_is_what_knowing_would_be_worth(mean: float, deviation: float) -> None:
    drawn = mean + deviation * np.random.default_rng(6).normal(size=400_000)
    knowing = np.maximum(drawn, 0).mean() - max(mean, 0.0)
    [left] = left_to_gain(np.array([mean]), np.array([deviation]))
    assert left == pytest.approx(knowing, abs=0.001)
