"""`agraph freeze` on the command line, and what the history makes of it."""

from functools import partial
from pathlib import Path

import pytest

import agraph as front_door
from agraph.freezing import freeze
from agraph.history import history
from agraph.optimizer.freeze import freeze_graph
from agraph.runtime.errors import FileError, InputError
from tests.commands import Verb, in_process
from tests.duel import TEXT, heard, names_in, write_duel

LEARNED = TEXT.replace("~ 0.5", "~ [0.02, 0.98]")
FROZEN = TEXT.replace("[liar, sage] -> vote ~ 0.5", "sage -> vote").replace(
    '  node liar "Is always wrong." = wrong(question)\n', ""
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def agraph(capsys: pytest.CaptureFixture[str]) -> Verb:
    return partial(in_process, capsys)


def test_what_has_settled_is_fixed_in_place_and_told(agraph: Verb, folder: Path) -> None:
    path = write_duel(folder, LEARNED)
    path.chmod(0o640)
    finished = agraph("freeze", path)
    assert (finished.code, finished.err) == (0, "")
    assert finished.out == (
        "fixed    liar -> vote  not there\n"
        "fixed    sage -> vote  there\n"
        "removed  node liar     it no longer reaches the output\n"
        f"rewrote {path}\n"
    )
    assert path.read_text() == FROZEN
    assert path.stat().st_mode & 0o777 == 0o640
    assert names_in(folder) == {"duel.agraph", "duel.jsonl"}
    assert heard(path) == (True,)
    assert agraph("run", path, "-i", "question=What is 1 + 1?").out == "2\n"


def test_a_plan_prints_the_diff_and_writes_nothing(agraph: Verb, folder: Path) -> None:
    path = write_duel(folder, LEARNED)
    finished = agraph("freeze", path, "--plan")
    assert finished.code == 0
    assert "-  edge [liar, sage] -> vote ~ [0.02, 0.98]   # whom to hear: “both”\n" in finished.out
    assert "+  edge sage -> vote   # whom to hear: “both”\n" in finished.out
    assert finished.out.endswith(f"{path} would be rewritten\n")
    assert path.read_text() == LEARNED
    assert history(str(path)) == ()


def test_where_nothing_has_settled_the_file_stays(agraph: Verb, folder: Path) -> None:
    path = write_duel(folder)
    finished = agraph("freeze", path, "--threshold", "0.6")
    assert finished.code == 3
    assert finished.out == (
        "stays  edge [liar, sage] -> vote  its probability is 0.5\n"
        f"{path} is left as it is: nothing in it has settled\n"
    )
    assert (path.read_text(), history(str(path))) == (TEXT, ())
    assert agraph("freeze", path, "--all").code == 0
    assert agraph("freeze", path, "--all").out == f"{path} is left as it is: nothing in it can be learned\n"


def test_the_way_back_is_in_the_history(agraph: Verb, folder: Path) -> None:
    text = LEARNED.replace("\n", "\r\n")
    path = write_duel(folder, text)
    assert agraph("freeze", path).code == 0
    assert path.read_bytes() == FROZEN.replace("\n", "\r\n").encode()
    [frozen] = history(str(path))
    assert (frozen.verb, frozen.written) == ("freeze", True)
    out = agraph("history", path).out
    assert "freeze  duel: written" in out
    assert "liar -> vote: 0.02, then 0\n    sage -> vote: 0.98, then 1\n" in out
    assert agraph("revert", path).code == 0
    assert path.read_bytes() == text.encode()


def test_a_file_that_is_changed_meanwhile_is_left_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_duel(folder, LEARNED)

    def changed(*arguments: object) -> object:
        path.write_text(TEXT)
        return freeze_graph(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("agraph.freezing.freeze_graph", changed)
    with pytest.raises(FileError, match="changed since it was read"):
        freeze(str(path))
    assert (path.read_text(), history(str(path))) == (TEXT, ())


def test_a_store_that_cannot_be_written_costs_the_history_only(agraph: Verb, folder: Path) -> None:
    path = write_duel(folder, LEARNED)
    (folder / ".agraph").write_text("in the way")
    finished = agraph("freeze", path)
    assert (finished.code, "the history does not have it" in finished.err) == (0, True)
    assert path.read_text() == FROZEN


def test_a_threshold_that_means_nothing_is_refused(agraph: Verb, folder: Path) -> None:
    path = write_duel(folder, LEARNED)
    assert agraph("freeze", path, "--threshold", "0.4").code == 2
    finished = agraph("freeze", path, "--all", "--threshold", "0.9")
    assert (finished.code, "`--threshold` has no use beside it" in finished.err) == (2, True)
    with pytest.raises(InputError, match=r"between 0\.5 and 1"):
        freeze(str(path), threshold=0.3)
    assert path.read_text() == LEARNED


def test_many_pairs_are_told_in_a_line(agraph: Verb, folder: Path) -> None:
    text = LEARNED.replace("node sage", "node sage[20]").replace("[liar, sage] -> vote", "sage -> vote")
    path = write_duel(folder, text.replace("~ [0.02, 0.98]", f"~ [{', '.join(['0.98'] * 19)}, 0.02]"))
    assert "fixed  edge sage -> vote  19 of 20 pairs are there\n" in agraph("freeze", path, "--plan").out


def test_python_freezes_as_the_command_line_does(folder: Path) -> None:
    path = write_duel(folder, LEARNED)
    result = front_door.freeze(str(path))
    assert (result.written, result.removed, result.run) == (True, ("node liar",), 1)
    assert path.read_text() == FROZEN


def test_what_was_learned_and_frozen_scores_the_same(agraph: Verb, folder: Path) -> None:
    path = write_duel(folder)
    assert agraph("optimize", path).code == 0
    before = front_door.evaluate(str(path)).score
    assert agraph("freeze", path).code == 0
    assert "~" not in path.read_text()
    assert front_door.evaluate(str(path)).score == before == 1.0
