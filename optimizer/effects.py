"""What single switches of a setting do, on draws of which every setting can be scored."""

import math

import numpy as np
import numpy.typing as npt

from agraph.optimizer.suffix import Draw, Suffix

Booleans = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

FEWEST_TRIES, MOST_TRIES, TRIES = 4, 16, 128
"""A switch is tried in so many settings of the others; of many switches each in fewer, so that all of them
are tried about so often."""


def tries(count: int) -> int:
    """In how many settings each of so many switches is tried, or each of so many voices in panels."""
    return min(MOST_TRIES, max(FEWEST_TRIES, TRIES // max(1, count)))


async def effects(suffix: Suffix, draw: Draw, chances: Floats, coins: Floats) -> Floats:
    """(switches,) what turning each parameter on adds to the draw's worth, the others as the policy has them.

    Args:
        suffix: What can be set.
        draw: What it is set on.
        chances: (switches,) of each being on.
        coins: (settings, switches) uniform numbers; the same for all draws.

    Source:
        Local expectation gradients: Titsias and Lázaro-Gredilla 2015.
    """
    both = _with_and_without(coins < chances)
    speaking = np.ones((len(both), len(suffix.voices)), np.bool_)
    worths = await suffix.worths(draw, np.concatenate([both, speaking], axis=1))
    return _gained(worths, len(suffix.parameters))


async def contributions(suffix: Suffix, draw: Draw, heard: Booleans) -> Floats:
    """(voices,) what hearing each adds to the draw's worth, on average over panels of the others.

    Args:
        suffix: What can be set.
        draw: What it is set on.
        heard: (panels, voices) who belongs to each panel; every switch is on.
    """
    both = _with_and_without(heard)
    switches = np.ones((len(both), len(suffix.parameters)), np.bool_)
    worths = await suffix.worths(draw, np.concatenate([switches, both], axis=1))
    return _gained(worths, len(suffix.voices))


def _with_and_without(settings: Booleans) -> Booleans:
    """(2 · settings · count, count) each of the settings with each on in turn, then the same with it off."""
    count = settings.shape[1]
    on = np.repeat(settings[:, None, :], count, axis=1)
    off = on.copy()
    turns = np.arange(count)
    on[:, turns, turns], off[:, turns, turns] = True, False
    return np.concatenate([on, off]).reshape(-1, count)


def _gained(worths: Floats, count: int) -> Floats:
    """(count,) what each being on adds, on average, by the worths of such settings."""
    on, off = worths.reshape(2, -1, count)
    gained: Floats = (on - off).mean(axis=0)
    return gained


def surely_positive(gains: Floats, weights: Floats | None = None) -> Floats:
    """(switches,) the chance that the mean of each column of (draws, switches) gains is positive."""
    means, deviations = moments(gains, weights)
    return np.array([0.5 * (1 + math.erf(each / math.sqrt(2))) for each in (means / deviations).tolist()])


def moments(gains: Floats, weights: Floats | None = None) -> tuple[Floats, Floats]:
    """Mean of each column of (draws, switches) gains, and how uncertain it is.

    One gain and one loss of the largest size are added, so that few draws never sound sure.

    Args:
        gains: By draw.
        weights: (draws,) how much each counts, at most 1.
    """
    weights = np.ones(len(gains)) if weights is None else weights
    unit = max(np.abs(gains).max(initial=0.0), 1e-9)
    total = weights.sum()
    means: Floats = weights @ gains / total
    deviations: Floats = np.sqrt(weights**2 @ gains**2 + 2 * unit**2) / total
    return means, deviations


def left_to_gain(means: Floats, deviations: Floats) -> Floats:
    """(learnables,) what knowing the sign of each of these normal distributions would gain on average.

    Source:
        The value of perfect information of a choice between two: Raiffa and Schlaifer 1961.
    """
    ratios = np.abs(means) / deviations
    densities = np.exp(-(ratios**2) / 2) / math.sqrt(2 * math.pi)
    tails = np.array([0.5 * math.erfc(each / math.sqrt(2)) for each in ratios.tolist()])
    gained: Floats = deviations * (densities - ratios * tails)
    return gained
