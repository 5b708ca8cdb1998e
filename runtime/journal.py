"""What a command leaves in the store of its project: replies, events, and how it ended.

The store is opened when the first model is that costs something, so that a command without one leaves nothing
behind. Where the store fails the command goes on without: a run is worth more than its record.
"""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

import attrs

from agraph.compiler.ir import Json
from agraph.runtime.errors import DamagedStoreError, StoreError, StoreVersionError
from agraph.runtime.events import Answered, Asked, Event, Listener
from agraph.runtime.models.protocol import Reply
from agraph.runtime.store import RunRecord, Store, StoredCall, Told

DONE = "done"
"""The outcome of a command that came to its end."""

TOLD_AT_ONCE = 1024

LONGEST_BACKLOG = 20_000
"""Events that may wait to be written before a run that ends waits for them."""

MOST_REPLACED = 3
"""How many damaged stores a command replaces: where more are, it is the disk that is damaged."""


@attrs.define(eq=False)
class Journal:
    """The journal of one command.

    Attributes:
        open_store: Gives the store; it may raise a `StoreError`.
        record: What the command is.
        report: Is told what is wrong with the store, for people.
        set_aside: Puts a damaged store out of the way, and says where it is.
        cache: Whether replies are kept and used again.
        command: What the command is called in the store where it goes on when it was killed and is given
            again, else `None`.
    """

    open_store: Callable[[], Store]
    record: RunRecord
    report: Callable[[str], None]
    set_aside: Callable[[], Path | None]
    cache: bool = True
    command: str | None = None
    _store: Store | None = attrs.field(default=None, init=False)
    _opened: bool = attrs.field(default=False, init=False)
    _replaced: int = attrs.field(default=0, init=False)
    _number: int = attrs.field(default=0, init=False)
    _told: list[Told] = attrs.field(factory=list, init=False)
    _epoch_s: float = attrs.field(init=False)

    @_epoch_s.default
    def _between_the_clocks(self) -> float:
        return time.time() - time.perf_counter()

    @property
    def number(self) -> int:
        """Of the run in the store; 0 where no store was opened."""
        return self._number

    def open(self) -> None:
        """Open the store, if that was not done.

        Raises:
            StoreVersionError: It is not for this agraph to touch.
        """
        if not self._opened:
            self._opened = True
            self._attempt()

    def reply(self, key: str) -> Reply | None:
        """The reply of an earlier session."""
        if self._store is None or not self.cache:
            return None
        try:
            return self._store.reply(key)
        except StoreError as error:
            self._lost(error)
            return None

    async def keep(self, call: StoredCall) -> None:
        """Keep a reply; once this returns, no killed process loses it."""
        # A store that takes the place of a damaged one gets the call too.
        while self.cache and (store := self._store) is not None:
            try:
                await store.keep(call)
                break
            except StoreError as error:
                if store is self._store:
                    self._lost(error)

    @property
    def resumes(self) -> bool:
        """Whether there are checkpoints: the store is open, and no other process is at the same command."""
        if self._store is None or self.command is None or not self.cache:
            return False
        return self._store.claim(self.command)

    def checkpoint(self, key: str) -> Json:
        """What the same command kept before it was killed, or null."""
        if self._store is None or self.command is None or not self.resumes:
            return None
        try:
            return self._store.checkpoint(self.command, key)
        except StoreError as error:
            self._lost(error)
            return None

    async def set_checkpoint(self, key: str, value: Json) -> None:
        """Keep what the same command needs if this one is killed."""
        store = self._store
        if store is None or self.command is None or not self.resumes:
            return
        try:
            await store.set_checkpoint(self.command, key, value)
        except StoreError as error:
            if store is self._store:
                self._lost(error)

    def tell(self, event: Event) -> None:
        """Keep an event; a listener. A question is kept with its answer only."""
        if self._store is None or type(event) is Asked:
            return
        self._told.append((event, self._epoch_s + time.perf_counter()))
        # What a model says is seen by those who look on; the rest may wait for company.
        if len(self._told) >= TOLD_AT_ONCE or type(event) is Answered:
            self.flush()

    async def room(self) -> None:
        """Wait where events come faster than they can be written."""
        if self._store is not None and self._store.backlog > LONGEST_BACKLOG:
            try:
                await self._store.settled()
            except StoreError as error:
                self._lost(error)

    def close(self, outcome: str) -> None:
        """Write what waits, and how the command ended."""
        if self._store is None:
            return
        try:
            self.flush()
            if outcome == DONE and self.command is not None and self.resumes:
                self._store.forget(self.command)
            self._store.end(self._number, outcome, time.time())
            self._store.close()
        except StoreError as error:
            self.report(str(error))
        self._store = None

    def flush(self) -> None:
        """Hand the events that wait for company to the store."""
        told, self._told = self._told, []
        if self._store is not None and told:
            self._store.tell(self._number, told)

    def _lost(self, error: StoreError) -> None:
        """Go on with a new store where the old one is damaged, else with none."""
        if self._store is not None:
            with contextlib.suppress(StoreError):
                self._store.close()
            self._store = None
        self._answer(error)

    def _answer(self, error: StoreError) -> None:
        if isinstance(error, DamagedStoreError):
            self.report(str(error))
            self._replace()
        else:
            self.report(f"{error}; going on without it")

    def _attempt(self) -> None:
        try:
            self._begin()
        except StoreVersionError:
            raise
        except StoreError as error:
            self._answer(error)

    def _replace(self) -> None:
        self._replaced += 1
        if self._replaced > MOST_REPLACED:
            self.report("going on without a store")
            return
        try:
            aside = self.set_aside()
            if aside is not None:
                self.report(f"it is set aside as `{aside}`, and a new one is begun")
            self._begin()
        except StoreError as error:
            self._store = None
            self.report(f"{error}; going on without it")

    def _begin(self) -> None:
        store = self.open_store()
        self._number = store.begin(self.record)
        self._store = store


def told_both(first: Listener | None, second: Listener) -> Listener:
    """A listener that tells two."""
    if first is None:
        return second
    tell = first

    def both(event: Event) -> None:
        tell(event)
        second(event)

    return both
