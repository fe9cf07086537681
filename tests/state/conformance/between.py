"""A proxy before a cloud's double, which does something at one of the requests that it passes on."""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx

_OWN = {"connection", "transfer-encoding", "content-encoding", "content-length", "date", "server"}


class Between:
    """Pass requests on to `url`, as a context; `at` is called with the number of each, before it and after it."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self.requests: list[str] = []
        self.at: Callable[[int, str], None] = lambda _number, _when: None
        self.guard = Lock()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}{self._parts.path}"

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"between": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def passed_on(self, request: BaseHTTPRequestHandler) -> httpx.Response:
        """Send a request on, and return the answer."""
        with self.guard:  # one after the other, so that their numbers mean something
            self.requests.append(f"{request.command} {urlsplit(request.path).path.rpartition('/')[2]}")
            number = len(self.requests)
            self.at(number, "before")
            content = request.rfile.read(int(request.headers.get("Content-Length", 0)))
            host = f"{self._parts.scheme}://{self._parts.netloc}"
            headers = [(name, value) for name, value in request.headers.items() if name.lower() != "connection"]
            answer = httpx.request(
                request.command, host + request.path, headers=headers, content=content, trust_env=False, timeout=60
            )
            self.at(number, "after")
            return answer


class _Handler(BaseHTTPRequestHandler):
    between: Between
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def _pass_on(self) -> None:
        answer = self.between.passed_on(self)
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            if name not in _OWN:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_PUT = _pass_on  # noqa: N815  # as the base class wants them

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as the base class calls it
        """Say nothing."""
