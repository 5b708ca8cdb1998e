"""Compiling a large graph against one a tenth of its size, and against Lark's own parse of the same text."""

import gc
from collections.abc import Callable
from statistics import median
from time import process_time
from typing import TypeVar

from agraph.compiler import compile_source
from agraph.compiler.parser import bare_machine, grammar_text
from agraph.compiler.source import Source
from agraph.files import FileLoader
from benchmarks.measurement import Measurement

T = TypeVar("T")

SMALL, LARGE = 1_000, 10_000
REPETITIONS = 5


def run() -> list[Measurement]:
    """How many times as long ten times the nodes take."""
    ratios = [_time_s(layers(LARGE)) / _time_s(layers(SMALL)) for _ in range(REPETITIONS)]
    return [
        Measurement(
            "compiling, ten times the nodes",
            median(ratios),
            12.0,
            f"{LARGE} nodes against {SMALL}, no collector in either",
        ),
        Measurement(
            "compiling, against a bare parse",
            median(_time_s(layers(LARGE)) / _parse_s(layers(LARGE)) for _ in range(REPETITIONS)),
            2.5,
            f"{LARGE} nodes, Lark's own tree of the same text, no collector in either",
        ),
    ]


def layers(nodes: int) -> str:
    """A graph of layers of ten nodes, each with a prompt, fixed edges, and a candidate edge."""
    lines = ["agraph 1", "model fast = simulated()", "graph g(question: str) -> str {", "  model = fast"]
    for number in range(nodes):
        lines += [
            f'  node a{number} "Says more." {{', "    on ~ 0.9", '    prompt ~ """',
            "      {{ question }}", "      {{ inbox }}", '      """', "  }",
        ]  # fmt: skip
    lines += ['  node end "Ends." {', '    prompt = "{{ inbox }}"', "  }"]
    for number in range(10, nodes):
        lines.append(f"  edge a{number - 10} -> a{number}")
        lines.append(f"  edge a{number - 10 + (number + 3) % 10 - number % 10} -> a{number} ~ 0.5")
    lines += [f"  edge a{number} -> end" for number in range(nodes - 10, nodes)]
    return "\n".join([*lines, "  output end", "}", ""])


def _time_s(text: str) -> float:
    """Processor time of one compilation."""
    source = Source("large.agraph", text)
    compilation, elapsed_s = _timed(lambda: compile_source(source, FileLoader()))
    assert compilation.graphs, [diagnostic.message for diagnostic in compilation.diagnostics[:3]]
    return elapsed_s


def _parse_s(text: str) -> float:
    """Processor time in which Lark makes a tree of its own of a text, with no builder of ours."""
    machine = bare_machine(grammar_text())
    tree, elapsed_s = _timed(lambda: machine.parse(text, start="file"))
    assert tree.children
    return elapsed_s


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    """What some work gives, and its processor time, the collector off: its cost grows with what is alive."""
    gc.collect()
    gc.disable()
    try:
        start = process_time()
        result = work()
        return result, process_time() - start
    finally:
        gc.enable()
