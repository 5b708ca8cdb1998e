"""The worlds by name."""

from collections.abc import Callable, Mapping

from benchmarks.worlds.chain import chain
from benchmarks.worlds.panels import RECORDED, recorded_panel, trap
from benchmarks.worlds.tip_search import tip_search
from benchmarks.worlds.voting import adversaries, helpers, relay
from benchmarks.worlds.world import World

WORLDS: Mapping[str, Callable[[str, int], World]] = {
    "adversaries-1": lambda name, seed: adversaries(name, 1, seed),
    "adversaries-3": lambda name, seed: adversaries(name, 3, seed),
    "adversaries-5": lambda name, seed: adversaries(name, 5, seed),
    "adversaries-8": lambda name, seed: adversaries(name, 8, seed, shuffled=True),
    "adversaries-3-shuffled": lambda name, seed: adversaries(name, 3, seed, shuffled=True),
    "adversaries-3-prior-0.1": lambda name, seed: adversaries(name, 3, seed, shuffled=True, prior=0.1),
    "adversaries-3-prior-0.9": lambda name, seed: adversaries(name, 3, seed, shuffled=True, prior=0.9),
    "colluders-3": lambda name, seed: adversaries(name, 3, seed, shuffled=True, colluding=True),
    "helpers-3": lambda name, seed: helpers(name, 3, seed),
    "helpers-5": lambda name, seed: helpers(name, 5, seed),
    "relay": relay,
    "search": tip_search,
    "search-pairs": lambda name, seed: tip_search(name, seed, pairs=5),
    "chain": chain,
    "recorded": recorded_panel,
    "traps": trap,
}


def world(name: str, seed: int) -> World:
    """A world of the catalogue.

    Raises:
        KeyError: There is none of that name.
        FileNotFoundError: It is made of records that are not there.
    """
    return WORLDS[name](name, seed)


def available() -> tuple[str, ...]:
    """The names of the worlds that can be made here: one needs records from beside the repository."""
    return tuple(name for name in WORLDS if name != "recorded" or RECORDED.exists())
