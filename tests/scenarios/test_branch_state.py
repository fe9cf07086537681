"""The state on a branch of the manifest's repository, by the real program."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.cli.assistant.read_only_tools import Tools
from reconciler.cli.runtime import Runtime
from tests.program import Workplace, some_lists, workplace
from tests.scenarios.test_reverts import unwrapped
from tests.state.cas_files import bare, git

BRANCH = "reconciler-state"
LISTS = some_lists(2)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    """Two lists to be described anew, in a clone."""
    origin = bare(tmp_path)
    git(tmp_path, "clone", "--quiet", str(origin), "work")
    with workplace(tmp_path / "work", LISTS) as made:
        declare(made, "New")
        yield made


def declare(place: Workplace, description: str, state: str = f"git+branch://{BRANCH}") -> None:
    entries = [
        f"  {key}: {{id: {known.id}, name: {known.name}, description: {description}}}\n"
        for key, known in zip("ab", LISTS, strict=True)
    ]
    place.manifest("".join(entries), more=f"state: {state}\n")


def test_the_main_job(place: Workplace) -> None:
    assert place.run("plan", "--detailed-exitcode").code == 2
    assert place.run("apply", "--yes").code == 0
    assert place.run("plan", "--refresh", "--detailed-exitcode").code == 0
    assert place.run("state", "mv", "b", "bb").code == 0
    listed = json.loads(place.run("state", "list", "--json").out)["lists"]
    assert [each["key"] for each in listed] == ["a", "bb"]
    assert "lock: free" in place.run("doctor").out
    origin = place.folder.parent / "origin.git"
    assert git(origin, "ls-tree", "--name-only", BRANCH) == "prod.state.json"
    subjects = git(origin, "log", "--format=%s", BRANCH, "--", "prod.state.json").splitlines()
    assert subjects == ["prod: serial 2", "prod: serial 1"]
    assert "reconciler apply --yes" in git(origin, "log", "--format=%b", BRANCH)
    assert git(place.folder, "status", "--porcelain") == "?? lists.yaml"
    assert not (place.folder / ".reconciler").exists()


@pytest.mark.slow
def test_an_assistant_that_looks_only_adds_objects_that_git_fetched(
    place: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert place.run("apply", "--yes").code == 0
    colleague = Workplace(tmp_path / "theirs", place.sandbox)
    git(tmp_path, "clone", "--quiet", str(tmp_path / "origin.git"), "theirs")
    declare(colleague, "Newer")
    assert colleague.run("apply", "--yes").code == 0
    for name, value in place.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(place.folder)
    before, puts = contents(tmp_path), len(place.puts)
    tools = Tools(Path("lists.yaml"), [], None, Runtime())
    for tool, arguments in (("plan", {}), ("plan", {"refresh": True}), ("drift", {})):
        assert tools.call(tool, arguments).document["environments"]
    after = contents(tmp_path)
    added = after.keys() - before.keys()
    assert added
    assert all(path.is_relative_to(place.folder / ".git/objects") for path in added)
    assert {path: after[path] for path in before} == before
    assert len(place.puts) == puts


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_manifest_in_a_sub_folder_finds_it(place: Workplace) -> None:
    assert place.run("apply", "--yes").code == 0
    deep = place.folder / "deep"
    deep.mkdir()
    (place.folder / "lists.yaml").rename(deep / "lists.yaml")
    assert "no changes" in place.run("plan", "-f", "deep/lists.yaml").out


@pytest.mark.parametrize(
    "state",
    [
        "ftp://bucket/state",
        "git+branch://",
        "git+branch://-x",
        "git+branch://HEAD",
        "git+branch://refs/heads/x",
        "git+branch://a.lock",
        "git+branch://a..b",
    ],
)
def test_what_is_no_place_for_a_state(place: Workplace, state: str) -> None:
    declare(place, "New", state)
    ran = place.run("plan")
    assert ran.code == 1
    assert f"state: {state!r} is not understood" in ran.err


def test_a_remote_that_is_gone_stops_the_run_and_says_what_was_not_recorded(place: Workplace) -> None:
    origin = place.folder.parent / "origin.git"
    origin.rename(place.folder.parent / "gone.git")
    ran = place.run("apply", "--yes")
    assert (ran.code, place.puts) == (1, [])
    assert "git ls-remote failed" in ran.err


def test_a_manifest_that_is_older_than_the_last_run_is_told(place: Workplace, tmp_path: Path) -> None:
    assert place.run("apply", "--yes").code == 0
    colleague = Workplace(tmp_path / "theirs", place.sandbox)
    git(tmp_path, "clone", "--quiet", str(tmp_path / "origin.git"), "theirs")
    declare(colleague, "Newer")
    assert "older text" not in unwrapped(colleague.run("apply", "--yes").out)
    said = "older text comes back in a, b: a run had replaced it ("
    for verb in (["plan"], ["plan", "--refresh"], ["apply", "--yes"]):
        ran = place.run(*verb)
        assert said in unwrapped(ran.out), verb
        assert "bring it up to date (git pull) and plan again" in unwrapped(ran.out), verb
    declare(place, "Newest")
    assert "older text" not in place.run("plan").out
