"""Budgets: hard stops, calls under way included, and what is kept when one is reached."""

import asyncio
import json
import math
import os
import re
from functools import partial
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import agraph
from agraph.budgets import budget_of
from agraph.runtime.bounds import bound_usd, call_bound
from agraph.runtime.budget import Amount, Budget, charged, used_of
from agraph.runtime.errors import BudgetError, InputError, ModelError, ReplyError, TransientError
from agraph.runtime.models.protocol import Reply, Usage
from agraph.runtime.prices import Price
from agraph.testing import (
    Behaviour,
    MessagesServer,
    ReceivedRequest,
    dropped,
    overloaded,
    rate_limited,
    slow,
    text,
)
from tests.commands import Verb, assert_refused, in_process
from tests.duel import write_rows

ROWS = 40

SUMS = """\
agraph 1

model fast = anthropic("priced", base_url = "{url}", max_tokens = 20)

graph sums(question: str) -> str {{
  node solver "Answers." {{
    model = fast
    prompt = "{{{{ question }}}}"
  }}
  output solver
}}

optimize sums {{
  data = jsonl("sums.jsonl", target = "answer")
  metric = number
}}
"""

PROJECT = '[tool.agraph.prices]\n"priced" = { input = 1000000, output = 1000000 }\n'
"""A token costs a dollar."""


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Verb:
    for name in list(os.environ):
        if name.startswith("ANTHROPIC_") or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)
    return partial(in_process, capsys)


def write_sums(folder: Path, server: MessagesServer, source: str = SUMS, rows: int = ROWS) -> Path:
    write_rows(folder / "sums.jsonl", [{"question": f"{n} + 1", "answer": n + 1} for n in range(rows)])
    (folder / "pyproject.toml").write_text(PROJECT)
    path = folder / "sums.agraph"
    path.write_text(source.format(url=server.base_url))
    return path


def right(request: ReceivedRequest) -> Behaviour:
    return text(str(int(request.prompt.split()[0]) + 1))


# What a budget is.


@pytest.mark.parametrize(
    ("said", "limits"),
    [
        ("usd=2", {"usd": 2.0}),
        ("usd=$0.50", {"usd": 0.5}),
        ("calls=500", {"calls": 500.0}),
        ("tokens=1e6", {"tokens": 1e6}),
        ("time=10m", {"time_s": 600.0}),
        ("time=90", {"time_s": 90.0}),
        ("time=1.5 h", {"time_s": 5400.0}),
        ("usd=2,calls=500, time=1d", {"usd": 2.0, "calls": 500.0, "time_s": 86400.0}),
        (["usd=2", "calls=500"], {"usd": 2.0, "calls": 500.0}),
    ],
)
def test_a_budget_is_read(said: str | list[str], limits: dict[str, float]) -> None:
    budget = budget_of(said)
    assert budget is not None
    assert budget.limits == limits


def test_no_text_is_no_budget() -> None:
    assert budget_of(()) is None


@pytest.mark.parametrize(
    "said",
    ["", "usd", "usd=", "usd=two", "usd=0", "usd=-1", "usd=nan", "usd=inf", "call=5", "time=5w", "time=m",
     "usd=1,usd=2", ["calls=1", "calls=2"]],
)  # fmt: skip
def test_what_is_no_budget_is_refused(said: str | list[str]) -> None:
    with pytest.raises(InputError, match="budget"):
        budget_of(said)


def test_the_budget_of_a_file_has_the_same_units(tmp_path: Path) -> None:
    path = tmp_path / "g.agraph"
    path.write_text(
        "agraph 1\ngraph g(x: str) -> str {\n  node a = x\n  output a\n}\n"
        "optimize g {\n  budget = [usd(2), calls(500), tokens(1000000), time(600)]\n}\n"
    )
    graph = agraph.load(path).ir
    budget = budget_of((), graph)
    assert budget is not None
    assert budget.limits == {"usd": 2.0, "calls": 500.0, "tokens": 1e6, "time_s": 600.0}
    given = budget_of("calls=1", graph)
    assert given is not None
    assert given.limits == {"calls": 1.0}


# Reservations.

Call = tuple[int, int]
"""The tokens that a call may use at most, and those it uses."""

calls = st.tuples(st.integers(1, 40), st.integers(0, 40)).map(lambda pair: (max(pair), min(pair)))


@given(st.integers(1, 200), st.lists(calls, max_size=30), st.randoms(use_true_random=False))
def test_calls_under_way_never_exceed_the_budget(
    limit: int,
    wanted: list[Call],
    order: "st.random.Random",  # type: ignore[name-defined]
) -> None:
    budget = Budget({"tokens": float(limit)})
    under_way: list[asyncio.Future[None]] = []
    spent, going, refused = 0, 0, list[Call]()

    async def one(call: Call) -> None:
        nonlocal spent, going
        most, used = call

        async def attempt() -> Reply:
            nonlocal spent, going
            going += most
            assert spent + going <= limit
            gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            under_way.append(gate)
            await gate
            going -= most
            spent += used
            return Reply("", (), "end_turn", Usage(1, used, 0))

        try:
            await charged(budget, Amount(1, most), attempt, None)
        except BudgetError:
            refused.append(call)
            assert spent + most > limit

    async def all_of_them() -> None:
        tasks = [asyncio.create_task(one(call)) for call in wanted]
        while not all(task.done() for task in tasks):
            await asyncio.sleep(0)
            if under_way:
                under_way.pop(order.randrange(len(under_way))).set_result(None)
        for task in tasks:
            task.result()

    asyncio.run(all_of_them())
    assert spent <= limit
    assert budget.spent["tokens"] == spent
    # Nothing is refused that would have fitted into what is left.
    assert all(spent + most > limit for most, _ in refused)


MOST = Amount(1, 100, 2.0)


def charged_for(outcome: Usage | ModelError | asyncio.CancelledError) -> dict[str, float]:
    budget = Budget({"calls": 10.0})

    async def attempt() -> Reply:
        if not isinstance(outcome, Usage):
            raise outcome
        return Reply("", (), "end_turn", outcome)

    async def run() -> None:
        try:
            await charged(budget, MOST, attempt, None)
        except (ModelError, asyncio.CancelledError):
            assert not isinstance(outcome, Usage)

    asyncio.run(run())
    return budget.spent


@pytest.mark.parametrize(
    ("outcome", "calls", "tokens", "usd"),
    [
        (Usage(1, 10, 5, 0.5), 1, 15, 0.5),
        (Usage(1, None, 5, None), 1, 100, 2.0),
        (Usage(1, 10, 5, None), 1, 15, 2.0),
        (TransientError("429", overloaded=True), 0, 0, 0),
        (TransientError("dropped"), 1, 100, 2.0),
        (ReplyError("garbage"), 1, 100, 2.0),
        (ModelError("400"), 0, 0, 0),
        (asyncio.CancelledError(), 1, 100, 2.0),
    ],
)
def test_what_may_have_been_charged_for_counts(
    outcome: Usage | ModelError | asyncio.CancelledError, calls: int, tokens: int, usd: float
) -> None:
    assert charged_for(outcome) == {"calls": calls, "tokens": tokens, "usd": usd}


def test_what_is_kept_back_is_there_later() -> None:
    budget = Budget({"calls": 10.0, "tokens": 1000.0})
    budget.hold(Amount(calls=4, tokens=900), 0.5, "judging")

    async def made() -> tuple[int, str]:
        count = 0
        try:
            while True:
                await budget.reserve(Amount(1, 1))
                budget.settle(Amount(1, 1), Amount(1, 1))
                count += 1
        except BudgetError as error:
            return count, str(error)

    assert asyncio.run(made()) == (6, "6 of 10 calls are spent, and the rest is kept for judging")
    budget.hold(Amount(), 0.0, "judging")
    assert asyncio.run(made()) == (4, "the budget of 10 calls is spent")


def test_what_still_fits_is_what_is_neither_spent_nor_kept_back() -> None:
    budget = Budget({"calls": 100, "usd": 2.0, "time_s": 60})
    assert budget.fitting(Amount(calls=2, usd=0.01)) == 50
    assert budget.fitting(Amount(calls=2, usd=0.5)) == 4
    budget.hold(Amount(calls=30, usd=0.0), 0.5, "judging")
    asyncio.run(budget.reserve(Amount(calls=10)))
    assert budget.fitting(Amount(calls=3)) == 20
    budget.settle(Amount(calls=10), Amount(calls=6))
    assert budget.fitting(Amount(calls=2)) == 32
    assert budget.fitting(Amount(calls=1, usd=None)) == 0
    assert budget.fitting(Amount()) == math.inf
    assert Budget({"time_s": 60}).fitting(Amount(calls=1)) == math.inf


def test_time_ends_what_is_under_way() -> None:
    clock = [0.0]
    budget = Budget({"time_s": 10.0}, lambda: clock[0])

    async def run() -> None:
        budget.begin()
        clock[0] = 5.0
        async with budget.within_time():
            pass
        clock[0] = 10.0
        async with budget.within_time():
            raise AssertionError("the time is over")

    with pytest.raises(BudgetError, match="the budget of 10 s is spent"):
        asyncio.run(run())


def test_a_call_that_lasts_longer_than_the_time_left_is_ended() -> None:
    async def run() -> None:
        budget = Budget({"time_s": 0.01})
        budget.begin()
        async with budget.within_time():
            await asyncio.Event().wait()

    with pytest.raises(BudgetError):
        asyncio.run(run())


PRICE = Price(1.0, 5.0, 0.1, 1.25, 2.0, 1000, Price(2.0, 10.0, 0.2, 2.5, 4.0))
counts = st.integers(0, 5000)


@given(counts, counts, st.tuples(counts, counts, counts))
def test_no_call_costs_more_than_its_bound(read: int, written: int, parts: tuple[int, int, int]) -> None:
    from agraph.runtime.prices import TokenCounts, cost_usd

    total = sum(parts) + read
    bound = bound_usd(PRICE, total, written)
    cost = cost_usd(PRICE, TokenCounts(read, written, *parts))
    assert bound is not None
    assert cost is not None
    assert cost <= bound + 1e-12


# Evaluating.


@pytest.mark.parametrize("concurrency", [1, 7, 64])
@pytest.mark.parametrize(("budget", "most"), [("calls=11", 11), ("tokens=1000", 66), ("usd=1000", 66)])
def test_no_call_is_made_beyond_the_budget(
    budget: str, most: int, concurrency: int, command: Verb, tmp_path: Path
) -> None:
    with MessagesServer(right) as server:
        path = write_sums(tmp_path, server, rows=100)
        finished = command("eval", path, "--budget", budget, "--concurrency", str(concurrency))
        assert_refused(finished, "is spent", "of 100 rows, which score 1.000")
        # Each call uses 15 tokens of a dollar each.
        assert 0 < len(server.requests) <= most


def test_a_budget_is_used_up_before_it_stops(command: Verb, tmp_path: Path) -> None:
    with MessagesServer(right) as server:
        path = write_sums(tmp_path, server)
        assert_refused(
            command("eval", path, "--budget", "calls=11"), "11 calls is spent, after 11 of 40 rows"
        )
        assert len(server.requests) == 11
        assert command("eval", path, "--budget", f"calls={ROWS}").code == 0


def test_attempts_that_fail_are_paid_from_the_budget_too(command: Verb, tmp_path: Path) -> None:
    with MessagesServer(dropped()) as server:
        path = write_sums(tmp_path, server)
        assert_refused(
            command("eval", path, "--budget", "calls=3", "--concurrency", "1"), "after 0 of 40 rows"
        )
        assert len(server.requests) == 3


def test_refusals_for_load_cost_nothing(command: Verb, tmp_path: Path) -> None:
    script: list[Behaviour] = [rate_limited(0), text("1"), rate_limited(0), rate_limited(0), text("2")]
    with MessagesServer(script) as server:
        path = write_sums(tmp_path, server, rows=2)
        assert command("eval", path, "--budget", "calls=2", "--concurrency", "1").code == 0
        assert len(server.requests) == 5


def test_money_needs_a_price(command: Verb, tmp_path: Path) -> None:
    with MessagesServer(right) as server:
        path = write_sums(tmp_path, server, SUMS.replace('"priced"', '"another"'))
        assert_refused(
            command("eval", path, "--budget", "usd=5"), "`fast` costs is unknown", "tool.agraph.prices"
        )
        assert server.requests == []


def test_the_time_of_a_budget_is_a_hard_stop(command: Verb, tmp_path: Path) -> None:
    with MessagesServer(slow(30, text("1"))) as server:
        path = write_sums(tmp_path, server)
        assert_refused(
            command("eval", path, "--budget", "time=0.3"), "the budget of 0.3 s is spent", "after 0 of"
        )


def test_the_bound_of_a_call_is_no_less_than_what_it_uses() -> None:
    """A local server's count of tokens is not known, but a token is at least a byte."""
    from agraph.runtime.models.anthropic import AnthropicAdapter
    from agraph.runtime.models.anthropic_settings import read_settings
    from agraph.runtime.models.protocol import Request, Turn
    from agraph.runtime.open_model import OpenModel
    from agraph.runtime.pace import Pace
    from tests.graphs import model

    declared = model("m", "anthropic", "any", base_url="http://127.0.0.1", max_tokens=70)
    opened = OpenModel(declared, AnthropicAdapter(read_settings(declared)), Pace(1))
    request = Request("system é" * 10, (Turn("user", "word " * 100),), (), {"type": "string"}, "n", "r")
    bound = call_bound(opened, request)
    assert bound.calls == 1
    assert bound.usd is None
    assert bound.tokens >= 90 + 500 + 70
    longer = attrs.evolve(request, turns=(*request.turns, Turn("assistant", "x" * 1000)))
    assert call_bound(opened, longer).tokens >= bound.tokens + 1000


def test_unknown_usage_counts_as_all_that_was_reserved() -> None:
    assert used_of(Usage(1, None, None, None), MOST) == MOST


# Failures.


@pytest.mark.parametrize(
    ("most", "code"), [(None, 0), ("0", 1), ("9", 1), ("10", 0), ("24%", 1), ("25%", 0), ("100%", 0)]
)
def test_more_failures_than_allowed_give_1(
    most: str | None, code: int, command: Verb, tmp_path: Path
) -> None:
    def every_fourth_fails(request: ReceivedRequest) -> Behaviour:
        number = int(request.prompt.split()[0])
        return text("", stop_reason="max_tokens") if number % 4 == 0 else text(str(number + 1))

    with MessagesServer(every_fourth_fails) as server:
        path = write_sums(tmp_path, server)
        options = [] if most is None else ["--max-failures", most]
        finished = command("eval", path, *options, "--json")
    assert finished.code == code
    report = json.loads(finished.out)
    assert len(report["failures"]) == ROWS // 4
    assert report["score"] == 0.75


def test_a_single_run_keeps_to_its_budget(command: Verb, tmp_path: Path) -> None:
    with MessagesServer(team) as server:
        path = write_sums(tmp_path, server, TEAM)
        finished = command("run", path, "-i", "question=1 + 1", "--budget", "calls=2")
        assert finished.code == 1
        assert finished.err == "error: the budget of 2 calls is spent\n"
        assert len(server.requests) == 2
        with pytest.raises(BudgetError, match="the budget of 1 call is spent"):
            agraph.run(f"{path}", {"question": "2 + 1"}, budget="calls=1")
        assert len(server.requests) == 3


@pytest.mark.parametrize("said", ["-1", "x", "1.5", "101%", "%", "nan%"])
def test_a_number_of_failures_that_is_none_is_refused(said: str, command: Verb, tmp_path: Path) -> None:
    with MessagesServer(right) as server:
        finished = command("eval", write_sums(tmp_path, server), "--max-failures", said)
    assert finished.code == 2
    assert "--max-failures" in finished.err


# Optimizing.

TEAM = """\
agraph 1

model knows = anthropic("priced", base_url = "{url}", max_tokens = 20)

graph team(question: str) -> str? {{
  node sage "Knows." {{
    model = knows
    prompt = "sage: {{{{ question }}}}"
  }}
  node fool[2] "Knows nothing." {{
    model = knows
    prompt = "fool: {{{{ question }}}}"
  }}
  node chief "Repeats." {{
    model = knows
    requires = 1
    prompt = "chief: {{{{ inbox }}}}"
  }}
  edge [sage, fool] -> chief ~ 0.5
  output chief
}}

optimize team {{
  data = jsonl("sums.jsonl", target = "answer")
  metric = number
}}
"""


def team(request: ReceivedRequest) -> Behaviour:
    who, _, said = request.prompt.partition(": ")
    if who == "chief":
        return text(said.split()[-1])
    number = int(said.split()[0])
    return text(str(number + 1) if who == "sage" else str(-number))


@pytest.mark.parametrize("calls", [1, 20, 150, 300, 2000])
def test_an_optimization_never_exceeds_its_budget_and_keeps_what_it_found(
    calls: int, command: Verb, tmp_path: Path
) -> None:
    with MessagesServer(team) as server:
        path = write_sums(tmp_path, server, TEAM, rows=60)
        before = path.read_text()
        finished = command("optimize", path, "--budget", f"calls={calls}", "--runs", "480")
        assert finished.err == ""
        assert len(server.requests) <= calls
    ends = "is spent|calls? (is|are) spent, and the rest is kept for judging"
    stopped = re.search(f"ended early: .*({ends})", finished.out) is not None
    if finished.code == 3:
        assert stopped
        assert path.read_text() == before
    else:
        assert finished.code == 0
        assert path.read_text() != before
    # Much less than the whole search needs is enough to find something and to judge it.
    if calls == 300:
        assert (stopped, finished.code) == (True, 0)


# Estimates.


def test_an_estimate_makes_no_call_and_no_run_uses_more(command: Verb, tmp_path: Path) -> None:
    with MessagesServer(right) as server:
        path = write_sums(tmp_path, server)
        told = json.loads(command("eval", path, "--estimate", "--json").out)
        assert server.requests == []
        used = json.loads(command("eval", path, "--json").out)
        assert len(server.requests) == ROWS
    assert told["calls_about"] == ROWS
    assert told["calls_at_most"] >= ROWS
    assert used["input_tokens"] + used["output_tokens"] <= told["tokens_at_most"]
    assert used["cost_usd"] <= told["cost_usd_at_most"]


def test_an_estimate_of_an_optimization_bounds_it(command: Verb, tmp_path: Path) -> None:
    with MessagesServer(team) as server:
        path = write_sums(tmp_path, server, TEAM, rows=40)
        finished = command("optimize", path, "--estimate", "--runs", "160")
        assert server.requests == []
        most = int(finished.out.partition("at most ")[2].split()[0].replace(",", "")) * 4
        command("optimize", path, "--plan", "--runs", "160")
        assert 0 < len(server.requests) <= most


@pytest.mark.parametrize("verb", ["eval", "optimize"])
def test_what_a_model_without_a_price_costs_is_unknown(verb: str, command: Verb, tmp_path: Path) -> None:
    with MessagesServer(overloaded()) as server:
        path = write_sums(tmp_path, server, TEAM.replace('"priced"', '"another"'))
        finished = command(verb, path, "--estimate")
    assert finished.code == 0
    assert "cost    unknown: no price of `another`" in finished.out
