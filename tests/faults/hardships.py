"""What a machine may be like: each function makes it so for the process that calls it, before the program begins."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import time

from reconciler.state import lease

NOBODY = 65534


def without_rights() -> None:
    """Be a user to whom nothing here belongs, also where root runs the tests."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def without_locks() -> None:
    """Have a file system that cannot lock."""

    def flock(*_: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    fcntl.flock = flock  # type: ignore[assignment]


def others_are_gone() -> None:
    """Know that whoever holds a lease is dead, without waiting for its end."""
    lease.LEASE = float("-inf")


def clock_ahead() -> None:
    """Have a wall clock that jumps a day ahead as soon as the first PUT is sent."""
    _jump(86400)


def clock_back() -> None:
    """Have a wall clock that jumps a day back as soon as the first PUT is sent."""
    _jump(-86400)


def _jump(seconds: float) -> None:
    now, send = time.time, socket.socket.send
    jumped: list[float] = [0]

    def sent(connection: socket.socket, content: bytes) -> int:
        if content.startswith(b"PUT "):
            jumped[0] = seconds
        return send(connection, content)

    time.time = lambda: now() + jumped[0]
    socket.socket.send = sent  # type: ignore[assignment,method-assign]
