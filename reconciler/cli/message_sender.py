"""The process that sends a message: the only code that knows Apprise. It needs no other module of this program.

It reads one JSON document from stdin, since addresses hold secrets, and writes one to stdout: of each address the name
of its service and, if there was a message, what became of it. What Apprise and its plugins print is dropped: it may
hold parts of an address.
"""

from __future__ import annotations

import io
import json
import os
import sys
from contextlib import redirect_stdout
from typing import TypedDict


class Request(TypedDict):
    """Addresses, and the message to send; without a body, the addresses are only looked at."""

    urls: list[str]
    title: str
    body: str
    kind: str
    seconds: float


def answer(request: Request) -> list[tuple[str, str]]:
    """Return the name of each service ("" if the address is not understood), and how sending to it ended."""
    import apprise

    asset = apprise.AppriseAsset(app_id="reconciler", storage_mode="memory")
    services = [apprise.Apprise.instantiate(url, asset=asset) for url in request["urls"]]
    if not request["body"]:
        return [("" if each is None else str(each.service_name), "") for each in services]
    known = apprise.Apprise([each for each in services if each is not None], asset=asset)
    sent = known.notify(
        request["body"],
        request["title"],
        notify_type=request["kind"],
        body_format=apprise.NotifyFormat.TEXT,
        timeout=request["seconds"],
    )
    return [(str(each.name), each.status.name) for each in sent]


def main() -> None:
    """Answer one request, and leave without waiting for a service that does not answer."""
    with redirect_stdout(io.StringIO()):
        answers = answer(json.load(sys.stdin))
    print(json.dumps(answers), flush=True)  # noqa: T201  to the program that started this process
    os._exit(0)


if __name__ == "__main__":
    main()
