"""The real clock, the end by a signal, and who is running this."""

from __future__ import annotations

import math
import os
import re
import select
import signal
import sys
import time
from collections.abc import Sequence
from types import FrameType
from typing import Protocol

from reconciler.cli import output, signals
from reconciler.errors import DeclinedError, StoppedError
from reconciler.model.times import timestamp
from reconciler.protocols import LockInfo
from reconciler.uptime import uptime

_WORTH_COUNTING = 5.0


class Countdown(Protocol):
    """Shows how much of a wait is left; the reason was printed when it began."""

    every: float
    """Seconds between two updates."""

    def count_down(self, seconds: float) -> None:
        """Learn that a wait goes on for so long."""
        ...

    def over(self) -> None:
        """Note that the wait has ended."""
        ...


class Notes:
    """A countdown in lines, few enough for a log; more of them at a terminal."""

    def __init__(self) -> None:
        self.every = 10.0 if sys.stderr.isatty() else 30.0

    def count_down(self, seconds: float) -> None:
        """Print what is left, if that is worth a line."""
        if seconds >= _WORTH_COUNTING:
            output.note(f"still waiting: {seconds:.0f} s left")

    def over(self) -> None:
        """Print nothing: the next message says what happens."""


class Runtime:
    """Time as it passes, until a signal ends it: `protocols.Clock` and `protocols.Stop` in one.

    The first signal lets the request in flight come to its end and cuts every wait short; the second leaves at once,
    which the state on disk allows for at any instant. `deadline` ends the sending so many seconds after the start, less
    `reserve`: what one more PUT and the look at the end may take. `countdown` shows long waits; `clear` brings the
    cursor to an empty line, where a bar stands in its way.
    """

    def __init__(self, deadline: float | None = None, reserve: float = 0.0) -> None:
        self.signal: int | None = None
        self.countdown: Countdown = Notes()
        self.clear = ""
        self._asking = False
        self._deadline = deadline
        self._reserve = reserve
        self._started = uptime()
        # A byte in the pipe wakes every sleeper; it is there before any handler of Python's has run, also when a signal
        # comes just before the sleep begins.
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._wake, False)

    def watch(self) -> None:
        """Take over the signals that end the program."""
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        signals.take_over(self._on_signal)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self.signal is not None:
            output.last_words(f"{self.clear}left at once: the next apply settles what was in flight\n")
            signals.leave(number)
        self.signal = number
        # The prompt's own line ends first; at a prompt, nothing is in flight.
        ends = "\nstopping" if self._asking else f"{self.clear}stopping after the request in flight"
        output.last_words(f"{ends}; once more to leave at once\n")

    def now(self) -> float:
        """Return the seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds that never go back, and go on while the machine sleeps."""
        return uptime()

    def sleep(self, seconds: float) -> None:
        """Wait, unless a signal came; what is left of a long wait is shown meanwhile."""
        if seconds < _WORTH_COUNTING:
            self._pause(seconds)
            return
        until = self.monotonic() + seconds
        try:
            while (left := until - self.monotonic()) > 0:
                self._pause(min(left, self.countdown.every))
                self.countdown.count_down(max(0.0, until - self.monotonic()))
        finally:
            self.countdown.over()

    def _pause(self, seconds: float) -> None:
        woken = select.poll()  # select() knows no descriptors beyond 1,023
        woken.register(self._woken, select.POLLIN)
        woken.poll(math.ceil(seconds * 1000))
        if self.signal is not None:
            raise StoppedError(self.signal)

    def last_wait(self, seconds: float) -> None:
        """Wait, though a signal came."""
        select.select([], [], [], seconds)

    def answer(self, question: str, *, documents: bool = False) -> str:
        """Return the line that the person at the terminal types, "" at the end of input; a signal ends the wait.

        `documents`: stdout is for those, so the question goes to stderr. Raises DeclinedError if the question cannot
        be shown, or the answer not be read.
        """
        self.sleep(0.0)
        if why := output.ask(question, documents=documents):
            raise DeclinedError(f"the question cannot be shown: {why}. That counts as no; nothing was changed")
        try:
            self._asking = True
            select.select([self._woken, sys.stdin], [], [])
            self._asking = False
            self.sleep(0.0)
            return sys.stdin.readline()
        except (OSError, ValueError) as error:
            raise DeclinedError(
                f"the answer cannot be read ({error}). That counts as no; nothing was changed"
            ) from error

    @property
    def seconds_left(self) -> float:
        """How many are left until the deadline; without one, there is no end."""
        return math.inf if self._deadline is None else self._deadline - (self.monotonic() - self._started)

    def reason_to_end(self, ahead: float) -> str | None:
        """Return which signal came, or that the deadline is too near."""
        if self.signal is not None:
            return str(StoppedError(self.signal))
        if self._deadline is None:
            return None
        return near_deadline(self.seconds_left, ahead + self._reserve, f"of {self._deadline:g} s ")


def near_deadline(left: float, needed: float, which: str = "") -> str | None:
    """Say that the deadline is too near if fewer seconds are left than are needed."""
    if needed <= left:
        return None
    return (
        f"the deadline {which}is near: {left:.0f} s are left, and another change and the look "
        f"at the end may take {needed:.0f} s"
    )


def lock_info() -> LockInfo:
    """Say who is running this: process, host, user (of a CI job, who started it), command and CI job."""
    import socket

    from reconciler.cli.ci_build import LINK, STARTED_BY, build_facts

    build = build_facts(os.environ)
    return LockInfo(
        pid=os.getpid(),
        host=socket.gethostname(),
        user=build.get(STARTED_BY) or _user(),
        command=_command(sys.argv[1:]),
        since=timestamp(time.time()),
        job=build.get(LINK, ""),
    )


def _command(arguments: Sequence[str]) -> str:
    """Return the command as a shell takes it, but for addresses of --notify, which hold secrets."""
    import shlex

    typed = "\0".join(["reconciler", *arguments])
    return shlex.join(re.sub(r"(?<=\0--notify[=\0])[^\0]*", "...", typed).split("\0"))


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's uid without a name
        return f"uid {os.getuid()}"
