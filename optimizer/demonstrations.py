"""Demonstration search: rows that the whole graph got right are shown to a node, where that helps on others.

What is shown are copies of training rows: they then stand in the author's file, and in every request.
"""

from collections.abc import Sequence

import attrs
import numpy as np

from agraph.compiler.ir import Constant, Example, FieldOf, Inbox, Json, ModelCall, NodeIndex, Slot
from agraph.optimizer.manuscript import Manuscript
from agraph.optimizer.moves import TEXT_RUNS, Kind, Turn
from agraph.optimizer.race import LAPS, race, winner
from agraph.optimizer.version import Version, other_version
from agraph.runtime.beside import seen
from agraph.runtime.models.simulated import is_right

MOST = 4
"""How many demonstrations a node may have."""

FRUITLESS_ROUNDS = 3
"""The search ends after as many rounds without better demonstrations."""

_SIZES = (1, 2, MOST)


@attrs.define(eq=False)
class DemonstrationSearch:
    """A demonstration search, to be advanced round by round.

    Attributes:
        manuscript: The file.
        train: The indices of examples that may be shown.
        validation: Those that tell what helps.
        generator: The source of randomness.
        proposed: How many lists of demonstrations were tried.
        adopted: How many took the place of a list.
    """

    manuscript: Manuscript
    train: Sequence[int]
    validation: Sequence[int]
    generator: np.random.Generator
    kind: Kind = attrs.field(default="examples", init=False)
    runs_each: int = attrs.field(default=TEXT_RUNS, init=False)
    proposed: int = attrs.field(default=0, init=False)
    adopted: int = attrs.field(default=0, init=False)
    _fruitless: dict[int, int] = attrs.field(factory=dict, init=False)
    _rounds: int = attrs.field(default=0, init=False)
    _at: int = attrs.field(default=0, init=False)

    @property
    def done(self) -> bool:
        """Whether rounds bring nothing any more."""
        lists = range(len(self.manuscript.graph.demonstrations))
        return all(self._fruitless.get(each, 0) >= FRUITLESS_ROUNDS for each in lists)

    def reopen(self) -> None:
        """Allow as many rounds again: the graph now makes other answers."""
        self._fruitless.clear()

    async def advance(self, version: Version, allowance: int) -> Turn:
        """One round for one list; see `Move`."""
        lists = range(len(version.graph.demonstrations))
        number = min(lists, key=lambda each: (self._fruitless.get(each, 0), each))
        await version.score(self.train[: LAPS[-1]])
        _, right = version.sorted_out(self.train)
        nodes = _living(version, number)
        shown = [demonstration(version, _speaker(version, nodes, row), row) for row in right] if nodes else []
        # Equal rows would be shown twice.
        usable = [each for place, each in enumerate(shown) if each and each not in shown[:place]]
        entrants = self._entrants(version, number, [each for each in usable if each])[:allowance]
        if not entrants:
            self._fruitless[number] = FRUITLESS_ROUNDS
            return Turn(version, 0)
        self.proposed += len(entrants)
        best = winner(await race(version, entrants, self._window()))
        if best is None:
            self._fruitless[number] = self._fruitless.get(number, 0) + 1
            return Turn(version, len(entrants))
        self._fruitless[number] = 0
        self.adopted += 1
        return Turn(best.version, len(entrants), best.gain)

    def _entrants(self, version: Version, number: int, usable: Sequence[Example]) -> list[Version]:
        """Versions with other lists: new ones, and the present one with one more, one less, one other."""
        current = version.values.demonstrations[number]
        fresh = [each for each in usable if each not in current]
        drawn = [fresh[place] for place in self.generator.permutation(len(fresh))]
        lists = [tuple(drawn[:size]) for size in _SIZES]
        if len(drawn) > MOST:
            lists.append(tuple(drawn[-MOST:]))
        if current:
            gone = int(self.generator.integers(len(current)))
            rest = (*current[:gone], *current[gone + 1 :])
            lists = [(*current, *drawn[:1])[:MOST], (*rest, *drawn[:1]), rest, lists[-1]]
        different = [
            each for place, each in enumerate(lists) if each != current and each not in lists[:place]
        ]
        return [other for each in different if (other := self._with(version, number, each)) is not None]

    def _with(self, version: Version, number: int, examples: tuple[Example, ...]) -> Version | None:
        """The version with another list, or `None` where the file cannot say it."""
        lists = list(version.values.demonstrations)
        lists[number] = examples
        values = attrs.evolve(version.values, demonstrations=tuple(lists))
        other = other_version(version, values, self.manuscript)
        return None if isinstance(other, str) else other

    def _window(self) -> list[int]:
        """The rows of the next race: those that follow the last one's."""
        count = min(LAPS[-1], len(self.validation))
        start, self._at = self._at, (self._at + count) % len(self.validation)
        return [self.validation[(start + place) % len(self.validation)] for place in range(count)]


def _living(version: Version, number: int) -> list[NodeIndex]:
    """The nodes that live and show a list."""
    live = version.plan.live
    return [node for node in version.graph.demonstrations[number].nodes if live[node]]


def _speaker(version: Version, nodes: Sequence[NodeIndex], row: int) -> NodeIndex:
    """Of the members of a family the first that said the expected answer: not all need be right."""
    truth, values = version.evaluator.examples[row].row.truth, version.scored[row].values
    right = (node for node in nodes if truth is not None and is_right(values[node], truth.target))
    return next(right, nodes[0])


def demonstration(version: Version, node: NodeIndex, row: int) -> Example | None:
    """What a node read and answered on a row, or `None` where it cannot be shown.

    A prompt that names members of families is not shown: an example has no such names.

    Args:
        version: It was scored on the row, and gave an answer.
        node: It lives in the version.
        row: The index of the example.
    """
    scored, work = version.scored[row], version.graph.nodes[node].work
    output = scored.values[node]
    if output is None or not isinstance(work, ModelCall):
        return None
    slots = [part for part in work.prompt if isinstance(part, Slot) and not isinstance(part.value, Constant)]
    roots = [_root(slot) for slot in slots]
    if any("[" in root.path for root in roots):
        return None
    example = version.evaluator.examples[row]
    values = seen(
        version.evaluator.session,
        node,
        [root.value for root in roots],
        version.realization,
        example.row,
        scored.values,
    )
    known: dict[str, Json] = {}
    for root, value in zip(roots, values, strict=True):
        # The named inbox is written as the model saw it; it then stands for the plain one, too.
        if value not in (None, [], "") and (
            root.path not in known or (isinstance(root.value, Inbox) and root.value.named)
        ):
            known[root.path] = value
    return Example(tuple(known.items()), output)


def _root(slot: Slot) -> Slot:
    """The placeholder without its fields: what an example gives is the whole of a name."""
    path, value = slot.path, slot.value
    if isinstance(value, Inbox):
        return Slot("inbox", value)
    while "." in path and isinstance(value, FieldOf):
        path, value = path.rpartition(".")[0].rstrip(), value.value
    return Slot(path, value)
