from collections.abc import Callable
from pathlib import Path

import pytest

from agraph.editing.analysis import Analysis
from agraph.editing.hover import hover
from agraph.editing.learned import LastChange, hints, last_changes
from agraph.editing.workspace import Workspace
from agraph.history import Change, Learned, note
from tests.editing import analysis_of, session
from tests.test_hover import PANEL


def learned(number: int, *changes: Change, written: bool = True, graph: str = "panel") -> Learned:
    return Learned(
        number, "optimize", "panel.agraph", graph, 0.0, "before", "after", written, changes=changes
    )


EDGES = (Change("solver[0] -> vote", 0.5, 0.75), Change("solver[1] -> vote", 0.5, 0.5))
GATES = (Change("solver[0].on", 0.5, 0.9), Change("solver[1].on", 0.75, 0.25))


def panel() -> Analysis:
    return analysis_of(session(main=PANEL))


def test_the_newest_change_that_was_written_counts() -> None:
    edge = EDGES[0]
    planned = learned(9, Change(edge.name, 0.75, 1.0), written=False)
    found = last_changes([planned, learned(7, edge), learned(3, Change(edge.name, 0.1, 0.5))])
    assert found == {("panel", edge.name): LastChange(7, "optimize", 0.0, 0.5, 0.75)}


def test_what_did_not_change_has_no_last_change() -> None:
    assert list(last_changes([learned(1, *EDGES)])) == [("panel", "solver[0] -> vote")]


def test_a_hint_stands_behind_each_literal_that_was_learned() -> None:
    found = hints(panel(), last_changes([learned(7, *EDGES), learned(4, *GATES)]))
    assert [(PANEL[: each.offset].rpartition("\n")[2].strip(), each.label) for each in found] == [
        ("on ~ [0.9, 0.25]", "2 changed, run 4"),
        ("edge solver -> vote ~ [0.75, 0.5]", "was 0.5, run 7"),
    ]
    assert "solver[1].on: 0.75 → 0.25 by run 4 (optimize, 19" in found[0].more


@pytest.mark.parametrize(
    "changes",
    [
        [learned(7, Change("solver[0] -> vote", 0.5, 0.6))],
        [learned(7, *EDGES, graph="another")],
        [learned(7, Change("nobody.on", 0.5, 0.75))],
        [],
    ],
)
def test_what_was_changed_by_hand_since_has_no_hint(changes: list[Learned]) -> None:
    assert hints(panel(), last_changes(changes)) == ()


def test_the_last_change_of_a_prior_is_told_where_it_stands() -> None:
    changes = last_changes([learned(7, *EDGES)])
    found = hover(panel(), PANEL.index("0.75, 0.5]") + 1, changes)
    assert found is not None
    assert "last changed from 0.5 → 0.75 by run 7" in found.text
    whole = hover(panel(), PANEL.index("[0.75, 0.5]"), changes)
    assert whole is not None
    assert "`solver[0] -> vote`: last changed from 0.5" in whole.text


def test_the_history_is_read_from_the_store_of_the_project(tmp_path: Path) -> None:
    path = tmp_path / "panel.agraph"
    path.write_text(PANEL, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text("", encoding="utf-8")
    workspace = Workspace()
    assert workspace.last_changes(str(path)) == {}
    record = Learned(0, "optimize", str(path), "panel", 0.0, "before", PANEL, True, changes=EDGES)
    report: Callable[[str], None] = pytest.fail
    number = note(record, str(path), report)
    found = workspace.last_changes(str(path))
    assert {key: change.run for key, change in found.items()} == {("panel", "solver[0] -> vote"): number}
