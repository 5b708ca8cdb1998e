"""How many of the faults planted into a file are told, for each kind of fault: no time, but a rate."""

from collections import Counter
from random import Random

from benchmarks.measurement import Measurement
from tests.faults import KINDS, planted, told

FILES = 500
FAULTS = 3
LEAST = 0.99


def run() -> list[Measurement]:
    """The share of each kind that is told, and of files with at most one thing more."""
    there, missed, sound = Counter[str](), Counter[str](), 0
    random = Random(1)
    for _ in range(FILES):
        faulty = planted(random, random.choices(KINDS, k=FAULTS))
        what = told(faulty)
        there.update(fault.kind for fault in faulty.planted)
        missed.update(fault.kind for fault in what.missed)
        sound += len(what.spurious) <= 1
    rates = [
        Measurement(
            f"told: {kind}", 1 - missed[kind] / there[kind], LEAST, f"of {there[kind]} planted", at_least=True
        )
        for kind in KINDS
    ]
    note = f"of {FILES} files with {FAULTS} faults each"
    return [*rates, Measurement("at most one thing more", sound / FILES, LEAST, note, at_least=True)]
