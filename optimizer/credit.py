"""What each learnable before the cut is worth to the node that it enters, as a normal distribution.

Each node keeps observations: which of the learnables that enter it were drawn, and its credit. All effects
are estimated at once, because what a sender does to one receiver tells something of what it does to others:
the effects of one sender have a part in common, and those of all edges. What receivers make of the worth of
what they hear (`responses.py`) is estimated with them.
"""

import math
from collections.abc import Sequence
from functools import cached_property
from itertools import product
from statistics import NormalDist

import attrs
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

SPREADS = (0.1, 0.3)
"""Standard deviations of an effect's own part that are thought possible, in those of the credit."""

SHARED_SPREADS = (0.1, 0.3)
"""The same of the part that effects of one sender have in common."""

FEW_SPREADS = (0.03, 0.1, 0.3)
"""The same of either part where everything is credited with the whole: of many effects each is small."""

TOLD_SPREADS = (0.2, 0.5)
"""Standard deviations of what the worths of messages add to a receiver's, in those of the worths."""

PAIRED = 0.5
"""The same of what their products add, in those."""

COMMON = 0.2
"""The standard deviation of what all edges have in common, in those of the credit."""

ALIKE = 0.5
"""Which share of how receivers respond, as variance, they have in common."""


@attrs.frozen
class Spreads:
    """How far effects are thought to lie from 0, as standard deviations.

    Attributes:
        own: Of an effect's own part, in standard deviations of the credit.
        shared: Of the part that effects of one sender have in common, in the same.
        told: Of what the worths of messages add.
    """

    own: float = 0.2
    shared: float = 0.2
    told: float = 0.3


@attrs.frozen(eq=False)
class Layout:
    """Which effects there are, in this order.

    Attributes:
        senders: (effects,) of each learnable the node whose edge it is; numbers below 0 for other learnables,
            each its own.
        responding: For so many nodes follows what the worths of messages add to their credit, and then for as
            many what their products in pairs add.
    """

    senders: Integers
    responding: int

    @property
    def size(self) -> int:
        """How many effects there are in all."""
        return len(self.senders) + 2 * self.responding


@attrs.frozen(eq=False)
class Observed:
    """What one receiver saw.

    Attributes:
        features: (draws, entering) 1 where a learnable was drawn, or what was told.
        credits: (draws,) what the receiver was credited with.
        columns: (entering,) the number of each effect among all.
    """

    features: Floats
    credits: Floats
    columns: Integers


@attrs.frozen(eq=False)
class Belief:
    """A normal distribution over effects.

    Attributes:
        mean: (effects,)
        covariance: (effects, effects)
        scale: The standard deviation of the credit.
    """

    mean: Floats
    covariance: Floats
    scale: float

    @property
    def deviation(self) -> Floats:
        """(effects,) standard deviations."""
        deviation: Floats = np.sqrt(np.diagonal(self.covariance))
        return deviation

    def draw(self, generator: np.random.Generator) -> Floats:
        """(effects,) a sample."""
        sample: Floats = self.mean + self._factor @ generator.normal(size=len(self.mean))
        return sample

    @cached_property
    def _factor(self) -> Floats:
        factor = np.linalg.cholesky(self.covariance + 1e-12 * np.eye(len(self.mean)))
        return np.asarray(factor, np.float64)


def believed(
    observed: Sequence[Observed], layout: Layout, inclination: Floats, spreads: Spreads, shares: Floats
) -> Belief:
    """The effects, given what all receivers saw.

    Args:
        observed: Of each receiver; an effect is on one receiver only.
        layout: Which effects there are.
        inclination: (learnables,) where effects are thought to be before anything is seen, in deviations.
        spreads: How far effects are thought to lie from 0.
        shares: (receivers,) how much what each saw counts.

    Source:
        Bayesian linear regression with an intercept for each receiver: Gelman et al., "Bayesian Data
        Analysis".
    """
    scale = _scale(observed)
    precision, pull = _evidence(observed, layout.size, scale, shares)
    prior = _prior(layout, spreads, scale)
    centre = np.zeros(layout.size)
    centre[: len(inclination)] = inclination * np.sqrt(np.diagonal(prior))[: len(inclination)]
    # With K the prior's covariance: (K⁻¹ + A)⁻¹ = (I + K A)⁻¹ K.
    covariance = np.linalg.solve(np.eye(layout.size) + prior @ precision, prior)
    covariance = (covariance + covariance.T) / 2
    return Belief(centre + covariance @ (pull - precision @ centre), covariance, scale)


def likeliest_spreads(observed: Sequence[Observed], layout: Layout, shares: Floats) -> Spreads:
    """How far effects seem to lie from 0.

    Source:
        The greatest marginal likelihood: MacKay 1992.
    """
    scale = _scale(observed)
    precision, pull = _evidence(observed, layout.size, scale, shares)
    if layout.responding:
        options = [Spreads(*each) for each in product(SPREADS, SHARED_SPREADS, TOLD_SPREADS)]
    else:
        options = [Spreads(*each) for each in product(FEW_SPREADS, FEW_SPREADS)]
    return max(options, key=lambda each: _likelihood(precision, pull, _prior(layout, each, scale)))


def susceptible(observed: Sequence[Observed], layout: Layout, spreads: Spreads) -> Floats:
    """(receivers,) the chance that what enters each makes any difference to it.

    Source:
        The Bayes factor: Kass and Raftery 1995; either is as likely before anything is seen.
    """
    scale = _scale(observed)
    prior = _prior(layout, spreads, scale)
    odds = [
        _likelihood(*_told_by(each, scale), prior[np.ix_(each.columns, each.columns)]) for each in observed
    ]
    chances: Floats = 1 / (1 + np.exp(-np.clip(np.array(odds), -50.0, 50.0)))
    return chances


def _evidence(
    observed: Sequence[Observed], count: int, scale: float, shares: Floats
) -> tuple[Floats, Floats]:
    """(effects, effects) and (effects,) what the receivers say: precision, and precision times mean."""
    precision, pull = np.zeros((count, count)), np.zeros(count)
    for each, share in zip(observed, shares, strict=True):
        own_precision, own_pull = _told_by(each, scale)
        precision[np.ix_(each.columns, each.columns)] += share * own_precision
        pull[each.columns] += share * own_pull
    return precision, pull


def _told_by(observed: Observed, scale: float) -> tuple[Floats, Floats]:
    """(entering, entering) and (entering,) what one receiver says."""
    features = observed.features - observed.features.mean(axis=0)
    gained = observed.credits - observed.credits.mean()
    noise = (float(gained @ gained) + 2 * scale**2) / (len(gained) + 1)
    return features.T @ features / noise, features.T @ gained / noise


def _scale(observed: Sequence[Observed]) -> float:
    """The standard deviation of credits around the mean of their receiver."""
    squares = sum(float(((each.credits - each.credits.mean()) ** 2).sum()) for each in observed)
    count = sum(len(each.credits) - 1 for each in observed)
    return max(math.sqrt(squares / count) if count else 0.0, 1e-3)


def _prior(layout: Layout, spreads: Spreads, scale: float) -> Floats:
    """(effects, effects) the covariance of all effects before anything is seen."""
    senders, count, nodes = layout.senders, len(layout.senders), layout.responding
    prior = np.zeros((layout.size, layout.size))
    same = (senders[:, None] == senders[None, :]).astype(np.float64)
    effects = spreads.own**2 * np.eye(count) + spreads.shared**2 * same
    if nodes:
        edges = (senders >= 0).astype(np.float64)
        effects += COMMON**2 * np.outer(edges, edges)
    alike = spreads.told**2 * (ALIKE + (1 - ALIKE) * np.eye(nodes))
    told, paired = slice(count, count + nodes), slice(count + nodes, None)
    prior[:count, :count] = scale**2 * effects
    prior[told, told] = alike
    prior[paired, paired] = PAIRED**2 * alike
    return prior


def _likelihood(precision: Floats, pull: Floats, prior: Floats) -> float:
    """The logarithm of the marginal likelihood, but for what does not depend on the prior."""
    inner = np.eye(len(pull)) + prior @ precision
    _, logarithm = np.linalg.slogdet(inner)
    return float(0.5 * pull @ np.linalg.solve(inner, prior @ pull) - 0.5 * logarithm)


def without_row_effects(observed: Observed, rows: Sequence[int]) -> Observed:
    """What was seen, less what draws on one row have in common beyond chance.

    Args:
        observed: Of one receiver.
        rows: (draws,) the row of each draw.

    Source:
        The random-effects estimator by partial demeaning: Fuller and Battese 1973.
    """
    numbers, place, counts = np.unique(np.array(rows), return_inverse=True, return_counts=True)
    if len(numbers) < 2 or counts.max() < 2:
        return observed
    means = np.bincount(place, observed.credits) / counts
    within = float(((observed.credits - means[place]) ** 2).sum()) / max(1, len(rows) - len(numbers))
    between = max(0.0, float(means.var(ddof=1)) - within * float((1 / counts).mean()))
    share = 1 - np.sqrt((within + 1e-12) / (within + 1e-12 + counts[place] * between))
    features = np.stack([np.bincount(place, column) / counts for column in observed.features.T], axis=1)
    return Observed(
        observed.features - share[:, None] * features[place],
        observed.credits - share * means[place],
        observed.columns,
    )


def normal_quantile(chance: float) -> float:
    """Where the normal distribution has reached a chance, which is kept within 0.02 and 0.98."""
    return NormalDist().inv_cdf(min(0.98, max(0.02, chance)))
