"""All versions with other prompts that were tried, run on a few rows each, and what is believed of them."""

from collections.abc import Sequence

import attrs

from agraph.optimizer.belief import Belief, Seen, belief
from agraph.optimizer.phrase_merges import movable
from agraph.optimizer.rewrite import Values
from agraph.optimizer.version import Version, score_all
from agraph.runtime.errors import BudgetError
from agraph.runtime.plan import Realization


@attrs.frozen(eq=False)
class Standings:
    """What is believed of versions that were run.

    Attributes:
        belief: Of the versions, in their order.
    """

    versions: tuple[Version, ...]
    belief: Belief

    def score(self, version: Version) -> float:
        """What a version is believed to score."""
        # Sums of equal scores in another order may differ in their last bits; that is no difference.
        return round(float(self.belief.mean[self.versions.index(version)]), 9)

    def chance(self, one: Version, other: Version) -> float:
        """The chance that a version is better than another."""
        return self.belief.chance(self.versions.index(one), self.versions.index(other))

    def best(self, current: Version) -> Version:
        """The one that is believed to score the most of those that differ from one in their prompts only."""
        comparable = [each for each in self.versions if rest(each) == rest(current)]
        return max(comparable, key=lambda each: (self.score(each), each is current))


def standings(versions: Sequence[Version]) -> Standings:
    """What is believed of versions that were run."""
    seen = [
        Seen(
            frozenset(
                (prompt, sentence)
                for prompt, text in enumerate(each.values.prompts)
                for sentence in movable(text)
            ),
            rest(each),
            {row: each.worth(row) for row in each.scored},
        )
        for each in versions
    ]
    return Standings(tuple(versions), belief(seen))


def rest(version: Version) -> tuple[Values, Realization]:
    """All that a version consists of but its prompts."""
    return attrs.evolve(version.values, prompts=()), version.realization


async def heat(
    current: Version, entrants: Sequence[Version], rows: Sequence[int]
) -> tuple[list[Version], str | None]:
    """Run entrants on rows on which the current version is run, too, as many as the budget allows.

    Who is run does not depend on which call comes back first: those that will fit by what runs used so far go
    before the others.

    Returns:
        The entrants that were run on all rows, and why there are not more of them, or `None`.

    Raises:
        BudgetError: It does not even suffice for those that would fit.
    """
    left = current.evaluator.fitting - sum(row not in current.scored for row in rows)
    count = int(min(len(entrants), max(0.0, left / len(rows))))
    await score_all([current, *entrants[:count]], rows)
    try:
        await score_all(entrants[count:], rows)
    except BudgetError as error:
        return list(entrants[:count]), str(error)
    return list(entrants), None
