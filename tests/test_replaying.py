"""Learning by replay: exact counterfactuals, what they cost, and what is learned from them."""

import asyncio
import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from agraph.compiler import ir
from agraph.optimizer.candidates import candidate
from agraph.optimizer.effects import contributions, effects
from agraph.optimizer.evaluate import Evaluator
from agraph.optimizer.grade import Grade
from agraph.optimizer.policy import policy_of, realizations, sample
from agraph.optimizer.replays import Replays
from agraph.optimizer.rows import DataRow
from agraph.optimizer.scoreboard import Score
from agraph.optimizer.search import default_estimator
from agraph.optimizer.suffix import Draw, Suffix, suffix_of
from agraph.optimizer.task import Example
from agraph.optimizer.trade import Trade, trade
from agraph.runtime.cut import cut
from agraph.runtime.errors import BudgetError, InputError
from agraph.runtime.frame import Row
from agraph.runtime.models.protocol import Truth, Usage
from agraph.runtime.plan import Realization
from agraph.runtime.session import Session
from tests.compiling import compiled
from tests.graphs import call, graph, node
from tests.test_cut import TEXT, joined

VOTERS = graph(
    [*(node(each, call("?")) for each in "abc"), node("vote")],
    candidates={(0, 3): 0.5, (1, 3): 0.5, (2, 3): 0.5, (0, 1): 0.5},
)


def worth_of(edges: Sequence[bool]) -> float:
    """Of who is heard: an arbitrary number that no sum of parts gives."""
    first, second, third = edges[:3]
    return 0.3 * first + 0.2 * second - 0.4 * third + 0.25 * (first and second) - 0.15 * (second and third)


async def replay(_drawn: Realization, _row: int, settings: Sequence[Realization]) -> list[Score]:
    return [Score(worth_of(each.edges), float(sum(each.edges[:3]))) for each in settings]


def voters() -> tuple[Suffix, Draw]:
    policy = policy_of(VOTERS)
    return suffix_of(VOTERS, policy, cut(VOTERS), replay), Draw(candidate(VOTERS, VOTERS.priors), 0)


def test_effects_are_those_over_all_settings_of_the_others() -> None:
    suffix, draw = voters()
    assert suffix.parameters == (0, 1, 2)
    chances = np.array([0.2, 0.5, 0.7])
    # A coin for each setting, so that the settings come as often as their chances say.
    coins = np.array(list(itertools.product(np.arange(0.05, 1, 0.1), repeat=3)))
    found = asyncio.run(effects(suffix, draw, chances, coins))
    expected = np.zeros(3)
    for switch in range(3):
        for setting in itertools.product([False, True], repeat=3):
            if setting[switch]:
                continue
            others = [place for place in range(3) if place != switch]
            chance = np.prod([chances[p] if setting[p] else 1 - chances[p] for p in others])
            on = [there or place == switch for place, there in enumerate(setting)]
            expected[switch] += chance * (worth_of(on) - worth_of(setting))
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_contributions_are_to_panels_of_the_others() -> None:
    suffix, draw = voters()
    panels = np.array(list(itertools.product([False, True], repeat=3)))
    found = asyncio.run(contributions(suffix, draw, panels))
    for voice in range(3):
        gains = [
            worth_of([there or place == voice for place, there in enumerate(panel)])
            - worth_of([there and place != voice for place, there in enumerate(panel)])
            for panel in panels.tolist()
        ]
        assert found[voice] == pytest.approx(np.mean(gains))


def test_each_setting_of_a_draw_is_scored_once() -> None:
    asked: list[Realization] = []

    async def counted(drawn: Realization, row: int, settings: Sequence[Realization]) -> list[Score]:
        asked.extend(settings)
        return await replay(drawn, row, settings)

    suffix = suffix_of(VOTERS, policy_of(VOTERS), cut(VOTERS), counted)
    draw = Draw(candidate(VOTERS, VOTERS.priors), 0)
    coins = np.random.default_rng(0).random((50, 3))
    for _ in range(3):
        asyncio.run(effects(suffix, draw, np.full(3, 0.5), coins))
    assert len(asked) == len(set(asked)) == 8


# Scores of replays against those of whole runs.

ROWS = [
    Example(
        DataRow("row", number, {"question": f"{number}", "answer": "ABC"[number % 3]}, True, f"{number}"),
        Row(f"{number}", {"question": f"{number}"}, Truth("ABC"[number % 3], ("A", "B", "C"))),
    )
    for number in range(6)
]


def scorer(output: ir.Json, row: DataRow, trace: Mapping[str, ir.Json]) -> Grade:
    return Grade(float(output == row.columns["answer"]))


@pytest.mark.parametrize("seed", range(10))
def test_a_replay_scores_and_costs_what_the_whole_run_does(seed: int) -> None:
    of = compiled(TEXT).graphs[0]
    drawn = realizations(sample(policy_of(of), 12, np.random.default_rng(seed)))

    async def both() -> None:
        async with Session(of) as session:
            evaluator = Evaluator(session, ROWS, scorer, 4, price=lambda usage: 0.1 * usage.calls)
            replays = Replays(evaluator)
            settings = [joined(session, drawn[0], each) for each in drawn]
            for row in range(len(ROWS)):
                again = await replays.scores(drawn[0], row, settings)
                made = session.usage.calls
                assert again == await replays.scores(drawn[0], row, settings)
                assert session.usage.calls == made
                whole = await evaluator.scores([(each, row) for each in settings])
                assert [each.value for each in again] == [each.value for each in whole]
                assert [each.price for each in again] == pytest.approx([each.price for each in whole])
                assert [int(min(each.cost, 99)) for each in again] == [
                    int(min(each.cost, 99)) for each in whole
                ]

    asyncio.run(both())


# What learns where, and what is told of cost.


def test_replay_is_the_default_where_anything_can_be_replayed() -> None:
    assert default_estimator(VOTERS) == "replay"
    fixed = graph([*VOTERS.nodes], [(0, 3), (1, 3)], candidates={(0, 1): 0.5})
    assert default_estimator(fixed) == "replay"
    chain = graph([node("a", call("?")), node("b", call("?"))], candidates={(0, 1): 0.5})
    assert default_estimator(chain) == "reinforce-loo"


def test_a_trade_takes_from_the_score_what_a_run_uses() -> None:
    assert trade("calls=0.01").price(Usage(calls=3)) == pytest.approx(0.03)
    assert trade("usd=5").price(Usage(calls=3, cost_usd=0.02)) == pytest.approx(0.1)
    with pytest.raises(BudgetError, match="unknown"):
        Trade("usd", 5.0).price(Usage(calls=3, cost_usd=None))


@pytest.mark.parametrize("text", ["calls", "calls=", "calls=-1", "calls=nan", "calls=inf", "tokens=1", "5"])
def test_what_is_no_trade_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is no trade"):
        trade(text)
