"""What the file of a store can meet: other versions, other programs, damage, other processes."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from agraph.runtime.errors import DamagedStoreError, StoreError, StoreVersionError
from agraph.runtime.models.protocol import Reply, Usage
from agraph.runtime.sqlite_store import SqliteStore
from agraph.runtime.store import RunRecord, StoredCall
from agraph.runtime.store_file import APPLICATION, MIGRATIONS, VERSION, identity, set_aside, store_path
from tests.commands import DEADLINE_S


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return store_path(tmp_path)


def call(key: str) -> StoredCall:
    return StoredCall(key, "node", "row", "model", Reply(key, (), "end_turn", Usage(calls=1)))


def made(path: Path) -> None:
    store = SqliteStore(path)
    asyncio.run(store.keep(call("kept")))
    store.close()


def changed(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_git_is_told_to_look_away(path: Path) -> None:
    made(path)
    assert (path.parent / ".gitignore").read_text() == "*\n"


def test_a_store_says_whose_and_of_which_version_it_is(path: Path) -> None:
    made(path)
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION,)
    assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_a_newer_store_is_refused_by_name_and_left_alone(path: Path) -> None:
    made(path)
    changed(path, f"PRAGMA user_version = {VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(
        StoreVersionError, match=f"version {VERSION + 1}, and this agraph reads version {VERSION}"
    ):
        SqliteStore(path)
    assert path.read_bytes() == before


def test_an_older_store_is_brought_to_the_version_of_today(path: Path) -> None:
    path.parent.mkdir()
    # Before the first version there was nothing: an empty file that is marked as a store.
    changed(path, f"PRAGMA application_id = {APPLICATION}", "PRAGMA user_version = 0")
    made(path)
    store = SqliteStore(path)
    assert store.reply("kept") is not None
    store.close()


def test_what_the_first_version_held_is_there_in_the_version_of_today(path: Path) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.executescript(MIGRATIONS[0])
    connection.execute("INSERT INTO runs VALUES (3, 'eval', 'g.agraph', 'g', '{}', 1.0, 2.0, 'done')")
    connection.commit()
    connection.close()
    changed(path, f"PRAGMA application_id = {APPLICATION}", "PRAGMA user_version = 1")
    store = SqliteStore(path)
    store.conclude(3, "found")
    assert store.run(3) == RunRecord("eval", "g.agraph", "g", {}, 1.0, 2.0, "done", 3, "found")
    store.close()


def test_the_database_of_another_program_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    changed(path, "CREATE TABLE calls (key TEXT)")
    before = path.read_bytes()
    with pytest.raises(StoreVersionError, match="another program"):
        SqliteStore(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"no database at all " * 300, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_database_is_damaged(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(DamagedStoreError, match="is damaged"):
        SqliteStore(path)


def test_a_store_that_lacks_a_table_is_damaged(path: Path) -> None:
    made(path)
    changed(path, "DROP TABLE checkpoints")
    with pytest.raises(DamagedStoreError, match="it lacks checkpoints"):
        SqliteStore(path)


def test_pages_that_are_overwritten_are_damage_and_not_answers(path: Path) -> None:
    store = SqliteStore(path)
    for number in range(200):
        asyncio.run(store.keep(call(f"{number} " * 200)))
    store.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (path.stat().st_size - 4096))
    with pytest.raises(DamagedStoreError):
        SqliteStore(path).reply("0 " * 200)


def test_a_record_that_is_no_json_is_damage(path: Path) -> None:
    store = SqliteStore(path)
    number = store.begin(RunRecord("run", "g.agraph", "g", {}, 1.0))
    changed(path, "UPDATE runs SET arguments = '{'")
    with pytest.raises(DamagedStoreError):
        store.run(number)
    store.close()


@pytest.mark.parametrize(
    "reply",
    ["{", "[]", "{}", '{"text": "x"}', '{"text":"x","calls":[],"stop_reason":"e","usage":{},"more":1}'],
)
def test_a_reply_that_is_none_of_today_is_asked_for_once_more(path: Path, reply: str) -> None:
    made(path)
    changed(path, f"UPDATE calls SET reply = '{reply}'")
    store = SqliteStore(path)
    assert store.reply("kept") is None
    asyncio.run(store.keep(call("kept")))
    assert store.reply("kept") == call("kept").reply
    store.close()


def test_a_damaged_store_is_set_aside_whole(path: Path) -> None:
    made(path)
    content = path.read_bytes()
    aside = set_aside(path, identity(path))
    assert aside is not None
    assert aside.read_bytes() == content
    assert aside.name.startswith("store.sqlite.damaged-")
    assert not path.exists()


def test_what_another_process_put_in_its_place_is_not_set_aside(path: Path) -> None:
    made(path)
    assert set_aside(path, (identity(path) or 0) + 1) is None
    assert path.exists()


def test_a_folder_that_takes_no_file_is_told(tmp_path: Path) -> None:
    (tmp_path / ".agraph").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be made: file exists"):
        SqliteStore(store_path(tmp_path))


PROCESS = """\
import asyncio, sys
from pathlib import Path
from agraph.runtime.models.protocol import Reply, Usage
from agraph.runtime.sqlite_store import SqliteStore
from agraph.runtime.store import StoredCall

async def keep(store, name):
    async def one(number):
        reply = Reply(str(number), (), "end_turn", Usage(calls=1))
        await store.keep(StoredCall(f"{name} {number}", "node", "row", "model", reply))
    for start in range(0, 200, 20):
        async with asyncio.TaskGroup() as group:
            for number in range(start, start + 20):
                group.create_task(one(number))

store = SqliteStore(Path(sys.argv[1]))
asyncio.run(keep(store, sys.argv[2]))
store.close()
"""


def test_processes_that_begin_together_share_a_store(path: Path) -> None:
    command = [sys.executable, "-c", PROCESS, str(path)]
    processes = [subprocess.Popen([*command, f"p{n}"], stderr=subprocess.PIPE) for n in range(4)]
    for process in processes:
        _, err = process.communicate(timeout=DEADLINE_S)
        assert (process.returncode, err) == (0, b"")
    store = SqliteStore(path)
    assert store.holdings().calls == 800
    store.close()


def test_a_command_is_claimed_by_one_store_at_a_time(path: Path) -> None:
    first, second = SqliteStore(path), SqliteStore(path)
    assert first.claim("a")
    assert not second.claim("a")
    assert second.claim("b")
    first.close()
    third = SqliteStore(path)
    assert third.claim("a")
    second.close()
    third.close()
    assert not list(path.parent.glob("lock-*"))


# Only reading.


def test_a_store_that_is_only_read_tells_what_is_there_and_takes_nothing(path: Path) -> None:
    made(path)
    content = path.read_bytes()
    store = SqliteStore(path, read_only=True)
    assert store.reply("kept") == call("kept").reply
    with pytest.raises(StoreError, match="readonly"):
        asyncio.run(store.keep(call("more")))
    store.close()
    assert path.read_bytes() == content


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_store_in_a_folder_that_cannot_be_written_to_is_read(path: Path) -> None:
    made(path)
    path.parent.chmod(0o500)
    try:
        store = SqliteStore(path, read_only=True)
        assert store.reply("kept") == call("kept").reply
        store.close()
    finally:
        path.parent.chmod(0o700)


def test_an_older_store_that_is_only_read_is_not_brought_up_to_date(path: Path) -> None:
    made(path)
    changed(path, "PRAGMA user_version = 1")
    with pytest.raises(StoreVersionError, match="of an older agraph"):
        SqliteStore(path, read_only=True)
