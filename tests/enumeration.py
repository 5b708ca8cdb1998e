"""Every way in which a small policy can be drawn, with its exact probability."""

import itertools
import math
from collections.abc import Iterator

import attrs
import numpy as np

from agraph.optimizer.policy import Draws, Policy


@attrs.frozen(eq=False)
class Outcome:
    """One way the coins fall.

    Attributes:
        chance: Its probability.
        draws: The one draw.
    """

    chance: float
    draws: Draws


def outcomes(policy: Policy) -> Iterator[Outcome]:
    """Every option, gate, order of the candidate edges, and coin: written for plainness, not for speed."""
    chances = policy.probabilities
    rows = [[weight for weight in row if weight >= 0] for row in policy.options.tolist()]
    for options in itertools.product(*(range(len(row)) for row in rows)):
        taken = math.prod(chances[row[option]] for row, option in zip(rows, options, strict=True))
        if taken:
            for each in _graphs(policy, chances):
                numbers = np.array([options], np.intp).reshape(1, -1)
                yield Outcome(taken * each.chance, attrs.evolve(each.draws, options=numbers))


def _graphs(policy: Policy, chances: np.ndarray) -> Iterator[Outcome]:
    """What there is once the options are taken."""
    gated = [node for node, gate in enumerate(policy.gates) if gate >= 0 and policy.on[node]]
    candidates = [edge for edge, parameter in enumerate(policy.parameters) if parameter >= 0]
    orders = list(itertools.permutations(candidates))
    for fallen in itertools.product([False, True], repeat=len(gated)):
        nodes = policy.on.copy()
        chance = 1.0
        for node, there in zip(gated, fallen, strict=True):
            nodes[node] = there
            chance *= chances[policy.gates[node]] if there else 1 - chances[policy.gates[node]]
        for node, around in enumerate(policy.instances):
            nodes[node] &= around < 0 or nodes[around]
        for order in orders:
            for edges, coins in _visits(policy, nodes, order, chances):
                yield Outcome(chance * coins / len(orders), _draw(policy, nodes, edges, order))


def _visits(
    policy: Policy, nodes: np.ndarray, order: tuple[int, ...], chances: np.ndarray
) -> Iterator[tuple[frozenset[int], float]]:
    present = {
        edge
        for edge, parameter in enumerate(policy.parameters)
        if parameter < 0 and nodes[policy.senders[edge]] and nodes[policy.receivers[edge]]
    }
    branches = [(frozenset(present), 1.0)]
    for edge in order:
        grown = []
        for kept, chance in branches:
            sender, receiver = policy.senders[edge], policy.receivers[edge]
            if not nodes[sender] or not nodes[receiver] or _leads(policy, kept, receiver, sender):
                grown.append((kept, chance))
                continue
            heads = chances[policy.parameters[edge]]
            grown += [(kept | {edge}, chance * heads), (kept, chance * (1 - heads))]
        branches = [(kept, chance) for kept, chance in grown if chance > 0]
    yield from branches


def _leads(policy: Policy, edges: frozenset[int], start: int, end: int) -> bool:
    if start == end:
        return True
    rest = {edge for edge in edges if policy.senders[edge] != start}
    return any(
        _leads(policy, frozenset(rest), policy.receivers[edge], end)
        for edge in edges
        if policy.senders[edge] == start
    )


def _draw(policy: Policy, nodes: np.ndarray, edges: frozenset[int], order: tuple[int, ...]) -> Draws:
    there = np.array([[edge in edges for edge in range(len(policy.parameters))]], np.bool_)
    orders = tuple(
        np.array(
            [
                [edge for edge in component if policy.parameters[edge] < 0]
                + [edge for edge in order if edge in component]
            ]
        )
        for component in policy.components
    )
    return Draws(nodes[None, :], there.reshape(1, -1), orders, np.zeros((1, 0), np.intp))
