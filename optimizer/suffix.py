"""The learnables behind the last model calls: settings of them, and what each would have given on a draw."""

import asyncio
import math
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any, TypeVar

import attrs
import numpy as np
import numpy.typing as npt

from agraph.compiler import ir
from agraph.compiler.deployment import without_cycles
from agraph.optimizer.candidates import Candidate
from agraph.optimizer.policy import Policy
from agraph.optimizer.scoreboard import Replay, Score
from agraph.runtime.cut import Cut
from agraph.runtime.plan import Realization

T = TypeVar("T")
Booleans = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]


SILENCE = 0.02
"""What no answer is worth less than a wrong one: more than the price of a switch."""


@attrs.frozen(eq=False)
class Draw:
    """One run of what lies before the cut.

    Attributes:
        candidate: The choices that were drawn.
        row: What it ran on.
        scores: By setting what the whole graph would have scored.
    """

    candidate: Candidate
    row: int
    scores: dict[bytes, Score] = attrs.field(factory=dict)


@attrs.frozen(eq=False)
class Suffix:
    """What can be replayed of a graph.

    Attributes:
        parameters: Those that can be set freely behind the cut, in order.
        voices: The nodes before the cut that a node behind it may hear.
        replay: Scores settings of a draw. A setting says of each parameter whether it is on, and then of each
            voice whether it is heard at all.
    """

    graph: ir.Graph
    parameters: tuple[int, ...]
    voices: tuple[int, ...]
    replay: Replay
    _edges: tuple[tuple[int, int, int], ...]
    _governed: tuple[tuple[int, ...], ...]
    _cyclic: bool

    @property
    def behind(self) -> frozenset[int]:
        """The nodes behind the cut that may hear one thing or another."""
        receivers = self.graph.edges.receivers
        return frozenset(receivers[edge] for edge, *_ in self._edges)

    async def scores(self, draw: Draw, settings: Booleans) -> list[Score]:
        """What the draw would have scored in each of (settings, size) settings."""
        keys = [each.tobytes() for each in settings]
        missing = {key: each for key, each in zip(keys, settings, strict=True) if key not in draw.scores}
        if missing:
            drawn = draw.candidate.realization
            asked = [self.realization(drawn, each) for each in missing.values()]
            scores = await self.replay(drawn, draw.row, asked)
            draw.scores.update(zip(missing, scores, strict=True))
        return [draw.scores[key] for key in keys]

    async def worths(self, draw: Draw, settings: Booleans) -> Floats:
        """(settings,) what it would have been worth, less a little where there would have been no answer."""
        return np.array([_worth(each) for each in await self.scores(draw, settings)])

    async def table(self, draws: Sequence[Draw], switches: Booleans) -> Floats:
        """(draws, settings) the same for several draws, with every voice free to speak."""
        speaking = np.ones((len(switches), len(self.voices)), np.bool_)
        settings = np.concatenate([np.asarray(switches, np.bool_), speaking], axis=1)
        keys = [each.tobytes() for each in settings]
        # Most is known of most draws: that is looked up for all of them at every step.
        missing = [each for each in draws if any(key not in each.scores for key in keys)]
        await together([self.scores(each, settings) for each in missing])
        return np.array([[_worth(each.scores[key]) for key in keys] for each in draws])

    def realization(self, drawn: Realization, setting: Booleans) -> Realization:
        """The realization that was drawn, in another setting behind the cut."""
        count = len(self.parameters)
        on = setting.tolist()
        edges = list(drawn.edges)
        speaks = dict(zip(self.voices, on[count:], strict=True))
        for edge, switch, sender in self._edges:
            edges[edge] = (switch < 0 or on[switch]) and speaks.get(sender, True)
        nodes = list(drawn.nodes)
        for switch, governed in enumerate(self._governed):
            if governed and not on[switch]:
                for node in governed:
                    nodes[node] = False
        if self._cyclic:
            self._leave_out_cycles(edges)
        return Realization(tuple(nodes), tuple(edges), drawn.options)

    def _leave_out_cycles(self, edges: list[bool]) -> None:
        fixed = [edge for edge, there in enumerate(edges) if there]
        open_ = {edge for edge, switch, _ in self._edges if switch >= 0}
        ends = list(zip(self.graph.edges.senders, self.graph.edges.receivers, strict=True))
        wanted = [edge for edge in fixed if edge in open_]
        settled = [edge for edge in fixed if edge not in open_]
        kept = set(without_cycles(len(self.graph.nodes), ends, settled, wanted))
        for edge in wanted:
            edges[edge] = edge in kept


def _worth(score: Score) -> float:
    return score.worth - (SILENCE if math.isinf(score.cost) else 0.0)


async def together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """What several computations give, all of which come to their end before the first failure is raised."""
    ended = await asyncio.gather(*work, return_exceptions=True)
    found: list[T] = []
    for each in ended:
        if isinstance(each, BaseException):
            raise each
        found.append(each)
    return found


def suffix_of(graph: ir.Graph, policy: Policy, parts: Cut, replay: Replay) -> Suffix:
    """The suffix of a graph that is cut in two parts."""
    learnable = policy.learnable
    parameters = tuple(sorted(parameter for parameter in parts.free if learnable[parameter]))
    place = {parameter: switch for switch, parameter in enumerate(parameters)}
    edges = []
    arrays = graph.edges
    voices: set[int] = set()
    for edge, (sender, receiver, parameter) in enumerate(
        zip(arrays.senders, arrays.receivers, arrays.parameters, strict=True)
    ):
        if not parts.behind[receiver] or (parameter != ir.FIXED and graph.priors[parameter] == 0):
            continue
        edges.append((edge, place.get(parameter, -1), int(sender)))
        if not parts.behind[sender] and graph.nodes[sender].on:
            voices.add(sender)
    inner = any(set(cyclic.tolist()) & {edge for edge, *_ in edges} for cyclic in policy.components)
    governed = tuple(tuple(_governed(graph, parameter)) for parameter in parameters)
    return Suffix(graph, parameters, tuple(sorted(voices)), replay, tuple(edges), governed, inner)


def _governed(graph: ir.Graph, gate: int) -> Iterable[int]:
    inside: list[bool] = []
    for index, node in enumerate(graph.nodes):
        inside.append(node.gate == gate or (node.instance is not None and inside[node.instance]))
        if inside[-1]:
            yield index
