"""The search for edges, gates and choices as one move among others."""

from collections.abc import Sequence

import attrs
import numpy as np

from agraph.optimizer.manuscript import Manuscript
from agraph.optimizer.moves import Kind, Turn
from agraph.optimizer.progress import Report
from agraph.optimizer.replays import Replays
from agraph.optimizer.search import Result, search
from agraph.optimizer.settings import Settings
from agraph.optimizer.version import Version, other_version, score_all


@attrs.define(eq=False)
class StructureSearch:
    """A search that begins anew with each turn, at the values that the last one left.

    Each turn draws the same random numbers, and so begins with the same rows in the same order and, where
    the values are the same, with the same draws. What other prompts leave as it was comes from the calls of
    earlier turns, and costs nothing.

    Attributes:
        manuscript: The file.
        train: The indices of examples to learn from.
        validation: Those that decide between the few best.
        settings: How much to try; the allowance of a turn takes the place of its runs.
        seed: Of all randomness.
        report: Told of each step.
        alone: Whether there is no other move, so that nobody asks what a turn gained.
        result: Of the last turn that ran, or `None`.
        told: Of the last turn that found something, or else of the first; `None` before it.
    """

    manuscript: Manuscript
    train: Sequence[int]
    validation: Sequence[int]
    settings: Settings
    seed: int
    report: Report | None = None
    alone: bool = False
    result: Result | None = attrs.field(default=None, init=False)
    told: Result | None = attrs.field(default=None, init=False)
    kind: Kind = attrs.field(default="edges", init=False)
    runs_each: int = attrs.field(default=1, init=False)
    _done: bool = attrs.field(default=False, init=False)

    @property
    def done(self) -> bool:
        """Whether the last turn found nothing, or ended of itself."""
        return self._done

    def reopen(self) -> None:
        """Search again: other prompts make other nodes worth hearing."""
        self._done = False

    async def advance(self, version: Version, allowance: int) -> Turn:
        """A search from the version's values; see `Move`."""
        evaluator = version.evaluator
        result = self.result = await search(
            version.graph, evaluator.scores, Replays(evaluator).scores, self.train, self.validation,
            attrs.evolve(self.settings, runs=allowance), np.random.default_rng(self.seed),
            self.report,
        )  # fmt: skip
        same = result.incumbent == result.seed
        if self.told is None or not same:
            self.told = result
        # A search that goes on to its end leaves a step's runs at most.
        self._done = same or self.alone or result.runs < allowance - self.settings.batch
        values = attrs.evolve(version.values, probabilities=result.probabilities)
        if values == version.values:
            return Turn(version, result.runs, stopped=result.stopped)
        better = other_version(version, values, self.manuscript)
        assert isinstance(better, Version), better
        if same or self.alone or result.stopped is not None:
            return Turn(better, result.runs, stopped=result.stopped)
        await score_all([version, better], self.validation)
        gain = better.mean(self.validation) - version.mean(self.validation)
        return Turn(better, result.runs, round(gain, 9))
