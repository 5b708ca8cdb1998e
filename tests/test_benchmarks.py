"""The benchmarks as a whole: that each can be run; `python -m benchmarks` measures."""

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    # They are no part of the package, and pytest alone does not put their folder on the path.
    monkeypatch.syspath_prepend(str(ROOT))
    return import_module("benchmarks.__main__")


def test_the_table_of_benchmarks_names_each_file_that_measures(runner: ModuleType) -> None:
    measuring = [path.stem for path in (ROOT / "benchmarks").glob("*.py") if _measures(path)]
    assert sorted(runner.NAMES) == sorted(measuring)


def _measures(path: Path) -> bool:
    return "\ndef run() -> list[Measurement]:\n" in path.read_text(encoding="utf-8")


def test_every_benchmark_can_be_imported_and_run(runner: ModuleType) -> None:
    for name in runner.NAMES:
        assert callable(import_module(f"benchmarks.{name}").run)


def test_one_measurement_beyond_its_limit_fails_the_whole(
    runner: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    measurement = import_module("benchmarks.measurement").Measurement
    measured = [
        measurement("quick", 0.9, 1.0, "by hand"),
        measurement("many", 9.0, 8.0, "loops", at_least=True),
    ]
    monkeypatch.setattr(runner, "NAMES", ("measured",))
    module = ModuleType("benchmarks.measured")
    monkeypatch.setattr(module, "run", lambda: measured, raising=False)
    monkeypatch.setitem(sys.modules, "benchmarks.measured", module)
    assert runner.main([]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "quick     0.90  ≤  1.00  pass  by hand",
        "many      9.00  ≥  8.00  pass  loops",
    ]
    measured.append(measurement("slow", 1.1, 1.0, "by hand"))
    assert runner.main(["measured"]) == 1
    assert "FAIL" in capsys.readouterr().out.splitlines()[-1]


def test_an_unknown_benchmark_is_told(runner: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        runner.main(["samplng"])
    assert stop.value.code == 2
    assert "there is no benchmark samplng" in capsys.readouterr().err
