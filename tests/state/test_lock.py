"""One writer at a time, who says who it is, and leaves nothing to clean."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.errors import LockedError, StateError
from reconciler.protocols import LockInfo
from reconciler.state.backends.folder_lock import describe_writer, hold_lock
from tests.state.samples import HOLDER, names_in
from tests.state.small_disk import room_for

LATER = replace(HOLDER, pid=4712, since="2026-11-22T10:03:20Z")


def refusal(path: Path, asking: LockInfo = LATER) -> str:
    with pytest.raises(LockedError) as refused, hold_lock(path, asking):
        pytest.fail("locked twice")
    assert refused.value.exit_code == 4
    return str(refused.value)


def test_names_the_holder_and_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "prod.lock"
    with hold_lock(path, replace(HOLDER, job="https://ci.example/1")):
        assert refusal(path) == (
            f'{path}: locked by process 4711 on host "ci-7", user "anna", since 2026-11-22T10:00:00Z (3 min ago), '
            'command "reconciler apply --yes", CI job https://ci.example/1. Nothing was changed. Wait until that run '
            "has ended, or end it, then try again; there is nothing to clean up, the lock goes with its process"
        )


AGES = {
    "2026-11-22T10:00:00Z": "2026-11-22T10:00:00Z (0 s ago)",
    "2026-11-22T10:01:59Z": "2026-11-22T10:00:00Z (119 s ago)",
    "2026-11-22T12:00:00Z": "2026-11-22T10:00:00Z (120 min ago)",
    "2026-11-22T09:59:59Z": "2026-11-22T10:00:00Z,",
    "2026-11-22T10:00:00": "2026-11-22T10:00:00Z,",
    "lunch": "2026-11-22T10:00:00Z,",
}


@pytest.mark.parametrize("now", AGES)
def test_says_how_long_ago_where_the_clocks_agree(tmp_path: Path, now: str) -> None:
    with hold_lock(tmp_path / "lock", HOLDER):
        message = refusal(tmp_path / "lock", replace(LATER, since=now))
    assert f"since {AGES[now]}" in message
    assert "CI job" not in message


def test_can_be_had_again_and_the_note_goes(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    for _ in range(2):
        with hold_lock(path, HOLDER):
            assert json.loads(path.read_text())["pid"] == 4711
        assert path.read_text() == ""


def test_is_released_by_an_exception(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), hold_lock(tmp_path / "lock", HOLDER):
        raise KeyboardInterrupt
    with hold_lock(tmp_path / "lock", HOLDER):
        assert "process 4711" in refusal(tmp_path / "lock")


@pytest.mark.parametrize("note", ["", '{"pid": 4711, "ho', "{}", '{"pid": "\\u001b"}', "\x1b[31m", "[" * 9999])
def test_a_note_that_says_nothing_is_no_obstacle(tmp_path: Path, note: str) -> None:
    path = tmp_path / "lock"
    with hold_lock(path, HOLDER):
        path.write_text(note)
        message = refusal(path)
    assert "locked by a run that left no note of its name. Nothing was changed. Wait" in message
    assert message.isprintable()


def test_what_a_note_says_is_shown_as_text(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with hold_lock(path, replace(HOLDER, user="\x1b[31m", host="\u202e", command="a\nb", job="\x07", since="\x00")):
        assert refusal(path).isprintable()


def test_a_longer_note_of_a_dead_holder_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.write_text('{"pid": 1, "user": "' + "x" * 5000)
    with hold_lock(path, HOLDER):
        assert json.loads(path.read_text())["user"] == "anna"


def test_on_a_full_disk_it_holds_without_a_name(tmp_path: Path) -> None:
    with room_for(10), hold_lock(tmp_path / "lock", HOLDER):
        assert "left no note" in refusal(tmp_path / "lock")


HOLD = """
import subprocess, sys
from pathlib import Path
from reconciler.state.backends.folder_lock import describe_writer, hold_lock
from tests.state.samples import HOLDER
with hold_lock(Path(sys.argv[1]), HOLDER):
    child = subprocess.Popen([sys.executable, "-c", "print('up', flush=True); input()"], close_fds=False)
    input()
"""


@contextmanager
def held_by_another(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Let another process hold the lock, and a child of it live on after it."""
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        yield process
        process.kill()


def test_another_process_is_kept_out(tmp_path: Path) -> None:
    with held_by_another(tmp_path / "lock"):
        assert "process 4711" in refusal(tmp_path / "lock")


def test_dies_with_its_holder_even_if_a_child_of_it_lives_on(tmp_path: Path) -> None:
    with held_by_another(tmp_path / "lock") as process:
        process.kill()
        process.wait()
        with hold_lock(tmp_path / "lock", LATER):
            assert json.loads((tmp_path / "lock").read_text())["pid"] == 4712


def make_folder(path: Path) -> None:
    path.mkdir()


def make_link(path: Path) -> None:
    path.symlink_to("elsewhere")


@pytest.mark.parametrize("in_the_way", [make_folder, make_link])
def test_says_why_the_file_cannot_be_opened(tmp_path: Path, in_the_way: Callable[[Path], None]) -> None:
    in_the_way(tmp_path / "lock")
    refused = pytest.raises(
        StateError, match=r"cannot be locked: it is a (folder|symbolic link), not a regular file\. Nothing was changed"
    )
    with refused, hold_lock(tmp_path / "lock", HOLDER):
        pytest.fail("locked")
    assert names_in(tmp_path) == ["lock"]


@pytest.mark.parametrize("number", [errno.ENOTSUP, errno.ENOSYS, errno.EINVAL, errno.ENOLCK])
def test_a_file_system_without_locks_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def flock(*_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(StateError) as refused, hold_lock(tmp_path / "lock", HOLDER):
        pytest.fail("locked")
    assert str(refused.value) == (
        f"{tmp_path}/lock: its file system cannot lock files ({os.strerror(number)}), so two runs could write at once. "
        "Nothing was changed. Keep the state on a local disk"
    )


def test_where_no_file_can_be_locked_nobody_holds_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lock").write_text('{"pid": 1}')
    monkeypatch.setattr(fcntl, "flock", unlockable)
    assert describe_writer(tmp_path / "lock", HOLDER) is None


def unlockable(*_: int) -> None:
    raise OSError(errno.ENOLCK, "no locks")


def test_a_look_does_not_keep_a_writer_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever looks has the lock for an instant, so a writer tries more than once."""
    (tmp_path / "lock").write_text('{"pid": 1}')
    with (tmp_path / "lock").open() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        monkeypatch.setattr(time, "sleep", lambda _: fcntl.flock(looking, fcntl.LOCK_UN))
        with hold_lock(tmp_path / "lock", HOLDER):
            assert refusal(tmp_path / "lock")


ELSEWHERE = """
import sys
sys.modules["fcntl"] = None
from pathlib import Path
from reconciler.errors import StateError
from tests.state.samples import HOLDER, store_in
store = store_in(Path(sys.argv[1]))
print(len(store.load().lists), store.holder(HOLDER))
try:
    with store.lock(HOLDER):
        print("locked")
except StateError as error:
    print(error)
"""


def test_elsewhere_a_state_is_read_and_not_written(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ELSEWHERE, str(tmp_path)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == (
        f"0 None\n{tmp_path}/prod.lock: writing the state is not supported on this system, only on Linux and macOS. "
        "Nothing was changed\n"
    )


def test_whoever_looks_is_told_who_holds_it_and_takes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "prod.lock"
    assert describe_writer(path, HOLDER) is None
    with hold_lock(path, HOLDER):
        said = describe_writer(path, HOLDER)
        assert said is not None
        assert f"process {HOLDER.pid}" in said
    assert describe_writer(path, HOLDER) is None
    path.write_text('{"pid": 1, "left by one that died')
    assert describe_writer(path, HOLDER) is None
    with hold_lock(path, HOLDER):
        pass


def test_says_why_there_can_be_no_file(tmp_path: Path) -> None:
    refused = pytest.raises(StateError, match=r"cannot be locked \(No such file or directory\)\. Nothing was changed")
    with refused, hold_lock(tmp_path / "nowhere" / "lock", HOLDER):
        pytest.fail("locked")
