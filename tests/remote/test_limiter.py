"""The limiter against its law, by a fake clock: never one request too many, never a wait too long."""

from __future__ import annotations

import fcntl
import json
import logging
import multiprocessing
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.lists import Target
from reconciler.remote.limiter import WINDOW, Limiter
from reconciler.remote.places import boot, path_of
from tests.remote.clock import FakeClock

TARGET = Target("https://platform.kore.ai", "st-1", "acc1")

QUARTERS = st.integers(0, 400).map(lambda quarters: quarters / 4)
REQUESTS = st.lists(st.tuples(QUARTERS, QUARTERS), max_size=40)
"""For each request: the seconds of idleness before it, and the seconds until its answer."""


def request(limiter: Limiter, clock: FakeClock, lasting: float = 0.0) -> float:
    """Make one request and return when it was sent."""
    with limiter.place():
        sent = clock.passed
        clock.passed += lasting
    return sent


def limited(clock: FakeClock, limit: int, folder: Path | None = None) -> Limiter:
    return Limiter(limit, clock, TARGET, folder)


@given(REQUESTS, st.integers(1, 6))
def test_exact_and_never_later_than_needed(requests: list[tuple[float, float]], limit: int) -> None:
    clock = FakeClock()
    limiter = limited(clock, limit)
    ends: list[float] = []
    for idle, lasting in requests:
        clock.passed += idle
        asked = clock.passed
        # The earliest moment with a free place is now, or when a place that is held now becomes free.
        free = min(at for at in [asked, *ends] if at >= asked and sum(end > at for end in ends) < limit)
        assert limiter.delay(1) == free - asked
        assert request(limiter, clock, lasting) == free
        ends.append(clock.passed + WINDOW)


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), max_size=40), st.integers(1, 6))
def test_no_window_holds_more_than_the_limit(requests: list[tuple[float, float]], limit: int) -> None:
    clock = FakeClock()
    limiter = limited(clock, limit)
    ends: list[float] = []
    for idle, lasting in requests:
        clock.passed += idle
        sent = request(limiter, clock, lasting)
        ends.append(clock.passed + WINDOW)
        assert sum(end > sent for end in ends) <= limit


@given(REQUESTS, st.integers(1, 6), st.integers(1, 8))
def test_delay_is_the_time_to_so_many_free_places(requests: list[tuple[float, float]], limit: int, places: int) -> None:
    clock = FakeClock()
    limiter = limited(clock, limit)
    for idle, lasting in requests:
        clock.passed += idle
        request(limiter, clock, lasting)
    clock.passed += limiter.delay(places)
    ready = clock.passed
    for _ in range(min(places, limit)):
        assert request(limiter, clock) == ready


def test_the_burst_is_used_at_once() -> None:
    clock = FakeClock()
    limiter = limited(clock, 30)
    assert [request(limiter, clock) for _ in range(31)] == [1000.0] * 30 + [1060.0]
    assert clock.slept == [60.0]


def test_a_place_is_kept_from_sending_until_a_minute_after_the_answer() -> None:
    clock = FakeClock()
    limiter = limited(clock, 1)
    assert request(limiter, clock, lasting=90.0) == 1000.0
    assert limiter.delay(1) == 60.0
    assert request(limiter, clock) == 1150.0


def test_a_request_that_raises_keeps_its_place() -> None:
    clock = FakeClock()
    limiter = limited(clock, 1)
    with pytest.raises(KeyboardInterrupt), limiter.place():
        raise KeyboardInterrupt
    assert limiter.delay(1) == 60.0


@pytest.mark.parametrize(("told", "wait"), [(None, 60.0), (7.5, 7.5), (200.0, 200.0), (0.0, 0.0)])
def test_a_rate_limit_answer_holds_all(told: float | None, wait: float) -> None:
    clock = FakeClock()
    limiter = limited(clock, 30)
    limiter.hold(told)
    assert limiter.delay(1) == wait
    assert request(limiter, clock) == 1000.0 + wait


def test_a_shorter_hold_does_not_lift_a_longer_one() -> None:
    clock = FakeClock()
    limiter = limited(clock, 30)
    limiter.hold(50.0)
    limiter.hold(1.0)
    assert limiter.delay(1) == 50.0


def test_a_long_wait_is_told(caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock()
    limiter = limited(clock, 1)
    request(limiter, clock)
    with caplog.at_level(logging.INFO):
        request(limiter, clock)
    assert caplog.messages == ["waiting 60 s for the limit of 1 requests a minute"]


def test_a_short_wait_is_not_worth_telling(caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock()
    limiter = limited(clock, 1)
    limiter.hold(4.0)
    with caplog.at_level(logging.INFO):
        request(limiter, clock)
    assert caplog.messages == []


def test_an_interrupt_while_waiting_sends_nothing() -> None:
    class Stopping(FakeClock):
        def sleep(self, seconds: float) -> None:
            raise KeyboardInterrupt

    clock = Stopping()
    limiter = limited(clock, 1)
    request(limiter, clock)
    with pytest.raises(KeyboardInterrupt), limiter.place():
        pytest.fail("it was sent")


# Commands one after the other, and side by side, by way of the file


def test_the_next_command_waits_for_the_places_of_the_last(tmp_path: Path) -> None:
    first = FakeClock()
    limiter = limited(first, 2, tmp_path)
    request(limiter, first, lasting=2.0)
    first.passed += 10
    request(limiter, first, lasting=3.0)
    limiter.close()
    # Another process of the machine has the same clock; what the wall's says means nothing.
    second = FakeClock(ahead=-7.0, monotonic=first.passed)
    next_one = limited(second, 2, tmp_path)
    assert next_one.delay(1) == 47.0
    assert request(next_one, second) == 1062.0
    assert next_one.delay(1) == 13.0


def test_the_end_of_a_quick_request_is_noted_when_all_is_done(tmp_path: Path) -> None:
    clock = FakeClock()
    limiter = limited(clock, 1, tmp_path)
    request(limiter, clock, lasting=0.5)
    assert limited(clock, 1, tmp_path).delay(1) == 60.5
    limiter.close()
    assert limited(clock, 1, tmp_path).delay(1) == 60.0


def test_the_end_of_a_slow_request_is_noted_at_once(tmp_path: Path) -> None:
    clock = FakeClock()
    request(limited(clock, 1, tmp_path), clock, lasting=30.0)
    assert limited(clock, 1, tmp_path).delay(1) == 60.0


def test_what_another_command_notes_after_a_look_is_seen(tmp_path: Path) -> None:
    clock = FakeClock()
    mine = limited(clock, 1, tmp_path)
    assert mine.delay(1) == 0.0
    request(limited(clock, 1, tmp_path), clock)
    assert mine.delay(1) == 61.0


def test_a_look_that_found_the_file_locked_is_not_believed_for_long(tmp_path: Path) -> None:
    clock = FakeClock()
    request(limited(clock, 1, tmp_path), clock)
    mine = limited(clock, 1, tmp_path)
    with path_of(tmp_path, TARGET.host, TARGET.account_id).open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert mine.delay(1) == 0.0
    assert mine.delay(1) > 59  # trying to lock took a moment


def test_an_end_that_could_not_be_noted_is_noted_later(tmp_path: Path) -> None:
    clock = FakeClock()
    limiter = limited(clock, 1, tmp_path)
    request(limiter, clock, lasting=0.5)
    with path_of(tmp_path, TARGET.host, TARGET.account_id).open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        limiter.close()
    limiter.close()
    assert limited(clock, 1, tmp_path).delay(1) < 60.0  # as if it took a second: 60.3


def test_the_next_command_is_held_too(tmp_path: Path) -> None:
    clock = FakeClock()
    limited(clock, 30, tmp_path).hold(None)
    assert limited(clock, 30, tmp_path).delay(1) == 60.0
    clock.passed += 60
    assert limited(clock, 30, tmp_path).delay(1) == 0.0


def test_a_hold_is_noted_again_with_each_request(tmp_path: Path) -> None:
    clock = FakeClock()
    other, limiter = limited(clock, 30, tmp_path), limited(clock, 30, tmp_path)
    with limiter.place():
        other.hold(20.0)
    assert limited(clock, 30, tmp_path).delay(1) == 20.0


def test_a_long_hold_is_shared_for_a_minute_only(tmp_path: Path) -> None:
    clock = FakeClock()
    limited(clock, 30, tmp_path).hold(300.0)
    assert limited(clock, 30, tmp_path).delay(1) == 60.0


def test_a_killed_command_leaves_its_open_request_counted(tmp_path: Path) -> None:
    clock = FakeClock()
    killed = limited(clock, 1, tmp_path).place()
    killed.__enter__()
    clock.passed += 20
    assert limited(clock, 1, tmp_path).delay(1) == 41.0


def test_two_at_once_share_the_places(tmp_path: Path) -> None:
    clock = FakeClock()
    two = [limited(clock, 4, tmp_path), limited(clock, 4, tmp_path)]
    sent = [request(two[turn % 2], clock) for turn in range(12)]
    assert sent == [1000.0] * 4 + [1060.0] * 4 + [1120.0] * 4


def test_other_accounts_have_their_own_places(tmp_path: Path) -> None:
    clock = FakeClock()
    request(limited(clock, 1, tmp_path), clock)
    for target in (Target("https://de-platform.kore.ai", "st-1", "acc1"), Target(TARGET.host, "st-1", "acc2")):
        assert Limiter(1, clock, target, tmp_path).delay(1) == 0.0
    assert Limiter(1, clock, Target(TARGET.host, "st-other", "acc1"), tmp_path).delay(1) == 61.0


@given(st.floats(-1e9, 1e9), st.integers(0, 30))
def test_a_clock_that_is_set_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, jump: float, before: int
) -> None:
    folder = tmp_path_factory.mktemp("cache")
    clock = FakeClock()
    limiter = limited(clock, 2, folder)
    for _ in range(2):
        request(limiter, clock)
    clock.passed += before
    clock.ahead += jump
    newcomer = limited(clock, 2, folder)
    assert limiter.delay(1) == newcomer.delay(1) == 60 - before
    assert request(newcomer, clock) == 1060


def test_places_from_before_the_machine_was_started_are_none(tmp_path: Path) -> None:
    clock = FakeClock()
    request(limited(clock, 1, tmp_path), clock)
    path = path_of(tmp_path, TARGET.host, TARGET.account_id)
    path.write_text(path.read_text().replace(boot(), "c0ffee00-0000-4000-8000-000000000000"))
    assert limited(clock, 1, tmp_path).delay(1) == 0.0
    path.write_text(path.read_text().replace("c0ffee00-0000-4000-8000-000000000000", boot()))
    assert limited(clock, 1, tmp_path).delay(1) == 61.0


def test_the_file_says_nothing_of_the_account(tmp_path: Path) -> None:
    clock = FakeClock()
    request(limited(clock, 1, tmp_path), clock)
    (path,) = tmp_path.iterdir()
    assert path == path_of(tmp_path, TARGET.host, TARGET.account_id)
    content = json.loads(path.read_text())
    assert content.keys() == {"format", "boot", "requests", "held_until"}
    assert [at for _, at in content["requests"]] == [clock.passed + 1]
    assert not any(word in path.name + path.read_text() for word in ("kore", "acc1", "st-1"))
    assert path.stat().st_mode & 0o077 == 0


def test_the_file_stays_small(tmp_path: Path) -> None:
    clock = FakeClock()
    limiter = limited(clock, 2000, tmp_path)
    for _ in range(1100):
        limiter._ends.append(clock.monotonic() + WINDOW)
    request(limiter, clock)
    (path,) = tmp_path.iterdir()
    assert path.stat().st_size < 64 * 1024
    assert len(json.loads(path.read_text())["requests"]) == 1000


class Impatient:
    """The real clock, for which a wait for the limit is the end."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        if seconds > 1:
            raise TimeoutError
        time.sleep(seconds)


def _take_all(folder: Path, sent: multiprocessing.Queue[int]) -> None:
    limiter = Limiter(60, Impatient(), TARGET, folder)
    taken = 0
    with suppress(TimeoutError):
        while True:
            with limiter.place():
                taken += 1
    sent.put(taken)


def test_two_processes_that_race_share_one_limit(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    sent: multiprocessing.Queue[int] = spawn.Queue()
    racers = [spawn.Process(target=_take_all, args=(tmp_path, sent), daemon=True) for _ in range(2)]
    for racer in racers:
        racer.start()
    assert sent.get(timeout=60) + sent.get(timeout=60) == 60
    for racer in racers:
        racer.join()
