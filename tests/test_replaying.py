"""Learning by replay: exact counterfactuals, what they cost, and what is learned from them."""

import asyncio
import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from agraph.compiler import ir
from agraph.optimizer.candidates import candidate
from agraph.optimizer.crediting import Crediting
from agraph.optimizer.effects import contributions, effects
from agraph.optimizer.evaluate import Evaluator
from agraph.optimizer.grade import Grade
from agraph.optimizer.policy import policy_of, realizations, sample
from agraph.optimizer.progress import Learned, Log
from agraph.optimizer.replaying import replayed
from agraph.optimizer.replays import Replays
from agraph.optimizer.rows import DataRow
from agraph.optimizer.scoreboard import Replay, Score
from agraph.optimizer.search import default_estimator
from agraph.optimizer.settings import Settings
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


# What is learned, whatever the scores are and wherever it ends.


def searched(scored: Replay, runs: int) -> Learned:
    settings, generator = Settings(runs=runs), np.random.default_rng(0)
    return asyncio.run(replayed(VOTERS, scored, range(20), settings, generator, Log(None)))


@pytest.mark.parametrize("paid", range(12))
def test_where_a_budget_ends_what_was_run_is_kept(paid: int) -> None:
    drawn: set[tuple[Realization, int]] = set()

    async def until_spent(of: Realization, row: int, settings: Sequence[Realization]) -> list[Score]:
        if (of, row) not in drawn and len(drawn) == paid:
            raise BudgetError("spent")
        drawn.add((of, row))
        return await replay(of, row, settings)

    learned = searched(until_spent, 40)
    assert learned.stopped == "spent"
    assert bool(learned.evidence) == bool(paid)


@pytest.mark.parametrize(("runs", "made"), [(1, False), (2, True), (4, True)])
def test_few_runs_are_made_if_they_suffice_for_a_step(runs: int, made: bool) -> None:
    learned = searched(replay, runs)
    assert bool(learned.evidence) == made
    assert learned.stopped is None


@pytest.mark.parametrize(("low", "high"), [(-5.0, 20.0), (-3e5, 1e6), (0.0, 1e10), (-2.0, -1.0), (0.7, 0.7)])
def test_scores_may_lie_anywhere(low: float, high: float) -> None:
    """All but the first are mostly wrong; the scores of an answer are high or low."""

    async def scored(of: Realization, row: int, settings: Sequence[Realization]) -> list[Score]:
        right = [True, row % 3 == 0, row % 4 == 0]
        return [
            Score(high, 1)
            if any(there and so for there, so in zip(each.edges, right, strict=False))
            else Score(low, 1)
            for each in settings
        ]

    with np.errstate(all="raise", under="ignore"):
        learned = searched(scored, 200)
    assert learned.best.realization.edges[0] == (low < high)
    assert all(np.isfinite(each).all() for each in learned.evidence.values())


def test_what_two_voices_bring_of_one_speaker_counts_for_that_speaker() -> None:
    """Two functions of one model, and a second model: the answer is that of the first."""
    of = graph(
        [node("a", call("?")), node("b", call("?")), *(node(each) for each in "uvw")],
        edges=[(0, 2), (0, 3)],
        candidates={(1, 0): 0.5, (2, 4): 0.5, (3, 4): 0.5, (1, 4): 0.5},
    )

    async def scored(_drawn: Realization, row: int, settings: Sequence[Realization]) -> list[Score]:
        return [Score(float(row % 2 and (each.edges[3] or each.edges[4])), 1) for each in settings]

    policy, generator = policy_of(of), np.random.default_rng(0)
    suffix = suffix_of(of, policy, cut(of), scored)
    crediting = Crediting(of, suffix, generator)
    assert [crediting.speakers[place] for place in range(len(suffix.voices))] == [1, 0, 0]
    draws = [Draw(candidate(of, of.priors), row) for row in range(2)]
    wrong, right = asyncio.run(crediting.credits(draws, np.ones(len(suffix.parameters), np.bool_)))
    assert wrong.standings.tolist() == [0.0] * 5
    assert right.standings.tolist() == [1.0, 0.0, 0.0, 0.0, 0.0]


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
