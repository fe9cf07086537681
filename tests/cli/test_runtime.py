"""The real clock."""

from __future__ import annotations

import time

import pytest

from reconciler.cli.runtime import Runtime


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="the clock that goes on in sleep is Linux's")
def test_its_time_goes_on_while_the_machine_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    real, night = time.clock_gettime, 8 * 3600.0
    runtime = Runtime(deadline=60.0)
    assert runtime.asked(0.0) is None
    before = runtime.monotonic()
    monkeypatch.setattr(time, "clock_gettime", lambda clock: real(clock) + night * (clock == time.CLOCK_BOOTTIME))
    assert runtime.monotonic() - before >= night
    assert "the deadline of 60 s is near" in str(runtime.asked(0.0))
