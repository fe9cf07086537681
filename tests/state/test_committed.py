"""The history of a state in a folder: the commits of its document, if the folder is in git."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from reconciler.cli import state_admin
from reconciler.errors import StateError, UsageError
from reconciler.state.backends.folder import FileStore
from tests.state.cas_files import git
from tests.state.samples import HOLDER, TARGET, applied_list


def record(folder: Path, key: str) -> None:
    with FileStore(folder / "states", "prod", TARGET).lock(HOLDER) as writer:
        writer.record(key, applied_list(key))


def commit(folder: Path) -> None:
    git(folder, "add", "states/prod.state.json")
    git(folder, "commit", "--quiet", "--message", "applied")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder in a repository, with two commits of the state."""
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "config", "user.name", "anna")
    git(tmp_path, "config", "user.email", "anna@localhost")
    folder = tmp_path / "lists"
    folder.mkdir()
    for key in "ab":
        record(folder, key)
        commit(folder)
    return folder


def show(folder: Path, capsys: pytest.CaptureFixture[str], **options: object) -> str:
    """Return what `state history` prints, and the error that it ends with."""
    store = FileStore(folder / "states", "prod", TARGET)
    given = {"verify": True, "json": False, "results": [], "last": None, **options}
    capsys.readouterr()
    try:
        state_admin.history(store, Namespace(**given))
    except (StateError, UsageError) as error:
        return f"{capsys.readouterr().out}{error}"
    shown = capsys.readouterr()
    return shown.out + shown.err


def test_commits_are_the_history(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = FileStore(folder / "states", "prod", TARGET)
    assert show(folder, capsys, verify=False) == "serial 2\n    added: b\nserial 1\n    added: a\n"
    assert "whole: serials 1 to 2, 2 kept" in show(folder, capsys)
    assert "if its state was never committed, or is on another branch" in show(folder, capsys)
    assert [list(each.applied.lists) for each in store.history(1, 1).saved] == [["a"]]
    assert store.last_runs(store.load(), 9) == []
    record(folder, "c")
    assert "at serial 3, but the last that is kept is serial 2" in show(folder, capsys)
    record(folder, "d")
    commit(folder)
    assert show(folder, capsys).startswith("serial 3 is missing\n")
    assert "whole: serials 4 to 4" in show(folder, capsys, last=1)


def test_what_git_merged_and_removed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A merge whose document was made by hand counts, and both of its sides; a commit that removed it has none."""
    main = git(folder, "branch", "--show-current")
    git(folder, "rm", "--quiet", "--cached", "states/prod.state.json")
    git(folder, "commit", "--quiet", "--message", "removed")
    commit(folder)
    assert show(folder, capsys).startswith("whole: serials 1 to 2, 3 kept")
    git(folder, "checkout", "--quiet", "-b", "side")
    record(folder, "ours")
    commit(folder)
    git(folder, "checkout", "--quiet", main)
    record(folder, "theirs")
    commit(folder)
    git(folder, "merge", "--quiet", "--strategy", "ours", "--no-commit", "side")
    record(folder, "merged")
    commit(folder)
    assert show(folder, capsys).startswith("serial 3 comes after serial 3: written twice, or taken back\n")
    store = FileStore(folder / "states", "prod", TARGET)
    assert store.history(1).saved[-1].applied == store.load()


def test_a_shallow_clone_says_what_it_lacks(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{tmp_path}", "clone")
    clone = tmp_path / "clone" / "lists"
    assert "cannot be read: the commits before: this clone is shallow" in show(clone, capsys)
    assert show(clone, capsys, last=1).startswith("whole: serials 2 to 2, 1 kept")


def test_a_folder_that_is_not_in_git_has_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(tmp_path, "a")
    assert "Commit it to git, or move the state to a branch" in show(tmp_path, capsys)
    git(tmp_path, "init", "--quiet")
    assert "git log failed" in show(tmp_path, capsys)
