"""What a store keeps between runs: replies of models, records of runs with their events, checkpoints.

A checkpoint is what a command needs that goes on where one like it was killed; a command names itself by a
text without spaces.

Any store passes the contract in `agraph.testing.store_contract`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import attrs

from agraph.compiler.ir import Json
from agraph.runtime.events import Event
from agraph.runtime.models.protocol import Reply

Told = tuple[Event, float]
"""An event, and when it was told in seconds since 1970."""

EventRecord = Mapping[str, Json]
"""An event as `event_json.py` writes it."""


@attrs.frozen
class StoredCall:
    """A model call that was answered.

    Attributes:
        key: As `calls.call_key` makes it.
        node: The name of the node that asked.
        row: The key of the row.
        model: The provider and its name for the model.
    """

    key: str
    node: str
    row: str
    model: str
    reply: Reply


@attrs.frozen
class RunRecord:
    """One command, from its first model on.

    Attributes:
        verb: `run`, `eval` or `optimize`.
        file: Relative to the root of the project.
        arguments: What else decided what was done.
        started_s: Seconds since 1970; likewise `finished_s`, which is `None` while it runs or when it was
            killed.
        outcome: `done`, or why there is no result; `None` as `finished_s`.
        number: Given by the store.
        result: What it found or wrote, for commands that are looked up later, or `None`.
    """

    verb: str
    file: str
    graph: str
    arguments: Mapping[str, Json]
    started_s: float
    finished_s: float | None = None
    outcome: str | None = None
    number: int = 0
    result: Json = None


@attrs.frozen
class Holdings:
    """How much a store holds.

    Attributes:
        calls: Replies of models.
        tokens: What those took in and gave, as far as their servers said.
        size_bytes: On disk; 0 where there is none.
    """

    calls: int
    tokens: int
    runs: int
    events: int
    checkpoints: int
    size_bytes: int


class Store(Protocol):
    """Keeps what was paid for. Every method may raise a `StoreError`."""

    def reply(self, key: str) -> Reply | None:
        """The reply that is kept for a key."""

    async def keep(self, call: StoredCall) -> None:
        """Keep a call; once this returns, no killed process loses it. The first of equal keys stays."""

    def begin(self, run: RunRecord) -> int:
        """Keep the record of a run that begins; gives its number, higher than all before."""

    def tell(self, run: int, events: Sequence[Told]) -> None:
        """Keep further events of a run, in order. They are written soon; `settled` waits for it."""

    def end(self, run: int, outcome: str, finished_s: float) -> None:
        """Complete the record of a run."""

    def conclude(self, run: int, result: Json) -> None:
        """Keep what a run found or wrote; once this returns, no killed process loses it."""

    def runs(self, most: int) -> tuple[RunRecord, ...]:
        """The records of the last runs, the newest first."""

    def concluded(self) -> Iterable[RunRecord]:
        """The records of the runs that have a result, the newest first."""

    def run(self, number: int) -> RunRecord | None:
        """The record of one run."""

    def events(self, run: int) -> Iterable[EventRecord]:
        """The events of a run, in order."""

    def claim(self, command: str) -> bool:
        """Whether the checkpoints of a command are this store's until it is closed; another may have them."""

    def checkpoint(self, command: str, key: str) -> Json:
        """A checkpoint of a command, or null."""

    async def set_checkpoint(self, command: str, key: str, value: Json) -> None:
        """Keep a checkpoint in place of the one before; once this returns, no power failure loses it."""

    def forget(self, command: str) -> None:
        """Forget the checkpoints of a command, which came to its end."""

    @property
    def backlog(self) -> int:
        """How many events wait to be written."""

    async def settled(self) -> None:
        """Wait until everything is written that was told so far."""

    def holdings(self) -> Holdings:
        """How much is kept."""

    def prune(self, before_s: float) -> Holdings:
        """Forget the calls, and the runs with their events, that are older; gives what was forgotten."""

    def clear(self) -> Holdings:
        """Forget everything; gives what was forgotten."""

    def close(self) -> None:
        """Write what waits, and give back what the store holds."""
