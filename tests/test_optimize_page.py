"""The page about `agraph optimize` shows a program that runs, and what the command says of it."""

import re
from functools import partial
from pathlib import Path

import pytest

from agraph.optimizer.trade import Trade
from agraph.optimizing import optimize as optimize_from_python
from agraph.runtime.errors import InputError
from tests.commands import Verb, in_process
from tests.duel import heard, write_rows

PAGE = Path(__file__).parents[1] / "docs" / "optimize.md"

NUMBER = re.compile(r"[+-]?\d[\d.,]*\d|[+-]?\d")


@pytest.fixture
def optimize(capsys: pytest.CaptureFixture[str]) -> Verb:
    return partial(in_process, capsys, "optimize")


def blocks(language: str) -> list[str]:
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)
    return found


@pytest.fixture
def advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    [program] = blocks("agraph")
    numbers = [(n, n % 7) for n in range(240)]
    write_rows(
        tmp_path / "problems.jsonl",
        [{"question": f"What is {a} plus {b}?", "answer": f"={a + b}"} for a, b in numbers],
    )
    path = tmp_path / "advice.agraph"
    path.write_text(program, "utf-8")
    monkeypatch.chdir(tmp_path)
    return path


def shapes(text: str) -> list[str]:
    """Its lines without their numbers, which another search may find otherwise."""
    return [" ".join(NUMBER.sub("#", line).split()) for line in text.splitlines()]


def test_an_estimate_counts_no_graph_twice_on_a_row(optimize: Verb, advice: Path) -> None:
    """Two edges make four graphs, which run on 120 rows to learn, and two of them on 60 and 60 more."""
    assert "runs    720 runs of `advice`" in optimize(advice.name, "--estimate").out
    assert optimize_from_python(str(advice), plan=True, trade="calls=0.7").runs <= 480


def test_a_trade_from_python_is_the_text_of_the_command_line(advice: Path) -> None:
    found, other = (
        optimize_from_python(str(advice), plan=True, trade=trade)
        for trade in ("calls=0.7", Trade("calls", 0.7))
    )
    assert (found.diff, found.verdict) == (other.diff, other.verdict)
    with pytest.raises(InputError, match="is no trade"):
        optimize_from_python(str(advice), trade="calls")


def test_what_the_page_shows_is_what_the_command_says(optimize: Verb, advice: Path) -> None:
    finished = optimize(advice.name, "--plan", "--seed", "2")
    assert (finished.code, finished.err) == (0, "")
    shown, traded = blocks("text")
    _, heading, table = finished.out.partition("learnable  ")
    assert shapes(heading + table) == shapes(shown)
    after = optimize(advice.name, "--trade", "calls=0.7")
    assert set(shapes(traded)) <= set(shapes(after.out))
    assert heard(advice) == (False, False)
