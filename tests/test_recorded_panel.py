"""The main job on real input: of four recorded language models the strongest alone beats every other set.

The recorded answers to 600 word problems lie beside the repository where they are there at all.
"""

import json
import shutil
from pathlib import Path

import pytest

from agraph.evaluating import evaluate
from agraph.optimizing import optimize
from tests.duel import heard

RECORDED = Path(__file__).parent.parent.parent / "shared" / "data" / "gsm8k_recorded.jsonl"

pytestmark = pytest.mark.skipif(not RECORDED.exists(), reason=f"{RECORDED.name} is not beside the repository")

MODELS = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")

TOOL = (
    'tool model_{name}(question: str) -> str = recorded("recorded.jsonl", key = "question", field = "{name}")'
)

TEXT = f"""\
agraph 1

import std.text
import std.vote

{chr(10).join(TOOL.format(name=name) for name in MODELS)}

graph panel(question: str) -> float? {{
{chr(10).join(f"  node n_{name} = model_{name}(question)" for name in MODELS)}
  node vote "Takes the majority." = vote.majority(text.last_number(inbox))
  edge [{", ".join(f"n_{name}" for name in MODELS)}] -> vote ~ 0.5
  output vote
}}

optimize panel {{
  data = jsonl("train.jsonl", target = "answer")
  metric = number
}}
"""


@pytest.fixture
def panel(tmp_path: Path) -> Path:
    """The graph of the four, all heard; the first 400 rows to learn from, the last 200 to judge by."""
    shutil.copy(RECORDED, tmp_path / "recorded.jsonl")
    lines = RECORDED.read_text("utf-8").splitlines(keepends=True)
    (tmp_path / "train.jsonl").write_text("".join(lines[:400]), "utf-8")
    (tmp_path / "last.jsonl").write_text("".join(lines[-200:]), "utf-8")
    path = tmp_path / "panel.agraph"
    path.write_text(TEXT)
    return path


def last_score(path: Path) -> float:
    return evaluate(str(path), str(path.with_name("last.jsonl"))).score


def test_the_models_stand_in_the_order_of_the_fields() -> None:
    first = json.loads(RECORDED.read_text("utf-8").split("\n", 1)[0])
    assert [name for name in first if name in MODELS] == list(MODELS)


def test_all_four_together_score_as_they_are_known_to(panel: Path) -> None:
    assert heard(panel) == (True, True, True, True)
    assert last_score(panel) == 0.405


def test_the_strongest_alone_is_found_with_each_of_ten_seeds(panel: Path) -> None:
    scores = []
    for seed in range(10):
        tuned = panel.with_name(f"tuned_{seed}.agraph")
        found = optimize(str(panel), seed=seed, output=str(tuned))
        assert found.runs <= 200
        scores.append(last_score(tuned if found.written else panel))
    assert scores == [0.545] * 10
