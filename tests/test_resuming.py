"""A command that is killed goes on where it was also where its nodes ask anew each time."""

import asyncio
import re
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from agraph.runtime.journal import Journal
from agraph.runtime.store import RunRecord
from agraph.testing import Behaviour, MessagesServer, ReceivedRequest, slow
from agraph.testing.memory_store import MemoryStore
from tests.asking import ROWS, TEXT, answered, write_asking
from tests.commands import DEADLINE_S, Finished, ended, started

ANEW = TEXT.replace('prompt = "Answer', 'cache = false\n    prompt = "Answer')

CONCURRENCY = 4

OPTIONS = {"eval": ("--json",), "optimize": ("--plan", "--runs", "60", "--seed", "3")}


class Holding:
    """A server's script that answers so many of the questions that are asked anew, and no more for long."""

    def __init__(self, first: int) -> None:
        self.asked: list[str] = []
        self.released = False
        self._first = first
        self._arrived = threading.Condition()

    def __call__(self, request: ReceivedRequest) -> Behaviour:
        if request.prompt.startswith("Answer"):
            with self._arrived:
                self.asked.append(request.prompt)
                self._arrived.notify_all()
            if len(self.asked) > self._first and not self.released:
                return slow(DEADLINE_S, answered(request))
        return answered(request)

    def wait_until_waiting(self, count: int) -> None:
        """Wait until so many are held."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.asked) >= self._first + count, DEADLINE_S)


def command(
    verb: str, path: Path, server: MessagesServer, monkeypatch: pytest.MonkeyPatch
) -> "subprocess.Popen[str]":
    monkeypatch.setenv("ANTHROPIC_BASE_URL", server.base_url)
    return started(verb, path, *OPTIONS[verb], "--concurrency", str(CONCURRENCY))


def score(finished: Finished) -> list[str]:
    """What a command found, without what it used."""
    lines = [re.sub(r"\S*asking\.agraph", "asking.agraph", line) for line in finished.out.splitlines()]
    unlike = re.compile(r"calls|tokens|time_s|--apply")
    return [line for line in lines if not unlike.search(line)]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no lock for a command's checkpoints")
@pytest.mark.parametrize("verb", OPTIONS)
def test_what_is_asked_anew_each_time_is_not_asked_again_after_a_kill(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = tmp_path / "whole", tmp_path / "killed"
    whole, killed = [write_asking(_made(folder), ANEW) for folder in folders]
    every = Holding(10_000)
    with MessagesServer(every) as server:
        expected = ended(command(verb, whole, server, monkeypatch))
    assert expected.code in (0, 3), expected

    script = Holding(9)
    # An evaluation always has as many under way as it may; a search has so at times.
    under_way = CONCURRENCY if verb == "eval" else 1
    with MessagesServer(script) as server:
        process = command(verb, killed, server, monkeypatch)
        script.wait_until_waiting(under_way)
        process.kill()
        ended(process)
        script.released = True
        finished = ended(command(verb, killed, server, monkeypatch))
        # Only what was under way is asked twice.
        twice = Counter(script.asked) - Counter(every.asked)
        assert under_way <= twice.total() <= CONCURRENCY
        assert Counter(script.asked) - twice == Counter(every.asked)
        assert score(finished) == score(expected)

        # What came to its end is asked anew.
        ended(command(verb, killed, server, monkeypatch))
        assert len(script.asked) == 2 * len(every.asked) + twice.total()
    if verb == "eval":
        assert len(every.asked) == ROWS


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


# The journal.


def journal(store: MemoryStore, *, cache: bool = True) -> Journal:
    record = RunRecord("eval", "g.agraph", "g", {}, 0.0)
    made = Journal(lambda: store, record, print, lambda: None, cache, "command")
    made.open()
    return made


@pytest.mark.parametrize(("outcome", "left"), [("done", None), ("interrupted", 1)])
def test_checkpoints_outlive_a_command_that_did_not_come_to_its_end(outcome: str, left: int | None) -> None:
    store = MemoryStore()
    first = journal(store)
    asyncio.run(first.set_checkpoint("place", 1))
    first.close(outcome)
    assert journal(store).checkpoint("place") == left


def test_without_the_cache_there_are_no_checkpoints() -> None:
    store = MemoryStore()
    asyncio.run(journal(store).set_checkpoint("place", 1))
    plain = journal(store, cache=False)
    assert plain.checkpoint("place") is None
    asyncio.run(plain.set_checkpoint("place", 2))
    plain.close("done")
    assert store.checkpoint("command", "place") == 1


class Claimed(MemoryStore):
    """A store of which another process has the command."""

    def claim(self, command: str) -> bool:
        return False


def test_of_two_equal_commands_at_once_one_alone_has_the_checkpoints() -> None:
    store = Claimed()
    asyncio.run(store.set_checkpoint("command", "place", 1))
    second = journal(store)
    assert second.checkpoint("place") is None
    asyncio.run(second.set_checkpoint("place", 2))
    second.close("done")
    assert store.checkpoint("command", "place") == 1
