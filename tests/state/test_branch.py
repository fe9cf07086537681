"""Files on a branch: replaced together, compare-and-swap, on a bare repository and clones that race."""

from __future__ import annotations

import os
import random
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reconciler.errors import StateError
from reconciler.state.backends.branch import Branch, Version
from reconciler.state.backends.git import Repository
from tests.state.cas_files import NAMES, bare, clone, git

BRANCH = "reconciler-state"
DOCUMENT, JOURNAL, _ = NAMES


@pytest.fixture(params=["remote", "local"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A repository with a remote, and one without."""
    if request.param == "remote":
        return clone(bare(tmp_path), "one")
    git(tmp_path, "init", "--quiet", "alone")
    return tmp_path / "alone"


def branch(folder: Path, environment: str = "prod") -> Branch:
    return Branch(folder, BRANCH, tuple(name.replace("prod", environment) for name in NAMES))


def test_what_is_written_is_read(folder: Path) -> None:
    shelf = branch(folder)
    version, files = shelf.read()
    assert (version, files) == (Version(), {})
    first = shelf.write({DOCUMENT: b"1", JOURNAL: b"j"}, version, "first")
    assert first is not None
    assert branch(folder).read() == (first, {DOCUMENT: b"1", JOURNAL: b"j"})
    second = shelf.write({DOCUMENT: b"2", JOURNAL: None}, first, "second")
    assert branch(folder).read() == (second, {DOCUMENT: b"2"})


def test_nothing_else_of_the_repository_is_touched(folder: Path) -> None:
    (folder / "mine").write_text("x")
    git(folder, "add", "mine")
    before = git(folder, "status", "--porcelain", "--branch")
    shelf = branch(folder)
    shelf.write({DOCUMENT: b"1"}, shelf.read()[0], "first")
    shelf.read()
    assert git(folder, "status", "--porcelain", "--branch") == before
    assert not (folder / DOCUMENT).exists()


def test_the_branch_that_is_checked_out_is_refused(folder: Path) -> None:
    shelf = branch(folder)
    version, _ = shelf.read()
    git(folder, "symbolic-ref", "HEAD", f"refs/heads/{BRANCH}")
    with pytest.raises(StateError, match="is the branch that is checked out here"):
        shelf.write({DOCUMENT: b"1"}, version, "first")
    git(folder, "symbolic-ref", "HEAD", "refs/heads/other")
    assert branch(folder).read() == (Version(), {})
    assert shelf.write({DOCUMENT: b"1"}, version, "first") is not None


def test_one_that_another_working_tree_has_checked_out_is_refused_too(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "here")
    folder = tmp_path / "here"
    shelf = branch(folder)
    assert shelf.write({DOCUMENT: b"1"}, shelf.read()[0], "first") is not None
    git(folder, "worktree", "add", "--quiet", "../there", BRANCH)
    with pytest.raises(StateError, match="is the branch that is checked out"):
        branch(folder).write({DOCUMENT: b"2"}, branch(folder).read()[0], "second")


def test_an_outdated_version_is_refused(folder: Path) -> None:
    one, other = branch(folder), branch(folder)
    version, _ = one.read()
    other.read()
    assert one.write({DOCUMENT: b"1"}, version, "one") is not None
    assert other.write({DOCUMENT: b"2"}, version, "other") is None
    assert branch(folder).read()[1] == {DOCUMENT: b"1"}


def test_another_environment_is_in_nobodys_way(folder: Path) -> None:
    prod, dev = branch(folder), branch(folder, "dev")
    prod_version, dev_version = prod.read()[0], dev.read()[0]
    assert prod.write({DOCUMENT: b"1"}, prod_version, "prod") is not None
    assert dev.write({"dev.state.json": b"2"}, dev_version, "dev") is not None
    assert branch(folder).read()[1] == {DOCUMENT: b"1"}
    assert branch(folder, "dev").read()[1] == {"dev.state.json": b"2"}


def test_each_write_is_a_commit_that_says_why(folder: Path) -> None:
    shelf = branch(folder)
    version = shelf.write({DOCUMENT: b"1"}, shelf.read()[0], "first\n\nbecause\n")
    assert version is not None
    shelf.write({DOCUMENT: b"2"}, version, "second")
    name = f"origin/{BRANCH}" if git(folder, "remote") else BRANCH
    assert git(folder, "log", "--format=%s %an", name).splitlines() == ["second reconciler", "first reconciler"]


def race(folders: list[Path], rounds: int) -> None:
    """Let clones count up, each in its own environment and all in one."""

    def count(number: int) -> None:
        own, shared = branch(folders[number], f"env{number}"), branch(folders[number])
        for _ in range(rounds):
            time.sleep(random.uniform(0, 0.1))  # else one that is behind never catches up
            version, files = own.read()
            name = f"env{number}.state.json"
            assert own.write({name: str(int(files.get(name, b"0")) + 1).encode()}, version, "own")
            done = False
            while not done:
                version, files = shared.read()
                total = int(files.get(DOCUMENT, b"0")) + 1
                done = shared.write({DOCUMENT: str(total).encode()}, version, "shared") is not None

    with ThreadPoolExecutor(len(folders)) as pool:
        list(pool.map(count, range(len(folders))))
    assert branch(folders[0]).read()[1] == {DOCUMENT: str(rounds * len(folders)).encode()}
    for number, folder in enumerate(folders):
        assert branch(folder, f"env{number}").read()[1] == {f"env{number}.state.json": str(rounds).encode()}


def test_clones_that_race_lose_nothing(tmp_path: Path) -> None:
    origin = bare(tmp_path)
    race([clone(origin, "one"), clone(origin, "other")], 5)


@pytest.mark.slow
def test_clones_that_race_for_long_lose_nothing(tmp_path: Path) -> None:
    origin = bare(tmp_path)
    race([clone(origin, name) for name in ("one", "other", "third")], 70)


def test_processes_on_one_repository_lose_nothing(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "alone")
    (tmp_path / "alone" / "deep").mkdir()  # the same repository, but nothing that this process knows to be the same
    race([tmp_path / "alone", tmp_path / "alone" / "deep"], 5)


def test_environments_of_one_process_write_in_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = clone(bare(tmp_path), "one")
    trace = tmp_path / "trace"
    monkeypatch.setenv("GIT_TRACE", str(trace))

    def write(number: int) -> None:
        own = branch(folder, f"env{number}")
        version, _ = own.read()
        for turn in range(3):
            written = own.write({f"env{number}.state.json": str(turn).encode()}, version, "own")
            assert written is not None
            version = written

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    pushes = [line for line in trace.read_text().splitlines() if "built-in: git push" in line]
    assert len(pushes) == 6 * 3, "no push was in vain"


def test_it_is_the_repository_of_the_folder_also_in_a_hook(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    git(elsewhere, "init", "--quiet")
    monkeypatch.setenv("GIT_DIR", str(elsewhere / ".git"))
    shelf = branch(folder)
    shelf.write({DOCUMENT: b"1"}, shelf.read()[0], "first")
    monkeypatch.delenv("GIT_DIR")
    assert branch(folder).read()[1] == {DOCUMENT: b"1"}


def test_a_manifest_in_a_sub_folder_has_the_same_state(folder: Path) -> None:
    shelf = branch(folder)
    shelf.write({DOCUMENT: b"1"}, shelf.read()[0], "first")
    (folder / "deep" / "er").mkdir(parents=True)
    below = branch(folder / "deep" / "er")
    version, files = below.read()
    assert files == {DOCUMENT: b"1"}
    assert below.write({DOCUMENT: b"2"}, version, "second") is not None
    assert branch(folder).read()[1] == {DOCUMENT: b"2"}


def test_what_else_is_on_the_branch_stays(folder: Path) -> None:
    git(folder, "checkout", "--quiet", "--orphan", BRANCH)
    (folder / "docs").mkdir()
    (folder / "docs" / "page").write_text("x")
    (folder / b"caf\xe9".decode(errors="surrogateescape")).write_text("y")
    (folder / "run").write_text("z")
    (folder / "run").chmod(0o755)
    git(folder, "add", "--all")
    git(folder, "-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "--quiet", "--message", "x")
    if git(folder, "remote"):
        git(folder, "push", "--quiet", "origin", BRANCH)
    git(folder, "checkout", "--quiet", "--orphan", "elsewhere")
    before = set(git(folder, "ls-tree", BRANCH).splitlines())
    shelf = branch(folder)
    shelf.write({DOCUMENT: b"1"}, shelf.read()[0], "first")
    tip = f"origin/{BRANCH}" if git(folder, "remote") else BRANCH
    assert set(git(folder, "ls-tree", tip).splitlines()) > before


def test_a_remote_of_another_name_is_no_reason_to_begin_anew(tmp_path: Path) -> None:
    folder = clone(bare(tmp_path), "one")
    git(folder, "remote", "rename", "origin", "upstream")
    with pytest.raises(StateError, match="no remote 'origin', but upstream"):
        branch(folder).read()


def branch_made_before_origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path, Version]:
    """Return a repository with a state from before there was a remote, and the remote that it has by now."""
    monkeypatch.setattr("reconciler.state.backends.branch._TURNS", {})
    git(tmp_path, "init", "--quiet", "alone")
    folder, origin = tmp_path / "alone", bare(tmp_path)
    version = branch(folder).write({DOCUMENT: b"1"}, branch(folder).read()[0], "before")
    assert version is not None
    assert branch(folder).place == f"git+branch://{BRANCH} in this repository"
    git(folder, "remote", "add", "origin", str(origin))
    return folder, origin, version


def test_a_branch_from_before_there_was_a_remote_goes_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder, origin, version = branch_made_before_origin(tmp_path, monkeypatch)
    shelf = branch(folder)
    assert (shelf.read(), shelf.is_at(version)) == ((version, {DOCUMENT: b"1"}), True)
    assert [each.content for each in shelf.revisions(DOCUMENT, 9)] == [b"1"]
    assert shelf.place.endswith("in this repository")
    assert shelf.write({DOCUMENT: b"2"}, version, "after") is not None
    assert shelf.place.endswith("on the remote origin")
    assert branch(folder).read()[1] == branch(clone(origin, "other")).read()[1] == {DOCUMENT: b"2"}
    assert [each.content for each in branch(folder).revisions(DOCUMENT, 9)] == [b"2", b"1"]
    (said,) = caplog.messages
    assert "origin has no such branch yet: that of this repository is used, and the next write pushes it" in said


def test_a_state_of_the_remote_is_not_overwritten_by_an_older_branch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder, origin, version = branch_made_before_origin(tmp_path, monkeypatch)
    mine, other = branch(folder), branch(clone(origin, "other"))
    assert mine.read()[0] == version
    assert other.write({DOCUMENT: b"theirs"}, other.read()[0], "theirs") is not None
    assert not mine.is_at(version)
    assert mine.write({DOCUMENT: b"2"}, version, "after") is None
    caplog.clear()
    monkeypatch.setattr("reconciler.state.backends.branch._TURNS", {})
    for _ in range(2):
        assert branch(folder).read()[1] == {DOCUMENT: b"theirs"}
    (said,) = caplog.messages
    assert f"git show {BRANCH}:{DOCUMENT} > FILE, then reconciler state push FILE" in said


def test_a_local_branch_without_states_is_none(tmp_path: Path) -> None:
    origin = bare(tmp_path)
    folder = clone(origin, "one")
    commit = Repository(folder).commit({}, "", "code")
    git(folder, "branch", BRANCH, commit)
    shelf = branch(folder)
    assert shelf.write({DOCUMENT: b"1"}, shelf.read()[0], "first") is not None
    assert git(origin, "rev-list", "--count", BRANCH) == "1"


def test_a_branch_is_found_by_its_whole_name(tmp_path: Path) -> None:
    origin = bare(tmp_path)
    shelf = branch(clone(origin, "one"))
    version = shelf.write({DOCUMENT: b"1"}, shelf.read()[0], "first")
    assert version is not None
    old = git(origin, "rev-parse", BRANCH)
    git(origin, "update-ref", f"refs/backup/refs/heads/{BRANCH}", old)
    shelf.write({DOCUMENT: b"2"}, version, "second")
    assert branch(clone(origin, "other")).read()[1] == {DOCUMENT: b"2"}


def test_a_damaged_branch_is_not_none(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "alone")
    folder = tmp_path / "alone"
    shelf = branch(folder)
    shelf.write({DOCUMENT: b"1"}, shelf.read()[0], "first")
    (folder / ".git" / "refs" / "heads" / BRANCH).write_text("")
    with pytest.raises(StateError, match="is damaged"):
        branch(folder).read()


@pytest.fixture
def lossy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git whose next pushes land, without anybody hearing of it, while a file says so."""
    real, wrapper = git(tmp_path, "--exec-path") + "/git", tmp_path / "bin" / "git"
    wrapper.parent.mkdir()
    flag = tmp_path / "lossy"
    wrapper.write_text(
        f'#!/bin/sh\n{real} "$@" || exit\n'
        f'case "$*" in *" push "*) if [ -e {flag} ]; then rm {flag}; echo remote end hung up >&2; exit 128; fi;; esac\n'
    )
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")
    return flag


def test_a_push_that_landed_unheard_is_ones_own(tmp_path: Path, lossy: Path) -> None:
    folder = clone(bare(tmp_path), "one")
    shelf = branch(folder)
    version, _ = shelf.read()
    lossy.touch()
    with pytest.raises(StateError, match="remote end hung up"):
        shelf.write({DOCUMENT: b"1"}, version, "first")
    assert shelf.write({DOCUMENT: b"2"}, version, "second") is not None
    assert branch(folder).read()[1] == {DOCUMENT: b"2"}


def test_processes_in_one_clone_are_in_nobodys_way(tmp_path: Path) -> None:
    folder = clone(bare(tmp_path), "one")
    race([folder, folder, folder], 4)


def test_what_git_says_is_said(tmp_path: Path) -> None:
    with pytest.raises(
        StateError, match=r"git remote failed: fatal: not a git repository.*The state is kept in git, .* git init"
    ):
        branch(tmp_path).read()
    origin = bare(tmp_path)
    folder = clone(origin, "one")
    shelf = branch(folder)
    version, _ = shelf.read()
    origin.rename(tmp_path / "gone")
    with pytest.raises(StateError, match=r"git push failed: .*does not appear to be a git repository"):
        shelf.write({DOCUMENT: b"1"}, version, "first")
    with pytest.raises(StateError, match=r"git remote failed: .*No such file or directory"):
        branch(tmp_path / "nowhere").read()


def test_a_remote_that_refuses_every_push(tmp_path: Path) -> None:
    origin = bare(tmp_path)
    hook = origin / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho this branch is protected, the push was blocked\nexit 1\n")
    hook.chmod(0o755)
    shelf = branch(clone(origin, "one"))
    with pytest.raises(StateError, match=r"git push failed: .*this branch is protected"):
        shelf.write({DOCUMENT: b"1"}, shelf.read()[0], "first")


def test_others_that_are_always_quicker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.state.backends.branch._TRIES", 1)
    origin = bare(tmp_path)
    shelf, other = branch(clone(origin, "one")), branch(clone(origin, "two"), "dev")
    version, _ = shelf.read()
    other.write({"dev.state.json": b"1"}, other.read()[0], "quicker")
    with pytest.raises(
        StateError, match=r"could not be written in 1 tries\. Run again\. The last time git said: .*stale"
    ):
        shelf.write({DOCUMENT: b"1"}, version, "first")


def test_a_branch_that_stays_locked_is_said_to_be_so(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "alone")
    folder = tmp_path / "alone"
    (folder / ".git" / "refs" / "heads" / "reconciler-state.lock").touch()
    shelf = branch(folder)
    with pytest.raises(StateError, match=r"git refuses to move this branch.*Unable to create"):
        shelf.write({DOCUMENT: b"1"}, shelf.read()[0], "first")


def test_a_branch_that_cannot_be_is_said_to_be_so(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "alone")
    shelf = branch(tmp_path / "alone")
    shelf.write({DOCUMENT: b"1"}, shelf.read()[0], "first")
    below = Branch(tmp_path / "alone", f"{BRANCH}/below", NAMES)
    with pytest.raises(StateError, match=r"git refuses to move this branch, .*cannot lock ref"):
        below.write({DOCUMENT: b"1"}, below.read()[0], "first")


@pytest.mark.parametrize("said", ["policy: [rejected] this branch is protected", "failed to update ref"])
def test_a_refusal_that_is_final_is_not_tried_again(tmp_path: Path, said: str) -> None:
    origin = bare(tmp_path)
    hook, tries = origin / "hooks" / "pre-receive", tmp_path / "tries"
    hook.write_text(f"#!/bin/sh\necho x >>{tries}\necho '{said}' >&2\nexit 1\n")
    hook.chmod(0o755)
    shelf = branch(clone(origin, "clone"))
    with pytest.raises(StateError, match=re.escape(said)):
        shelf.write({DOCUMENT: b"1"}, shelf.read()[0], "first")
    assert tries.read_text() == "x\n"


def test_nor_is_a_name_for_which_there_is_no_room(folder: Path) -> None:
    shelf = branch(folder)
    assert shelf.write({DOCUMENT: b"1"}, shelf.read()[0], "first") is not None
    below = Branch(folder, f"{BRANCH}/prod", NAMES)
    began = time.monotonic()
    with pytest.raises(StateError, match=r"exists; cannot create|cannot lock ref"):
        below.write({DOCUMENT: b"1"}, below.read()[0], "first")
    assert time.monotonic() - began < 10  # two hundred tries take longer


def test_what_is_no_file_in_a_commit_is_told_as_an_empty_one(folder: Path) -> None:
    shelf = branch(folder)
    version = shelf.write({DOCUMENT: b"1"}, shelf.read()[0], "first")
    assert version is not None
    repository = Repository(folder)
    blob = repository.blob(b"x").split()[2]
    tree = repository.run("mktree", given=f"100644 blob {blob}\tx\n".encode()).decode().strip()
    move = repository.push if repository.has_remote else repository.move
    tip = repository.remote_tip(BRANCH) if repository.has_remote else repository.local_tip(BRANCH)
    odd = repository.commit({DOCUMENT: f"040000 tree {tree}"}, tip, "by hand")
    assert not move(BRANCH, odd, tip)
    good = repository.commit({DOCUMENT: repository.blob(b"2")}, odd, "mended")
    assert not move(BRANCH, good, odd)
    found = [each.content for each in branch(folder).revisions(DOCUMENT, 9)]
    assert (found[0], found[-1]) == (b"2", b"1")


def test_a_shallow_clone_knows_the_whole_history_of_the_state(tmp_path: Path) -> None:
    origin = bare(tmp_path)
    shelf = branch(clone(origin, "clone"))
    for content in (b"1", b"2", b"3"):
        assert shelf.write({DOCUMENT: content}, shelf.read()[0], "again") is not None
    git(tmp_path, "clone", "--quiet", "--depth", "1", "--no-single-branch", f"file://{origin}", "shallow")
    shallow = branch(tmp_path / "shallow")
    assert [each.content for each in shallow.revisions(DOCUMENT, 9)] == [b"3", b"2", b"1"]
