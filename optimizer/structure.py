"""The search for edges, gates and choices as one move among others."""

from collections.abc import Sequence

import attrs
import numpy as np

from agraph.optimizer.manuscript import Manuscript
from agraph.optimizer.moves import Kind, Turn
from agraph.optimizer.search import Report, Settings, search
from agraph.optimizer.version import Version, other_version, score_all


@attrs.define(eq=False)
class StructureSearch:
    """A search that begins anew with each turn, at the values that the last one left.

    Attributes:
        manuscript: The file.
        train: The indices of examples to learn from.
        validation: Those that decide between the few best.
        settings: How much to try; the allowance of a turn takes the place of its realizations.
        generator: The source of randomness.
        report: Told of each step.
    """

    manuscript: Manuscript
    train: Sequence[int]
    validation: Sequence[int]
    settings: Settings
    generator: np.random.Generator
    report: Report | None = None
    kind: Kind = attrs.field(default="edges", init=False)
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
        result = await search(
            version.graph, version.evaluator.scores, self.train, self.validation,
            attrs.evolve(self.settings, realizations=allowance), self.generator, self.report,
        )  # fmt: skip
        same = result.incumbent == result.seed
        # A search that goes on to its end leaves out two at most.
        self._done = same or result.realizations < allowance - 2
        values = attrs.evolve(version.values, probabilities=result.probabilities)
        if values == version.values:
            return Turn(version, result.realizations, stopped=result.stopped)
        better = other_version(version, values, self.manuscript)
        assert isinstance(better, Version), better
        if same or result.stopped is not None:
            return Turn(better, result.realizations, stopped=result.stopped)
        await score_all([version, better], self.validation)
        gain = better.mean(self.validation) - version.mean(self.validation)
        return Turn(better, result.realizations, round(gain, 9))
