"""What each learnable before the cut is worth to the node that it enters, as a normal distribution.

Each node keeps observations: which of the learnables that enter it were drawn, and its credit. All effects
are estimated at once, because what a sender does to one receiver tells something of what it does to others:
the effects of one sender have a part in common.
"""

import math
from collections.abc import Sequence
from functools import cached_property
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

DEFAULT_SPREADS = (0.2, 0.2)
"""Before there is enough to tell."""


@attrs.frozen(eq=False)
class Observed:
    """What one receiver saw.

    Attributes:
        features: (draws, entering) 1 where the learnable was drawn.
        credits: (draws,) what the receiver was credited with.
        columns: (entering,) the number of each learnable among all.
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

    @property
    def chances(self) -> Floats:
        """(effects,) the chance that each is positive."""
        ratio = self.mean / self.deviation
        return np.array([0.5 * (1 + math.erf(each / math.sqrt(2))) for each in ratio.tolist()])


def believed(
    observed: Sequence[Observed], senders: Integers, inclination: Floats, spreads: tuple[float, float]
) -> Belief:
    """The effects, given what all receivers saw.

    Args:
        observed: Of each receiver; a learnable enters one receiver only.
        senders: (effects,) the sender of each, or a number of its own.
        inclination: (effects,) where effects are thought to be before anything is seen, in deviations.
        spreads: How far effects are thought to lie from 0, own and shared part, in deviations of the credit.

    Source:
        Bayesian linear regression with an intercept for each receiver: Gelman et al., "Bayesian Data
        Analysis".
    """
    scale = _scale(observed)
    precision, pull = _evidence(observed, len(senders), scale)
    prior = _prior(senders, spreads, scale)
    centre = inclination * np.sqrt(np.diagonal(prior))
    # With K the prior's covariance: (K⁻¹ + A)⁻¹ = (I + K A)⁻¹ K.
    covariance = np.linalg.solve(np.eye(len(senders)) + prior @ precision, prior)
    covariance = (covariance + covariance.T) / 2
    return Belief(centre + covariance @ (pull - precision @ centre), covariance, scale)


def likeliest_spreads(observed: Sequence[Observed], senders: Integers) -> tuple[float, float]:
    """How far effects seem to lie from 0, own and shared part.

    Source:
        The greatest marginal likelihood: MacKay 1992.
    """
    scale = _scale(observed)
    precision, pull = _evidence(observed, len(senders), scale)
    options = [(own, shared) for own in SPREADS for shared in SHARED_SPREADS]
    return max(options, key=lambda each: _likelihood(precision, pull, _prior(senders, each, scale)))


def _evidence(observed: Sequence[Observed], count: int, scale: float) -> tuple[Floats, Floats]:
    """(effects, effects) and (effects,) what the receivers say: precision, and precision times mean."""
    precision, pull = np.zeros((count, count)), np.zeros(count)
    for each in observed:
        if len(each.credits) < 2:
            continue
        features, gained = each.features - each.features.mean(axis=0), each.credits - each.credits.mean()
        noise = (float(gained @ gained) + 2 * scale**2) / (len(gained) + 1)
        precision[np.ix_(each.columns, each.columns)] += features.T @ features / noise
        pull[each.columns] += features.T @ gained / noise
    return precision, pull


def _scale(observed: Sequence[Observed]) -> float:
    """The standard deviation of credits around the mean of their receiver."""
    squares = sum(
        float(((each.credits - each.credits.mean()) ** 2).sum()) for each in observed if len(each.credits)
    )
    count = sum(max(0, len(each.credits) - 1) for each in observed)
    return max(math.sqrt(squares / count) if count else 0.0, 1e-3)


def _prior(senders: Integers, spreads: tuple[float, float], scale: float) -> Floats:
    same = (senders[:, None] == senders[None, :]).astype(np.float64)
    own, shared = spreads
    prior: Floats = scale**2 * (own**2 * np.eye(len(same)) + shared**2 * same)
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
