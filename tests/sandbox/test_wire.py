"""The connection itself, by plain sockets."""

from __future__ import annotations

import http.client
import socket
import struct
import time
from contextlib import closing

import pytest

from reconciler.sandbox.faults import Hang, Reset
from reconciler.sandbox.server import Sandbox
from tests.sandbox.client import FIRST, LISTS, Client, client_of, eventually


def request_bytes(client: Client, body: bytes = b'{"name": "New"}', length: int | None = None) -> bytes:
    lines = [f"PUT {client.path('cl-1')} HTTP/1.1", "host: x", *(f"{n}: {v}" for n, v in client.headers().items())]
    return "\r\n".join([*lines, f"content-length: {length or len(body)}", "", ""]).encode() + body


def test_a_reset_is_a_reset_and_no_orderly_end() -> None:
    with (
        Sandbox(lists=LISTS, faults=[Reset()]) as sandbox,
        socket.create_connection(("127.0.0.1", sandbox.port)) as peer,
    ):
        peer.sendall(request_bytes(client_of(sandbox)))
        with pytest.raises(ConnectionResetError):
            peer.recv(1)


def test_a_hang_ends_when_its_client_goes() -> None:
    with Sandbox(lists=LISTS, faults=[Hang()]) as sandbox:
        with socket.create_connection(("127.0.0.1", sandbox.port)) as peer:
            peer.sendall(request_bytes(client_of(sandbox)))
            assert eventually(lambda: bool(sandbox.world.log.entries))
        assert eventually(lambda: not sandbox._server.server_state.tasks)


def test_a_connection_is_kept_and_serves_one_request_after_the_other(sandbox: Sandbox, client: Client) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", sandbox.port)) as connection:
        ports = set()
        for name in ("One", "Two"):
            connection.request("PUT", client.path("cl-1"), b'{"name": "%s"}' % name.encode(), client.headers())
            ports.add(connection.sock.getsockname())
            assert connection.getresponse().read()
    assert len(ports) == 1
    assert [write.after and write.after.name for write in sandbox.world.writes] == ["One", "Two"]


@pytest.mark.parametrize("linger", [False, True], ids=["closed", "reset"])
def test_a_client_that_dies_in_its_body_leaves_nothing(sandbox: Sandbox, client: Client, linger: bool) -> None:
    peer = socket.create_connection(("127.0.0.1", sandbox.port))
    peer.sendall(request_bytes(client, b'{"name": "N', length=500))
    time.sleep(0.05)
    if linger:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()
    assert client.read("cl-1").data["name"] == FIRST.name
    assert len(sandbox.world.log.entries) == 1


def test_a_client_that_dies_before_its_answer_has_written(sandbox: Sandbox, client: Client) -> None:
    with socket.create_connection(("127.0.0.1", sandbox.port)) as peer:
        peer.sendall(request_bytes(client))
    assert eventually(lambda: sandbox.world.lists()["cl-1"].name == "New")


def test_what_is_no_http_is_refused_and_the_next_is_served(sandbox: Sandbox, client: Client) -> None:
    with socket.create_connection(("127.0.0.1", sandbox.port)) as peer:
        peer.sendall(b"\x16\x03\x01 what\r\n\r\n")
        assert peer.recv(65536).startswith(b"HTTP/1.1 400 ")
    assert client.read("cl-1").status == 200
