"""The root of the project that a file belongs to."""

import os
import sys
from pathlib import Path

import pytest

from agraph.runtime.project import project_root


@pytest.fixture
def inner(tmp_path: Path) -> Path:
    folder = tmp_path / "outer" / "inner"
    folder.mkdir(parents=True)
    (folder / "g.agraph").touch()
    return folder


@pytest.mark.parametrize("mark", ["pyproject.toml", ".git"])
def test_the_nearest_folder_upwards_with_a_mark_is_the_root(inner: Path, mark: str) -> None:
    (inner.parent / mark).touch()
    assert project_root(inner / "g.agraph") == inner.parent
    (inner / mark).mkdir()
    assert project_root(inner / "g.agraph") == project_root(inner) == inner


def test_without_a_mark_the_root_is_the_files_own_folder(inner: Path) -> None:
    assert project_root(inner / "g.agraph") == inner
    assert project_root(inner / "none.agraph") == inner


def test_a_link_belongs_where_its_target_lies(inner: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.agraph"
    link.symlink_to(inner / "g.agraph")
    assert project_root(link) == inner


def test_a_relative_path_is_one_of_the_working_folder(inner: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(inner)
    assert project_root("g.agraph") == project_root(".") == inner


@pytest.mark.skipif(sys.platform == "win32", reason="pipes have no paths there")
def test_a_pipe_belongs_to_the_working_folders_project(inner: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(inner)
    os.mkfifo(inner.parent / "pipe")
    assert project_root(inner.parent / "pipe") == inner
