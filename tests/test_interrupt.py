"""Ctrl-C and its like: a run that is stopped while it waits says so, and leaves the file as it was."""

import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from agraph.testing import Behaviour, MessagesServer, ReceivedRequest, slow, text
from tests.commands import DEADLINE_S, Finished, ended, in_new_process, started
from tests.duel import TEXT, names_in, write_duel, write_rows

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")

INTERRUPTED = (130, "", "\ninterrupted: the same command goes on where it was\n")
"""Exit code, output and message; the message does not stand behind the `^C` of the terminal."""

FOR_GOOD = (130, "", "\ninterrupted\n")
"""The same where nothing is kept to go on with."""

SLOW = """\
agraph 1

model fast = anthropic("any-model")

graph slow(question: str) -> str {
  node one "Answers." {
    model = fast
    on ~ 0.5
    prompt = "{{ question }}"
  }
  node two "Answers again." {
    model = fast
    prompt = "{{ question }} {{ inbox }}"
  }
  edge one -> two ~ 0.5
  output two
}

optimize slow {
  data = jsonl("slow.jsonl", target = "answer")
}
"""


class Waiting:
    """A server's script: every answer comes late, and the first question is told of."""

    def __init__(self) -> None:
        self.asked = threading.Event()

    def __call__(self, request: ReceivedRequest) -> Behaviour:
        self.asked.set()
        return slow(DEADLINE_S, text("late"))


def interrupted(folder: Path, *arguments: str, signals: int = 1) -> tuple[Finished, Path]:
    """What a command leaves behind that is interrupted while it waits for a model."""
    write_rows(folder / "slow.jsonl", [{"question": f"{n}?", "answer": f"{n}"} for n in range(16)])
    path = folder / "slow.agraph"
    path.write_text(SLOW)
    script = Waiting()
    with MessagesServer(script) as server:
        environment = {**os.environ, "ANTHROPIC_BASE_URL": server.base_url, "NO_PROXY": "*"}
        process = started(arguments[0], path, *arguments[1:], env=environment)
        try:
            assert script.asked.wait(DEADLINE_S)
        finally:
            for _ in range(signals):
                process.send_signal(signal.SIGINT)
            finished = ended(process)
    return finished, path


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("optimize",), INTERRUPTED),
        (("optimize", "--plan"), INTERRUPTED),
        (("optimize", "--no-cache"), FOR_GOOD),
        (("optimize", "--estimator", "reinforce-plain"), FOR_GOOD),
        (("eval",), INTERRUPTED),
        (("eval", "--json"), INTERRUPTED),
        (("run", "-i", "question=1?"), FOR_GOOD),
    ],
)
def test_an_interrupted_run_says_so_and_leaves_everything_as_it_was(
    tmp_path: Path, arguments: tuple[str, ...], told: tuple[int, str, str]
) -> None:
    finished, path = interrupted(tmp_path, *arguments)
    assert (finished.code, finished.out, finished.err) == told
    assert path.read_text() == SLOW
    assert names_in(tmp_path) == {"slow.agraph", "slow.jsonl"}


def test_an_impatient_user_gets_no_traceback_either(tmp_path: Path) -> None:
    finished, path = interrupted(tmp_path, "optimize", signals=2)
    assert (finished.code, finished.out, finished.err) == INTERRUPTED
    assert path.read_text() == SLOW


BUSY = """\
import os
import signal
from pathlib import Path

def ask(question):
    calls = Path(__file__).with_name("calls")
    if not calls.exists():
        os.kill(os.getpid(), signal.SIGINT)
    with calls.open("a") as file:
        file.write("x")
    return question
"""


@pytest.mark.parametrize("verb", ["eval", "optimize"])
def test_a_graph_that_never_waits_is_interrupted_between_two_rows(tmp_path: Path, verb: str) -> None:
    path = write_duel(
        tmp_path,
        TEXT.replace('recorded("duel.jsonl", key = "question", field = "wrong")', 'python("busy:ask")'),
    )
    (tmp_path / "busy.py").write_text(BUSY)
    before = path.read_bytes()
    finished = in_new_process(verb, path, "--concurrency", "1")
    assert (finished.code, finished.out, finished.err) == INTERRUPTED
    assert len((tmp_path / "calls").read_text()) < 5
    assert path.read_bytes() == before
