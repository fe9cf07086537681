"""The git program as it is on real machines: noisy, refusing, with odd remotes, and leaving children behind."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.errors import LockedError, StateError
from reconciler.state.backends.branch import Branch, Version
from reconciler.state.backends.git import Repository
from reconciler.state.backends.git_branch import BranchStore
from tests.state.cas_files import NAMES, bare, clone, git
from tests.state.samples import HOLDER, TARGET, applied_list, doubtful_list

BRANCH = "states"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return clone(bare(tmp_path), "one")


def branch(folder: Path) -> Branch:
    return Branch(folder, BRANCH, NAMES)


def write(folder: Path, content: bytes = b"1") -> None:
    shelf = branch(folder)
    assert shelf.write({NAMES[0]: content}, shelf.read()[0], "message") is not None


def hook(origin: Path, name: str, script: str) -> None:
    path = origin / "hooks" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


NOISE = {
    "GIT_TRACE": "1", "GIT_TRACE_SETUP": "1", "GIT_TRACE_PACKET": "1", "GIT_TRACE2": "1", "GIT_TRACE_CURL": "1",
    "GIT_CURL_VERBOSE": "1", "LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de:fr", "GIT_ADVICE": "1",
}  # fmt: skip


@pytest.mark.parametrize("local", [False, True])
def test_what_git_says_besides_is_no_verdict(folder: Path, local: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if local:
        git(folder, "remote", "remove", "origin")
    for name, value in NOISE.items():
        monkeypatch.setenv(name, value)
    shelf = branch(folder)
    first = shelf.write({NAMES[0]: b"1"}, shelf.read()[0], "first")
    assert first is not None
    write(folder, b"2")
    assert shelf.write({NAMES[0]: b"3"}, first, "outdated") is None
    assert branch(folder).read()[1] == {NAMES[0]: b"2"}


SECRET = "s3cret-token"


@pytest.mark.parametrize(
    "url",
    [f"http://anna:{SECRET}@127.0.0.1:9/x.git", f"http://{SECRET}@127.0.0.1:9/x", f"file://anna:{SECRET}@there/x"],
)
@pytest.mark.parametrize("push", [False, True])
def test_users_and_tokens_are_cut_out_of_what_git_says(folder: Path, url: str, push: bool) -> None:
    git(folder, "remote", "set-url", *(["--push"] if push else []), "origin", url)
    with pytest.raises(StateError) as refused:
        branch(folder).read()
    assert SECRET not in str(refused.value)


def test_a_child_that_git_leaves_behind_holds_up_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.which("git")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").write_text(f'#!/bin/sh\nsleep 20 &\necho $! >> "{tmp_path}/pids"\nexec {real} "$@"\n')
    (tmp_path / "bin" / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    began = time.monotonic()
    write(folder)
    assert time.monotonic() - began < 15
    for pid in (tmp_path / "pids").read_text().split():
        os.kill(int(pid), 9)


def test_a_signal_to_every_process_does_not_end_git(folder: Path) -> None:
    assert Repository(folder).run("-c", "alias.all=!kill -TERM $PPID $$; echo alive", "all") == b"alive\n"
    assert signal.SIGTERM not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_a_hook_that_declines_is_told_at_once(folder: Path, tmp_path: Path) -> None:
    hook(
        tmp_path / "origin.git", "pre-receive", f"echo tried >> {tmp_path}/tries; echo 'states are frozen' >&2; exit 1"
    )
    with pytest.raises(StateError, match="states are frozen"):
        write(folder)
    assert (tmp_path / "tries").read_text() == "tried\n"


def test_a_refusal_that_stays_the_same_is_not_tried_for_ever(folder: Path, tmp_path: Path) -> None:
    git(tmp_path / "origin.git", "config", "receive.hideRefs", f"refs/heads/{BRANCH}")
    with pytest.raises(
        StateError, match=r"git refuses to move this branch, though no one else has moved it: .*hidden ref"
    ):
        write(folder)


def test_a_branch_in_the_way_is_told(folder: Path) -> None:
    git(folder, "remote", "remove", "origin")
    git(folder, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--allow-empty", "-m", "x")
    git(folder, "branch", f"{BRANCH}/more")
    with pytest.raises(StateError, match="git refuses to move this branch, though no one else has moved it"):
        write(folder)


def test_a_damaged_branch_does_not_count_as_none(folder: Path) -> None:
    git(folder, "remote", "remove", "origin")
    (folder / ".git" / "refs" / "heads" / BRANCH).write_text("nonsense\n")
    with pytest.raises(StateError, match="the branch states is damaged"):
        branch(folder).read()


def test_more_than_a_state_can_be_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, b"x" * 5000)
    monkeypatch.setattr("reconciler.state.backends.git._MOST", 4000)
    with pytest.raises(StateError, match="printed more than"):
        branch(folder).read()


def pushed_elsewhere(folder: Path) -> None:
    git(folder, "remote", "set-url", "--push", "origin", str(folder.parent / "other.git"))


def pushed_elsewhere_by_a_rule(folder: Path) -> None:
    git(folder, "config", f"url.{folder.parent}/other.git.pushInsteadOf", str(folder.parent / "origin.git"))


def several(folder: Path) -> None:
    git(folder, "remote", "set-url", "--add", "origin", str(folder.parent / "other.git"))


def several_to_push(folder: Path) -> None:
    for name in ("origin.git", "other.git"):
        git(folder, "remote", "set-url", "--add", "--push", "origin", str(folder.parent / name))


def none(folder: Path) -> None:
    git(folder, "config", "--unset", "remote.origin.url")


ODD: dict[Callable[[Path], None], str] = {
    pushed_elsewhere: r"is read at .*origin\.git, but pushed to at .*other\.git",
    pushed_elsewhere_by_a_rule: r"is read at .*origin\.git, but pushed to at .*other\.git",
    several: "has several URLs",
    several_to_push: "has several URLs",
    none: "has settings, but no URL",
}


@pytest.mark.parametrize("make", ODD)
def test_a_remote_that_is_not_one_place_is_refused(folder: Path, make: Callable[[Path], None]) -> None:
    git(folder.parent, "init", "--quiet", "--bare", "other.git")
    make(folder)
    with pytest.raises(StateError, match=ODD[make]):
        branch(folder).read()


@pytest.mark.parametrize("name", ["origin", "origin.git", "origin.git/"])
def test_one_repository_by_two_addresses_is_one_place(folder: Path, name: str) -> None:
    git(folder, "remote", "set-url", "--push", "origin", f"file://{folder.parent}/{name}")
    if name == "origin":
        (folder.parent / "origin").symlink_to(folder.parent / "origin.git")
    write(folder)
    assert branch(folder).read()[1] == {NAMES[0]: b"1"}


def test_an_address_that_git_rewrites_is_taken(folder: Path) -> None:
    git(folder, "config", f"url.{folder.parent}/.insteadOf", "lists:")
    git(folder, "remote", "set-url", "origin", "lists:origin.git")
    write(folder)
    assert branch(folder).read()[1] == {NAMES[0]: b"1"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://github.com/acme/lists.git", "git@github.com:acme/lists", True),
        ("https://u:p@github.com/acme/lists", "ssh://git@github.com:22/acme/lists.git", True),
        ("https://github.com/acme/lists", "https://github.com/anna/lists", False),
        ("https://github.com/acme/lists", "https://gitlab.com/acme/lists", False),
        ("/srv/lists.git", "file:///srv/lists.git", True),
        ("/srv/lists.git", "/srv/other.git", False),
    ],
)
def test_addresses_of_one_repository(folder: Path, one: str, other: str, same: bool) -> None:
    git(folder, "remote", "set-url", "origin", one)
    git(folder, "remote", "set-url", "--push", "origin", other)
    if same:
        assert Repository(folder).has_remote
    else:
        with pytest.raises(StateError, match="is read at"):
            _ = Repository(folder).has_remote


def test_whether_it_is_still_there_is_asked(folder: Path) -> None:
    shelf = branch(folder)
    version = shelf.write({NAMES[0]: b"1"}, shelf.read()[0], "first")
    assert version is not None
    assert shelf.is_at(version)
    write(clone(folder.parent / "origin.git", "two"), b"2")
    assert not shelf.is_at(version)
    git(folder.parent / "origin.git", "branch", "-D", BRANCH)
    assert not shelf.is_at(version)
    assert shelf.is_at(Version())


@pytest.mark.parametrize("what", ["broken", "deleted"])
def test_a_lease_that_is_gone_is_noticed_before_the_next_put(folder: Path, what: str) -> None:
    store = BranchStore(branch(folder), "prod", TARGET)
    gone = pytest.raises(LockedError, match="this run's lease is gone")
    with gone, store.lock(HOLDER) as writer:  # what is raised at the end of the lock counts, too
        writer.announce_intents({"vip": doubtful_list("vip")})
        writer.check_lease()
        if what == "broken":
            other = BranchStore(branch(clone(folder.parent / "origin.git", "two")), "prod", TARGET)
            held = other.breakable(HOLDER)
            assert held
            held.free(HOLDER)
        else:
            git(folder.parent / "origin.git", "branch", "-D", BRANCH)
        writer.check_lease()


def test_an_instant_without_network_stops_no_run(folder: Path) -> None:
    origin, away = folder.parent / "origin.git", folder.parent / "away.git"
    store = BranchStore(branch(folder), "prod", TARGET)
    with store.lock(HOLDER) as writer:
        origin.rename(away)
        threading.Timer(0.3, lambda: away.rename(origin)).start()
        writer.check_lease()
        writer.record("vip", applied_list("vip"))
    assert set(store.load().lists) == {"vip"}


def test_a_damaged_lease_can_be_cleared(folder: Path) -> None:
    shelf = branch(folder)
    shelf.write({NAMES[2]: b"nonsense"}, shelf.read()[0], "damage")
    store = BranchStore(branch(folder), "prod", TARGET)
    found = store.breakable(HOLDER)
    assert found
    assert "clear it: reconciler state unlock" in found.said
    found.free(HOLDER)
    assert store.breakable(HOLDER) is None


def test_git_that_does_not_end_is_ended(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "slow" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nsleep 600\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    monkeypatch.setattr("reconciler.state.backends.git._SECONDS", 0.2)
    began = time.monotonic()
    with pytest.raises(StateError, match="timed out"):
        branch(folder).read()
    assert time.monotonic() - began < 30
