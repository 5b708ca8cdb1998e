"""The stores, against the contract of all; and what a file on disk can meet."""

from pathlib import Path

from agraph.runtime.sqlite_store import SqliteStore
from agraph.runtime.store_file import store_path
from agraph.testing.memory_store import MemoryStore
from agraph.testing.store_contract import StoreContract


class TestMemoryStore(StoreContract):
    lasts = False

    def open(self, folder: Path) -> MemoryStore:
        return MemoryStore()


class TestSqliteStore(StoreContract):
    def open(self, folder: Path) -> SqliteStore:
        return SqliteStore(store_path(folder))
