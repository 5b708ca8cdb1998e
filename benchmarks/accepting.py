"""What the verdict is worth: how often it says *improved* of nothing, and what gain it sees on how many rows.

`python -m benchmarks accepting` shows both; the page `docs/optimizer-benchmarks.md` keeps them.
"""

import argparse
import asyncio
import json
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache

import numpy as np

from agraph.compiler.source import Source
from agraph.files import FileLoader
from agraph.optimizer.accept import judge
from agraph.optimizer.evaluate import Evaluator
from agraph.optimizer.manuscript import Manuscript
from agraph.optimizer.settings import Settings
from agraph.optimizer.tune import tune
from agraph.runtime.plan import deployed
from agraph.runtime.session import Session
from benchmarks.page import PAGE, replaced
from benchmarks.worlds.society import CHOICES, questions
from benchmarks.worlds.world import World, compiled

ROWS = (30, 50, 100, 200, 500, 1000, 2000)
GAINS = (0.0, 0.03, 0.05, 0.1, 0.2)
CHURN = 0.15
"""The share of rows on which seed and result differ in score, or the gain where that is more."""

TRIALS = 20_000
OPTIMIZATIONS = 400
TUNED_ROWS = 400
MARK = "python -m benchmarks accepting"


def main(arguments: Sequence[str]) -> int:
    """Show the table; gives 1 where *improved* is said too often of nothing, else 0."""
    parser = argparse.ArgumentParser("benchmarks accepting", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--optimizations", type=int, default=OPTIMIZATIONS, help=f"how many ({OPTIMIZATIONS})"
    )
    parser.add_argument("--write", action="store_true", help="put the table into `docs`")
    options = parser.parse_args(arguments)
    shares = {(gain, rows): improved(gain, rows) for gain in GAINS for rows in ROWS}
    said, accepted = searched(options.optimizations)
    text = "\n".join([*_table(shares), "", _sentence(said, accepted, options.optimizations)])
    print(text)
    if options.write:
        PAGE.write_text(replaced(PAGE.read_text("utf-8"), MARK, text), "utf-8")
    falsely = max(share for (gain, _), share in shares.items() if gain == 0)
    return int(max(falsely, said / options.optimizations) > 0.05)


def improved(gain: float, rows: int, trials: int = TRIALS) -> float:
    """How often the verdict is *improved*.

    Args:
        gain: The true one: by how much more rows the result wins than the seed.
        rows: Held out.
        trials: How often data are drawn.
    """
    churn = max(gain, CHURN)
    generator = np.random.default_rng([rows, round(1000 * gain)])
    chances = [(churn + gain) / 2, (churn - gain) / 2, 1 - churn]
    outcomes = generator.multinomial(rows, chances, size=trials)
    return float(np.mean([_is_improved(wins, losses, rows) for wins, losses, _ in outcomes.tolist()]))


@cache
def _is_improved(wins: int, losses: int, rows: int) -> bool:
    seed = [0.0] * wins + [1.0] * losses + [1.0] * (rows - wins - losses)
    result = [1.0] * wins + [0.0] * losses + [1.0] * (rows - wins - losses)
    return judge(seed, result, 1.0, 1.0).kind == "improved"


def searched(optimizations: int) -> tuple[int, int]:
    """How many of whole optimizations where nothing can be gained end in *improved*, and in any change."""
    with ProcessPoolExecutor(os.cpu_count(), initializer=os.nice, initargs=(10,)) as pool:
        kinds = list(pool.map(_optimized, range(optimizations), chunksize=8))
    return kinds.count("improved"), len(kinds) - kinds.count("rejected") - kinds.count(None)


def _optimized(seed: int) -> str | None:
    return asyncio.run(_verdict(equals(seed), seed))


async def _verdict(within: World, seed: int) -> str | None:
    async with Session(within.graph) as session:
        evaluator = Evaluator(session, within.examples, within.scorer, 16)
        manuscript = Manuscript(within.graph, Source(within.graph.origin, within.text), FileLoader())
        tuning = await tune(manuscript, evaluator, Settings(runs=400), seed)
    return tuning.verdict.kind if tuning.verdict else None


def equals(seed: int) -> World:
    """A world in which every graph is right in six of ten cases, by luck of its own."""
    options = f"right = 0.6, choices = {json.dumps(CHOICES)}"
    models = [f"model m{number} = simulated({options}, seed = {4 * seed + number})" for number in range(4)]
    choice = "model ~ { m0: 0.25, m1: 0.25, m2: 0.25, m3: 0.25 }"
    lines = [
        "agraph 1", "", "import std.text", "", *models, "",
        "graph world(question: str) -> str? {",
        f'  node reader {{ {choice}\n    prompt = "{{{{ question }}}}" }}',
        f'  node solver {{ {choice}\n    prompt = "{{{{ question }}}} {{{{ inbox }}}}" }}',
        "  node answer = text.last_line(solver)",
        "  edge reader -> solver ~ 0.5",
        "  edge solver -> answer",
        "  output answer", "}", "",
    ]  # fmt: skip
    text = "\n".join(lines)
    graph = compiled(text)
    rows = questions("equals", seed, TUNED_ROWS)
    return World("equals", text, graph, rows, lambda _: 0.6, deployed(graph))


def _table(shares: dict[tuple[float, int], float]) -> list[str]:
    head = ["true gain", *(f"{rows:,} rows" for rows in ROWS)]
    lines = [head, ["---"] + ["---:"] * len(ROWS)]
    lines += [
        ["none" if gain == 0 else f"+{100 * gain:g} points", *(f"{shares[gain, rows]:.1%}" for rows in ROWS)]
        for gain in GAINS
    ]
    return [f"| {' | '.join(line)} |" for line in lines]


def _sentence(said: int, accepted: int, optimizations: int) -> str:
    return (
        f"Of {optimizations} whole optimizations in which every graph is equally good ({TUNED_ROWS} rows,"
        f" {TUNED_ROWS // 4} of them held out), {said} ended in *improved* ({said / optimizations:.1%}) and"
        f" {accepted - said} in *better, not proven*."
    )
