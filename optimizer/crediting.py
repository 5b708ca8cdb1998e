"""What each node before the cut is credited with on a draw: what it adds to panels of those that are heard.

A panel is replayed with a voice and without it, and that costs no call. A node is credited with its own voice
and a tenth of that of all that it reaches.
"""

from collections.abc import Sequence
from functools import cached_property

import attrs
import numpy as np

from agraph.compiler import ir
from agraph.optimizer.effects import Booleans, Floats, contributions, tries
from agraph.optimizer.suffix import Draw, Integers, Suffix, together

DOWNSTREAM = 0.1
"""Which share of a node's credit goes to what enters the nodes before it."""

DAMPING = 0.05
"""How far the chance of a voice to belong to a panel moves with each draw."""

ALONE = 0.5
"""Which share of a voice's credit is what it adds where no other is heard; the rest is what it adds to
panels."""

WHOLE = -1
"""In place of a node: what is credited with the worth of the whole graph."""


@attrs.frozen(eq=False)
class Credit:
    """What was learned of the nodes from one draw.

    Attributes:
        credited: (nodes + 1,) what each is credited with, and last what the whole is worth.
        contributed: (voices,) what each adds to panels of the others.
        standings: (nodes,) what the answer is worth where each alone is heard, 0 for those that never are; of
            one that several voices bring, the mean over these.
    """

    credited: Floats
    contributed: Floats
    standings: Floats


@attrs.define(eq=False)
class Crediting:
    """Gives credit, and draws the panels for it."""

    graph: ir.Graph
    suffix: Suffix
    generator: np.random.Generator
    _belonging: Floats = attrs.field(init=False)

    @_belonging.default
    def _evenly(self) -> Floats:
        return np.full(len(self.suffix.voices), 0.5)

    @cached_property
    def speakers(self) -> list[int]:
        """(voices,) the node whose message each voice brings."""
        return [_speaker(self.graph, voice) for voice in self.suffix.voices]

    @cached_property
    def _brought(self) -> Integers:
        """(voices,) how many voices bring the message of the speaker of each."""
        return np.bincount(self.speakers, minlength=len(self.graph.nodes))[self.speakers]

    @property
    def panelled(self) -> bool:
        """Whether voices can be told apart."""
        return len(self.suffix.voices) > 1

    async def credits(self, draws: Sequence[Draw], mode: Booleans) -> list[Credit]:
        """What the nodes are credited with on each draw.

        Args:
            draws: Of what lies before the cut.
            mode: (switches,) what would be deployed behind it.
        """
        panels = [self._panels() for _ in draws]
        return await together(
            [self._credit(each, mode, heard) for each, heard in zip(draws, panels, strict=True)]
        )

    def prefer(self, helpful: Floats, draws: int) -> None:
        """Draw voices more often the surer it is, (voices,), that they add anything, after so many draws."""
        for _ in range(draws):
            self._belonging = self._belonging + DAMPING * (helpful - self._belonging)

    def _panels(self) -> Booleans:
        """(panels, voices) who belongs to each panel: fewer or more of those that add to others."""
        voices = len(self._belonging)
        count = tries(voices)
        share = self._belonging * self.generator.random((count, 1))
        panels: Booleans = self.generator.random((count, voices)) < share
        return panels

    async def _credit(self, draw: Draw, mode: Booleans, panels: Booleans) -> Credit:
        nodes, voices = len(self.graph.nodes), len(self.suffix.voices)
        credited, standings, contributed = np.zeros(nodes + 1), np.zeros(nodes), np.zeros(voices)
        speaking = np.concatenate([mode, np.ones(voices, np.bool_)])
        credited[WHOLE] = (await self.suffix.worths(draw, speaking[None, :]))[0]
        if self.panelled:
            contributed = await contributions(self.suffix, draw, panels)
            alone = await contributions(self.suffix, draw, np.zeros((1, voices), np.bool_))
            own = np.zeros(nodes)
            np.add.at(standings, self.speakers, alone / self._brought)
            np.add.at(own, self.speakers, ALONE * alone + (1 - ALONE) * contributed)
            credited[:WHOLE] = own + DOWNSTREAM * (
                reached(self.graph, draw.candidate.realization.edges) @ own
            )
        return Credit(credited, contributed, standings)


def _speaker(graph: ir.Graph, voice: int) -> int:
    """Whose message a voice brings: that of the one node that a function hears, and so on, else its own."""
    while not isinstance(graph.nodes[voice].work, ir.ModelCall):
        heard = [a for a, b in zip(graph.edges.senders, graph.edges.receivers, strict=True) if b == voice]
        if len(heard) != 1:
            break
        voice = heard[0]
    return voice


def reached(graph: ir.Graph, there: Sequence[bool]) -> Floats:
    """(nodes, nodes) 1 where a path of these edges leads from the first to the second."""
    count = len(graph.nodes)
    reach = np.zeros((count, count))
    for sender, receiver, drawn in zip(graph.edges.senders, graph.edges.receivers, there, strict=True):
        if drawn:
            reach[sender, receiver] = 1
    while True:
        grown = np.minimum(reach + reach @ reach, 1)
        if np.array_equal(grown, reach):
            return reach
        reach = grown
