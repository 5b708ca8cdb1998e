"""Model calls a second against the bare SDK on the same HTTP backend, over a server of 50 ms latency."""

import asyncio
import itertools
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from agraph.evaluating import evaluate
from agraph.graph_argument import load_graph
from agraph.runtime.frame import Row
from agraph.runtime.plan import deployed
from agraph.runtime.session import Session
from benchmarks.loopback import loopback
from benchmarks.measurement import Measurement

LATENCY_S = 0.05

ROWS = 2_000

IN_FLIGHT = 200

GRAPHS = 1_000

REPETITIONS = 3

SOURCE = """agraph 1

model fast = anthropic("any", base_url = "{base_url}")

graph ask(question: str) -> str {{
  node answer "Answers." {{
    model = fast
    prompt = "{{{{ question }}}}"
  }}
  output answer
}}
"""


def question(number: int) -> str:
    """What a row asks, different for each so that no call is shared."""
    return f"What is {number} + {number}?"


async def by_hand(base_url: str, calls: int, in_flight: int) -> None:
    """The same calls with the SDK alone."""
    from anthropic import AsyncAnthropic, DefaultAioHttpClient
    from httpx2 import Limits

    limits = Limits(max_connections=1000, max_keepalive_connections=1000)
    numbers = iter(range(calls))
    client = AsyncAnthropic(
        base_url=base_url, api_key="no-key", max_retries=0, http_client=DefaultAioHttpClient(limits=limits)
    )
    async with client:

        async def work() -> None:
            for number in numbers:
                await client.messages.create(
                    model="any",
                    max_tokens=4096,
                    messages=[{"role": "user", "content": question(number)}],
                )

        async with asyncio.TaskGroup() as group:
            for _ in range(in_flight):
                group.create_task(work())


async def small_graphs(path: Path) -> None:
    """Many graphs at once, each of one call."""
    _, graph = load_graph(str(path))
    realization = deployed(graph)
    async with Session(graph, concurrency=GRAPHS) as session, asyncio.TaskGroup() as group:
        for number in range(GRAPHS):
            group.create_task(session.run(realization, Row(str(number), {"question": question(number)})))


def rows(folder: Path, repetition: int) -> str:
    """A file of rows that no other repetition has, so that no reply comes from the project's store."""
    path = folder / f"rows{repetition}.jsonl"
    numbers = range(repetition * ROWS, (repetition + 1) * ROWS)
    lines = (json.dumps({"question": question(number), "target": "4"}) for number in numbers)
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


def seconds(run: Callable[[], object]) -> float:
    """How long one run takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def ratio(theirs: Callable[[], object], ours: Callable[[], object]) -> float:
    """Their time over ours, which is our throughput over theirs: the median over pairs taken in turns."""
    ratios = []
    for repetition in range(REPETITIONS + 1):
        theirs_s, ours_s = seconds(theirs), seconds(ours)
        if repetition:  # The first one imports the SDK and fills its caches.
            ratios.append(theirs_s / ours_s)
    return median(ratios)


def run() -> list[Measurement]:
    """All measurements of throughput."""
    note = "the bare SDK on the aiohttp backend"
    with loopback(LATENCY_S) as base_url, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ask.agraph"
        path.write_text(SOURCE.format(base_url=base_url), encoding="utf-8")
        fresh = itertools.count()
        evaluating = ratio(
            lambda: asyncio.run(by_hand(base_url, ROWS, IN_FLIGHT)),
            lambda: evaluate(
                str(path), rows(Path(folder), next(fresh)), target_column="target", concurrency=IN_FLIGHT
            ),
        )
        graphs = ratio(
            lambda: asyncio.run(by_hand(base_url, GRAPHS, GRAPHS)),
            lambda: asyncio.run(small_graphs(path)),
        )
    return [
        Measurement(f"eval, {IN_FLIGHT} calls in flight", evaluating, 0.8, note, at_least=True),
        # Whatever is under way is walked by each full collection of garbage, ours once more than theirs.
        Measurement(f"{GRAPHS:,} small graphs at once", graphs, 0.7, note, at_least=True),
    ]
