"""`git revert` of an applied commit moves manifest and state back together: that is told, and there is a way out.

With a real repository, the real program and the sandbox.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.program import Workplace, some_lists, workplace

LISTS = some_lists(3)
IDENTITY = {
    "GIT_AUTHOR_NAME": "t",
    "GIT_AUTHOR_EMAIL": "t@localhost",
    "GIT_COMMITTER_NAME": "t",
    "GIT_COMMITTER_EMAIL": "t@localhost",
}


def git(folder: Path, *arguments: str) -> str:
    ended = subprocess.run(
        ["git", "-c", "protocol.file.allow=always", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={"PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": str(folder), **IDENTITY},
    )
    return ended.stdout.strip()


def commit(place: Workplace, message: str) -> None:
    git(place.folder, "add", "lists.yaml", ".reconciler")
    git(place.folder, "commit", "--quiet", "-m", message)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    """Two applied commits: lists as they are, then a new name of a."""
    with workplace(tmp_path, LISTS) as place:
        git(tmp_path, "init", "--quiet")
        (tmp_path / ".gitignore").write_text(".reconciler/*.lock\n")
        for changes in ({}, {"a": {"name": "New 1"}}):
            place.declare(LISTS, **changes)
            assert place.run("apply", "--yes").code == 0
            commit(place, "applied")
        yield place


SAID = "git moved this state back, from serial 2 to 1, as git revert does"


def unwrapped(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_a_revert_is_told_and_can_be_applied(place: Workplace) -> None:
    assert "git moved" not in place.run("plan").out
    git(place.folder, "revert", "--no-edit", "HEAD")
    offline = unwrapped(place.run("plan").out)
    assert SAID in offline
    for verb in (["plan", "--refresh"], ["drift"]):
        told = unwrapped(place.run(*verb).out)
        assert SAID in told, verb
        assert "Live still shows that in a." in told
        assert "≠ a still as an apply left it, which git took out of the state" in told
        assert 'name (in the state → live now): "Alpha 1" → "New 1"' in told
        assert "changed elsewhere" not in told
    back = unwrapped(place.run("plan", "--refresh", "--revert-drift").out)
    assert "~ a update: still as an apply left it, which git took out of the state" in back
    taken = (
        "warning: a in prod: still as an apply left it, which git took out of the state, as git revert does: accepted, "
    )
    assert taken in place.run("accept", "--dry-run").err
    way_back = re.search(r"then plan and apply: git (checkout \w+ -- \S+)", offline)
    assert way_back, offline
    git(place.folder, *way_back[1].split())
    planned = place.run("plan").out
    assert '"New 1" → "Alpha 1"' in planned
    assert "git moved" not in planned
    assert place.run("apply", "--yes").code == 0
    assert place.sandbox.world.lists()[LISTS[0].id].name == "Alpha 1"
    commit(place, "reverted for good")
    assert place.run("plan", "--refresh", "--detailed-exitcode").code == 0
    assert "git moved" not in place.run("plan").out


@pytest.mark.parametrize("report", ["text", "json", "markdown", "html", "github"])
@pytest.mark.parametrize("verb", [["plan"], ["drift"]], ids=" ".join)
def test_every_report_tells(place: Workplace, verb: list[str], report: str) -> None:
    git(place.folder, "revert", "--no-edit", "HEAD")
    place.run(*verb, "--report", f"{report}=out")
    assert "git moved this state back, from serial 2 to 1" in unwrapped((place.folder / "out").read_text())


def test_an_apply_tells_before_it_asks(place: Workplace) -> None:
    git(place.folder, "revert", "--no-edit", "HEAD")
    ran = place.run("apply", "--yes")
    assert SAID in unwrapped(ran.out)
    assert place.sandbox.world.lists()[LISTS[0].id].name == "New 1"


def test_two_reverts_name_the_last_applied(place: Workplace) -> None:
    place.declare(LISTS, a={"name": "New 1"}, b={"name": "New 2"})
    assert place.run("apply", "--yes").code == 0
    commit(place, "applied")
    git(place.folder, "revert", "--no-edit", "HEAD")
    git(place.folder, "revert", "--no-edit", "HEAD~2")
    assert "git moved this state back, from serial 3 to 1" in unwrapped(place.run("plan").out)


def test_a_revert_of_the_first_apply_removes_the_state(place: Workplace) -> None:
    git(place.folder, "rm", "--quiet", "-r", "--cached", ".reconciler")
    (place.folder / ".reconciler" / "prod.state.json").unlink()
    git(place.folder, "commit", "--quiet", "-m", "no state")
    assert "git moved this state back, from serial 2 to 0" in unwrapped(place.run("plan").out)


def test_a_shallow_clone_cannot_tell_and_says_so_only_where_live_differs(place: Workplace, tmp_path: Path) -> None:
    git(place.folder, "revert", "--no-edit", "HEAD")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{place.folder}", str(clone))
    there = Workplace(clone, place.sandbox)
    assert "cut off" not in there.run("plan").out
    for verb in (["plan", "--refresh"], ["drift"]):
        assert "The history here is cut off (a shallow clone)" in unwrapped(there.run(*verb).out), verb


def test_where_git_is_of_no_help_nothing_is_said(place: Workplace) -> None:
    git(place.folder, "revert", "--no-edit", "HEAD")
    assert place.run("plan", PATH="/nonexistent").code == 0
    (place.folder / ".git" / "HEAD").write_text("nonsense")
    ran = place.run("plan")
    assert (ran.code, "git moved" in ran.out, ran.err) == (0, False, "")


def test_what_is_no_state_in_history_is_passed_over(place: Workplace) -> None:
    state = place.folder / ".reconciler" / "prod.state.json"
    whole = state.read_text()
    for content in ("nonsense", whole):
        state.write_text(content)
        commit(place, "by hand")
    ran = place.run("plan", "--json")
    assert json.loads(ran.out)["environments"][0]["warnings"] == []
