"""A full disk, a folder that may not be written, no locks, a clock that jumps: said clearly, and nothing is lost."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.faults.launcher import Ended, Order
from tests.faults.story import Story, outcomes, story
from tests.marks import first_always
from tests.program import PROGRAM, SECONDS


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Story]:
    with story(tmp_path, "edited") as begun:
        yield begun


def with_room(told: Story, blocks: int) -> Ended:
    """Apply where no file can grow over so many blocks of 512 bytes: a write stops half-way, as on a full disk."""
    ended = subprocess.run(
        ["sh", "-c", f'ulimit -f {blocks}; exec "$@"', "sh", *PROGRAM, "apply", "--yes", "--json"],
        cwd=told.place.folder,
        env=told.place.variables | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert "Traceback" not in ended.stderr, ended.stderr
    return Ended(ended.returncode, ended.stdout, ended.stderr, "", (), 0.0)


@pytest.mark.parametrize("all_blocks", first_always([range(1, 5), range(10)]))
def test_a_disk_that_is_full_sooner_or_later(told: Story, all_blocks: Iterable[int]) -> None:
    codes = []
    for blocks in all_blocks:
        told.begin()
        ended = with_room(told, blocks)
        found = told.found()
        assert (found.lost, found.false) == ((), ()), blocks
        codes.append(ended.code)
        if ended.code:
            assert "cannot be written (File too large)" in ended.err + ended.out
            assert "run again" in ended.err + ended.out
        if ended.code == 1:
            assert not told.place.sandbox.world.log.puts()
        if ended.code == 3:
            assert "prod.journal.jsonl" in ended.out, blocks
        assert list(told.ended_in_order(told.run())) == [], blocks
    assert sorted(set(codes)) == [0, 1, 3]


def open_to_all(folder: Path) -> None:
    """Let everybody into a folder of pytest's, and those above it."""
    for each in [folder, *list(folder.parents)[:-1]]:
        each.chmod(each.stat().st_mode | 0o055)


def test_a_folder_that_may_not_be_written_stops_the_run_before_anything_is_sent(told: Story) -> None:
    told.begin()
    state = told.place.folder / ".reconciler"
    open_to_all(state)
    before = {path.name: path.read_bytes() for path in state.iterdir()}
    (state / "prod.lock").chmod(0o444)
    ended = told.run({"hardship": "without_rights"})
    assert ended.code == 1
    assert "prod.lock: cannot be locked (Permission denied). Nothing was changed" in ended.err
    assert not told.place.sandbox.world.log.puts()
    (state / "prod.lock").chmod(0o666)
    state.chmod(0o555)
    ended = told.run({"hardship": "without_rights"})
    assert ended.code == 1
    assert "prod.journal.jsonl: cannot be written (Permission denied)" in ended.err
    assert not told.place.sandbox.world.log.puts()
    assert {path.name: path.read_bytes() for path in state.iterdir()} == before
    state.chmod(0o755)
    assert list(told.ended_in_order(told.run())) == []


def test_a_file_system_without_locks_is_refused(told: Story) -> None:
    told.begin()
    ended = told.run({"hardship": "without_locks"})
    assert ended.code == 1
    assert "its file system cannot lock files" in ended.err
    assert not told.place.sandbox.world.log.puts()
    assert list(told.ended_in_order(told.run())) == []


@pytest.mark.parametrize("order", [Order(hardship="clock_ahead"), Order(hardship="clock_back")])
def test_a_clock_that_jumps_under_way(told: Story, order: Order) -> None:
    """Tokens of a wrong time are refused: the run stops there, soon, and says what it did."""
    told.begin()
    ended = told.run(order)
    assert ended.code == 3
    assert ended.seconds < 20
    assert {each["outcome"] for each in outcomes(ended)} == {"adopted", "forgotten", "unverified", "not_sent"}
    assert "clock" in ended.out
    found = told.found()
    assert (found.lost, found.false) == ((), ())
    assert list(told.ended_in_order(told.run())) == []
