"""What versions are believed to score, by all that was run of all of them: few rows never sound sure.

A score is the sum of what the sentences of the version's prompts add, of what their wording as a whole
adds, of how easy the row is, and of chance. The first two lie near nothing until much is seen: a version that
was lucky on a few rows is not taken for a good one, and what one prompt shows of a sentence tells of all
others that have it. Versions count as paired where they were run on the same rows.

Source:
    Best linear unbiased prediction in a mixed model: Henderson 1975 (Biometrics 31, 423-447).
"""

import math
from collections.abc import Mapping, Sequence

import attrs
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SPREADS = ((0.1, 0.05), (0.2, 0.05), (0.05, 0.2))
"""How far what a sentence adds may lie from nothing, and what the wording adds: as shares of the deviation
between runs of one version. How likely each of these pairs is, the scores tell."""

REST = 2.0
"""Likewise what the rest of the graph adds."""

UNSEEN_RUNS = 10
"""How much rows differ in how easy they are is told as if so many runs more had shown that they do not."""

MOST_SHARED = 0.75
"""The most of the variance that can lie in how easy rows are."""


Part = tuple[int, str]
"""The number of a prompt, and a sentence of it."""


@attrs.frozen(eq=False)
class Seen:
    """What was seen of a version.

    Attributes:
        parts: Of its prompts.
        rest: All else that it consists of, to be compared.
        worths: By row, what it scored; at least one.
    """

    parts: frozenset[Part]
    rest: object
    worths: Mapping[int, float]


@attrs.frozen(eq=False)
class Belief:
    """What is believed.

    Attributes:
        mean: (versions,) what each is believed to score.
        covariance: (versions, versions).
        parts: Of all versions, in the order in which they came.
        effects: (parts,) what each is believed to add.
        effects_covariance: (parts, parts).
    """

    mean: Floats
    covariance: Floats
    parts: tuple[Part, ...]
    effects: Floats
    effects_covariance: Floats

    def chance(self, one: int, other: int) -> float:
        """The chance that a version is better than another."""
        spread = self.covariance[one, one] + self.covariance[other, other] - 2 * self.covariance[one, other]
        gain = float(self.mean[one] - self.mean[other])
        return 0.5 if spread <= 0 else 0.5 * (1 + math.erf(gain / math.sqrt(2 * float(spread))))

    def supposed(self, count: int, generator: np.random.Generator) -> list[dict[Part, float]]:
        """What parts may add: what is believed first, then samples of what may be so."""
        nearly_none = 1e-9 * np.eye(len(self.parts)) * max(1e-9, float(np.trace(self.effects_covariance)))
        samples = generator.multivariate_normal(
            self.effects, self.effects_covariance + nearly_none, count - 1, method="cholesky"
        )
        return [dict(zip(self.parts, each.tolist(), strict=True)) for each in (self.effects, *samples)]


def belief(seen: Sequence[Seen]) -> Belief:
    """What is believed of versions, in their order."""
    ran, worths = _table(seen)
    rows = ran.sum(axis=1)
    means = worths.sum(axis=1) / rows
    variance, shared = _variances(ran, worths - means[:, None] * ran)
    parts = tuple(dict.fromkeys(part for each in seen for part in sorted(each.parts)))
    place = {part: at for at, part in enumerate(parts)}
    has = np.zeros((len(seen), len(parts)))
    for version, each in enumerate(seen):
        has[version, [place[part] for part in each.parts]] = 1
    alike = variance * REST**2 * np.array([[one.rest == other.rest for other in seen] for one in seen])
    centre = float(rows @ means / rows.sum())
    paired, chance = _paired(ran, worths - centre * ran, variance - shared, shared)
    deviation = math.sqrt(variance)
    found = [
        _posterior(paired, has, alike, chance, sentence * deviation, wording * deviation)
        for sentence, wording in SPREADS
    ]
    weights = np.exp([each.evidence - max(each.evidence for each in found) for each in found])
    mean, covariance = _mixed(weights, [(each.mean, each.covariance) for each in found])
    effects, effects_covariance = _mixed(weights, [(each.effects, each.effects_covariance) for each in found])
    return Belief(centre + mean, covariance, parts, effects, effects_covariance)


def _paired(ran: Floats, worths: Floats, of_chance: float, of_rows: float) -> tuple[Floats, Floats]:
    """What each version scores by itself, and the covariance of the error in that.

    Args:
        ran: (versions, rows) where each was run.
        worths: (versions, rows) what it scored there, else 0.
        of_chance: The variance of a score that is chance.
        of_rows: That of how easy rows are.
    """
    alike = of_rows / (of_chance + of_rows * ran.sum(axis=0))
    information = (np.diag(ran.sum(axis=1)) - (ran * alike) @ ran.T) / of_chance
    error = np.linalg.inv(information)
    return error @ (worths.sum(axis=1) - ran @ (alike * worths.sum(axis=0))) / of_chance, error


@attrs.frozen(eq=False)
class _Posterior:
    """What is believed if one of the spreads is right.

    Attributes:
        evidence: The logarithm of how likely the scores are then, but for a constant.
    """

    evidence: float
    mean: Floats
    covariance: Floats
    effects: Floats
    effects_covariance: Floats


def _posterior(
    means: Floats, has: Floats, alike: Floats, chance: Floats, sentence: float, wording: float
) -> _Posterior:
    """What follows from the mean scores.

    Args:
        means: (versions,) what each scored, less what all have in common.
        has: (versions, parts) 1 where a version has a part.
        alike: (versions, versions) the covariance of what the rest adds.
        chance: (versions, versions) that of the error in what each scored.
        sentence: The deviation of what a part adds.
        wording: That of what a version adds by itself.
    """
    versions, parts = has.shape
    of_parts = sentence**2 * has
    prior = alike + of_parts @ has.T + wording**2 * np.eye(versions)
    lower = np.linalg.cholesky(prior + chance)
    halves = np.linalg.solve(lower, np.column_stack([means, prior, of_parts]))
    scores, worths, effects = halves[:, 0], halves[:, 1 : 1 + versions], halves[:, 1 + versions :]
    return _Posterior(
        -0.5 * float(scores @ scores) - float(np.log(np.diag(lower)).sum()),
        worths.T @ scores,
        prior - worths.T @ worths,
        effects.T @ scores,
        sentence**2 * np.eye(parts) - effects.T @ effects,
    )


def _mixed(weights: Floats, moments: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    """Mean and covariance of what follows one of several distributions, by their weights."""
    shares = weights / weights.sum()
    mean = sum(share * each for share, (each, _) in zip(shares, moments, strict=True))
    around = [
        share * (covariance + np.outer(each - mean, each - mean))
        for share, (each, covariance) in zip(shares, moments, strict=True)
    ]
    return mean, sum(around)


def _table(seen: Sequence[Seen]) -> tuple[Floats, Floats]:
    """(versions, rows) where each version was run, and what it scored there, else 0."""
    place = {row: at for at, row in enumerate(dict.fromkeys(row for each in seen for row in each.worths))}
    ran, worths = np.zeros((2, len(seen), len(place)))
    for version, each in enumerate(seen):
        columns = [place[row] for row in each.worths]
        ran[version, columns] = 1
        worths[version, columns] = list(each.worths.values())
    return ran, worths


def _variances(ran: Floats, residuals: Floats) -> tuple[float, float]:
    """The variance between runs of one version, and the part of it that is of the rows.

    Args:
        ran: (versions, rows) where each was run.
        residuals: (versions, rows) its scores less their mean there, else 0.
    """
    free = ran.sum(axis=1) - 1
    unit = float(np.abs(residuals).max(initial=0.0)) or 1.0
    # One run more, as far from the mean as a coin's: few equal scores do not show that none ever differ.
    variance = (float((residuals**2).sum()) + unit**2) / (float(free.sum()) + 1)
    several = free > 0
    scaled = residuals[several] * np.sqrt(1 + 1 / free[several])[:, None]
    together = ran[several].sum(axis=0)
    compared = together > 1
    products = (scaled.sum(axis=0) ** 2 - (scaled**2).sum(axis=0))[compared] / together[compared]
    shared = float(products.sum()) / (float((together[compared] - 1).sum()) + UNSEEN_RUNS)
    return variance, min(max(shared, 0.0), MOST_SHARED * variance)
