"""Watches over one exchange: cuts it off when its time is up, and refuses an answer that comes before the request.

A server that sends a byte now and then never times out by itself, and no time-out of the HTTP library is for a whole
exchange. One thread watches over all exchanges of the process; each costs an entry in its book, not a thread.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from threading import Condition, Thread
from typing import Self


class UnaskedError(Exception):
    """The server sent something before the request was sent: no answer on this connection can be believed."""

    def __init__(self) -> None:
        super().__init__("the server spoke before it was asked, so nothing was sent")


class Cutoff:
    """The end of one exchange, `seconds` from entering this context; `passed` is true once the time was up.

    `before_tls`: the host is one of `tls`, and TLS has not begun on the connection, so that nothing was sent to it.
    """

    def __init__(self, seconds: float, *, tls: bool = False) -> None:
        self.seconds = seconds
        self.passed = False
        self.before_tls = tls
        self.due = float("inf")
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        self.due = time.monotonic() + self.seconds
        _WATCH.add(self)
        return self

    def __exit__(self, *_: object) -> None:
        _WATCH.drop(self)

    def watch(self, event: str, info: Mapping[str, object]) -> None:
        """Take note of the connection's socket, then of the one that TLS put in its place.

        Raises UnaskedError if there is something to read when a request is about to be sent.
        """
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._socket = _socket(info["return_value"])
            self.before_tls = self.before_tls and event.endswith("connect_tcp.complete")
        elif event.endswith("send_request_headers.started") and self._socket is not None and _speaks(self._socket):
            raise UnaskedError

    def cut(self) -> None:
        """End the exchange."""
        self.passed = True
        if self._socket is not None:
            with suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _Watch:
    """The book of exchanges under way, and the thread that cuts off those whose time is up."""

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


def _speaks(connection: socket.socket) -> bool:
    """Tell whether the other side sent something, or hung up; what TLS sends for itself is not it.

    A byte that is read is lost: the connection is of no use any more.
    """
    timeout = connection.gettimeout()
    connection.settimeout(0.0)
    try:
        connection.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True
    finally:
        connection.settimeout(timeout)
    return True
