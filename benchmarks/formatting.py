"""Formatting a file against checking it."""

import gc
from collections.abc import Callable
from functools import partial
from statistics import median
from time import process_time

from agraph.compiler import compile_source
from agraph.compiler.format import formatted
from agraph.compiler.source import Source
from agraph.files import FileLoader
from benchmarks.compiling import layers
from benchmarks.measurement import Measurement

NODES = 500
REPETITIONS = 7
NOTE = f"compiling the same {NODES} nodes, no collector in either"


def run() -> list[Measurement]:
    """How long formatting takes, where checking the same text takes 1."""
    text = layers(NODES)
    source = Source("layers.agraph", text)
    assert formatted(source) == text
    # Blanks doubled and no line end at the end: a file in which every line is written anew.
    odd = Source("odd.agraph", text.replace(" ", "  ").replace("{{  ", "{{ ").rstrip("\n"))
    return [
        Measurement(f"formatting a file that {what} the form", _ratio(each), 1.0, NOTE)
        for what, each in (("has", source), ("has not", odd))
    ]


def _ratio(source: Source) -> float:
    ratios = [
        _time_s(partial(formatted, source)) / _time_s(partial(compile_source, source, FileLoader()))
        for _ in range(REPETITIONS)
    ]
    return median(ratios)


def _time_s(action: Callable[[], object]) -> float:
    """Processor time, the garbage collector off: its cost grows with what is alive."""
    gc.collect()
    gc.disable()
    try:
        start = process_time()
        action()
        return process_time() - start
    finally:
        gc.enable()
