"""Graphs made of instances against the same nodes written out: what composing costs, compiled and run."""

import asyncio
import gc
from statistics import median
from time import perf_counter, process_time

from agraph.compiler import compile_source, ir
from agraph.compiler.source import Source
from agraph.files import FileLoader
from agraph.runtime.frame import Row
from agraph.runtime.plan import deployed
from agraph.runtime.session import Session
from benchmarks.measurement import Measurement

INSTANCES, NODES = 1_000, 10
REPETITIONS = 7
RUNS = 11
HEAD = [
    "agraph 1",
    "model fast = simulated()",
    'tool turn(messages: list[str]) -> str = python("bodies:turn")',
]
LAST = NODES - 1


def run() -> list[Measurement]:
    """How much longer the composed graph takes to compile, and to run with trivial work in each node."""
    whole = f"the same {INSTANCES * NODES} nodes written out"
    compiling = [
        _compile_s(composed(prompts=True)) / _compile_s(flat(prompts=True)) for _ in range(REPETITIONS)
    ]
    running = asyncio.run(_running())
    return [
        Measurement(f"compiling {INSTANCES} instances of {NODES} nodes", median(compiling), 1.3, whole),
        Measurement(f"running {INSTANCES} instances of {NODES} nodes", running, 1.15, whole),
    ]


def composed(*, prompts: bool) -> str:
    """A graph of ten nodes, and one that uses it a thousand times, one after the other."""
    lines = [*HEAD, "graph part(question: str) -> str {", "  model = fast"]
    lines += _part("", "question", prompts)
    lines += [f"  output a{LAST}", "}", "graph g(question: str) -> str {"]
    for number in range(INSTANCES):
        before = f"x{number - 1}" if number else "question"
        lines.append(f"  node x{number} ~ part({before})")
        if number:
            lines.append(f"  edge {before} -> x{number}")
    return "\n".join([*lines, f"  output x{INSTANCES - 1}", "}", ""])


def flat(*, prompts: bool) -> str:
    """The same nodes and edges in one graph."""
    lines = [*HEAD, "graph g(question: str) -> str {", "  model = fast"]
    for number in range(INSTANCES):
        before = f"x{number - 1}_a{LAST}" if number else "question"
        lines += _part(f"x{number}_", before, prompts)
        if number:
            lines += [f"  edge {before} -> x{number}_a{node}" for node in range(NODES if prompts else 1)]
    return "\n".join([*lines, f"  output x{INSTANCES - 1}_a{LAST}", "}", ""])


def _part(prefix: str, question: str, prompts: bool) -> list[str]:
    """A chain of ten nodes with candidate edges that leave one out."""
    lines = []
    for node in range(NODES):
        name = f"{prefix}a{node}"
        heard = question if node == 0 else f"{prefix}a{node - 1}"
        if not prompts:
            lines.append(f"  node {name} = turn([{heard}])")
            continue
        lines += [
            f'  node {name} "Says more." {{', *(["    on ~ 0.9"] if node < LAST else []), '    prompt ~ """',
            f"      {{{{ {question} }}}}", "      {{ inbox }}", '      """', "  }",
        ]  # fmt: skip
    for node in range(1, NODES):
        lines.append(f"  edge {prefix}a{node - 1} -> {prefix}a{node}")
        if prompts and node > 1:
            lines.append(f"  edge {prefix}a{node - 2} -> {prefix}a{node} ~ 0.5")
    return lines


def _compile_s(text: str) -> float:
    """Processor time of one compilation, the garbage collector off."""
    gc.collect()
    gc.disable()
    try:
        start = process_time()
        _graph(text)
        return process_time() - start
    finally:
        gc.enable()


def _graph(text: str) -> ir.Graph:
    compilation = compile_source(Source(__file__, text), FileLoader())
    assert compilation.graphs, [diagnostic.message for diagnostic in compilation.diagnostics[:3]]
    return compilation.graphs[-1]


async def _running() -> float:
    """Time of a run against that of the flat graph: the median over pairs of runs, taken in turns."""
    graphs = [_graph(text(prompts=False)) for text in (composed, flat)]
    ratios = []
    async with Session(graphs[0]) as one, Session(graphs[1]) as other:
        for repetition in range(RUNS + 1):
            ours_s, theirs_s = [
                await _run_s(session, graph) for session, graph in zip((one, other), graphs, strict=True)
            ]
            if repetition:  # The first one compiles the steps.
                ratios.append(ours_s / theirs_s)
    return median(ratios)


async def _run_s(session: Session, graph: ir.Graph) -> float:
    realization, row = deployed(graph), Row("row", {"question": "q"})
    gc.collect()
    gc.disable()
    try:
        start = perf_counter()
        outcome = await session.run(realization, row)
        elapsed_s = perf_counter() - start
    finally:
        gc.enable()
    assert outcome.value == "message"
    return elapsed_s
