"""Serving a world on loopback, from a thread of this process."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Self

import uvicorn

from reconciler.errors import UsageError
from reconciler.sandbox.accounts import ACCOUNT_ID, STREAM_ID, Account, ContactList
from reconciler.sandbox.application import Application
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.settings import Settings
from reconciler.sandbox.tokens import CLIENT_ID, CLIENT_SECRET
from reconciler.sandbox.wire import OpenProtocol
from reconciler.sandbox.world import Keep, World

__all__ = ["ACCOUNT_ID", "CLIENT_ID", "CLIENT_SECRET", "STREAM_ID", "Sandbox"]

LOOPBACK = "127.0.0.1"
IDLE_SECONDS = 60


class Sandbox:
    """The API's double as a context: it serves from entering to leaving, on loopback only.

        with Sandbox(lists=[ContactList("cl-1", {"name": "Renewal due"})]) as sandbox:
            ...  # sandbox.url, sandbox.world

    `lists` are those of the account `ACCOUNT_ID`; further `accounts` stand beside it. All accounts accept the client
    `CLIENT_ID` and the secret `CLIENT_SECRET`. Port 0 is a free one. `keep` is called as `World` says. Entering
    raises UsageError if the port is taken. Leaving ends all connections at once.
    """

    def __init__(
        self,
        *,
        settings: Settings | None = None,
        lists: Iterable[ContactList] = (),
        accounts: Iterable[Account] = (),
        faults: Iterable[Fault] = (),
        port: int = 0,
        keep: Keep | None = None,
    ) -> None:
        self.world = World([Account.of(lists), *accounts], settings or Settings(), keep)
        self.world.faults.arm(faults)
        self.port = port

    @property
    def url(self) -> str:
        """Where it serves: the `host` of a manifest."""
        return f"http://{LOOPBACK}:{self.port}"

    def __enter__(self) -> Self:
        listener = _listener(self.port)
        self.port = listener.getsockname()[1]
        self._server = _Server(self.world)
        self._thread = threading.Thread(target=self._server.serve_on, args=(listener,), name="sandbox", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.stop()
        self._thread.join()


class _Server(uvicorn.Server):
    """A server that another thread stops at once: uvicorn's own looks up every 0.1 s, and waits for its clients."""

    def __init__(self, world: World) -> None:
        config = uvicorn.Config(
            Application(world),
            loop="asyncio",
            http=OpenProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=IDLE_SECONDS,
        )
        super().__init__(config)
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._loop = self._runner.get_loop()
        self._stopped = asyncio.Event()

    def serve_on(self, listener: socket.socket) -> None:
        """Serve until stopped."""
        with self._runner as runner:
            runner.run(self.serve([listener]))

    def stop(self) -> None:
        """Tell the thread that serves to end; call from another one."""
        self._loop.call_soon_threadsafe(self._stopped.set)

    async def main_loop(self) -> None:
        """Let the server serve."""
        await self._stopped.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the listener, end all connections, and then the requests that were in work."""
        for server in self.servers:
            server.close()
        for connection in tuple(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)
        tasks = tuple(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _listener(port: int) -> socket.socket:
    """Return a socket that takes connections already: they wait until the thread has started."""
    listener = socket.socket(proto=socket.IPPROTO_TCP)  # said, since asyncio sets TCP_NODELAY only if it is
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        message = f"port {port} on {LOOPBACK} cannot be used: {error.strerror}; give another, or 0 for a free one"
        raise UsageError(message) from error
    return listener
