"""The real clock, signals, and who is running this."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from contextlib import suppress
from types import FrameType

from reconciler.errors import StoppedError
from reconciler.model.times import timestamp
from reconciler.protocols import Holder
from reconciler.uptime import uptime

_NAMES = {signal.SIGINT: "SIGINT", signal.SIGTERM: "SIGTERM"}


class Runtime:
    """Time as it passes, until a signal ends it: `protocols.Clock` and `protocols.Stop` in one.

    The first SIGINT or SIGTERM lets the request in flight come to its end and cuts every wait short; the second
    leaves at once, which the state on disk allows for at any instant. `deadline` ends the sending so many seconds
    after the start, less `reserve`: what one more PUT and the look at the end may take.
    """

    def __init__(self, deadline: float | None = None, reserve: float = 0.0) -> None:
        self.signal: int | None = None
        self._deadline = deadline
        self._reserve = reserve
        self._started = uptime()
        # A byte in the pipe wakes every sleeper; it is there before any handler of Python's has run, also when a signal
        # comes just before the sleep begins.
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._wake, False)

    def watch(self) -> None:
        """Take over SIGINT and SIGTERM."""
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        for number in _NAMES:
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self.signal is not None:
            os._exit(128 + number)
        self.signal = number
        with suppress(OSError):  # whoever read our output may be gone
            os.write(2, b"stopping after the request in flight; once more to leave at once\n")

    def now(self) -> float:
        """Return the seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds that never go back, and go on while the machine sleeps."""
        return uptime()

    def sleep(self, seconds: float) -> None:
        """Wait, unless a signal came."""
        select.select([self._woken], [], [], seconds)
        if self.signal is not None:
            raise StoppedError(self.signal)

    def answer(self, question: str) -> str:
        """Return the line that the person at the terminal types, "" at the end of input; a signal ends the wait."""
        self.sleep(0.0)
        sys.stdout.write(question)
        sys.stdout.flush()
        select.select([self._woken, sys.stdin], [], [])
        self.sleep(0.0)
        return sys.stdin.readline()

    def asked(self, ahead: float) -> str | None:
        """Return which signal came, or that the deadline is too near."""
        if self.signal is not None:
            return f"stopped by {_NAMES[signal.Signals(self.signal)]}"
        if self._deadline is None:
            return None
        left = self._deadline - (self.monotonic() - self._started)
        if ahead + self._reserve <= left:
            return None
        return (
            f"the deadline of {self._deadline:g} s is near: {left:.0f} s are left, and another change and the look "
            f"at the end may take {ahead + self._reserve:.0f} s"
        )


def holder(now: float) -> Holder:
    """Say who is running this: process, host, user, command and CI job."""
    import socket

    return Holder(
        pid=os.getpid(),
        host=socket.gethostname(),
        user=_user(),
        command=" ".join(["reconciler", *sys.argv[1:]]),
        since=timestamp(now),
        job=_job(),
    )


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's uid without a name
        return f"uid {os.getuid()}"


def _job() -> str:
    """Return the address of the CI job: GitHub's parts put together, or GitLab's and Jenkins' own."""
    if "GITHUB_RUN_ID" in os.environ:
        server, repository = os.environ.get("GITHUB_SERVER_URL", ""), os.environ.get("GITHUB_REPOSITORY", "")
        return f"{server}/{repository}/actions/runs/{os.environ['GITHUB_RUN_ID']}"
    return os.environ.get("CI_JOB_URL") or os.environ.get("BUILD_URL") or ""
