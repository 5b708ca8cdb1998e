"""Prompt search against random search and plain OPRO: as many model calls, and the same writer.

`python -m benchmarks prompts` runs `agraph.optimize` on a file whose proposer is a model on the loopback; the
other two are given as many calls as it made before its verdict, and the same writer.

Source:
    OPRO: Yang et al. 2023, "Large Language Models as Optimizers" (arXiv 2309.03409).
"""

import argparse
import asyncio
import json
import os
import re
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import mean

import attrs
import numpy as np

import agraph
from agraph.compiler.ir import ModelCall
from agraph.graph_argument import load_graph
from agraph.optimizer.accept import judge
from agraph.runtime.frame import Row
from agraph.runtime.models.protocol import Request, Truth, Turn
from agraph.runtime.models.simulated import Simulated, is_right
from agraph.testing import MessagesServer, ReceivedRequest, text
from agraph.testing.behaviours import Message
from benchmarks.page import PAGE, replaced
from benchmarks.spread import quartiles
from benchmarks.worlds import wording
from benchmarks.worlds.society import CHOICES, questions
from benchmarks.worlds.wording import Wording

BUDGETS = (100, 200, 400, 800)
BATCH = 20
"""Rows on which random search and OPRO score each prompt."""

ROUND, SHOWN = 4, 20
"""How many prompts OPRO asks for at once, and how many it shows."""

MARK = "python -m benchmarks prompts"


@attrs.frozen
class Found:
    """A prompt search.

    Attributes:
        method: What searched.
        budget: The most model calls, those for the writer included and those for the verdict not.
        calls: How many it made.
        chance: The true chance of the right answer with the prompt that it deploys.
    """

    method: str
    budget: int
    calls: int
    chance: float


def main(arguments: Sequence[str]) -> int:
    """Run all and show the table; gives 0."""
    parser = argparse.ArgumentParser("benchmarks prompts", description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=20, help="how many (20)")
    parser.add_argument("--start-seed", type=int, default=4000, help="the first of them (4000)")
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count(), help="at once (as many as processors)"
    )
    parser.add_argument("--write", action="store_true", help="put the table into `docs`")
    options = parser.parse_args(arguments)
    wanted = [
        (seed, budget)
        for seed in range(options.start_seed, options.start_seed + options.seeds)
        for budget in BUDGETS
    ]
    with ProcessPoolExecutor(options.processes, initializer=os.nice, initargs=(10,)) as pool:
        found = [each for three in pool.map(searched, *zip(*wanted, strict=True)) for each in three]
    last = options.start_seed + options.seeds - 1
    shown = f"Seeds {options.start_seed} to {last}.\n\n{table(found)}"
    print(shown)
    if options.write:
        PAGE.write_text(replaced(PAGE.read_text("utf-8"), MARK, shown), "utf-8")
    return 0


def table(found: Sequence[Found]) -> str:
    """For each method and budget the median chance, with quartiles in brackets."""
    lines = [
        f"| method | {' | '.join(f'{budget} calls' for budget in BUDGETS)} |",
        f"| --- |{' ---: |' * len(BUDGETS)}",
    ]
    for method in dict.fromkeys(each.method for each in found):
        cells = []
        for budget in BUDGETS:
            group = [each for each in found if (each.method, each.budget) == (method, budget)]
            low, middle, high = quartiles([each.chance for each in group])
            cells.append(f"{middle:.2f} ({low:.2f}–{high:.2f})")
        lines.append(f"| {method} | {' | '.join(cells)} |")
    used = [round(mean(each.calls for each in found if each.budget == budget)) for budget in BUDGETS]
    lines.append(f"| calls made, mean | {' | '.join(map(str, used))} |")
    return "\n".join(lines)


def searched(seed: int, budget: int) -> tuple[Found, ...]:
    """All methods in one world, the others with as many calls as prompt search made."""
    world = wording.wording(seed)
    calls, chance = _optimized(world, budget)
    ours = Found("`agraph optimize`", budget, calls, chance)
    others = {"random search": lambda _: [], "plain OPRO": lambda history: history[-SHOWN:]}
    return ours, *(
        Found(method, budget, calls, asyncio.run(_scored_by_batches(world, calls, shown)))
        for method, shown in others.items()
    )


# Prompt search, as a user has it.


def _optimized(world: Wording, budget: int) -> tuple[int, float]:
    """The calls before the verdict, and the chance with the prompt that the file then deploys."""
    with MessagesServer(_writer(world.seed)) as server, tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "world.agraph")
        path.write_text(wording.program(world, server.base_url), "utf-8")
        path.with_name("rows.jsonl").write_text(wording.rows(world.seed), "utf-8")
        # The verdict has calls of its own: seed and result on a quarter of the rows.
        verdict = 2 * (wording.ROWS // 4)
        result = agraph.optimize(
            str(path), seed=world.seed, only=["prompts"], budget=f"calls={budget + verdict}"
        )
        judged = 2 * result.held_out_rows if result.verdict else 0
        return result.usage.calls - judged, world.chance(_prompt_of(path))


def _prompt_of(path: Path) -> str:
    _, graph = load_graph(str(path))
    work = next(node.work for node in graph.nodes if isinstance(node.work, ModelCall))
    return "".join(part if isinstance(part, str) else wording.READS for part in work.prompt)


def _writer(seed: int) -> Callable[[ReceivedRequest], Message]:
    """A model that answers what prompt search asks, from the prompts that stand in the question."""

    def write(request: ReceivedRequest) -> Message:
        asked = request.prompt
        scored = re.findall(r"^score ([\d.]+) on .*:\n<<<\n(.*?)\n>>>$", asked, re.DOTALL | re.MULTILINE)
        current = re.findall(r"^The current prompt:\n<<<\n(.*?)\n>>>$", asked, re.DOTALL | re.MULTILINE)
        shown = [*(prompt for _, prompt in sorted(scored, key=lambda pair: float(pair[0]))), *current]
        generator = wording.generator_of(seed, asked)
        prompts = wording.proposed(shown, ROUND, generator)
        return text(json.dumps({"diagnosis": "It is unknown.", "prompts": prompts}))

    return write


# The methods that score every prompt on the same rows.


async def _scored_by_batches(world: Wording, calls: int, shown: Callable[[list[str]], list[str]]) -> float:
    """The chance with the best of all prompts that were scored, unless the verdict rejects it.

    Args:
        world: Where.
        calls: The most.
        shown: What the writer is shown of the prompts so far, the best last.
    """
    model = Simulated("reader", wording.RIGHT, phrases=world.worths, choices=CHOICES, seed=world.seed)
    generator = np.random.default_rng([world.seed, 7])
    examples = [each.row for each in questions("wording", world.seed, wording.ROWS)]
    batch, held_out = examples[:BATCH], examples[-wording.ROWS // 4 :]
    scores = dict[str, float]()
    waiting = [wording.written(wording.START)]
    while calls >= BATCH:
        if not waiting:
            history = sorted(scores, key=lambda prompt: scores[prompt])
            waiting = wording.proposed(shown(history), ROUND, generator)
            calls -= 1
            continue
        prompt = waiting.pop(0)
        if prompt in scores:
            continue
        scores[prompt] = sum(await _right(model, prompt, batch)) / BATCH
        calls -= BATCH
    best = max(scores, key=lambda prompt: scores[prompt])
    start = wording.written(wording.START)
    before, after = await _right(model, start, held_out), await _right(model, best, held_out)
    return world.chance(start if judge(before, after, 1.0, 1.0).kind == "rejected" else best)


async def _right(model: Simulated, prompt: str, rows: Sequence[Row]) -> list[float]:
    """For each row whether the model answers it rightly."""
    truths = [row.truth for row in rows if row.truth is not None]
    replies = [
        await model.ask(_request(prompt, row.key, truth)) for row, truth in zip(rows, truths, strict=True)
    ]
    return [float(is_right(each.text, truth.target)) for each, truth in zip(replies, truths, strict=True)]


def _request(prompt: str, row: str, truth: Truth) -> Request:
    asked = prompt.replace(wording.READS, row)
    return Request(None, (Turn("user", asked),), (), None, "solver", row, truth=truth)
