"""A clock that is never set."""

from __future__ import annotations

import time


def uptime() -> float:
    """Return seconds that never go back, the same in all processes of a machine.

    They go on while it sleeps, if the system has such a clock.
    """
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
