"""Compiling a large graph against one a tenth of its size."""

import gc
from statistics import median
from time import process_time

from agraph.compiler import compile_source
from agraph.compiler.source import Source
from agraph.files import FileLoader
from benchmarks.measurement import Measurement

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
        )
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
    """Processor time of one compilation, the garbage collector off: its cost grows with what is alive."""
    source = Source("large.agraph", text)
    gc.collect()
    gc.disable()
    try:
        start = process_time()
        compilation = compile_source(source, FileLoader())
        elapsed = process_time() - start
    finally:
        gc.enable()
    assert compilation.graphs, [diagnostic.message for diagnostic in compilation.diagnostics[:3]]
    return elapsed
