"""Panels of voters with known answers: a graph, and what each realization of it scores on each row."""

from collections.abc import Sequence

import attrs
import numpy as np
import numpy.typing as npt

from agraph.compiler import ir
from agraph.optimizer.scoreboard import Score
from agraph.runtime.plan import Realization
from tests.graphs import graph, node

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@attrs.frozen(eq=False)
class Panel:
    """Voters whose answers are known.

    Attributes:
        right: (subsets, rows) whether the vote of each subset of the members is right; bit k of a subset's
            number stands for member k.
        members: How many there are.
    """

    right: npt.NDArray[np.bool_]
    members: int

    @property
    def graph(self) -> ir.Graph:
        """The members and a vote, every edge a candidate at 0.5."""
        members = [node(f"member_{index}") for index in range(self.members)]
        candidates = {(index, self.members): 0.5 for index in range(self.members)}
        return graph([*members, node("vote")], candidates=candidates)

    async def evaluate(self, pairs: Sequence[tuple[Realization, int]]) -> list[Score]:
        """What the vote of a realization scores; the members that are heard are what it costs."""
        return [Score(float(self.right[subset(each), row]), float(sum(each.edges))) for each, row in pairs]


def subset(realization: Realization) -> int:
    """The number of the subset of the members that a panel's realization hears."""
    return sum(1 << index for index, heard in enumerate(realization.edges) if heard)


def panel(answers: Integers, truth: Integers) -> Panel:
    """The panel of (members, rows) answers, negative where there is none, to rows of known truth."""
    members, rows = answers.shape
    right = np.zeros((1 << members, rows), np.bool_)
    for number in range(1, 1 << members):
        heard = answers[[index for index in range(members) if number >> index & 1]]
        given = heard >= 0
        votes = ((heard[:, None] == heard[None, :]) & given).sum(axis=1) * given
        # The first of the greatest: ties go to the earliest sender.
        leader = votes.argmax(axis=0)
        elected = heard[leader, np.arange(rows)]
        right[number] = (elected == truth) & (elected >= 0)
    return Panel(right, members)


def random_panel(generator: np.random.Generator, rows: int) -> Panel:
    """Four to eight voters: one or two are strong, the weak ones err together."""
    return panel(drawn_answers(generator, int(generator.integers(4, 9)), rows), np.zeros(rows, np.int64))


def drawn_answers(generator: np.random.Generator, members: int, rows: int) -> Integers:
    """(members, rows) answers, 0 where they are right: one or two are strong, the weak ones err together."""
    skill = generator.uniform(0.2, 0.45, members)
    strong = int(generator.integers(1, 3))
    skill[generator.permutation(members)[:strong]] = generator.uniform(0.5, 0.65, strong)
    alike, common_error = generator.uniform(0.2, 0.7), generator.uniform(0.3, 0.9)
    difficulty, temptation = generator.random(rows), generator.integers(1, 4, rows)
    luck = np.where(generator.random((members, rows)) < alike, difficulty, generator.random((members, rows)))
    error = np.where(
        generator.random((members, rows)) < common_error,
        temptation,
        generator.integers(1, 12, (members, rows)),
    )
    return np.where(luck < skill[:, None], 0, error)


def is_trap(of: Panel) -> bool:
    """Whether neither climbing by single flips from all members, nor the gradient, nor both find the best."""
    means = of.right.mean(axis=1)
    return all(means[end] < means.max() for end in climbs_end(means))


def climbs_end(scores: Floats) -> set[int]:
    """The subsets in which climbing by single flips ends, from all members and from where the gradient ends.

    Args:
        scores: (subsets,) of each subset; bit k of its number stands for member k.
    """
    members = len(scores).bit_length() - 1
    return {
        _climbed(scores, len(scores) - 1, members),
        _climbed(scores, _gradient_end(scores, members), members),
    }


def _gradient_end(scores: Floats, members: int) -> int:
    """The mode of the policy at the end of exact gradient ascent from 0.5 everywhere."""
    bits = np.arange(len(scores))[:, None] >> np.arange(members) & 1
    log_odds = np.zeros(members)
    for _ in range(300):
        chances = 1 / (1 + np.exp(-log_odds))
        weights = np.prod(np.where(bits == 1, chances, 1 - chances), axis=1)
        gradient = (weights * scores) @ (bits - chances)
        log_odds = np.clip(log_odds + 0.2 * gradient / (np.abs(gradient).max() + 1e-12), -4, 4)
    return sum(1 << index for index, each in enumerate(log_odds.tolist()) if each >= 0)


def _climbed(scores: Floats, start: int, members: int) -> int:
    here = start
    while True:
        best = max(
            (here ^ (1 << index) for index in range(members)), key=lambda number: float(scores[number])
        )
        if scores[best] <= scores[here]:
            return here
        here = best
