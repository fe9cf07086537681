"""Files that are replaced whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.errors import StateError
from reconciler.state import disk
from tests.state.samples import names_in
from tests.state.small_disk import room_for


def replaced(path: Path, content: bytes) -> None:
    disk.replace(path, content, aside=path.with_name("aside"))


def access(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_reads_what_is_there_and_nothing_where_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"it")
    assert disk.read(tmp_path / "there") == b"it"
    assert disk.read(tmp_path / "not there") is None


def test_says_why_it_cannot_read(tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"cannot be read \(it is a folder, not a file\)\. Nothing was changed"):
        disk.read(tmp_path)


def test_replaces_and_leaves_nothing_beside(tmp_path: Path) -> None:
    (tmp_path / "aside").write_bytes(b"of a run that died")
    for content in (b"first", b"second", b"", b"x" * 300_000):
        replaced(tmp_path / "it", content)
        assert (tmp_path / "it").read_bytes() == content
        assert names_in(tmp_path) == ["it"]


def test_a_new_file_gets_0644_less_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        replaced(tmp_path / "private", b"")
        os.umask(0)
        replaced(tmp_path / "open", b"")
    finally:
        os.umask(before)
    assert (access(tmp_path / "private"), access(tmp_path / "open")) == (0o600, 0o644)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o444])
def test_the_permissions_of_a_file_stay(tmp_path: Path, mode: int) -> None:
    (tmp_path / "it").touch()
    (tmp_path / "it").chmod(mode)
    owner = os.geteuid() or 12345  # root keeps the file somebody else's
    os.chown(tmp_path / "it", owner, -1)
    replaced(tmp_path / "it", b"new")
    assert access(tmp_path / "it") == mode
    assert (tmp_path / "it").stat().st_uid == owner


def test_on_a_full_disk_the_old_file_stays(tmp_path: Path) -> None:
    replaced(tmp_path / "it", b"old")
    with room_for(1000), pytest.raises(OSError, match="File too large"):
        replaced(tmp_path / "it", b"x" * 2000)
    assert (tmp_path / "it").read_bytes() == b"old"
    assert names_in(tmp_path) == ["it"]


def test_what_cannot_be_renamed_is_removed(tmp_path: Path) -> None:
    (tmp_path / "it").mkdir()
    with pytest.raises(IsADirectoryError):
        replaced(tmp_path / "it", b"new")
    assert names_in(tmp_path) == ["it"]


def test_makes_a_folder_and_those_above(tmp_path: Path) -> None:
    disk.make_folder(tmp_path / "a" / "b")
    disk.make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()


def test_a_file_system_that_syncs_no_folders_is_as_good_as_it_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    disk.sync_folder(Path("/dev"))

    def refuse(_: int) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", refuse)
    disk.sync_folder(Path("/dev"))


def fail_to_sync(monkeypatch: pytest.MonkeyPatch, kind: Callable[[int], bool]) -> None:
    """Let the system report a broken disk for files of this kind."""
    sync = os.fsync

    def fail(descriptor: int) -> None:
        if kind(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, "Input/output error")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fail)


@pytest.mark.parametrize(("kind", "left"), [(stat.S_ISREG, b"old"), (stat.S_ISDIR, b"new")])
def test_what_is_not_durable_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Callable[[int], bool], left: bytes
) -> None:
    replaced(tmp_path / "it", b"old")
    fail_to_sync(monkeypatch, kind)
    with pytest.raises(OSError, match="Input/output error"):
        replaced(tmp_path / "it", b"new")
    assert (tmp_path / "it").read_bytes() == left
    assert names_in(tmp_path) == ["it"]


def test_a_folder_that_is_not_durable_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_to_sync(monkeypatch, stat.S_ISDIR)
    with pytest.raises(OSError, match="Input/output error"):
        disk.make_folder(tmp_path / "new")


def test_names_the_reason_also_where_the_system_gives_no_words() -> None:
    assert disk.reason(OSError("odd")) == "odd"
    assert disk.reason(OSError(errno.ENOSPC, "No space left on device", "/some/path")) == "No space left on device"
