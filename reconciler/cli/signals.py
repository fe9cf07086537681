"""The signals that end the program: SIGHUP, SIGINT and SIGTERM.

    from the first line on       leave at once: nothing has been done yet
    commands that write          unwind, so that locks and leases are given back; a second signal leaves at once
    an apply, once it is under way        `runtime.Runtime`: stop after the request in flight

A signal that is ignored when the program starts stays ignored: `nohup` and background jobs of a shell want that.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType

ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


class SignalledError(KeyboardInterrupt):
    """A signal that ends the program; no `Exception`, so that nothing takes it for a failure that can be reported."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


def take_over(act: Callable[[int, FrameType | None], None]) -> None:
    """Have `act` called by each signal that ends the program and is not ignored."""
    for number in ending_signals():
        signal.signal(number, act)


def ending_signals() -> tuple[signal.Signals, ...]:
    """Return the signals that end the program, without those that are ignored."""
    return tuple(number for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN)


def leave(number: int, _frame: FrameType | None = None) -> None:
    """End the process at once, without anything that could fail on the way."""
    os._exit(128 + number)


def unwind(number: int, _frame: FrameType | None) -> None:
    """Leave by way of an exception; a second signal leaves at once."""
    take_over(leave)
    raise SignalledError(number)
