"""Sending an answer over the connection, or breaking the connection for real."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Iterable
from contextlib import suppress
from typing import assert_never

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from reconciler.sandbox.replies import Answer, CutOff, Dropped, Reply

RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class OpenProtocol(H11Protocol):
    """HTTP over a connection that the application can get at: `scope["state"]["transport"]`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the parent
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


async def send_answer(answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
    """Send `answer`; if it is none, or half of one, end the connection and return once it is gone."""
    transport: asyncio.Transport = scope["state"]["transport"]
    match answer:
        case Reply():
            await _send(answer, answer.body, send, whole=True)
        case CutOff(reply):
            await _send(reply, reply.body[: len(reply.body) // 2], send, whole=False)
            transport.close()
            await _wait_for_client_to_leave(receive)
        case Dropped(reset, seconds):
            if seconds:
                await _wait_for_client_to_leave(receive, seconds)
            if reset:
                connection: socket.socket = transport.get_extra_info("socket")
                with suppress(OSError):  # the client was quicker to go
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            transport.abort()
            await _wait_for_client_to_leave(receive)
        case _:
            assert_never(answer)


async def _send(reply: Reply, body: bytes, send: Send, *, whole: bool) -> None:
    length = [] if reply.status == 204 else [(b"content-length", str(len(reply.body)).encode())]
    headers = [*_raw(reply.headers.items()), *length]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": not whole})


async def _wait_for_client_to_leave(receive: Receive, seconds: float | None = None) -> None:
    """Wait until the client has gone, the only thing still to come from it, or at most `seconds`."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await receive()


def _raw(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers]
