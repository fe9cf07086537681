"""A server on loopback that does to each connection what the test's script says: for faults no sane server makes."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeAlias

PATIENCE = 10.0


@dataclass(frozen=True)
class Received:
    """One request as it came over the wire; header names as they were written."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


Step: TypeAlias = Callable[[socket.socket, Callable[[], Received]], None]
"""What to do with a connection; the second argument reads the request off it."""


def reply(status: int, body: object = b"", headers: Mapping[str, str] | None = None) -> Step:
    """Answer in order, and close the connection; a `body` that is no bytes goes as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = {"Content-Length": str(len(content)), "Connection": "close", **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return raw(f"HTTP/1.1 {status} Whatever\r\n{head}\r\n".encode() + content)


def raw(answer: bytes) -> Step:
    """Read the request and send these bytes."""

    def step(connection: socket.socket, request: Callable[[], Received]) -> None:
        request()
        connection.sendall(answer)

    return step


def after_another(last: Step) -> Step:
    """Answer one request in order, and do this to the next one on the same connection."""

    def step(connection: socket.socket, request: Callable[[], Received]) -> None:
        reply(200, headers={"Connection": "keep-alive"})(connection, request)
        last(connection, request)

    return step


def closed_when_idle(connection: socket.socket, request: Callable[[], Received]) -> None:
    """Close the connection although more may come on it."""


def speak_first(answer: bytes, spoken: threading.Event | None = None) -> Step:
    """Send these bytes without waiting for a request; `spoken` is set once they are sent."""

    def step(connection: socket.socket, request: Callable[[], Received]) -> None:
        connection.sendall(answer)
        if spoken:
            spoken.set()
        connection.recv(65536)

    return step


def success(data: object = None) -> Step:
    return reply(200, {"status": "success", "message": "", "data": data})


def reset_before(connection: socket.socket, request: Callable[[], Received]) -> None:
    """Reset the connection once the request is coming, without reading it."""
    connection.recv(1, socket.MSG_PEEK)
    _reset(connection)


def reset_after(connection: socket.socket, request: Callable[[], Received]) -> None:
    """Read the request, then reset the connection."""
    request()
    _reset(connection)


def hang(connection: socket.socket, request: Callable[[], Received]) -> None:
    """Read the request and say nothing until the client goes."""
    request()
    connection.settimeout(PATIENCE)
    connection.recv(1)


def drip(start: bytes) -> Step:
    """Send `start` and then a byte now and then, for ever."""

    def step(connection: socket.socket, request: Callable[[], Received]) -> None:
        request()
        connection.sendall(start)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            connection.sendall(b"x")
            time.sleep(0.05)

    return step


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Peer:
    """Plays one step a connection; the last one for all further ones. A context manager."""

    def __init__(self, *steps: Step, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self.received: list[Received] = []
        self.connections = 0
        self._steps: Sequence[Step] = steps
        self._tls = tls
        self._listener = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.port: int = self._listener.getsockname()[1]
        name = f"[{host}]" if ":" in host else host
        self.url = f"{'https' if tls else 'http'}://{name}:{self.port}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(PATIENCE)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            step = self._steps[min(self.connections, len(self._steps) - 1)]
            self.connections += 1
            self._play(step, connection)

    def _play(self, step: Step, connection: socket.socket) -> None:
        connection.settimeout(PATIENCE)
        try:
            with self._tls.wrap_socket(connection, server_side=True) if self._tls else connection as stream:
                step(stream, lambda: self._read(stream))
        except OSError:
            connection.close()  # the client went away: its part of the test

    def _read(self, connection: socket.socket) -> Received:
        came = b""
        while b"\r\n\r\n" not in came:
            came += _more(connection)
        head, _, body = came.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        lengths = {name.lower(): value for name, value in headers.items()}
        while len(body) < int(lengths.get("content-length", "0")):
            body += _more(connection)
        method, target, _ = first.split(" ")
        request = Received(method, target, headers, body)
        self.received.append(request)
        return request


def _more(connection: socket.socket) -> bytes:
    if not (came := connection.recv(65536)):
        raise ConnectionError("the client went away")
    return came
