"""Truthful and lying agents: whom should the vote hear, and who should hear whom?"""

from collections.abc import Iterable, Sequence

import numpy as np

from benchmarks.worlds.society import VOTE, Edge, Voice, society
from benchmarks.worlds.world import World


def adversaries(
    name: str, size: int, seed: int, *, shuffled: bool = False, prior: float = 0.5, colluding: bool = False
) -> World:
    """As many liars as truthful agents; nobody is moved by what it hears.

    Args:
        name: Of the world.
        size: How many there are of each.
        seed: Of everything that is drawn.
        shuffled: Whether they are declared in a random order, else the truthful come first.
        prior: Of each candidate edge.
        colluding: Whether all liars tell the same lie.

    Source:
        GPTSwarm (arXiv 2402.16823), section 5.2: adversarial agents on four-choice questions.
    """
    voices = [Voice(f"honest_{number}", 0.65) for number in range(size)]
    voices += [Voice(f"liar_{number}", 0.0, colluding=colluding) for number in range(size)]
    # Who hears whom changes nothing, so that only the number of honest voters counts.
    best = [
        frozenset((f"honest_{number}", VOTE) for number in range(voters)) for voters in range(1, size + 1)
    ]
    return society(name, _ordered(voices, seed, shuffled), seed, best, prior=prior)


def helpers(name: str, size: int, seed: int) -> World:
    """To hear a truthful agent helps, to hear a liar harms; senders in a random order."""
    honest = [Voice(f"honest_{number}", 0.5, 0.3, -0.1) for number in range(size)]
    voices = _ordered([*honest, *(Voice(f"liar_{number}", 0.0) for number in range(size))], seed, True)
    names = [voice.name for voice in voices if voice.right]
    return society(name, voices, seed, [*_relays(names), *_relays(names[::-1])])


def relay(name: str, seed: int) -> World:
    """A scout that helps two helpers that help a solver, and liars at each station."""
    helping, liars = ["helper_0", "helper_1"], ["liar_0", "liar_1", "liar_2"]
    voices = [
        Voice("scout", 0.4),
        *(Voice(helper, 0.3, 0.7, -0.2) for helper in helping),
        Voice("solver", 0.4, 0.4, -0.1),
        *(Voice(liar, 0.0) for liar in liars),
    ]
    lines = (
        (["scout", *liars], helping),
        ([*helping, *liars], ["solver"]),
        ([v.name for v in voices], [VOTE]),
    )
    best = {*(("scout", helper) for helper in helping), *((helper, "solver") for helper in helping)}
    return society(name, _ordered(voices, seed, True), seed, [frozenset({*best, ("solver", VOTE)})], lines)


def _ordered(voices: Sequence[Voice], seed: int, shuffled: bool) -> list[Voice]:
    if not shuffled:
        return list(voices)
    return [voices[place] for place in np.random.default_rng([seed, 1]).permutation(len(voices))]


def _relays(names: Sequence[str]) -> Iterable[frozenset[Edge]]:
    """Everyone hears a few who stand next in the list, and the vote hears the first, or the first few.

    Of all graphs of three and of five agents, tried one by one, one of these was the best.
    """
    for reach in range(1, len(names)):
        heard = [
            (sender, receiver)
            for place, receiver in enumerate(names)
            for sender in names[place + 1 : place + 1 + reach]
        ]
        for voters in range(1, len(names) + 1):
            yield frozenset([*heard, *((name, VOTE) for name in names[:voters])])
