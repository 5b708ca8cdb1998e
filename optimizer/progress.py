"""Where a search stands, step by step, and what it found."""

from collections.abc import Callable, Mapping

import attrs

from agraph.optimizer.candidates import Candidate
from agraph.optimizer.written import Better
from agraph.runtime.plan import Realization


@attrs.frozen
class Step:
    """Where the search stood after a step.

    Attributes:
        number: Of the step, from 1.
        runs: How many runs were made so far.
        score: The mean worth of the best so far, as far as it is known.
        mode: What would be deployed if learning ended here.
    """

    number: int
    runs: int
    score: float
    mode: Realization


Report = Callable[[Step], None]
"""Told after each step."""


@attrs.define(eq=False)
class Log:
    """The steps so far.

    Attributes:
        report: Told of each.
    """

    report: Report | None
    steps: list[Step] = attrs.field(factory=list)

    def add(self, runs: int, score: float, mode: Realization) -> None:
        """A step was made."""
        self.steps.append(Step(len(self.steps) + 1, runs, score, mode))
        if self.report is not None:
            self.report(self.steps[-1])


@attrs.frozen
class Tried:
    """A realization that was scored.

    Attributes:
        realization: What lives of it.
        score: The metric's mean, without any price.
        cost: Mean cost of a run, as `cost.py` counts it; infinite where one gave no answer.
        rows: How many rows both are the means of.
        usd: Mean cost of a run in US dollars, or `None` where that is unknown.
    """

    realization: Realization
    score: float
    cost: float
    rows: int
    usd: float | None = None


Evidence = tuple[float, float, float]
"""What a learnable as it stands gains against its flip: the mean, and the ends of its 95% interval."""


@attrs.frozen
class Learned:
    """What learning gave.

    Attributes:
        best: What it would deploy.
        better: How sure it is of each learnable of that.
        evidence: By parameter what each of these gains, where something is known of it. For an option that is
            not taken, what is gained by not taking it.
        tried: What was scored on the way, for nothing or for runs.
        stopped: Why it ended before it was done, or `None`.
    """

    best: Candidate
    better: Better
    evidence: Mapping[int, Evidence]
    tried: tuple[Tried, ...]
    stopped: str | None
