"""The peak of memory of an evaluation of many rows against that of few, each in a process of its own."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.loopback import loopback
from benchmarks.measurement import Measurement

FEW = 1_000

MANY = 10_000

ROW = "A row of about two thousand characters. " * 50

SOURCE = """agraph 1

import std.text

model fast = anthropic("any", base_url = "{base_url}")

graph ask(question: str) -> str {{
  node draft "Drafts an answer." {{
    model = fast
    prompt = "Draft: {{{{ question }}}}"
  }}
  node answer "Lowers its voice." = text.lower(draft)
  edge draft -> answer
  output answer
}}
"""

_EVALUATE = """
import resource, sys
from agraph.evaluating import evaluate
evaluate(sys.argv[1], sys.argv[2], target_column="target", concurrency=32)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak(graph: Path, rows: int) -> int:
    """The most memory of a process that evaluates a graph on so many rows, in the units of the system."""
    data = graph.parent / f"{rows}.jsonl"
    with open(data, "w", encoding="utf-8") as file:
        for number in range(rows):
            file.write(json.dumps({"question": f"{rows} {number} {ROW}", "target": str(number)}) + "\n")
    command = [sys.executable, "-c", _EVALUATE, str(graph), str(data)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def run() -> list[Measurement]:
    """All measurements of memory; calls are stored with their events, as `agraph eval` does."""
    with loopback(0.0) as base_url, tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "ask.agraph"
        graph.write_text(SOURCE.format(base_url=base_url), encoding="utf-8")
        ratio = peak(graph, MANY) / peak(graph, FEW)
    return [Measurement(f"memory of {MANY:,} rows", ratio, 1.5, f"{FEW:,} rows")]
