"""Choices from the file to the file: `agraph optimize`, `run --sample` and what is deployed afterwards."""

from pathlib import Path

import pytest

from agraph.cli.optimize import NOTHING_BETTER
from agraph.graph_argument import load_graph
from agraph.runtime.plan import deployed
from tests.commands import Verb, in_process
from tests.duel import write_rows

MODELS = """\
agraph 1

model good = simulated(right = 0.95, phrases = { "step by step": -0.9 })
model bad = simulated(right = 0.2)
model plain = simulated(right = 0.3, phrases = { "step by step": 0.6 })
"""

BETTER_MODEL = f"""{MODELS}
graph ask(question: str) -> str {{
  node a "Answers." {{
    model ~ {{ bad: 3, good: 1 }}   # “which”
    prompt = "{{{{ question }}}}"
  }}
  output a
}}
"""

BETTER_PROMPT = f"""{MODELS}
graph ask(question: str) -> str {{
  model = plain
  node a "Answers." {{
    prompt ~ {{ short: 0.5, long: 0.5 }}
    prompt short = "{{{{ question }}}}"
    prompt long = \"\"\"
      {{{{ question }}}}
      Think step by step.
      \"\"\"
  }}
  output a
}}
"""

# Only the plain model gains by the phrase; the good one cannot be taken; nobody needs `b`.
TOGETHER = f"""{MODELS}
graph ask(question: str) -> float {{
  node a "Answers." {{
    model ~ {{ plain: 0.4, bad: 0.6, good: 0 }}
    prompt ~ {{ short: 0.9, long: 0.1 }}
    prompt short = "{{{{ question }}}}"
    prompt long = "{{{{ question }}}} Think step by step."
  }}
  node b "Listens." {{
    on ~ 0.5
    model ~ {{ bad: 1, plain: 1 }}
    prompt = "{{{{ question }}}}"
  }}
  node vote "Takes the last." -> float = text.last_number(a)
  edge a -> vote
  edge b -> vote ~ 0.5
  output vote
}}
""".replace("agraph 1\n", "agraph 1\nimport std.text\n")

INSTANCES = f"""{MODELS}
graph ask(question: str) -> str {{
  node a "Answers." {{
    model ~ {{ bad: 1, good: 1 }}
    prompt = "{{{{ question }}}}"
  }}
  output a
}}

graph main(question: str) -> str {{
  node x "Asks." ~ ask(question)
  output x
}}
"""


@pytest.fixture
def optimize(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Verb:
    rows = [{"question": f"What is {n} + 1?", "answer": str(n + 1)} for n in range(60)]
    data = write_rows(tmp_path / "rows.jsonl", rows)

    def run(path: Path, *more: str) -> object:
        return in_process(
            capsys, "optimize", path, "--data", data, "--target", "answer", "--metric", "number",
            "--runs", "480", *more,
        )  # fmt: skip

    return run  # type: ignore[return-value]


def written(folder: Path, text: str) -> Path:
    path = folder / "a.agraph"
    path.write_text(text, encoding="utf-8")
    return path


def taken(path: Path) -> dict[str, str]:
    """The option that the file deploys, by the name of each choice."""
    _, graph = load_graph(str(path))
    return {
        f"{graph.nodes[node].name}.{choice.kind}": choice.names[option]
        for (node, choice), option in zip(graph.choices, deployed(graph).options, strict=True)
    }


def test_the_better_model_is_found_written_and_deployed(optimize: Verb, tmp_path: Path) -> None:
    path = written(tmp_path, BETTER_MODEL)
    finished = optimize(path)
    assert finished.code == 0, finished
    assert taken(path) == {"a.model": "good"}
    names = [line.split("  ")[0] for line in finished.out.splitlines()]
    assert names[1:3] == ["a.model: bad", "a.model: good"]
    before, after = BETTER_MODEL.splitlines(), path.read_text("utf-8").splitlines()
    [(old, new)] = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
    assert new.startswith("    model ~ { bad: 0.0")
    assert new.endswith(" }   # “which”")
    assert old.replace("3", new.split()[4][:-1]).replace(": 1", f": {new.split()[6]}") == new
    again = path.read_bytes()
    assert optimize(path).code == NOTHING_BETTER
    assert path.read_bytes() == again


def test_the_better_prompt_is_found_written_and_deployed(optimize: Verb, tmp_path: Path) -> None:
    path = written(tmp_path, BETTER_PROMPT)
    assert optimize(path).code == 0
    assert taken(path) == {"a.prompt": "long"}


def test_choices_are_learned_together_and_one_that_does_not_matter_keeps_its_bytes(
    optimize: Verb, tmp_path: Path
) -> None:
    path = written(tmp_path, TOGETHER)
    assert optimize(path).code == 0
    assert taken(path) == {"a.model": "plain", "a.prompt": "long", "b.model": "bad"}
    text = path.read_text("utf-8")
    assert "good: 0 }" in text
    assert "    model ~ { bad: 1, plain: 1 }\n" in text


def test_a_choice_inside_an_instance_is_written_into_its_block(optimize: Verb, tmp_path: Path) -> None:
    path = written(tmp_path, INSTANCES)
    assert optimize(path).code == 0
    assert taken(path) == {"x.a.model": "good"}
    text = path.read_text("utf-8")
    assert text.startswith(INSTANCES[: INSTANCES.index("(question)\n") + len("(question)")])
    assert '  node x "Asks." ~ ask(question) {\n    a.model ~ { bad: 0.0' in text


def test_a_sample_takes_options_by_their_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "one.jsonl").write_text('{"reply": "one"}\n')
    (tmp_path / "two.jsonl").write_text('{"reply": "two"}\n')
    path = written(
        tmp_path,
        'agraph 1\nmodel one = scripted("one.jsonl")\nmodel two = scripted("two.jsonl")\n'
        'graph g() -> str {\n  node a {\n    model ~ { one: 1, two: 2 }\n    prompt = "?"\n  }\n'
        "  output a\n}\n",
    )
    assert in_process(capsys, "run", path).out == "two\n"
    drawn = {in_process(capsys, "run", path, "--sample", "--seed", str(seed)).out for seed in range(12)}
    assert drawn == {"one\n", "two\n"}
