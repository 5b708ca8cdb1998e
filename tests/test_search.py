"""The search: traps, budgets, other shapes than panels, and what it writes."""

import asyncio
import hashlib
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agraph.compiler import ir
from agraph.optimizer.candidates import living
from agraph.optimizer.progress import Step
from agraph.optimizer.scoreboard import Evaluate, Replay, Score
from agraph.optimizer.search import Result, search
from agraph.optimizer.settings import ESTIMATORS, Estimator, Settings
from agraph.runtime.plan import Realization, deployed
from tests.graphs import call, graph, model, node
from tests.panels import Panel, is_trap, panel, random_panel, subset

RECORDED = Path(__file__).parents[2] / "shared" / "data" / "gsm8k_recorded.jsonl"


DEFAULT = Settings()


def found(
    of: ir.Graph,
    evaluate: Evaluate,
    rows: int = 40,
    validation: Sequence[int] = (),
    seed: int = 0,
    options: Settings = DEFAULT,
) -> Result:
    generator = np.random.default_rng(seed)
    return asyncio.run(search(of, evaluate, replaying(evaluate), range(rows), validation, options, generator))


def replaying(evaluate: Evaluate) -> Replay:
    """Replay by running each setting."""

    async def replay(_drawn: Realization, row: int, settings: Sequence[Realization]) -> Sequence[Score]:
        return await evaluate([(each, row) for each in settings])

    return replay


def scored(value: Callable[[Realization, int], float]) -> Evaluate:
    """An evaluator that asks a function, every node that runs costing one."""

    async def evaluate(pairs: Sequence[tuple[Realization, int]]) -> list[Score]:
        return [Score(value(each, row), float(sum(each.nodes))) for each, row in pairs]

    return evaluate


def by_hash(*what: object) -> float:
    """A number in 0 to 1 that looks random and is always the same."""
    return int.from_bytes(hashlib.sha256(repr(what).encode()).digest()[:6], "big") / 2**48


@pytest.fixture(scope="module")
def recorded() -> Panel:
    """The four recorded models on all rows, their last numbers voting."""
    if not RECORDED.exists():
        pytest.skip(
            "the recorded answers of four models are not here: no `shared` folder beside the repository"
        )
    rows = [json.loads(line) for line in RECORDED.read_text("utf-8").splitlines()]
    fields = [name for name in rows[0] if name not in ("id", "question", "answer")]
    names: dict[float, int] = {}
    answers = [[_numbered(_last_number(row[field]), names) for row in rows] for field in fields]
    truth = [_numbered(_last_number(row["answer"]), names) for row in rows]
    return panel(np.array(answers), np.array(truth))


def _last_number(text: str) -> float | None:
    numbers = re.findall(r"-?\d[\d,]*(?:\.\d+)?", text)
    return float(numbers[-1].replace(",", "")) if numbers else None


def _numbered(value: float | None, names: dict[float, int]) -> int:
    return -1 if value is None else names.setdefault(value, len(names))


def test_the_strongest_of_four_recorded_models_is_found_alone(recorded: Panel) -> None:
    held_out = recorded.right[:, 400:].mean(axis=1)
    assert held_out[-1] == 0.405
    reached = 0
    for seed in range(10):
        ranked = sorted(range(400), key=lambda row: by_hash(seed, row))
        result = asyncio.run(
            search(
                recorded.graph,
                recorded.evaluate,
                replaying(recorded.evaluate),
                ranked[:200],
                ranked[200:300],
                Settings(),
                np.random.default_rng(seed),
            )
        )
        assert result.runs <= 200
        reached += held_out[subset(deployed(recorded.graph, result.probabilities))] >= 0.53
    assert reached >= 9


def test_the_best_subset_is_found_behind_traps() -> None:
    generator = np.random.default_rng(20)
    traps: list[Panel] = []
    while len(traps) < 24:
        made = random_panel(generator, 200)
        if is_trap(made):
            traps.append(made)
    assert {each.members for each in traps} == {4, 5, 6, 7, 8}
    shares = []
    for seed, of in enumerate(traps):
        result = found(of.graph, of.evaluate, 200, seed=seed)
        means = of.right.mean(axis=1)
        shares.append(means[subset(result.incumbent)] / means.max())
    # Learning ends before all rows were seen: what is missed then is little.
    assert sum(share == 1 for share in shares) >= 18
    assert sum(share >= 0.95 for share in shares) >= 23
    assert min(shares) >= 0.9


@pytest.mark.parametrize("estimator", ESTIMATORS)
@given(most=st.integers(4, 400), seed=st.integers(0, 100))
@settings(max_examples=15, deadline=None)
def test_no_more_runs_are_made_to_learn_than_allowed(estimator: Estimator, most: int, seed: int) -> None:
    of = graph(
        [node(each, call("?")) for each in "abcd"],
        candidates={(a, b): 0.5 for a in range(4) for b in range(4) if a != b},
    )
    asked: set[tuple[Realization, int]] = set()

    def value(each: Realization, row: int) -> float:
        if row < 10:
            asked.add((each, row))
        return by_hash(each, row)

    result = found(of, scored(value), 10, (10, 11), seed, Settings(estimator, runs=most))
    assert len(asked) <= most
    assert result.runs <= most
    assert result.estimator == estimator


def test_the_order_in_which_scores_come_changes_nothing() -> None:
    of = random_panel(np.random.default_rng(3), 60)

    async def backwards(pairs: Sequence[tuple[Realization, int]]) -> list[Score]:
        async def one(pair: tuple[Realization, int]) -> Score:
            for _ in range(hash(pair) % 3):
                await asyncio.sleep(0)
            return (await of.evaluate([pair]))[0]

        return (await asyncio.gather(*(one(pair) for pair in reversed(pairs))))[::-1]

    first = found(of.graph, of.evaluate, 40, range(40, 60), seed=5)
    assert found(of.graph, backwards, 40, range(40, 60), seed=5) == first


@st.composite
def graphs(draw: st.DrawFn) -> ir.Graph:
    """Graphs with candidate and fixed edges, cycles, gates, and values that the author made certain."""
    size = draw(st.integers(2, 5))
    pairs = [(a, b) for a in range(size) for b in range(size) if a != b]
    forwards = [pair for pair in pairs if pair[0] < pair[1]]
    fixed = draw(st.lists(st.sampled_from(forwards), unique=True, max_size=3))
    priors = st.sampled_from([0.0, 0.123456, 0.4, 0.5, 0.7, 0.999, 1.0])
    free = [pair for pair in pairs if pair not in fixed]
    candidates = draw(st.dictionaries(st.sampled_from(free), priors, max_size=8))
    gates = draw(st.dictionaries(st.integers(0, size - 2), priors, max_size=2))
    return graph([node(str(each)) for each in range(size)], fixed, candidates=candidates, gates=gates)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@given(of=graphs(), seed=st.integers(0, 1000), most=st.integers(4, 200))
@settings(max_examples=50, deadline=None)
def test_what_is_written_deploys_the_incumbent(
    estimator: Estimator, of: ir.Graph, seed: int, most: int
) -> None:
    def value(each: Realization, row: int) -> float:
        return by_hash(seed, each.edges, each.nodes, row)

    result = found(of, scored(value), 4, (4,), seed, Settings(estimator, runs=most))
    assert living(of, deployed(of, result.probabilities)) == result.incumbent
    for prior, now in zip(of.priors, result.probabilities, strict=True):
        assert now == prior or (0 < now < 1 and 0 < prior < 1 and round(now, 3) == now)


def test_what_nothing_was_learned_about_keeps_its_value() -> None:
    """The edge into a member that is best left out, and the edge that a certain one keeps from mattering."""
    of = graph(
        [node(each) for each in ("deaf", "good", "bad", "out")],
        candidates={(0, 2): 0.7321, (1, 3): 0.5, (2, 3): 0.5},
    )
    result = found(of, scored(lambda each, row: each.edges[1] - 0.5 * each.edges[2]))
    assert result.incumbent.edges == (False, True, False)
    assert result.probabilities[0] == 0.7321
    assert result.probabilities[1] > 0.9
    assert result.probabilities[2] < 0.1


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_search_ends_where_draws_cannot_be_deployed_and_all_scores_are_known(estimator: Estimator) -> None:
    """Of two certain edges that close a cycle a draw may take either, and the file always takes one."""
    of = graph(
        [node("a", call("?")), node("b", call("?")), node("out", call("?"))],
        candidates={(0, 1): 1.0, (1, 0): 1.0, (0, 2): 0.5, (1, 2): 0.5},
    )
    result = found(of, scored(lambda each, row: 0.5), 2, options=Settings(estimator, runs=800))
    assert result.incumbent == result.seed or sum(result.incumbent.nodes) < sum(result.seed.nodes)


def test_where_nothing_is_better_the_file_keeps_its_values() -> None:
    of = graph([node("a"), node("b"), node("out")], candidates={(0, 2): 0.63, (1, 2): 0.31})
    result = found(of, scored(lambda each, row: float(each.edges == (True, False))))
    assert result.incumbent == result.seed
    assert result.probabilities == of.priors


def test_of_equal_scores_the_cheaper_wins() -> None:
    """Three members who always say the same."""
    of = panel(np.tile(np.arange(30) % 3, (3, 1)), np.zeros(30, np.int64))
    result = found(of.graph, of.evaluate, 20, range(20, 30))
    assert sum(result.incumbent.edges) == 1


@given(seed=st.integers(0, 200), noise=st.floats(0.2, 0.8))
@settings(max_examples=30, deadline=None)
def test_what_is_known_on_all_rows_to_be_better_is_not_passed_over(seed: int, noise: float) -> None:
    """Many rows outweigh the few on which the last choice begins."""
    of = graph(
        [node("a", call("?")), node("b", call("?")), node("c", call("?")), node("out", call("?"))],
        candidates={(0, 3): 0.5, (1, 3): 0.5, (2, 3): 0.5},
    )

    def value(each: Realization, row: int) -> float:
        return float(by_hash(seed, each.edges, row) < noise + 0.1 * each.edges[0])

    result = found(of, scored(value), 60, (), seed, Settings("reinforce-loo"))
    scores = {each.realization: each.score for each in result.tried if each.rows == 60}
    assert scores[result.incumbent] == max(scores.values())


def test_validation_rows_keep_the_seed_where_the_winner_was_luck() -> None:
    of = graph([node("a"), node("b"), node("out")], candidates={(0, 2): 0.6, (1, 2): 0.4})

    def value(each: Realization, row: int) -> float:
        seeded = each.edges == (True, False)
        return float(not seeded) if row < 40 else float(seeded)

    assert found(of, scored(value)).incumbent.edges != (True, False)
    assert found(of, scored(value), validation=range(40, 60)).incumbent.edges == (True, False)


def test_gates_are_learned() -> None:
    """Of six nodes that always speak when they are there only one is right, and they vote."""
    of = graph(
        [*(node(f"member_{index}") for index in range(6)), node("vote")],
        [(index, 6) for index in range(6)],
        gates=dict.fromkeys(range(6), 0.5),
    )
    result = found(of, scored(lambda each, row: each.nodes[4] * (1 - sum(each.nodes[:6]) / 12)))
    assert [index for index in range(6) if result.incumbent.nodes[index]] == [4]
    assert [value >= 0.5 for value in result.probabilities] == [index == 4 for index in range(6)]


def test_a_chain_that_only_works_whole_is_found_from_nothing() -> None:
    of = graph(
        [node(each, call("?")) for each in ("read", "solve", "check", "out")],
        candidates={(0, 1): 0.4, (1, 2): 0.4, (2, 3): 0.4, (0, 3): 0.4},
    )
    whole = (True, True, True, False)
    result = found(of, scored(lambda each, row: float(each.edges == whole)))
    assert result.incumbent.edges == whole


def test_agents_learn_whom_to_hear() -> None:
    """Three agents and a vote: each is raised by the one before it in a ring, and lowered by the other."""
    pairs = {(a, b): 0.5 for a in range(3) for b in range(3) if a != b} | {(a, 3): 0.5 for a in range(3)}
    of = graph([*(node(f"agent_{index}", call("?")) for index in range(3)), node("vote")], candidates=pairs)

    def value(each: Realization, row: int) -> float:
        active = [pair for pair, there in zip(pairs, each.edges, strict=True) if there]
        right = []
        for agent in range(3):
            heard = sorted(sender for sender, receiver in active if receiver == agent)
            chance = 0.5 + sum(0.4 if (sender + 1) % 3 == agent else -0.4 for sender in heard)
            if (agent, 3) in active:
                right.append(by_hash(agent, row, heard) < chance)
        return float(2 * sum(right) > len(right))

    def truth(each: Realization) -> float:
        return float(np.mean([value(each, row) for row in range(1000, 1600)]))

    result = found(of, scored(value), 200, range(200, 300))
    # The ring cannot close, so that one agent stays at 0.5: at best the vote is right in 0.9.
    assert truth(result.seed) < 0.7
    assert truth(result.incumbent) > 0.85


def test_a_stopped_search_stops() -> None:
    async def stopped(pairs: Sequence[tuple[Realization, int]]) -> list[Score]:
        raise asyncio.CancelledError

    of = random_panel(np.random.default_rng(4), 10)
    with pytest.raises(asyncio.CancelledError):
        found(of.graph, stopped)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_each_step_is_reported(estimator: Estimator) -> None:
    of = random_panel(np.random.default_rng(6), 40)
    told: list[Step] = []
    settings_ = Settings(estimator, runs=200)
    generator = np.random.default_rng(0)
    result = asyncio.run(
        search(
            of.graph, of.evaluate, replaying(of.evaluate), range(40), (), settings_, generator, told.append
        )
    )
    assert tuple(told) == result.history
    assert [step.number for step in told] == list(range(1, len(told) + 1))
    assert [step.runs for step in told] == sorted({step.runs for step in told})
    assert told[-1].runs == result.runs


def test_a_graph_with_nothing_to_learn_stays_as_it_is() -> None:
    of = graph([node("a"), node("b")], [(0, 1)])
    result = found(of, scored(lambda each, row: 1.0))
    assert (result.incumbent, result.probabilities) == (deployed(of), ())


def test_what_each_learnable_gains_as_it_stands_is_told() -> None:
    """All rows are known in the end, so the gains are those of the panel."""
    of = random_panel(np.random.default_rng(11), 60)
    result = found(of.graph, of.evaluate, 60)
    means, best = of.right.mean(axis=1), subset(result.incumbent)
    for member, told in enumerate(result.evidence):
        assert told is not None
        gain, low, high = told
        assert gain == pytest.approx(means[best] - means[best ^ (1 << member)])
        assert low < gain < high
    assert [value >= 0.5 for value in result.probabilities] == list(result.incumbent.edges)


def test_rows_are_needed() -> None:
    of = random_panel(np.random.default_rng(7), 10)
    with pytest.raises(ValueError, match="rows"):
        found(of.graph, of.evaluate, 0)


def test_options_that_are_good_only_together_are_found() -> None:
    """Of 625 ways to choose, one pair of options is best, and each of the two alone is worse than neither."""
    names = "mnopq"
    of = graph(
        [*(node(str(each), call("?")) for each in range(4)), node("out")],
        [(each, 4) for each in range(4)],
        choices={each: dict.fromkeys(names, 1.0) for each in range(4)},
        models=[model(name, "simulated") for name in names],
    )

    def mean(options: tuple[int, ...]) -> float:
        together, apart = options[1] == 3 and options[2] == 4, options[1] == 3 or options[2] == 4
        return 0.4 + 0.4 * together - 0.1 * (apart and not together) + 0.05 * (options[0] == 2)

    async def evaluate(pairs: Sequence[tuple[Realization, int]]) -> list[Score]:
        return [Score(float(row % 20 < 20 * mean(each.options)), 1.0) for each, row in pairs]

    whole = 0
    for seed in range(3):
        result = found(of, evaluate, 100, range(100, 160), seed, Settings("reinforce-loo", runs=4000))
        assert result.incumbent.options[1:3] == (3, 4)
        assert deployed(of, result.probabilities).options == result.incumbent.options
        whole += result.incumbent.options[0] == 2
    # What is worth a twentieth beside it is found mostly.
    assert whole >= 2
