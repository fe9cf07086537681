"""Cuts a request off when its time is up: a server that sends a byte now and then never times out by itself.

One thread watches over all requests of the process; a request costs an entry in its book, not a thread.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from threading import Condition, Thread
from typing import Self


class Cutoff:
    """The end of one request, `seconds` from entering this context; `passed` tells whether it came to that.

    `socket` is that of the last connection that was made, which the request goes over if it makes none itself. `bare`:
    the request made one, and TLS has not begun on it.
    """

    def __init__(self, seconds: float, last: socket.socket | None = None) -> None:
        self.seconds = seconds
        self.passed = False
        self.due = float("inf")
        self.socket = last
        self.bare = False

    def __enter__(self) -> Self:
        self.due = time.monotonic() + self.seconds
        _WATCH.add(self)
        return self

    def __exit__(self, *_: object) -> None:
        _WATCH.drop(self)

    def watch(self, event: str, info: Mapping[str, object]) -> None:
        """Take note of the connection's socket, then of the one that TLS put in its place."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self.socket = _socket(info["return_value"])
            self.bare = event.endswith("connect_tcp.complete")

    def cut(self) -> None:
        """End the request."""
        self.passed = True
        if self.socket is not None:
            with suppress(OSError):
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)


class _Watch:
    """The book of requests under way, and the thread that cuts off those whose time is up."""

    def __init__(self) -> None:
        self._book: set[Cutoff] = set()
        self._changed = Condition()
        self._thread: Thread | None = None
        self._next = float("inf")

    def add(self, cutoff: Cutoff) -> None:
        with self._changed:
            self._book.add(cutoff)
            if self._thread is None:
                self._thread = Thread(target=self._look, daemon=True)
                self._thread.start()
            elif cutoff.due < self._next:
                self._changed.notify()

    def drop(self, cutoff: Cutoff) -> None:
        with self._changed:
            self._book.discard(cutoff)

    def _look(self) -> None:
        with self._changed:
            while True:
                self._next = min((cutoff.due for cutoff in self._book), default=float("inf"))
                left = max(0.0, self._next - time.monotonic())
                self._changed.wait(None if left == float("inf") else left)
                for cutoff in [cutoff for cutoff in self._book if cutoff.due <= time.monotonic()]:
                    cutoff.cut()
                    self._book.discard(cutoff)


_WATCH = _Watch()


def _socket(stream: object) -> socket.socket | None:
    found = getattr(stream, "get_extra_info", lambda _: None)("socket")
    return found if isinstance(found, socket.socket) else None
