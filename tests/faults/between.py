"""A TCP proxy that stands between the program and the API, and does to a connection what a bad network does.

Connections carry one request after the other, each as long as its headers say; what is done is done at the n-th.
"""

from __future__ import annotations

import re
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self, TypeAlias

_PATIENCE = 10.0
_ANOTHER_LIST = re.compile(rb'("contactListId": ?"cl-)\w')
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)

Way: TypeAlias = Callable[["Pair"], bool]
"""What becomes of a request; tells whether the connection can carry another."""


class Pair:
    """One connection of the program, and the one to the API that belongs to it."""

    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self.near = near
        self.far = far
        for each in (near, far):
            each.settimeout(_PATIENCE)
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def is_asked(self) -> bool:
        """Wait until the program sends something, which is not taken yet; False where it ends the connection."""
        self.near.settimeout(None)
        try:
            return bool(self.near.recv(1, socket.MSG_PEEK))
        finally:
            self.near.settimeout(_PATIENCE)

    def asked(self) -> bytes:
        """Take a request of the program."""
        return _message(self.near)

    def answered(self) -> bytes:
        """Take an answer of the API."""
        return _message(self.far)

    def reset(self) -> None:
        """Break the program's connection off as a machine that goes down does."""
        self.near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _message(connection: socket.socket) -> bytes:
    """Take one HTTP message."""
    content = b""
    while b"\r\n\r\n" not in content:
        content += _more(connection)
    head, _, _ = content.partition(b"\r\n\r\n")
    found = _LENGTH.search(head + b"\r\n")
    whole = len(head) + 4 + (int(found[1]) if found else 0)
    while len(content) < whole:
        content += _more(connection)
    return content


def _more(connection: socket.socket) -> bytes:
    if not (came := connection.recv(65536)):
        raise ConnectionError("it has gone")
    return came


def untouched(pair: Pair) -> bool:
    """Let it pass."""
    pair.far.sendall(pair.asked())
    pair.near.sendall(pair.answered())
    return True


def closed_at_once(pair: Pair) -> bool:
    """Close the connection in order, without a word, before the API hears of the request."""
    pair.asked()
    return False


def reset_at_once(pair: Pair) -> bool:
    """Reset the connection before the API hears of it."""
    pair.asked()
    pair.reset()
    return False


def half_of_the_request(pair: Pair) -> bool:
    """Let the API have half of what was sent, then reset."""
    content = pair.asked()
    pair.far.sendall(content[: len(content) // 2])
    pair.reset()
    return False


def reset_after_the_request(pair: Pair) -> bool:
    """Let the API have the request, and the program no answer."""
    pair.far.sendall(pair.asked())
    pair.answered()
    pair.reset()
    return False


def half_of_the_answer(pair: Pair) -> bool:
    """End the connection within the answer."""
    pair.far.sendall(pair.asked())
    content = pair.answered()
    pair.near.sendall(content[: len(content) // 2])
    return False


def swallowed(pair: Pair) -> bool:
    """Keep the answer, and the connection, until the program gives up."""
    pair.far.sendall(pair.asked())
    pair.answered()
    pair.near.recv(1)
    return False


def never_delivered(pair: Pair) -> bool:
    """Keep the request, and the connection, until the program gives up."""
    pair.asked()
    pair.near.recv(1)
    return False


def closed_after_the_answer(pair: Pair) -> bool:
    """Close the connection, as a server does that keeps none."""
    untouched(pair)
    return False


def in_small_pieces(pair: Pair) -> bool:
    """Let it pass a byte at a time."""
    for byte in pair.asked():
        pair.far.sendall(bytes([byte]))
    for byte in pair.answered():
        pair.near.sendall(bytes([byte]))
    return True


def answered_twice(pair: Pair) -> bool:
    """Send the answer, and a copy of it in the same segment."""
    pair.far.sendall(pair.asked())
    pair.near.sendall(pair.answered() * 2)
    return True


def acknowledged_for_another_list(pair: Pair) -> bool:
    """Let the answer to a PUT name a list that nobody wrote; others pass."""
    pair.far.sendall(pair.asked())
    pair.near.sendall(_ANOTHER_LIST.sub(rb"\g<1>z", pair.answered()))
    return True


WAYS: tuple[Way, ...] = (
    closed_at_once,
    reset_at_once,
    half_of_the_request,
    reset_after_the_request,
    half_of_the_answer,
    swallowed,
    never_delivered,
    closed_after_the_answer,
    in_small_pieces,
    answered_twice,
    acknowledged_for_another_list,
)


class Between:
    """The proxy, as a context; `ways` says what becomes of which request (from 1), the others pass."""

    def __init__(self, url: str) -> None:
        self.ways: Mapping[int, Way] = {}
        self.requests = 0
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
            with near, socket.create_connection((self._far[0], int(self._far[1])), _PATIENCE) as far:
                try:
                    self._carry(Pair(near, far))
                except OSError:  # either side has gone
                    continue

    def _carry(self, pair: Pair) -> None:
        while pair.is_asked():
            self.requests += 1
            if not self.ways.get(self.requests, untouched)(pair):
                return
