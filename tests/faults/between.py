"""A TCP proxy that stands between the program and the API, and does to a connection what a bad network does.

The program opens a connection for each request, so the n-th connection carries the n-th request.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self, TypeAlias

_PATIENCE = 10.0
_SILENCE = 0.05

Way: TypeAlias = Callable[["Pair"], None]
"""What becomes of a connection."""


class Pair:
    """One connection of the program, and the one to the API that belongs to it."""

    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self.near = near
        self.far = far

    def asked(self) -> bytes:
        """Take what the program sends, until it sends no more."""
        content = b""
        self.near.settimeout(_PATIENCE)
        try:
            while chunk := self.near.recv(65536):
                content += chunk
                self.near.settimeout(_SILENCE)
        except TimeoutError:
            pass
        self.near.settimeout(_PATIENCE)
        return content

    def answered(self) -> bytes:
        """Take the answer of the API, which closes the connection after it."""
        content = b""
        while chunk := self.far.recv(65536):
            content += chunk
        return content

    def reset(self) -> None:
        """Break the program's connection off as a machine that goes down does."""
        self.near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def untouched(pair: Pair) -> None:
    """Let it pass."""
    pair.far.sendall(pair.asked())
    pair.near.sendall(pair.answered())


def closed_at_once(_: Pair) -> None:
    """Close the connection before anything was said."""


def reset_at_once(pair: Pair) -> None:
    """Reset the connection before the API hears of it."""
    pair.asked()
    pair.reset()


def half_of_the_request(pair: Pair) -> None:
    """Let the API have half of what was sent, then reset."""
    content = pair.asked()
    pair.far.sendall(content[: len(content) // 2])
    pair.reset()


def reset_after_the_request(pair: Pair) -> None:
    """Let the API have the request, and the program no answer."""
    pair.far.sendall(pair.asked())
    pair.answered()
    pair.reset()


def half_of_the_answer(pair: Pair) -> None:
    """End the connection within the answer."""
    pair.far.sendall(pair.asked())
    content = pair.answered()
    pair.near.sendall(content[: len(content) // 2])


def swallowed(pair: Pair) -> None:
    """Keep the answer, and the connection, until the program gives up."""
    pair.far.sendall(pair.asked())
    pair.answered()
    pair.near.recv(1)


def never_delivered(pair: Pair) -> None:
    """Keep the request, and the connection, until the program gives up."""
    pair.asked()
    pair.near.recv(1)


def in_small_pieces(pair: Pair) -> None:
    """Let it pass a byte at a time."""
    pair.near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    pair.far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in pair.asked():
        pair.far.sendall(bytes([byte]))
    for byte in pair.answered():
        pair.near.sendall(bytes([byte]))


WAYS: tuple[Way, ...] = (
    closed_at_once,
    reset_at_once,
    half_of_the_request,
    reset_after_the_request,
    half_of_the_answer,
    swallowed,
    never_delivered,
    in_small_pieces,
)


class Between:
    """The proxy, as a context; `ways` says what becomes of which connection (from 1), the others pass."""

    def __init__(self, url: str) -> None:
        self.ways: Mapping[int, Way] = {}
        self.connections = 0
        self._far = url.removeprefix("http://").rsplit(":", 1)

    def __enter__(self) -> Self:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Return where it listens."""
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def _serve(self) -> None:
        """Carry one connection after the other: the program never has two."""
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:  # it was told to end
                return
            self.connections += 1
            way = self.ways.get(self.connections, untouched)
            with near, socket.create_connection((self._far[0], int(self._far[1])), _PATIENCE) as far:
                try:
                    way(Pair(near, far))
                except OSError:  # either side has gone
                    continue
