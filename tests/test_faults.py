"""A fifth of all calls fails, in every way: the answers are right, and the calls within the policy."""

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest

from agraph.compiler import ir
from agraph.compiler.types import STR
from agraph.runtime.errors import RunError
from agraph.runtime.events import Event, Failed
from agraph.runtime.frame import Row
from agraph.runtime.plan import deployed
from agraph.runtime.retry import RetryPolicy
from agraph.runtime.session import Session
from agraph.testing import (
    Behaviour,
    MessagesServer,
    ReceivedRequest,
    dropped,
    garbage,
    half_sent,
    overloaded,
    rate_limited,
    slow,
    status,
    text,
)
from tests.graphs import call, graph, model, node

ROWS = 150

POLICY = RetryPolicy(attempts=6, first_s=0.001, longest_s=0.01)


class Faulty:
    """A server that answers four of five requests; which, only the seed, the row and the attempt say."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.asked: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()

    def __call__(self, request: ReceivedRequest) -> Behaviour:
        row = request.prompt.split()[-1]
        self.asked[row] += 1
        answer = text(f"answer to {row}")
        faults: dict[str, Behaviour] = {
            "rate limited": rate_limited(retry_after_s=0),
            "overloaded": overloaded(),
            "broken": status(500, "oops"),
            "dropped": dropped(),
            "half sent": half_sent(answer),
            "too slow": slow(60, answer),
            "garbage": garbage(),
            "bad gateway": garbage("<html>Bad Gateway</html>", code=502),
        }
        if random.Random(f"{self.seed} {row} {self.asked[row]}").random() >= 0.2:
            return answer
        fault = list(faults)[self.failed.total() % len(faults)]
        self.failed[fault] += 1
        return faults[fault]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_answers_are_right_and_no_call_is_made_that_the_policy_does_not_allow(seed: int) -> None:
    faulty = Faulty(seed)
    events: list[Event] = []

    async def answers() -> dict[str, ir.Json]:
        async with MessagesServer(faulty) as server:
            fast = model("m", "anthropic", "x", base_url=server.base_url, timeout_s=0.5)
            prompt = call("row ", ir.Slot("q", ir.Input("q")))
            of = graph([node("end", prompt)], inputs={"q": STR}, models=[fast])
            async with Session(of, retry=POLICY, concurrency=50, listener=events.append) as session:

                async def one(row: str) -> tuple[str, ir.Json]:
                    return row, (await session.run(deployed(of), Row(row, {"q": row}))).value

                return dict(await asyncio.gather(*(one(f"r{number}") for number in range(ROWS))))

    given = asyncio.run(answers())
    assert given == {f"r{number}": f"answer to r{number}" for number in range(ROWS)}
    assert len(faulty.failed) == 8, "every fault was met"
    assert faulty.asked.total() == ROWS + faulty.failed.total(), "each fault costs one more call, and no more"
    assert sum(isinstance(event, Failed) for event in events) == faulty.failed.total()
    assert max(faulty.asked.values()) <= POLICY.attempts


def test_a_server_that_always_fails_is_asked_as_often_as_the_policy_says() -> None:
    async def ask() -> int:
        async with MessagesServer(overloaded()) as server:
            fast = model("m", "anthropic", "x", base_url=server.base_url)
            of = graph([node("end", call("hi"), retries=1)], models=[fast])
            async with Session(of, retry=POLICY) as session:
                with pytest.raises(RunError, match="529"):
                    await session.run(deployed(of), Row("1", {}))
            return len(server.requests)

    assert asyncio.run(ask()) == POLICY.attempts * 2


def test_eval_ends_with_the_right_score_and_no_failures(tmp_path: Path) -> None:
    from agraph.evaluating import evaluate

    rows = "".join(f'{{"q": "r{n}", "target": "answer to r{n}"}}\n' for n in range(40))
    (tmp_path / "rows.jsonl").write_text(rows)
    with MessagesServer(Faulty(7)) as server:
        (tmp_path / "g.agraph").write_text(
            f'agraph 1\n\nmodel m = anthropic("x", base_url = "{server.base_url}", timeout_s = 0.5)\n\n'
            'graph g(q: str) -> str {\n  node a "Answers." {\n    model = m\n'
            '    prompt = "row {{ q }}"\n  }\n  output a\n}\n'
        )
        result = evaluate(
            str(tmp_path / "g.agraph"), str(tmp_path / "rows.jsonl"), target_column="target", concurrency=40
        )
    assert (result.score, result.failures) == (1.0, ())
