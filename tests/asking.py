"""A graph file of two model nodes, with its data beside it, for tests of what is asked and kept."""

from pathlib import Path

from agraph.testing import ReceivedRequest, text
from agraph.testing.behaviours import Message
from tests.duel import write_rows

ROWS = 16

TEXT = """\
agraph 1

model fast = anthropic("any-model")

graph asking(question: str) -> str {
  model = fast
  node draft "Drafts an answer." {
    prompt = "Draft: {{ question }}"
  }
  node final "Answers." {
    prompt = "Answer: {{ question }} {{ inbox }}"
  }
  edge draft -> final ~ 0.9
  output final
}

optimize asking {
  data = jsonl("asking.jsonl", target = "answer")
}
"""


def write_asking(folder: Path, source: str = TEXT, rows: int = ROWS) -> Path:
    """The file of the graph with its data beside it."""
    write_rows(folder / "asking.jsonl", [{"question": f"{n}?", "answer": f"{n}"} for n in range(rows)])
    path = folder / "asking.agraph"
    path.write_text(source)
    return path


def answered(request: ReceivedRequest) -> Message:
    """The number in the question, which is right unless there was a draft of an odd number."""
    question = request.prompt.split("?")[0].split()[-1]
    misled = request.prompt.startswith("Answer") and request.prompt.endswith(question) and int(question) % 2
    return text("wrong" if misled else question)
