"""The shared file of places: whatever is wrong with it, nothing happens."""

from __future__ import annotations

import fcntl
import json
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.errors import StoppedError
from reconciler.model.lists import Target
from reconciler.remote.limiter import Limiter
from reconciler.remote.places import Places, SharedPlaces, _locked, boot, path_of
from tests.remote.clock import FakeClock

TARGET = Target("https://platform.kore.ai", "st-1", "acc1")
NOBODY = 65534
FORMAT = "reconciler/places/2"


def limiter(folder: Path) -> tuple[Limiter, FakeClock]:
    clock = FakeClock()
    return Limiter(2, clock, TARGET, folder), clock


def works_alone(folder: Path) -> None:
    """Check that the file has no say, and that the limit of two is held all the same."""
    limits, clock = limiter(folder)
    for _ in range(3):
        with limits.place():
            pass
    limits.hold(1.0)
    assert clock.passed == 1060.0
    assert limits.delay(1) == 1.0


def path_in(folder: Path) -> Path:
    return path_of(folder, TARGET.host, TARGET.account_id)


NOW = 1000.0
DAMAGED: dict[str, bytes] = {
    "empty": b"",
    "no JSON": b"{",
    "no object": b"[]",
    "no UTF-8": b"\xff\xfe\x00",
    "another format": json.dumps({"format": "reconciler/places/1", "requests": [["x", NOW]] * 9}).encode(),
    "times that are none": json.dumps({"format": FORMAT, "boot": boot(), "requests": [["x", "soon"]] * 9}).encode(),
    "infinite times": json.dumps({"format": FORMAT, "boot": boot(), "requests": [["x", float("inf")]] * 9}).encode(),
    "deep": b"[" * 60_000,
    "huge": b" " * 1_000_000,
    "from the future": json.dumps(
        {"format": FORMAT, "boot": boot(), "requests": [["x", NOW + 5]] * 9, "held_until": NOW + 99}
    ).encode(),
    "from the past": json.dumps(
        {"format": FORMAT, "boot": boot(), "requests": [["x", NOW - 60]] * 9, "held_until": NOW}
    ).encode(),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_file_has_no_say_and_is_replaced(tmp_path: Path, content: bytes) -> None:
    path_in(tmp_path).write_bytes(content)
    works_alone(tmp_path)
    assert json.loads(path_in(tmp_path).read_bytes())["requests"]


@given(st.binary(max_size=200))
@example(b'{"format":"reconciler/places/2","boot":"","requests":[["a",1e308]],"held_until":-1e308}')
def test_any_bytes_do_no_harm(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("cache")
    path_in(folder).write_bytes(content)
    works_alone(folder)


def test_a_file_cut_at_any_byte_does_no_harm(tmp_path: Path) -> None:
    limits, _ = limiter(tmp_path)
    with limits.place():
        pass
    whole = path_in(tmp_path).read_bytes()
    for length in range(len(whole)):
        path_in(tmp_path).write_bytes(whole[:length])
        works_alone(tmp_path)


def folder_is_a_file(folder: Path) -> Path:
    (folder / "file").write_text("")
    return folder / "file" / "cache"


def path_is_a_folder(folder: Path) -> Path:
    path_in(folder).mkdir()
    return folder


def path_is_a_pipe(folder: Path) -> Path:
    os.mkfifo(path_in(folder))
    return folder


def path_is_a_link(folder: Path) -> Path:
    (folder / "precious").write_text("{}")
    path_in(folder).symlink_to(folder / "precious")
    return folder


def path_has_a_nul(folder: Path) -> Path:
    return folder / "\0"


def name_too_long(folder: Path) -> Path:
    return folder / ("x" * 300)


@pytest.mark.parametrize(
    "obstacle", [folder_is_a_file, path_is_a_folder, path_is_a_pipe, path_is_a_link, path_has_a_nul, name_too_long]
)
def test_what_cannot_be_a_file_is_done_without(tmp_path: Path, obstacle: Callable[[Path], Path]) -> None:
    works_alone(obstacle(tmp_path))


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    works_alone(path_is_a_link(tmp_path))
    assert (tmp_path / "precious").read_text() == "{}"


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    limits, _ = limiter(tmp_path / "a" / "b")
    with limits.place():
        pass
    assert path_in(tmp_path / "a" / "b").exists()


def test_a_file_deleted_under_way_does_no_harm(tmp_path: Path) -> None:
    limits, clock = limiter(tmp_path)
    for _ in range(3):
        with limits.place():
            path_in(tmp_path).unlink()
    assert clock.passed == 1060.0


def in_a_child(work: Callable[[], None]) -> None:
    """Run `work` in a process of its own, and check that it ends in order."""
    if (child := os.fork()) == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001  # the parent reads the exit code
            os._exit(1)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize("existing", [True, False])
def test_a_folder_that_cannot_be_written(tmp_path: Path, existing: bool) -> None:
    if existing:
        path_in(tmp_path).write_text("{}")
        path_in(tmp_path).chmod(0o444)
    tmp_path.chmod(0o555)
    for folder in list(tmp_path.parents)[:-1]:
        folder.chmod(folder.stat().st_mode | 0o011)

    def as_another() -> None:
        if os.getuid() == 0:
            os.setuid(NOBODY)
        works_alone(tmp_path)

    in_a_child(as_another)


def test_a_disk_that_is_full(tmp_path: Path) -> None:
    def with_no_room() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        works_alone(tmp_path)

    in_a_child(with_no_room)
    assert path_in(tmp_path).read_bytes() == b""


def test_a_file_that_somebody_holds_locked_is_done_without_soon(tmp_path: Path) -> None:
    path_in(tmp_path).write_text("{}")
    with path_in(tmp_path).open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        limits, clock = limiter(tmp_path)
        with limits.place():
            pass
    assert clock.passed < 1001.0
    assert path_in(tmp_path).read_text() == "{}"


def test_a_signal_while_waiting_for_the_lock_does_not_take_the_place_of_an_answer(tmp_path: Path) -> None:
    class Stopped(FakeClock):
        def sleep(self, seconds: float) -> None:
            raise StoppedError(2)

    path_in(tmp_path).write_text("{}")
    limits = Limiter(5, Stopped(), TARGET, tmp_path)
    with path_in(tmp_path).open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with limits.place():
            answer = "HTTP 200"
    assert answer == "HTTP 200"
    assert path_in(tmp_path).read_text() == "{}"


def test_a_lock_that_is_let_go_is_waited_for(tmp_path: Path) -> None:
    path_in(tmp_path).write_text("{}")
    held = path_in(tmp_path).open()
    fcntl.flock(held, fcntl.LOCK_EX)

    class LettingGo(FakeClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            held.close()

    with SharedPlaces(path_in(tmp_path), LettingGo(), "me") as shared:
        shared.write(Places(held_until=5.0), [])
    with SharedPlaces(path_in(tmp_path), FakeClock(), "you") as shared:
        assert shared.read() == Places([], 5.0)


def test_a_file_system_without_locks_is_done_without_at_once() -> None:
    clock = FakeClock()
    read_end, write_end = os.pipe()
    os.close(read_end)
    os.close(write_end)
    assert not _locked(read_end, clock)  # refused otherwise than by a holder
    assert clock.slept == []


def test_no_file_at_all(tmp_path: Path) -> None:
    with SharedPlaces(None, FakeClock(), "you") as shared:
        shared.write(Places(held_until=5.0), [])
        assert shared.read() == Places()
    assert list(tmp_path.iterdir()) == []


def test_a_system_that_does_not_say_which_start_of_the_machine_this_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(*_: object, **__: object) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", unreadable)
    boot.cache_clear()
    try:
        assert boot() == ""
    finally:
        boot.cache_clear()
