"""REINFORCE with a leave-one-out baseline, and then a closer look at what lies around what it found.

The policy draws realizations, all of a step on one row, and learns from their scores until it is settled. Its
mode may never have been good as a whole: the best graph can lie behind graphs that are all worse than the one
in which a gradient ends. So what was good is then looked at more closely: each learnable by itself, then the
flips of the best realizations, one and two at a time. What is deployed in the end is a realization that was
scored, on the same rows as what it beat.
"""

from collections.abc import Sequence
from math import fsum

import attrs
import numpy as np

from agraph.compiler import ir
from agraph.optimizer.candidates import Candidate, candidate, deployable, drawn, flipped
from agraph.optimizer.contest import halved, promoted, ranking
from agraph.optimizer.frontier import Frontier, open_frontier
from agraph.optimizer.intervals import difference_interval
from agraph.optimizer.learner import Learner, learned, learner
from agraph.optimizer.policy import policy_of, sample
from agraph.optimizer.progress import Evidence, Learned, Log
from agraph.optimizer.scoreboard import Scoreboard, SpentError
from agraph.optimizer.settings import Settings
from agraph.optimizer.written import compared
from agraph.runtime.errors import BudgetError
from agraph.runtime.plan import Realization

LEARNING, LOOKING = 0.75, 0.9
"""Up to these shares of all runs the policy learns, and what lies near is tried; the rest is for the last
choice."""


@attrs.define(eq=False)
class Climb:
    """A climb under way.

    Attributes:
        incumbent: The best so far.
        state: The policy.
    """

    graph: ir.Graph
    board: Scoreboard
    rows: Sequence[int]
    settings: Settings
    generator: np.random.Generator
    incumbent: Realization
    state: Learner
    frontier: Frontier
    steps: int = 0

    def room(self, rows: int, share: float) -> int:
        """How many realizations may be tried in a step on so many rows, within a share of all runs."""
        spare = int(share * self.settings.runs) - self.board.runs
        return min(self.settings.batch, spare // rows - 1)

    @property
    def mode(self) -> Candidate:
        """What the policy would deploy."""
        return candidate(self.graph, self.state.policy.probabilities.tolist())

    async def draw(self) -> None:
        """Draw realizations from the policy, and learn from their scores on one row."""
        row = self.rows[self.steps % len(self.rows)]
        draws = sample(self.state.policy, self.room(1, LEARNING), self.generator)
        proposed = drawn(self.graph, self.state.policy, draws)
        realizations = [each.realization for each in proposed]
        # What no file can deploy is no candidate, and still it is not new when it is drawn again.
        known = set(self.board.known)
        await self.board.fill([self.incumbent, *realizations], [row])
        fresh = sum(each not in known for each in realizations)
        rewards = np.array([self.board.values(each, [row]) for each in realizations])
        self.state = learned(self.state, draws, rewards, fresh, self.settings.rate, "leave-one-out")
        self._add(proposed)
        self.steps += 1

    async def look(self) -> bool:
        """Try what lies near the best; whether there was anything."""
        rows = self._block()
        best_first = ranking(self.board, self.frontier.known, self.incumbent)
        count = self.room(len(rows), LOOKING)
        proposed = self.frontier.propose(count, best_first, self.state.policy, self.board, self.generator)
        if proposed:
            await self._challenge(proposed, rows)
        return bool(proposed)

    async def challenge_by_mode(self) -> None:
        """Let the policy's mode challenge the incumbent."""
        self.frontier.add(self.mode)
        await self._challenge([self.mode], self._block())

    async def settle(self) -> None:
        """Take the best of all that was seen, on ever more rows."""
        known = ranking(self.board, self.frontier.known, self.incumbent)
        entrants = [self.incumbent, *known][: self.settings.entrants]
        start = min(self.settings.block, len(self.rows))
        (winner,) = await halved(self.board, entrants, self.rows, start, 1)
        # One that lost on few rows may long be known on all of them.
        whole = [each for each in known if set(self.rows) <= set(self.board.rows(each))]
        self.incumbent = max((winner, *whole), key=lambda each: self.board.standing(each, self.rows))

    async def _challenge(self, proposed: Sequence[Candidate], shown: Sequence[int]) -> None:
        await self.board.fill([self.incumbent, *(each.realization for each in proposed)], shown)
        challengers = self._add(proposed)
        self.incumbent = await promoted(self.board, self.incumbent, challengers, shown, self.rows)
        self.steps += 1

    def _add(self, proposed: Sequence[Candidate]) -> list[Realization]:
        """Remember those that a file can deploy."""
        able = [each for each in proposed if deployable(self.graph, each)]
        for each in able:
            self.frontier.add(each)
        return [each.realization for each in able]

    def _block(self) -> list[int]:
        block = min(self.settings.block, len(self.rows))
        return [self.rows[(self.steps * block + place) % len(self.rows)] for place in range(block)]


async def climbed(
    graph: ir.Graph,
    board: Scoreboard,
    rows: Sequence[int],
    settings: Settings,
    generator: np.random.Generator,
    log: Log,
) -> Learned:
    """The best realization found, and what is known of its flips.

    Args:
        graph: With the values of the author's file.
        board: Knows the scores so far.
        rows: The rows to learn from.
        settings: How much to try.
        generator: The only source of randomness.
        log: Told of each step.
    """
    policy, seed = policy_of(graph), candidate(graph, graph.priors)
    frontier = open_frontier(graph, policy, settings.runs // (4 * settings.block), generator)
    frontier.add(seed)
    climb = Climb(graph, board, rows, settings, generator, seed.realization, learner(policy), frontier)
    stopped = None
    try:
        while not climb.state.settled and climb.room(1, LEARNING) > 1:
            await climb.draw()
            log.add(board.runs, _mean(board, climb.incumbent), climb.mode.realization)
        await climb.challenge_by_mode()
        while climb.room(settings.block, LOOKING) > 0 and await climb.look():
            log.add(board.runs, _mean(board, climb.incumbent), climb.incumbent)
        await climb.settle()
    except (BudgetError, SpentError) as error:
        # What was paid for is kept: of all that was compared with the incumbent the most promising.
        stopped = str(error) or None
        climb.incumbent = next(iter(ranking(board, frontier.known, climb.incumbent)), climb.incumbent)
    if board.runs > (log.steps[-1].runs if log.steps else 0):
        # The last choice is most of the runs where little can be tried.
        log.add(board.runs, _mean(board, climb.incumbent), climb.incumbent)
    best = frontier.known[climb.incumbent]
    better = compared(board, best.realization)
    return Learned(best, better, _evidence(graph, board, best), (), stopped)


def _evidence(graph: ir.Graph, board: Scoreboard, best: Candidate) -> dict[int, Evidence]:
    """What is known of the flips of the best from rows that both were scored on."""
    found: dict[int, Evidence] = {}
    for parameter in policy_of(graph).learnable.nonzero()[0].tolist():
        flip = flipped(graph, best, (parameter,)).realization
        differences = board.differences(best.realization, flip).tolist()
        if flip != best.realization and len(differences) > 1:
            low, high = difference_interval(differences)
            found[parameter] = fsum(differences) / len(differences), low, high
    return found


def _mean(board: Scoreboard, realization: Realization) -> float:
    return board.standing(realization, board.rows(realization))[0]
