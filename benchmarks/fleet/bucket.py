"""Moto's double of S3, which counts what it is asked: `python -m benchmarks.fleet.bucket`; prints its port.

`GET /_asked` answers how many requests of each kind came since it was asked before.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server


class Counting:
    """A WSGI application before another."""

    def __init__(self, behind: Callable[..., Iterable[bytes]]) -> None:
        self._behind = behind
        self._seen: Counter[str] = Counter()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        if environ["PATH_INFO"] == "/_asked":
            seen, self._seen = self._seen, Counter()
            start_response("200 OK", [("content-type", "application/json")])
            return [json.dumps(seen).encode()]
        lists = environ["REQUEST_METHOD"] == "GET" and "list-type" in environ["QUERY_STRING"]
        self._seen["LIST" if lists else environ["REQUEST_METHOD"]] += 1
        return self._behind(environ, start_response)


def main() -> None:
    """Serve until killed; one request at a time, since moto looks at the condition of a put and then puts."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, Counting(DomainDispatcherApplication(create_backend_app)), threaded=False)
    print(server.port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
