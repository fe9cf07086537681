"""A double of Google Cloud Storage, as far as a state needs it: objects with generations, by the XML interface.

No emulator that others made takes conditional puts by that interface, which is the one that obstore uses. This one was
written after Google's documentation of `x-goog-if-generation-match`, by whoever wrote the store: what it proves is how
obstore is asked, not how Google answers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Lock, Thread
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

_DATE = "Sun, 22 Nov 2026 10:00:00 GMT"


class _Google(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # else each header is a packet of its own, and waits for an answer
    objects: dict[str, tuple[int, bytes]]
    generations: Iterator[int]
    guard: Lock

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        with self.guard:
            if parts.query:
                self._list(parse_qs(parts.query)["prefix"][0])
                return
            found = self.objects.get(unquote(parts.path))
        if found is None:
            self._answer(404, b"<Error><Code>NoSuchKey</Code><Message>There is no such key.</Message></Error>")
        else:
            self._answer(200, found[1], found[0])

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        path, wanted = unquote(self.path), self.headers.get("x-goog-if-generation-match")
        with self.guard:
            there = self.objects.get(path, (0, b""))[0]
            if wanted is not None and int(wanted) != there:
                self._answer(412, b"<Error><Code>PreconditionFailed</Code><Message>No.</Message></Error>")
                return
            self.objects[path] = (next(self.generations), content)
            self._answer(200, b"", self.objects[path][0])

    def _list(self, prefix: str) -> None:
        found = [(name.split("/", 2)[2], content) for name, (_, content) in self.objects.items()]
        rows = "".join(
            f"<Contents><Key>{escape(name)}</Key><Size>{len(content)}</Size><ETag>e</ETag>"
            "<LastModified>2026-11-22T10:00:00.000Z</LastModified></Contents>"
            for name, content in sorted(found)
            if name.startswith(prefix)
        )
        self._answer(200, f"<ListBucketResult>{rows}</ListBucketResult>".encode())

    def _answer(self, status: int, body: bytes, generation: int = 0) -> None:
        self.send_response(status)
        headers = {"Content-Length": str(len(body)), "Last-Modified": _DATE, "ETag": f'"{generation}"'}
        for name, value in {**headers, "x-goog-generation": str(generation)}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as the base class calls it
        """Say nothing."""


@contextmanager
def google() -> Iterator[Mapping[str, str]]:
    """Serve Google's storage; yield the variables that lead there."""
    own = {"objects": {}, "generations": count(1_700_000_000_000_001), "guard": Lock()}
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Google", (_Google,), own)) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        account = {
            "gcs_base_url": url,
            "disable_oauth": True,
            "client_email": "",
            "private_key": "",
            "private_key_id": "",
        }
        yield {"GOOGLE_BASE_URL": url, "GOOGLE_SERVICE_ACCOUNT_KEY": json.dumps(account)}
        server.shutdown()
