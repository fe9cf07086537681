"""The real clock."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest

from reconciler.cli.runtime import Notes, Runtime, lock_info
from reconciler.errors import StoppedError


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="the clock that goes on in sleep is Linux's")
def test_its_time_goes_on_while_the_machine_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    real, night = time.clock_gettime, 8 * 3600.0
    runtime = Runtime(deadline=60.0)
    assert runtime.reason_to_end(0.0) is None
    before = runtime.monotonic()
    monkeypatch.setattr(time, "clock_gettime", lambda clock: real(clock) + night * (clock == time.CLOCK_BOOTTIME))
    assert runtime.monotonic() - before >= night
    assert "the deadline of 60 s is near" in str(runtime.reason_to_end(0.0))


def test_a_ci_job_is_whose_who_started_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_RUN_ID", "CI_JOB_URL", "GITLAB_USER_LOGIN"):
        monkeypatch.delenv(name, raising=False)
    alone = lock_info()
    monkeypatch.setenv("CI_JOB_URL", "https://gitlab.example/jobs/7")
    assert (lock_info().user, lock_info().job) == (alone.user, "https://gitlab.example/jobs/7")
    monkeypatch.setenv("GITLAB_USER_LOGIN", "kim")
    assert lock_info().user == "kim"


@pytest.mark.parametrize(("asking", "said"), [(True, "\nstopping; once"), (False, "stopping after the request in")])
def test_what_is_in_flight_is_said_only_if_there_may_be_some(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, asking: bool, said: str
) -> None:
    runtime = Runtime()

    class Typing:
        """A line that comes once the signal did."""

        def fileno(self) -> int:
            if asking:
                runtime._on_signal(signal.SIGINT, None)
            return self.ready

        def readline(self) -> str:
            return "yes\n"

        def __init__(self) -> None:
            self.ready, self.other = os.pipe()
            os.write(self.other, b"\n")

    monkeypatch.setattr(sys, "stdin", Typing())
    if asking:
        with pytest.raises(StoppedError):
            runtime.answer("Sure? ")
    else:
        assert runtime.answer("Sure? ") == "yes\n"
        runtime._on_signal(signal.SIGINT, None)
    assert capfd.readouterr().err.startswith(said)


class Counted:
    """A countdown that keeps what it was told."""

    every = 1.0

    def __init__(self) -> None:
        self.told: list[str] = []

    def count_down(self, seconds: float) -> None:
        self.told.append(f"{seconds:.0f}")

    def over(self) -> None:
        self.told.append("over")


@pytest.mark.slow
def test_what_is_left_of_a_long_wait_is_counted_down() -> None:
    runtime = Runtime()
    runtime.countdown = counted = Counted()
    runtime.sleep(0.01)
    assert counted.told == []
    runtime.sleep(5.0)
    assert counted.told == ["4", "3", "2", "1", "0", "over"]


def test_a_signal_ends_a_long_wait_and_its_countdown() -> None:
    runtime = Runtime()
    runtime.countdown = counted = Counted()
    runtime.signal = signal.SIGHUP
    os.write(runtime._wake, b"\0")
    with pytest.raises(StoppedError, match=r"stopped by SIGHUP \(the terminal was closed\)"):
        runtime.sleep(60)
    assert counted.told == ["over"]
    runtime.last_wait(0.01)


def test_who_runs_it_is_told_without_addresses_of_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    said = ["apply", "--notify", "slack://a b", "--notify=json://c", "--notify-when", "trouble", "--yes"]
    monkeypatch.setattr(sys, "argv", ["reconciler", *said])
    assert lock_info().command == "reconciler apply --notify ... --notify=... --notify-when trouble --yes"


def test_in_a_log_a_wait_has_few_lines(capsys: pytest.CaptureFixture[str]) -> None:
    notes = Notes()
    assert notes.every == 30
    notes.count_down(42.4)
    notes.count_down(4.9)
    notes.over()
    assert capsys.readouterr().err == "still waiting: 42 s left\n"
