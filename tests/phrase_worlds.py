"""Files whose models answer better where their prompts have certain phrases."""

import json
from pathlib import Path

TEXT = """\
agraph 1

import std.text

model fast = simulated(right = 0.3, phrases = { "step by step": 0.4, "concise": -0.2 })

graph solve(question: str) -> str {
  node reader "Solves a word problem." {
    model = fast
    prompt ~ \"""
      Be concise. # not a comment
      {{ question }}
      \"""   # a comment: “stays”
  }
  node answer = text.last_line(reader)
  edge reader -> answer
  output answer
}

optimize solve {
  data = jsonl("problems.jsonl", target = "answer")
}"""
"""A file with one prompt, that ends without a line end."""


def write_world(folder: Path, text: str = TEXT, rows: int = 120, newline: str = "\n") -> Path:
    """A file and its data set in a folder."""
    problems = [{"question": f"What is {n} plus {n % 7}?", "answer": str(n + n % 7)} for n in range(rows)]
    lines = "".join(json.dumps(problem) + "\n" for problem in problems)
    (folder / "problems.jsonl").write_text(lines, encoding="utf-8")
    path = folder / "world.agraph"
    path.write_bytes(text.replace("\n", newline).encode())
    return path
