"""How searches are compared: when one is there for good, what is kept of it, and how it is told."""

import json
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from agraph.optimizer.settings import Settings

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _on_the_path() -> Iterator[None]:
    # The benchmarks are no part of the package, and pytest alone does not put their folder on the path.
    sys.path.insert(0, str(ROOT))
    yield
    sys.path.remove(str(ROOT))


@pytest.fixture
def contests() -> ModuleType:
    return import_module("benchmarks.contest")


@pytest.fixture
def optimizing() -> ModuleType:
    return import_module("benchmarks.optimizing")


def record(**changed: Any) -> Any:
    fields: dict[str, Any] = {
        "world": "w", "estimator": "replay", "seed": 1, "graphs": 10, "calls": 40, "graphs_in_all": 20,
        "calls_in_all": 80, "start": 0.5, "end": 1.0, "seconds": 0.1, **changed,
    }  # fmt: skip
    return import_module("benchmarks.contest").Record(**fields)


@pytest.mark.parametrize(
    ("shares", "station"),
    [([0.5, 0.96, 1.0], 1), ([0.96, 0.5, 0.97], 2), ([0.5, 0.95], 1), ([0.96, 0.97, 0.9], None), ([0.95], 0)],
)
def test_a_search_is_there_once_it_does_not_leave_again(
    contests: ModuleType, shares: list[float], station: int | None
) -> None:
    assert contests.reached(shares) == station


def test_who_is_to_hear_whom_is_found_by_what_is_heard(contests: ModuleType) -> None:
    """A chain of helpers among liars: credit for single edges alone left it out with most of these seeds."""
    ends = [contests.contest("relay", "replay", seed, Settings(runs=640)).end for seed in (0, 1, 3, 4)]
    assert min(ends) >= 0.95, ends


def test_a_search_is_recorded_as_it_went(contests: ModuleType) -> None:
    found = contests.contest("adversaries-3", "reinforce-plain", 1, Settings(runs=40))
    assert (found.world, found.graphs_in_all) == ("adversaries-3", 40)
    assert found == contests.attrs.evolve(
        contests.contest("adversaries-3", "reinforce-plain", 1, Settings(runs=40)), seconds=found.seconds
    )


def test_lookups_of_recorded_voters_count_as_calls(contests: ModuleType) -> None:
    found = contests.contest("traps", "reinforce-plain", 1, Settings(runs=40))
    assert found.calls_in_all > 40


def test_the_table_tells_medians_quartiles_and_failures() -> None:
    page = import_module("benchmarks.contest_page")
    records = [record(seed=seed, graphs=seed, calls=10 * seed) for seed in range(1, 4)]
    records.append(record(seed=4, graphs=None, calls=None, end=0.5))
    assert page.table(records).splitlines()[2] == (
        "| w | `replay` | 2 (1–3) | 20 (10–30) | 1 of 4 | 20 | 80 | 3 of 4 | 100% |"
    )
    failed = [record(seed=seed, graphs=None, calls=None) for seed in range(4)]
    assert "| never | never | 4 of 4 |" in page.table(failed)


def test_the_plot_of_the_same_records_is_the_same(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    page = import_module("benchmarks.contest_page")
    for name in ("one.svg", "two.svg"):
        page.plot([record(), record(seed=2, graphs=None, calls=None)], tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_what_is_known_is_not_run_again(
    optimizing: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    results = tmp_path / "results.jsonl"
    wanted = ["--worlds", "adversaries-1", "--estimators", "reinforce-plain", "--seeds", "2", "--runs", "20"]
    settings = ["--processes", "1", "--results", str(results)]
    assert optimizing.main([*wanted, *settings]) == 0
    table = capsys.readouterr().out
    first = results.read_text("utf-8")
    assert [json.loads(line)["seed"] for line in first.splitlines()] == [1000, 1001]
    assert optimizing.main([*wanted, *settings]) == 0
    assert capsys.readouterr().out == table
    assert results.read_text("utf-8") == first
    monkeypatch.setattr(optimizing, "_version", lambda _: "of other sources")
    assert optimizing.main([*wanted, *settings]) == 0
    assert len(results.read_text("utf-8").splitlines()) == 4


def test_the_page_keeps_what_stands_around_a_table() -> None:
    page = import_module("benchmarks.page")
    before = "Before.\n\n<!-- c -->\nold\n<!-- end of c -->\n\nAfter."
    after = "Before.\n\n<!-- c -->\n\nnew\n\n<!-- end of c -->\n\nAfter."
    assert page.replaced(before, "c", "new") == after
    assert page.replaced(after, "c", "new") == after
    with pytest.raises(ValueError, match="no place for `d`"):
        page.replaced(before, "d", "new")


def test_no_gain_is_seldom_taken_for_one_and_a_large_one_is_seen() -> None:
    accepting = import_module("benchmarks.accepting")
    assert accepting.improved(0.0, 100, trials=2000) < 0.05
    assert accepting.improved(0.2, 200, trials=2000) > 0.95


def test_writers_put_prompts_together_from_what_they_are_shown() -> None:
    wording = import_module("benchmarks.worlds.wording")
    world = wording.wording(1)
    best = wording.written([sentence for sentence, worth in world.worths.items() if worth > 0])
    assert world.chance(best) == pytest.approx(world.optimum)
    generator = wording.generator_of(1, "x")
    made = wording.proposed([best], 20, generator)
    assert all(wording.READS in prompt and set(wording.sentences_of(prompt)) for prompt in made)
    assert max(map(world.chance, made)) > 0.6 > wording.RIGHT
