"""How a search is to be made."""

from typing import Literal, get_args

import attrs

Estimator = Literal["replay", "reinforce-loo", "reinforce-plain", "reinforce-constant"]
ESTIMATORS: tuple[Estimator, ...] = get_args(Estimator)


@attrs.frozen
class Settings:
    """How much to try, and how.

    Attributes:
        estimator: What tells how to move: `replay` replays what lies behind the last model calls and credits
            what lies before; `reinforce-loo` is REINFORCE with a leave-one-out baseline on the same row,
            beside looks at what lies near the best; `reinforce-plain` and `reinforce-constant` are REINFORCE
            as published, without a baseline and with a constant one. Where `None`, `replay` where anything
            can be replayed, else `reinforce-loo`.
        runs: The most runs of a graph on a row to learn from. What is replayed is no run.
        rate: Adam's, in nats a step.
        batch: How many realizations `reinforce-loo` draws a step.
        block: Rows on which it scores a realization first.
        rows: The most train rows on which realizations are compared.
        entrants: Among how many of those that were seen `reinforce-loo` chooses in the end.
        validation: The most validation rows to compare them on.
        tolerance: What is left to gain, in score, below which learning ends.
    """

    estimator: Estimator | None = None
    runs: int = 1600
    rate: float = 0.1
    batch: int = 16
    block: int = 8
    rows: int = 256
    entrants: int = 16
    validation: int = 64
    tolerance: float = 0.005
