"""Kill -9 at any moment: the same command goes on where it was, and pays again for nothing that was kept."""

import json
import os
import random
import re
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import attrs
import pytest

from agraph.runtime.store_file import store_path
from agraph.testing import Behaviour, MessagesServer, ReceivedRequest, slow
from tests.asking import answered, write_asking
from tests.commands import DEADLINE_S, Finished, ended, started

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")

CONCURRENCY = 8

ROWS = 40

LATENCY_S = 0.03

STARTING_S = 2.5
"""About as long as a process takes until it asks."""

COMMANDS = {
    "eval": ("eval", "--json"),
    "optimize": ("optimize", "--plan", "--runs", "96", "--seed", "3"),
}


class Counting:
    """A server's script: each answer's count of input tokens is the number of its request."""

    def __init__(self, generator: random.Random) -> None:
        self.arrived = threading.Condition()
        self.prompts: list[str] = []
        self._generator = generator

    def __call__(self, request: ReceivedRequest) -> Behaviour:
        with self.arrived:
            number = len(self.prompts)
            self.prompts.append(request.prompt)
            self.arrived.notify_all()
        usage = {"input_tokens": number, "output_tokens": 1}
        return slow(self._generator.uniform(0, LATENCY_S), attrs.evolve(answered(request), usage=usage))


def stored(folder: Path, script: Counting) -> set[str]:
    """The prompts whose answers are kept."""
    path = store_path(folder)
    if not path.exists():
        return set()
    connection = sqlite3.connect(path, timeout=DEADLINE_S)
    try:
        # A process may be killed before it has made the tables.
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'calls'").fetchone():
            return set()
        replies = [json.loads(text) for (text,) in connection.execute("SELECT reply FROM calls")]
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    finally:
        connection.close()
    return {script.prompts[reply["usage"]["input_tokens"]] for reply in replies}


def kill_at_random(
    process: "subprocess.Popen[str]", script: Counting, generator: random.Random
) -> Finished | None:
    """Kill a process while it starts, or after some of its questions; what it left where it ended before."""
    before = len(script.prompts)
    if generator.random() < 0.25:
        wait_s = generator.uniform(0, STARTING_S)
    else:
        wanted = before + generator.randint(1, 30)
        with script.arrived:
            script.arrived.wait_for(
                lambda: len(script.prompts) >= wanted or process.poll() is not None, STARTING_S + 2
            )
        wait_s = generator.uniform(0, LATENCY_S)
    try:
        process.wait(wait_s)
    except subprocess.TimeoutExpired:
        process.kill()
    finished = ended(process)
    return None if finished.code < 0 else finished


@attrs.define
class Story:
    """A command that was killed again and again until it came to its end."""

    finished: Finished
    kills: int
    prompts: list[str]


def killed_until_done(folder: Path, verb: str, generator: random.Random, kills: int) -> Story:
    """Run a command in a fresh folder, killed as often as that, and hold what must hold after each kill."""
    folder.mkdir()
    path = write_asking(folder, rows=ROWS)
    script, done = Counting(generator), 0
    kept: list[tuple[int, set[str]]] = []
    name, *options = COMMANDS[verb]
    with MessagesServer(script) as server:
        environment = {**os.environ, "ANTHROPIC_BASE_URL": server.base_url, "NO_PROXY": "*"}

        def begun() -> "subprocess.Popen[str]":
            return started(name, path, *options, "--concurrency", str(CONCURRENCY), env=environment)

        finished = None
        while done < kills and finished is None:
            finished = kill_at_random(begun(), script, generator)
            if finished is None:
                done += 1
                known = stored(folder, script)
                kept.append((len(script.prompts), known))
                # What a question rests on was kept before it was asked.
                assert drafts_heard(script.prompts) <= known
        finished = finished or ended(begun())
        assert finished.code in (0, 3), finished
        assert finished.err == ""
        assert stored(folder, script) == set(script.prompts)
    for asked, known in kept:
        assert known.isdisjoint(script.prompts[asked:]), "something is paid for twice"
    # Only what was under way at a kill is asked again.
    assert sum(Counter(script.prompts).values()) - len(set(script.prompts)) <= done * CONCURRENCY
    return Story(finished, done, script.prompts)


def drafts_heard(prompts: list[str]) -> set[str]:
    """The prompts of the drafts that final questions repeat."""
    heard = [prompt.split(": ", 1)[1].split("? ", 1) for prompt in prompts if prompt.startswith("Answer")]
    return {f"Draft: {question}?" for question, draft in heard if draft}


def report(verb: str, finished: Finished) -> object:
    """What a command found, without what it used."""
    if verb == "eval":
        told = json.loads(finished.out)
        return {name: told[name] for name in ("score", "interval", "rows", "failures")}
    # Each round has a folder of its own.
    lines = [re.sub(r"\S*asking\.agraph", "asking.agraph", line) for line in finished.out.splitlines()]
    return [re.sub(r"--apply \d+", "--apply", line) for line in lines if " runs to learn by " not in line]


def kill_again_and_again(folder: Path, verb: str, kills: int, generator: random.Random) -> None:
    whole = killed_until_done(folder / "whole", verb, generator, kills=0)
    done = round_ = 0
    while done < kills:
        round_ += 1
        story = killed_until_done(folder / f"round{round_}", verb, generator, min(kills - done, 6))
        done += story.kills
        assert report(verb, story.finished) == report(verb, whole.finished)
        assert set(story.prompts) == set(whole.prompts)


@pytest.mark.parametrize(("verb", "kills"), [("eval", 3), ("optimize", 2)])
def test_a_killed_command_goes_on_where_it_was(tmp_path: Path, verb: str, kills: int) -> None:
    kill_again_and_again(tmp_path, verb, kills, random.Random(verb))


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["eval", "optimize"])
def test_a_command_that_is_killed_fifty_times_goes_on_where_it_was(tmp_path: Path, verb: str) -> None:
    kill_again_and_again(tmp_path, verb, 50, random.Random(f"fifty {verb}"))
