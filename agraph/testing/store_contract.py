"""What any store must do, as a test class to subclass.

class TestMyStore(StoreContract):
def open(self, folder):
return MyStore(folder)
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from agraph.compiler.ir import Json
from agraph.runtime.event_json import event_json
from agraph.runtime.events import Answered, NodeEnded, RunBegan
from agraph.runtime.models.protocol import Reply, Request, ToolCall, Turn, Usage
from agraph.runtime.store import RunRecord, Store, StoredCall, Told

REPLY = Reply("4 \ud800 \0 ✓", (ToolCall("1", "f", {"x": [1, None]}),), "tool_use", Usage(1, 10, None, 0.5))


class StoreContract:
    """The contract of a `Store`; each test gets the fixture `tmp_path` of pytest.

    Attributes:
        lasts: Whether what is kept is there when the same folder is opened again.
    """

    lasts: ClassVar[bool] = True

    def open(self, folder: Path) -> Store:
        """The store in a folder."""
        raise NotImplementedError

    @contextmanager
    def _opened(self, folder: Path) -> Iterator[Store]:
        store = self.open(folder)
        try:
            yield store
        finally:
            store.close()

    def test_a_kept_reply_comes_back_as_it_was(self, tmp_path: Path) -> None:
        """A reply with halves of surrogate pairs, nulls and unknown counts too."""
        with self._opened(tmp_path) as store:
            assert store.reply("key") is None
            asyncio.run(store.keep(_call("key", REPLY)))
            assert store.reply("key") == REPLY
            assert store.reply("other") is None

    def test_the_first_of_equal_calls_stays(self, tmp_path: Path) -> None:
        """Two processes may have asked the same; who reads later gets what was used first."""
        with self._opened(tmp_path) as store:
            asyncio.run(store.keep(_call("key", REPLY)))
            asyncio.run(store.keep(_call("key", _said("another"))))
            assert store.reply("key") == REPLY

    def test_many_calls_are_kept_at_once(self, tmp_path: Path) -> None:
        """Each comes back under its own key."""
        replies = {f"key {number}": _said(str(number)) for number in range(300)}

        async def keep(store: Store) -> None:
            async with asyncio.TaskGroup() as group:
                for key, reply in replies.items():
                    group.create_task(store.keep(_call(key, reply)))

        with self._opened(tmp_path) as store:
            asyncio.run(keep(store))
            assert {key: store.reply(key) for key in replies} == replies

    def test_what_is_kept_is_there_when_it_is_opened_again(self, tmp_path: Path) -> None:
        """Calls, runs, events and checkpoints."""
        if not self.lasts:
            return
        with self._opened(tmp_path) as store:
            asyncio.run(store.keep(_call("key", REPLY)))
            asyncio.run(store.set_checkpoint("command", "place", [1]))
            number = store.begin(_record("eval"))
            store.tell(number, [(RunBegan(0, "row", {}), 1.0)])
        with self._opened(tmp_path) as store:
            assert store.reply("key") == REPLY
            assert store.checkpoint("command", "place") == [1]
            assert store.run(number) == _record("eval", number)
            assert len(list(store.events(number))) == 1

    def test_runs_are_listed_from_the_newest_on(self, tmp_path: Path) -> None:
        """With what is known of their end."""
        with self._opened(tmp_path) as store:
            first, second = store.begin(_record("run")), store.begin(_record("eval"))
            assert first < second
            store.end(first, "done", 9.0)
            ended = RunRecord("run", "g.agraph", "g", {"seed": 1}, 5.0, 9.0, "done", first)
            assert store.runs(10) == (_record("eval", second), ended)
            assert store.runs(1) == (_record("eval", second),)
            assert store.run(first) == ended
            assert store.run(second + 1) is None

    def test_what_runs_concluded_is_listed_from_the_newest_on(self, tmp_path: Path) -> None:
        """And only those that concluded something."""
        with self._opened(tmp_path) as store:
            first, _, last = (store.begin(_record("optimize")) for _ in range(3))
            for number in (first, last):
                store.conclude(number, {"text": "é \ud800", "numbers": [1, None]})
            found = [(record.number, record.result) for record in store.concluded()]
            result = {"text": "é \ud800", "numbers": [1, None]}
            assert found == [(last, result), (first, result)]

    def test_the_events_of_a_run_come_in_order(self, tmp_path: Path) -> None:
        """Also where two runs tell by turns."""
        request = Request("s", (Turn("user", "p \ud800"),), (), None, "n", "r")
        told: list[Told] = [
            (RunBegan(0, "r", {"q": "é"}), 1.0),
            (Answered("m", request, REPLY, shared=False), 2.0),
            (NodeEnded(0, "n", 0.5, "4"), 3.0),
        ]
        with self._opened(tmp_path) as store:
            one, other = store.begin(_record("run")), store.begin(_record("run"))
            for event in told:
                store.tell(one, [event])
                store.tell(other, [event, event])
            asyncio.run(store.settled())
            assert store.backlog == 0
            kept = [_plain(event) for event in store.events(one)]
            assert kept == [_plain(event_json(event, at_s)) for event, at_s in told]
            assert len(list(store.events(other))) == 6

    def test_a_checkpoint_takes_the_place_of_the_one_before(self, tmp_path: Path) -> None:
        """And there is none where none was set."""
        with self._opened(tmp_path) as store:
            assert store.checkpoint("command", "place") is None
            steps: list[Json] = [{"step": 1}, {"step": 2}]
            for value in steps:
                asyncio.run(store.set_checkpoint("command", "place", value))
            assert store.checkpoint("command", "place") == {"step": 2}
            assert store.checkpoint("another", "place") is None

    def test_the_checkpoints_of_a_command_are_forgotten(self, tmp_path: Path) -> None:
        """And those of another are not, though its name may begin alike."""
        with self._opened(tmp_path) as store:
            for command in ("a", "ab", "b"):
                asyncio.run(store.set_checkpoint(command, "place", command))
            store.forget("a")
            found = [store.checkpoint(command, "place") for command in ("a", "ab", "b")]
            assert found == [None, "ab", "b"]

    def test_a_command_can_be_claimed_more_than_once(self, tmp_path: Path) -> None:
        """By whoever has it; and by others once the store is closed."""
        for _ in range(2):
            with self._opened(tmp_path) as store:
                assert store.claim("a")
                assert store.claim("a")

    def test_what_is_old_is_forgotten(self, tmp_path: Path) -> None:
        """A record that began long ago goes with its events, and a call of today stays."""
        with self._opened(tmp_path) as store:
            number = store.begin(_record("run"))
            store.tell(number, [(RunBegan(0, "row", {}), 1.0)])
            asyncio.run(store.settled())
            asyncio.run(store.keep(_call("key", _said("x"))))
            forgotten = store.prune(1000.0)
            assert (forgotten.calls, forgotten.runs, forgotten.events) == (0, 1, 1)
            held = store.holdings()
            assert (held.calls, held.tokens, held.runs, held.events) == (1, 3, 0, 0)
            assert list(store.events(number)) == []
            # The numbers of what is forgotten are not given again.
            assert store.begin(_record("run")) > number

    def test_nothing_is_left_when_it_is_cleared(self, tmp_path: Path) -> None:
        """And the store can be used on."""
        with self._opened(tmp_path) as store:
            asyncio.run(store.keep(_call("key", REPLY)))
            asyncio.run(store.set_checkpoint("command", "place", 1))
            store.begin(_record("run"))
            forgotten = store.clear()
            assert (forgotten.calls, forgotten.runs, forgotten.checkpoints) == (1, 1, 1)
            held = store.holdings()
            assert (held.calls, held.runs, held.events, held.checkpoints) == (0, 0, 0, 0)
            assert store.reply("key") is None
            asyncio.run(store.keep(_call("key", _said("again"))))
            assert store.reply("key") == _said("again")


def _call(key: str, reply: Reply) -> StoredCall:
    return StoredCall(key, "node", "row \ud800", "anthropic m", reply)


def _said(text: str) -> Reply:
    return Reply(text, (), "end_turn", Usage(1, 1, 2, None))


def _record(verb: str, number: int = 0) -> RunRecord:
    return RunRecord(verb, "g.agraph", "g", {"seed": 1}, 5.0, number=number)


def _plain(value: object) -> Json:
    """A JSON value without the difference between lists and tuples."""
    match value:
        case dict():
            return {str(name): _plain(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case _:
            return value  # type: ignore[return-value]
