"""Read a file of another's making: its kind, size and speed are not trusted."""

from __future__ import annotations

import errno
import os
import stat
import time
from pathlib import Path
from select import POLLIN, poll

SECONDS = 30.0
_PIECE = 1024 * 1024  # bytes


def read(path: Path, *, most: int, pipe: bool = False, seconds: float = SECONDS) -> bytes:
    """Return what a regular file holds or, if `pipe` says so, what comes through a pipe (`<(…)`, a FIFO) until its end.

    At most `most` bytes are read, and a pipe is waited for at most `seconds` in all; nothing else can block. A pipe
    can be read once. Raises OSError; its `strerror` says why, in words that fit after "cannot be read": a folder, a
    device or a socket, a pipe where none can be used, too large (EFBIG), too slow (ETIMEDOUT), or not there.
    """
    try:
        seen = path.stat()
    except ValueError as error:
        raise OSError(errno.EINVAL, "no file can have that name") from error
    _check_kind(seen, pipe=pipe)  # before it is opened, since opening a device may already do something
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        status = os.fstat(descriptor)
        _check_kind(status, pipe=pipe)
        if status.st_size > most:
            raise _too_large(most)
        return _all(descriptor, most, time.monotonic() + seconds if stat.S_ISFIFO(status.st_mode) else None)
    finally:
        os.close(descriptor)


def is_pipe(path: Path) -> bool:
    """Tell whether a path leads to a pipe, which can be read once and never be written back."""
    try:
        return stat.S_ISFIFO(path.stat().st_mode)
    except OSError:
        return False


def size(number: int) -> str:
    """Return a number of bytes in words."""
    for unit, name in ((1024 * 1024, "MiB"), (1024, "KiB")):
        if number >= unit and not number % unit:
            return f"{number // unit} {name}"
    return f"{number} bytes"


def _check_kind(status: os.stat_result, *, pipe: bool) -> None:
    kind = status.st_mode
    if stat.S_ISREG(kind) or (pipe and stat.S_ISFIFO(kind)):
        return
    if stat.S_ISDIR(kind):
        raise OSError(errno.EISDIR, "it is a folder, not a file")
    name = "pipe" if stat.S_ISFIFO(kind) else "socket" if stat.S_ISSOCK(kind) else "device"
    raise OSError(errno.EINVAL, f"it is a {name}, not a regular file")


def _all(descriptor: int, most: int, until: float | None) -> bytes:
    pieces: list[bytes] = []
    left = most
    while True:
        if until is not None:
            _wait(descriptor, until)
        try:
            piece = os.read(descriptor, min(_PIECE, left + 1))
        except BlockingIOError:
            continue
        if not piece:
            return b"".join(pieces)
        if len(piece) > left:
            raise _too_large(most)
        left -= len(piece)
        pieces.append(piece)


def _wait(descriptor: int, until: float) -> None:
    """Wait until a pipe has something to read, or has ended."""
    waiter = poll()
    waiter.register(descriptor, POLLIN)
    if not waiter.poll(max(until - time.monotonic(), 0.0) * 1000):
        raise TimeoutError(errno.ETIMEDOUT, "its pipe did not come to an end in time")


def _too_large(most: int) -> OSError:
    return OSError(errno.EFBIG, f"it is larger than {size(most)}")
