"""A store that forgets everything with the process."""

import time
from collections.abc import Sequence

import attrs

from agraph.compiler.ir import Json
from agraph.runtime.event_json import event_json
from agraph.runtime.models.protocol import Reply
from agraph.runtime.store import EventRecord, Holdings, RunRecord, StoredCall, Told


class MemoryStore:
    """A `Store` in memory, for tests."""

    backlog = 0

    def __init__(self) -> None:
        """Begin empty."""
        self._calls: dict[str, tuple[StoredCall, float]] = {}
        self._runs: dict[int, RunRecord] = {}
        self._events: dict[int, list[EventRecord]] = {}
        self._checkpoints: dict[tuple[str, str], tuple[Json, float]] = {}
        self._last = 0

    def reply(self, key: str) -> Reply | None:
        """The reply that is kept for a key."""
        return self._calls[key][0].reply if key in self._calls else None

    async def keep(self, call: StoredCall) -> None:
        """Keep a call."""
        self._calls.setdefault(call.key, (call, time.time()))

    def begin(self, run: RunRecord) -> int:
        """Keep the record of a run that begins."""
        self._last += 1
        self._runs[self._last] = attrs.evolve(run, number=self._last)
        return self._last

    def tell(self, run: int, events: Sequence[Told]) -> None:
        """Keep further events of a run."""
        self._events.setdefault(run, []).extend(event_json(event, at_s) for event, at_s in events)

    def end(self, run: int, outcome: str, finished_s: float) -> None:
        """Complete the record of a run."""
        if run in self._runs:
            self._runs[run] = attrs.evolve(self._runs[run], outcome=outcome, finished_s=finished_s)

    def conclude(self, run: int, result: Json) -> None:
        """Keep what a run found or wrote."""
        if run in self._runs:
            self._runs[run] = attrs.evolve(self._runs[run], result=result)

    def runs(self, most: int) -> tuple[RunRecord, ...]:
        """The records of the last runs, the newest first."""
        return tuple(reversed(self._runs.values()))[:most]

    def concluded(self) -> Sequence[RunRecord]:
        """The records of the runs that have a result, the newest first."""
        return [run for run in self.runs(len(self._runs)) if run.result is not None]

    def run(self, number: int) -> RunRecord | None:
        """The record of one run."""
        return self._runs.get(number)

    def events(self, run: int) -> Sequence[EventRecord]:
        """The events of a run, in order."""
        return tuple(self._events.get(run, ()))

    def claim(self, command: str) -> bool:
        """Nobody else can have them."""
        return True

    def checkpoint(self, command: str, key: str) -> Json:
        """A checkpoint of a command, or null."""
        place = command, key
        return self._checkpoints[place][0] if place in self._checkpoints else None

    async def set_checkpoint(self, command: str, key: str, value: Json) -> None:
        """Keep a checkpoint."""
        self._checkpoints[command, key] = (value, time.time())

    def forget(self, command: str) -> None:
        """Forget the checkpoints of a command."""
        kept = {place: value for place, value in self._checkpoints.items() if place[0] != command}
        self._checkpoints = kept

    async def settled(self) -> None:
        """Nothing waits."""

    def holdings(self) -> Holdings:
        """How much is kept."""
        return self._held(float("inf"))

    def prune(self, before_s: float) -> Holdings:
        """Forget what is older."""
        held = self._held(before_s)
        self._calls = {key: call for key, call in self._calls.items() if call[1] >= before_s}
        self._runs = {number: run for number, run in self._runs.items() if run.started_s >= before_s}
        self._events = {number: told for number, told in self._events.items() if number in self._runs}
        self._checkpoints = {key: kept for key, kept in self._checkpoints.items() if kept[1] >= before_s}
        return held

    def clear(self) -> Holdings:
        """Forget everything."""
        return self.prune(float("inf"))

    def close(self) -> None:
        """Nothing is held."""

    def _held(self, before_s: float) -> Holdings:
        calls = [call for call, created_s in self._calls.values() if created_s < before_s]
        old = [number for number, run in self._runs.items() if run.started_s < before_s]
        usages = [call.reply.usage for call in calls]
        return Holdings(
            calls=len(calls),
            tokens=sum(
                usage.input_tokens + usage.output_tokens
                for usage in usages
                if usage.input_tokens is not None and usage.output_tokens is not None
            ),
            runs=len(old),
            events=sum(len(self._events.get(number, ())) for number in old),
            checkpoints=sum(created_s < before_s for _, created_s in self._checkpoints.values()),
            size_bytes=0,
        )
