"""The rate limit against its law, by a fake clock: never one request too many, never a wait too long."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.api.rate_limit import WINDOW, RateLimit
from tests.api.clock import FakeClock

QUARTERS = st.integers(0, 400).map(lambda quarters: quarters / 4)
REQUESTS = st.lists(st.tuples(QUARTERS, QUARTERS), max_size=40)
"""For each request: the seconds of idleness before it, and the seconds until its answer."""


def request(rate_limit: RateLimit, clock: FakeClock, lasting: float = 0.0) -> float:
    """Make one request and return when it was sent."""
    with rate_limit.place():
        sent = clock.passed
        clock.passed += lasting
    return sent


def test_what_was_sent_before_has_its_places() -> None:
    clock = FakeClock()
    assert RateLimit(3, clock, sent=2, ago=20.0).delay(1) == 0.0
    assert RateLimit(3, clock, sent=2, ago=20.0).delay(2) == 40.0
    assert RateLimit(3, clock, sent=5, ago=20.0).delay(1) == 40.0
    assert RateLimit(3, clock, sent=5, ago=61.0).delay(3) == 0.0


def limited(clock: FakeClock, limit: int) -> RateLimit:
    return RateLimit(limit, clock)


@given(REQUESTS, st.integers(1, 6))
def test_exact_and_never_later_than_needed(requests: list[tuple[float, float]], limit: int) -> None:
    clock = FakeClock()
    rate_limit = limited(clock, limit)
    ends: list[float] = []
    for idle, lasting in requests:
        clock.passed += idle
        asked = clock.passed
        # The earliest moment with a free place is now, or when a place that is held now becomes free.
        free = min(at for at in [asked, *ends] if at >= asked and sum(end > at for end in ends) < limit)
        assert rate_limit.delay(1) == free - asked
        assert request(rate_limit, clock, lasting) == free
        ends.append(clock.passed + WINDOW)


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), max_size=40), st.integers(1, 6))
def test_no_window_holds_more_than_the_limit(requests: list[tuple[float, float]], limit: int) -> None:
    clock = FakeClock()
    rate_limit = limited(clock, limit)
    ends: list[float] = []
    for idle, lasting in requests:
        clock.passed += idle
        sent = request(rate_limit, clock, lasting)
        ends.append(clock.passed + WINDOW)
        assert sum(end > sent for end in ends) <= limit


@given(REQUESTS, st.integers(1, 6), st.integers(1, 8))
def test_delay_is_the_time_to_so_many_free_places(requests: list[tuple[float, float]], limit: int, places: int) -> None:
    clock = FakeClock()
    rate_limit = limited(clock, limit)
    for idle, lasting in requests:
        clock.passed += idle
        request(rate_limit, clock, lasting)
    clock.passed += rate_limit.delay(places)
    ready = clock.passed
    for _ in range(min(places, limit)):
        assert request(rate_limit, clock) == ready


def test_the_burst_is_used_at_once() -> None:
    clock = FakeClock()
    rate_limit = limited(clock, 30)
    assert [request(rate_limit, clock) for _ in range(31)] == [1000.0] * 30 + [1060.0]
    assert clock.slept == [60.0]


def test_a_place_is_kept_from_sending_until_a_minute_after_the_answer() -> None:
    clock = FakeClock()
    rate_limit = limited(clock, 1)
    assert request(rate_limit, clock, lasting=90.0) == 1000.0
    assert rate_limit.delay(1) == 60.0
    assert request(rate_limit, clock) == 1150.0


def test_a_request_that_raises_keeps_its_place() -> None:
    clock = FakeClock()
    rate_limit = limited(clock, 1)
    with pytest.raises(KeyboardInterrupt), rate_limit.place():
        raise KeyboardInterrupt
    assert rate_limit.delay(1) == 60.0


@pytest.mark.parametrize(
    ("told", "waits"),
    [
        ([None], [60.0]),
        ([7.5], [7.5]),
        ([200.0], [200.0]),
        ([0.0], [60.0]),
        ([7.5, 7.5, 7.5], [7.5, 60.0, 60.0]),
        ([7.5, 90.0], [7.5, 90.0]),
    ],
)
def test_a_rate_limitanswer_holds_all_until_that_helps(told: list[float | None], waits: list[float]) -> None:
    clock = FakeClock()
    rate_limit = limited(clock, 30)
    for seconds, wait in zip(told, waits, strict=True):
        asked = clock.passed
        rate_limit.note_refusal(seconds)
        assert rate_limit.delay(1) == wait
        assert request(rate_limit, clock) == asked + wait
    rate_limit.note_acceptance()
    rate_limit.note_refusal(1.0)
    assert rate_limit.delay(1) == 1.0


def test_a_shorter_hold_does_not_lift_a_longer_one() -> None:
    clock = FakeClock()
    rate_limit = limited(clock, 30)
    rate_limit.note_refusal(200.0)
    rate_limit.note_refusal(1.0)
    assert rate_limit.delay(1) == 200.0


def test_a_long_wait_is_told(caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock()
    rate_limit = limited(clock, 1)
    request(rate_limit, clock)
    with caplog.at_level(logging.INFO):
        request(rate_limit, clock)
    assert caplog.messages == ["waiting 60 s for the limit of 1 requests a minute"]


def test_a_short_wait_is_not_worth_telling(caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock()
    rate_limit = limited(clock, 1)
    rate_limit.note_refusal(4.0)
    with caplog.at_level(logging.INFO):
        request(rate_limit, clock)
    assert caplog.messages == []


def test_an_interrupt_while_waiting_sends_nothing() -> None:
    class Stopping(FakeClock):
        def sleep(self, seconds: float) -> None:
            raise KeyboardInterrupt

    clock = Stopping()
    rate_limit = limited(clock, 1)
    request(rate_limit, clock)
    with pytest.raises(KeyboardInterrupt), rate_limit.place():
        pytest.fail("it was sent")
