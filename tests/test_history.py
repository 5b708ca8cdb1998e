"""What the history of a file keeps, and the ways along it: plans applied, changes taken back."""

import json
import os
import time
from functools import partial
from pathlib import Path

import pytest

from agraph.history import apply_plan, history, revert
from agraph.optimizing import optimize
from agraph.recording import kept_store
from agraph.runtime.errors import InputError
from agraph.runtime.sqlite_store import SqliteStore
from agraph.runtime.store_file import store_path
from tests.commands import Verb, ended, in_process, started
from tests.duel import TEXT, write_duel


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def agraph(capsys: pytest.CaptureFixture[str]) -> Verb:
    return partial(in_process, capsys)


def test_the_record_of_an_optimization_begins_when_the_command_does(folder: Path) -> None:
    steps: list[float] = []
    optimize(str(write_duel(folder)), plan=True, progress=lambda _: steps.append(time.time()))
    with kept_store(str(folder)) as store:
        assert store is not None
        (record,) = store.runs(10)
    assert record.finished_s is not None
    assert record.started_s <= steps[0] <= steps[-1] <= record.finished_s


def planned(agraph: Verb, path: Path) -> int:
    """The run of a plan."""
    finished = agraph("optimize", path, "--plan")
    assert finished.code == 0
    *_, number = finished.out.rsplit("--apply ", 1)
    return int(number)


def test_a_plan_is_applied_by_its_number(agraph: Verb, folder: Path) -> None:
    path = write_duel(folder)
    number = planned(agraph, path)
    assert path.read_text() == TEXT
    assert agraph("optimize", "--apply", str(number)).out == f"wrote run {number} into duel.agraph\n"
    applied = path.read_text()
    path.write_text(TEXT)
    # What the plan wrote is what the command without a plan writes.
    assert agraph("optimize", path).code == 0
    assert path.read_text() == applied != TEXT


def test_a_plan_for_a_file_that_changed_is_refused(agraph: Verb, folder: Path) -> None:
    path = write_duel(folder)
    number = planned(agraph, path)
    path.write_text(TEXT + "# mine\n")
    finished = agraph("optimize", "--apply", str(number))
    assert finished.code == 1
    assert f"was changed since run {number} read it" in finished.err
    assert path.read_text() == TEXT + "# mine\n"


def test_a_plan_is_applied_once(agraph: Verb, folder: Path) -> None:
    number = planned(agraph, write_duel(folder))
    assert agraph("optimize", "--apply", str(number)).code == 0
    finished = agraph("optimize", "--apply", str(number))
    assert (finished.code, "has these values already" in finished.err) == (1, True)


def test_there_are_plans_only_where_something_was_found(agraph: Verb, folder: Path) -> None:
    with pytest.raises(InputError, match="no plan of a run 7"):
        apply_plan(7, str(folder), print)
    path = write_duel(folder)
    assert agraph("optimize", path).code == 0
    assert agraph("optimize", path).code == 3
    finished = agraph("optimize", "--apply", "2")
    assert (finished.code, "found nothing better" in finished.err) == (1, True)


def test_a_plan_for_another_file_is_refused(agraph: Verb, folder: Path) -> None:
    number = planned(agraph, write_duel(folder))
    other = folder / "other.agraph"
    other.write_text(TEXT)
    finished = agraph("optimize", other, "--apply", str(number))
    assert (finished.code, finished.out) == (1, "")
    assert f"run {number} is a plan for `duel.agraph`, and not for `" in finished.err
    assert (folder / "duel.agraph").read_text() == other.read_text() == TEXT
    assert agraph("optimize", "duel.agraph", "--apply", str(number)).code == 0


def test_what_a_later_version_has_kept_is_passed_over(agraph: Verb, folder: Path) -> None:
    path = write_duel(folder)
    number = planned(agraph, path)
    store = SqliteStore(store_path(folder))
    record = store.run(number)
    assert record is not None
    assert isinstance(record.result, dict)
    store.conclude(number, {**record.result, "mood": "good"})
    store.close()
    assert [each.number for each in history(str(path))] == [number]


def test_other_options_beside_a_plan_are_refused(agraph: Verb, folder: Path) -> None:
    number = planned(agraph, write_duel(folder))
    finished = agraph("optimize", "--apply", str(number), "--seed", "1")
    assert (finished.code, "`--seed` has no use beside it" in finished.err) == (2, True)


def test_a_change_is_taken_back_byte_by_byte(agraph: Verb, folder: Path) -> None:
    text = TEXT.replace("\n", "\r\n")
    path = write_duel(folder, text)
    assert agraph("optimize", path).code == 0
    assert path.read_bytes() != text.encode()
    assert agraph("revert", path).out == f"took back what run 1 wrote into {path}\n"
    assert path.read_bytes() == text.encode()
    finished = agraph("revert", path)
    assert (finished.code, "as it was before the first change" in finished.err) == (1, True)


def test_each_revert_goes_one_change_further_back(agraph: Verb, folder: Path) -> None:
    path = write_duel(folder)
    # First the liar is right, then the sage.
    assert agraph("optimize", path, "--target", "wrong").code == 0
    between = path.read_text()
    assert agraph("optimize", path).code == 0
    assert len({TEXT, between, path.read_text()}) == 3
    for before in (between, TEXT):
        assert agraph("revert", path).code == 0
        assert path.read_text() == before


def test_a_file_changed_by_hand_is_not_taken_back(agraph: Verb, folder: Path) -> None:
    path = write_duel(folder)
    assert agraph("optimize", path).code == 0
    mine = path.read_text() + "# mine\n"
    path.write_text(mine)
    with pytest.raises(InputError, match="was changed since run 1 wrote it"):
        revert(str(path), print)
    assert path.read_text() == mine


def test_without_a_history_there_is_no_way_back(folder: Path) -> None:
    with pytest.raises(InputError, match="nothing was ever written"):
        revert(str(write_duel(folder)), print)


def test_the_history_tells_what_was_learned_from_which_data(agraph: Verb, folder: Path) -> None:
    path = write_duel(folder)
    assert agraph("history", path).out == "nothing was learned for this file yet\n"
    agraph("optimize", path)
    agraph("revert", path)
    (back, learned) = history(str(path))
    assert (back.verb, back.of, learned.verb, learned.written) == ("revert", 1, "optimize", True)
    out = agraph("history", path).out
    assert "duel.jsonl, 24 rows, hash " + str(learned.data["hash"]) in out
    assert "held out  0.000 before, 1.000 after, on 6 rows: improved" in out
    assert "liar -> vote: 0.5, then 0." in out
    assert learned.data["hash"] != learned.data["held_out"]
    found = json.loads(agraph("history", path, "--json").out)
    assert [each["number"] for each in found] == [2, 1]
    assert "-  edge [liar, sage] -> vote ~ 0.5" in agraph("history", path, "--diff", "1").out
    assert agraph("history", path, "--diff", "9").code == 2


def test_other_rows_have_another_hash_and_their_order_none(agraph: Verb, folder: Path) -> None:
    path = write_duel(folder)
    data = folder / "duel.jsonl"
    agraph("optimize", path, "--plan")
    data.write_text("".join(reversed(data.read_text().splitlines(keepends=True))))
    agraph("optimize", path, "--plan")
    write_duel(folder, rows=25)
    agraph("optimize", path, "--plan")
    more, turned, first = (each.data["hash"] for each in history(str(path)))
    assert first == turned != more


def test_it_is_said_that_held_out_rows_are_used_again(agraph: Verb, folder: Path) -> None:
    path = write_duel(folder)
    assert "have judged" not in agraph("optimize", path, "--plan").out
    # The same found again is no other look at them.
    assert "have judged" not in agraph("optimize", path, "--plan").out
    path.write_text(TEXT + "# another\n")
    assert "have judged 2 results" in agraph("optimize", path, "--plan").out


def test_a_store_that_cannot_be_written_costs_the_history_only(agraph: Verb, folder: Path) -> None:
    path = write_duel(folder)
    (folder / ".agraph").write_text("in the way")
    finished = agraph("optimize", path)
    assert finished.code == 0
    assert "the history does not have it" in finished.err
    assert path.read_text() != TEXT


def test_the_same_seed_gives_the_same_file_in_every_process(folder: Path) -> None:
    # Of five that are equal any may be the best.
    text = TEXT.replace("node sage", "node sage[5]").replace("[liar, sage]", "sage")
    path = write_duel(folder, text)
    found = set()
    for seed in ("1", "2", "3"):
        finished = ended(
            started("optimize", path, "--plan", env={**os.environ, "PYTHONHASHSEED": seed}, cwd=folder)
        )
        assert finished.code in (0, 3), finished
        found.add(finished.out.partition("would be")[0])
    assert len(found) == 1
