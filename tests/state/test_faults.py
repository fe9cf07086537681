"""What processes, users and disks do to a state: kill, race, refuse, fill up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.state.document import render
from tests.state.samples import applied_list, state, store_in

# Tracers and changed users get in the way of measuring coverage in a child.
PLAIN = {name: value for name, value in os.environ.items() if not name.startswith("COV")}


def output(module: str, *arguments: object) -> str:
    """Run one of the programs beside this file to its end, and return what it prints."""
    command = [sys.executable, "-m", f"tests.state.{module}", *map(str, arguments)]
    return subprocess.run(command, env=PLAIN, stdout=subprocess.PIPE, text=True, check=True).stdout


@pytest.mark.slow
@pytest.mark.parametrize("start", ["nothing", "document", "document_and_journal"])
def test_killed_at_any_line_it_leaves_the_truth(tmp_path: Path, start: str) -> None:
    found = json.loads(output("killed", start, tmp_path / "state"))
    assert found["wrong"] == []
    assert found["kills"] > 300


def race(folder: Path, rounds: int) -> None:
    """Let two processes record at once, and read all the while: nothing that was seen may ever be missing."""
    command = [sys.executable, "-m", "tests.state.racing", str(folder)]
    racers = [subprocess.Popen([*command, name, str(rounds)], env=PLAIN) for name in ("one", "other")]
    seen: set[str] = set()
    serial = 0
    while any(racer.poll() is None for racer in racers):
        loaded = store_in(folder).load()
        assert loaded.lists.keys() >= seen
        assert loaded.serial >= serial
        seen, serial = set(loaded.lists), loaded.serial
    assert [racer.wait() for racer in racers] == [0, 0]
    keys = [f"{name}-{number}" for name in ("one", "other") for number in range(rounds)]
    assert store_in(folder).load().lists == {key: applied_list(key) for key in keys}
    assert store_in(folder).load().serial == 2 * rounds


def test_of_two_that_race_nothing_is_lost(tmp_path: Path) -> None:
    race(tmp_path, rounds=30)


@pytest.mark.slow
def test_of_two_that_race_for_long_nothing_is_lost(tmp_path: Path) -> None:
    race(tmp_path, rounds=200)


@pytest.fixture
def guarded() -> Iterator[Path]:
    """Make a folder that others may enter and read, but not change; the folders of pytest let nobody in."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "prod.state.json").write_text(render(state(applied_list("vip"))))
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o755)


def test_without_the_right_to_write_it_reads_and_says_what_is_missing(guarded: Path) -> None:
    read, written = output("without_rights", guarded).splitlines()
    assert read == "read ['vip']"
    assert written == (
        f"{guarded}/prod.lock: cannot be locked (Permission denied). Nothing was changed. Writing the state needs the "
        "right to write to this file and to its folder"
    )
    assert [path.name for path in guarded.iterdir()] == ["prod.state.json"]


def test_with_the_right_to_lock_but_not_to_write_it_says_so(guarded: Path) -> None:
    guarded.chmod(0o755)
    (guarded / "prod.lock").touch()
    (guarded / "prod.lock").chmod(0o666)
    guarded.chmod(0o555)
    read, written = output("without_rights", guarded).splitlines()
    assert read == "read ['vip']"
    assert written.startswith(
        f"{guarded}/prod.journal.jsonl: cannot be written (Permission denied), so new was not recorded; "
    )
    assert store_in(guarded).load() == state(applied_list("vip"))


def test_without_the_right_to_read_it_says_so(guarded: Path) -> None:
    (guarded / "prod.state.json").chmod(0)
    read, _ = output("without_rights", guarded).splitlines()
    assert read == f"{guarded}/prod.state.json: cannot be read (Permission denied). Nothing was changed"


def test_without_the_right_to_make_the_folder_it_says_so(guarded: Path) -> None:
    read, written = output("without_rights", guarded / "inside").splitlines()
    assert read == "read []"
    assert written == f"{guarded}/inside: cannot be made (Permission denied). Nothing was changed"
