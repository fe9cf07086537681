"""The sandbox as a process of its own, and the control path that looks into it."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.request import Request, urlopen

from benchmarks.versus.work import Scenario
from reconciler.sandbox.accounts import ACCOUNT_ID, STREAM_ID, ContactList
from reconciler.sandbox.tokens import CLIENT_ID, CLIENT_SECRET

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        port: int = listener.getsockname()[1]
        return port


class Server:
    """A fresh sandbox for as long as the context lasts, so that no run meets what another one left.

    `enforce_jti` is off: most rivals can only try again with the token that they have.
    """

    def __init__(self, program: Path, port: int, lists: int, scenario: Scenario) -> None:
        self.url = f"http://{LOOPBACK}:{port}"
        self._command = [
            *(str(program), "sandbox", "--port", str(port), "--lists", str(lists)),
            *("--set", f"limit={scenario.limit}", "--set", "enforce_jti=off"),
        ]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        greeting = self._process.stdout.readline() if self._process.stdout else ""
        if self.url not in greeting:
            self._process.wait()
            raise RuntimeError(f"the sandbox did not start: {' '.join(self._command)}")
        self.lists()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.communicate()

    @property
    def variables(self) -> Mapping[str, str]:
        """What a tool needs to know to sign in; the program takes the first three as pins."""
        return {
            "KORE_HOST": self.url,
            "KORE_ACCOUNT_ID": ACCOUNT_ID,
            "KORE_STREAM_ID": STREAM_ID,
            "KORE_CLIENT_ID": CLIENT_ID,
            "KORE_CLIENT_SECRET": CLIENT_SECRET,
        }

    def lists(self) -> Mapping[str, tuple[str, str]]:
        """Return name and description of every list, by id, as they are stored."""
        found = self._answer("GET", f"accounts/{ACCOUNT_ID}/lists")
        return {entry["id"]: (entry["name"], entry["description"]) for entry in found}

    def requests(self) -> Sequence[Mapping[str, object]]:
        """Return every request to the API so far."""
        return self._answer("GET", "requests")

    def edit(self, known: ContactList) -> None:
        """Write the description of a list as somebody else would."""
        self._answer("PATCH", f"accounts/{ACCOUNT_ID}/lists/{known.id}", {"description": known.texts["description"]})

    def _answer(self, method: str, path: str, body: object = None) -> list[dict[str, str]]:
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(f"{self.url}/_sandbox/{path}", data, method=method), timeout=30) as answer:
            document: list[dict[str, str]] = json.load(answer)
            return document
