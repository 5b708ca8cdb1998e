"""A graph file with one right answer: of two voices the first is always wrong, and ties go to it."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from agraph.graph_argument import load_graph
from agraph.runtime.plan import deployed

TEXT = """\
agraph 1

import std.vote

tool wrong(question: str) -> str = recorded("duel.jsonl", key = "question", field = "wrong")
tool right(question: str) -> str = recorded("duel.jsonl", key = "question", field = "answer")

graph duel(question: str) -> str? {
  node liar "Is always wrong." = wrong(question)
  node sage "Is always right." = right(question)
  node vote "Takes the majority." = vote.majority(inbox)

  edge [liar, sage] -> vote ~ 0.5   # whom to hear: “both”
  output vote
}

optimize duel {
  data = jsonl("duel.jsonl", target = "answer")
}
"""

ROWS = 24


def write_duel(folder: Path, text: str = TEXT, rows: int = ROWS) -> Path:
    """The file of the duel with its data beside it."""
    entries = [{"question": f"What is {n} + 1?", "answer": str(n + 1), "wrong": str(n)} for n in range(rows)]
    write_rows(folder / "duel.jsonl", entries)
    path = folder / "duel.agraph"
    path.write_bytes(text.encode())
    return path


def write_rows(path: Path, rows: Iterable[Mapping[str, object]]) -> Path:
    """A JSONL file of these rows."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def heard(path: Path) -> tuple[bool, ...]:
    """Which of the candidate edges the file deploys."""
    return deployed(load_graph(str(path))[1]).edges


def names_in(folder: Path) -> set[str]:
    """What lies in a folder, hidden files too but the store; for telling that nothing was left behind."""
    return {entry.name for entry in folder.iterdir() if entry.name not in ("__pycache__", ".agraph")}
