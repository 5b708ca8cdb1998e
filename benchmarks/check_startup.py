"""`agraph check` of a small file against the imports that it cannot do without, as whole processes."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.measurement import Measurement

LINES, MANY_LINES = 100, 300
REPETITIONS = 21

CHECK = (sys.executable, "-c", "from agraph.cli import main; main()", "check")
IMPORTS = (sys.executable, "-c", "import lark, attrs, click")


def run() -> list[Measurement]:
    """How many times as long as the bare imports a check takes, the parser's table stored before."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        # Bytecode is written, as it is for an installed package, but into a folder of our own.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment |= {
            "PYTHONPYCACHEPREFIX": str(place / "bytecode"),
            "AGRAPH_CACHE_DIR": str(place / "cache"),
        }
        return [
            Measurement(
                f"check of {lines} lines",
                _ratio(lines, place, environment),
                limit,
                "against `import lark, attrs, click`, whole processes",
            )
            for lines, limit in ((LINES, 2.0), (MANY_LINES, 2.5))
        ]


def _ratio(lines: int, place: Path, environment: Mapping[str, str]) -> float:
    file = place / f"panel{lines}.agraph"
    file.write_text(panel(lines), encoding="utf-8")
    check = (*CHECK, file.name)
    for command in (check, IMPORTS):
        _time_s(command, place, environment)
    return median(
        _time_s(check, place, environment) / _time_s(IMPORTS, place, environment) for _ in range(REPETITIONS)
    )


def panel(lines: int) -> str:
    """A panel of solvers and a vote, as many lines long."""
    head = [
        "agraph 1", "", "import std.vote", "import std.text", "", "model fast = simulated(right = 0.7)", "",
        "graph panel(question: str) -> float {", "  model = fast", "",
        '  node vote "Takes the majority." -> float = vote.majority(text.last_number(inbox))', "",
    ]  # fmt: skip
    tail = ["  output vote", "}"]
    body: list[str] = []
    each = 9
    for number in range((lines - len(head) - len(tail)) // each):
        body += [
            f'  node solver{number} "Solves the problem." {{', "    on ~ 0.9", '    prompt ~ """',
            "      Solve the problem: {{ question }}", "      Think step by step.", '      """', "  }",
            f"  edge solver{number} -> vote ~ 0.5", "",
        ]  # fmt: skip
    comments = ["  # The end."] * (lines - len(head) - len(body) - len(tail))
    return "\n".join([*head, *body, *comments, *tail, ""])


def _time_s(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> float:
    start = perf_counter()
    subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=True)
    return perf_counter() - start
