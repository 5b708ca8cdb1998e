"""A graph file with everything that a model is sent: system text, prompt, tools, and a form of the reply."""

import json
from pathlib import Path

from agraph.testing import Behaviour, ReceivedRequest, text, tool_use

TEXT = '''\
agraph 1

import std.math

type Verdict { winner: "pro" | "con", score: float }

tool search(query: str, most: int) -> list[str] = python("library:search")

model fast = anthropic("any-model")

graph judge(claim: str, strict: bool?) -> Verdict {
  model = fast

  node pro "Argues for the claim." {
    system = "You are terse."
    tools = [search, math.calculate]
    prompt = """
      Argue for: {{ claim }}
        {"keep": "{{ "{{" }} this"}
      """
  }

  node verdict "Decides." -> Verdict {
    prompt = """
      Claim: {{ claim }}
      {{ inbox.named }}
      """
  }

  edge pro -> verdict
  output verdict
}
'''

LIBRARY = "def search(query, most):\n    return [f'{query} {n}' for n in range(most)]\n"

CALL = {"query": "water", "most": 2}

VERDICT = {"winner": "pro", "score": 0.75}


def write_judge(folder: Path, source: str = TEXT) -> Path:
    """The file with its tool beside it."""
    (folder / "library.py").write_text(LIBRARY)
    path = folder / "judge.agraph"
    path.write_text(source, encoding="utf-8")
    return path


def reply(request: ReceivedRequest) -> Behaviour:
    """What a model says: it searches, argues with what was found, and judges."""
    if "output_config" in request.body:
        return text(json.dumps(VERDICT))
    messages = request.body["messages"]
    assert isinstance(messages, list)
    return tool_use("search", CALL) if len(messages) == 1 else text("It wets.")  # type: ignore[arg-type]


SCRIPT: list[dict[str, object]] = [
    {"node": "pro", "tool_calls": [{"name": "search", "arguments": CALL}]},
    {"node": "pro", "reply": "It wets."},
    {"node": "verdict", "reply": VERDICT},
]
"""The same as lines of a `scripted` model."""
