"""Where the files of a state may be, and what may be there: real links, pipes, devices, folders of git."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.errors import StateError
from reconciler.protocols import LockInfo
from reconciler.state import disk
from reconciler.state.backends.folder import FileStore
from tests.state.cas_files import git
from tests.state.samples import HOLDER, TARGET, applied_list

VIP = applied_list("vip")


def store_at(root: Path, state: str = ".reconciler") -> FileStore:
    return FileStore(root / state, "prod", TARGET, root)


def written(store: FileStore) -> None:
    with store.lock(HOLDER) as writer:
        writer.record("vip", VIP)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    (tmp_path / "elsewhere").mkdir()
    return tmp_path / "root"


def linked_folder(root: Path) -> None:
    (root / ".reconciler").symlink_to("../elsewhere")


def linked_above(root: Path) -> None:
    (root / "a").symlink_to("../elsewhere")
    (root / ".reconciler").symlink_to("a/deep/er")


def linked_by_its_whole_name(root: Path) -> None:
    (root / ".reconciler").symlink_to(root.parent / "elsewhere")


def linked_file(name: str) -> Callable[[Path], None]:
    def link(root: Path) -> None:
        (root / ".reconciler").mkdir()
        (root / ".reconciler" / name).symlink_to(root.parent / "elsewhere" / "it")

    return link


OUTWARD: dict[str, Callable[[Path], None]] = {
    "folder": linked_folder,
    "a link to a link": linked_above,
    "whole name": linked_by_its_whole_name,
    "document": linked_file("prod.state.json"),
    "journal": linked_file("prod.journal.jsonl"),
    "lock": linked_file("prod.lock"),
}


@pytest.mark.parametrize("case", OUTWARD)
@pytest.mark.parametrize("there", [False, True])
def test_no_link_leads_out_of_the_manifests_folder(root: Path, case: str, there: bool) -> None:
    OUTWARD[case](root)
    if there:
        (root.parent / "elsewhere" / "it").write_bytes(b"theirs")
    with pytest.raises(
        StateError, match=r"a link leads to .*elsewhere.*, out of the manifest's folder .*root\. Nothing"
    ):
        store_at(root)
    held = [path.read_bytes() for path in (root.parent / "elsewhere").iterdir()]
    assert held == ([b"theirs"] if there else [])


def pipe_aside(root: Path) -> None:
    (root / ".reconciler").mkdir()
    os.mkfifo(root / ".reconciler" / "prod.state.json.new")


def linked_folder_aside(root: Path) -> None:
    linked_file("prod.state.json.new")(root)
    (root.parent / "elsewhere" / "it").mkdir()


ASIDE = {"link": linked_file("prod.state.json.new"), "link to a folder": linked_folder_aside, "pipe": pipe_aside}


@pytest.mark.parametrize("case", ASIDE)
def test_what_stands_where_the_next_document_is_written_gives_way_to_it(root: Path, case: str) -> None:
    ASIDE[case](root)
    written(store_at(root))
    assert store_at(root).load().lists == {"vip": VIP}
    assert [path.name for path in (root / ".reconciler").glob("*.new")] == []


def test_a_folder_where_the_next_document_is_written_stays(root: Path) -> None:
    (root / ".reconciler" / "prod.state.json.new").mkdir(parents=True)
    with pytest.raises(StateError, match=r"cannot be written \(.*prod\.state\.json\.new is a folder: remove it\)"):
        written(store_at(root))


def test_what_is_written_aside_goes_through_no_link(root: Path) -> None:
    linked_file("prod.state.json.new")(root)
    written(store_at(root))
    assert not (root.parent / "elsewhere" / "it").exists()
    assert store_at(root).load().lists == {"vip": VIP}


@pytest.mark.parametrize("state", [".reconciler", "a/b", "."])
def test_a_link_that_stays_inside_is_followed(root: Path, state: str) -> None:
    (root / "real").mkdir()
    (root / "a").symlink_to("real")
    (root / ".reconciler").symlink_to("a/c")
    written(store_at(root, state))
    assert store_at(root, state).load().lists == {"vip": VIP}


def git_folder(root: Path) -> str:
    git(root, "init", "--quiet", ".")
    return ".git/state"


def git_folder_by_a_link(root: Path) -> str:
    git_folder(root)
    (root / "state").symlink_to(".git/hooks")
    return "state"


def written_otherwise(root: Path) -> str:
    return ".GIT"


def bare_repository(root: Path) -> str:
    git(root, "init", "--quiet", "--bare", "some")
    return "some/hooks"


GITS: list[Callable[[Path], str]] = [git_folder, git_folder_by_a_link, written_otherwise, bare_repository]


@pytest.mark.parametrize("make", GITS)
def test_gits_own_folder_is_no_place(root: Path, make: Callable[[Path], str]) -> None:
    state = make(root)
    with pytest.raises(StateError, match=r"is in git's own folder .* where no state can be kept"):
        store_at(root, state)


def test_a_folder_that_has_one_of_gits_names_is_a_place(root: Path) -> None:
    (root / ".reconciler" / "refs").mkdir(parents=True)
    written(store_at(root))


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))  # /dev/zero


def absurd(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 42)


ODD: dict[str, tuple[Callable[[Path], None], str]] = {
    "pipe": (pipe, "pipe"),
    "device": (device, "device"),
    "folder": (Path.mkdir, "folder"),
    "absurd size": (absurd, r"larger than 256 MiB|not from this program"),
}


@pytest.mark.parametrize("name", ["prod.state.json", "prod.journal.jsonl", "prod.lock"])
@pytest.mark.parametrize("case", ODD)
def test_what_is_no_file_of_a_state_is_refused_in_words_at_once(root: Path, name: str, case: str) -> None:
    make, words = ODD[case]
    if case == "device" and os.getuid():
        pytest.skip("only root makes devices")
    (root / ".reconciler").mkdir()
    make(root / ".reconciler" / name)
    before = (root / ".reconciler" / name).lstat()
    began = time.monotonic()
    with pytest.raises(StateError, match=words), store_at(root).lock(HOLDER):
        pytest.fail("locked")
    if name == "prod.lock" and case != "absurd size":
        with pytest.raises(StateError, match=words):
            store_at(root).holder(HOLDER)
    if name != "prod.lock":
        with pytest.raises(StateError, match=words):
            store_at(root).load()
    assert time.monotonic() - began < 10
    after = (root / ".reconciler" / name).lstat()
    assert (before.st_mode, before.st_size) == (after.st_mode, after.st_size)


def test_a_lock_that_is_hard_linked_elsewhere_stays_as_it_is(root: Path) -> None:
    (root / ".reconciler").mkdir()
    theirs = root.parent / "elsewhere" / "precious"
    theirs.write_bytes(b'{"pid": "precious')
    os.link(theirs, root / ".reconciler" / "prod.lock")
    with pytest.raises(StateError, match=r"has another name, too \(a hard link\)"), store_at(root).lock(HOLDER):
        pytest.fail("locked")
    assert theirs.read_bytes() == b'{"pid": "precious'


@pytest.mark.parametrize("content", [b"[[package]]\n", b"{}", b'{"pid": 1}' + b" " * 200_000, b"\0" * 10])
def test_a_file_of_somebody_else_is_no_lock(root: Path, content: bytes) -> None:
    (root / "prod.lock").write_bytes(content)
    with pytest.raises(StateError, match="what it holds is not from this program"), store_at(root, ".").lock(HOLDER):
        pytest.fail("locked")
    assert (root / "prod.lock").read_bytes() == content


@pytest.mark.parametrize("cut", [0, 1, 5, 20, 60])
def test_a_note_that_was_cut_off_is_no_obstacle(root: Path, cut: int) -> None:
    (root / ".reconciler").mkdir()
    holder = LockInfo(1, "h", "u", "c", "2026-11-22T10:00:00Z")
    with store_at(root).lock(holder):
        note = (root / ".reconciler" / "prod.lock").read_bytes()
    (root / ".reconciler" / "prod.lock").write_bytes(note[:cut])
    written(store_at(root))


@pytest.mark.parametrize(("mode", "kept"), [(0o6755, 0o755), (0o4644, 0o644), (0o2664, 0o664), (0o1600, 0o600)])
def test_no_set_id_bit_is_taken_over(tmp_path: Path, mode: int, kept: int) -> None:
    path = tmp_path / "it"
    path.write_bytes(b"old")
    path.chmod(mode)
    disk.replace(path, b"new", aside=tmp_path / "aside")
    assert path.stat().st_mode & 0o7777 == kept
