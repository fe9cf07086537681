"""One request as it arrived, and the log of them: the sandbox's own count, for tests to hold the truth against."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

READ_ALL = "getAllListDetails"
_PATH = re.compile(r"/campaign/api/v2/public/(?P<stream>[^/]+)/campaign/contactList/(?P<target>[^/]+)")

CallKind: TypeAlias = Literal["put", "read_one", "read_all", "other"]


@dataclass(frozen=True, slots=True)
class Call:
    """One request, its body read whole; header names in lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def account(self) -> str:
        """The account it is for, "" if it names none."""
        return self.query.get("accountId", "")

    @property
    def stream(self) -> str:
        """The stream in the path, "" if the path is none of the API's."""
        match = _PATH.fullmatch(self.path)
        return match["stream"] if match else ""

    @property
    def target(self) -> str:
        """What follows `contactList/` in the path: an id, or `READ_ALL`."""
        match = _PATH.fullmatch(self.path)
        return match["target"] if match else ""

    @property
    def kind(self) -> CallKind:
        """What it asks for, right method or not in the case of read all."""
        if self.target == READ_ALL:
            return "read_all"
        match bool(self.target), self.method:
            case True, "PUT":
                return "put"
            case True, "GET":
                return "read_one"
            case _:
                return "other"


@dataclass(frozen=True, slots=True)
class Logged:
    """One request of the log, counted from 1; times are monotonic.

    `answered_at` is None while it is in work; `status` is None also if the connection was broken instead.
    """

    number: int
    at: float
    call: Call
    status: int | None = None
    answered_at: float | None = None


class RequestLog:
    """Every request to the API, whole ones only (the control path is not logged); safe to use from any thread."""

    def __init__(self) -> None:
        self._entries: dict[int, Logged] = {}
        self._number = 0
        self._lock = threading.Lock()

    def log_arrival(self, call: Call) -> Logged:
        """Log `call` as arriving now."""
        with self._lock:
            self._number += 1
            entry = Logged(self._number, time.monotonic(), call)
            self._entries[entry.number] = entry
        return entry

    def log_answer(self, number: int, status: int | None) -> None:
        """Note what request `number` got, unless the log was cleared since."""
        with self._lock:
            if entry := self._entries.get(number):
                self._entries[number] = replace(entry, status=status, answered_at=time.monotonic())

    def clear(self) -> None:
        """Forget all requests; numbers go on."""
        with self._lock:
            self._entries.clear()

    @property
    def entries(self) -> tuple[Logged, ...]:
        """All requests, in the order of arrival."""
        with self._lock:
            return tuple(self._entries.values())

    def puts(self) -> tuple[Logged, ...]:
        """The PUTs of lists, in the order of arrival, whatever they were answered."""
        return tuple(entry for entry in self.entries if entry.call.kind == "put")

    def busiest(self, account: str, seconds: float = 60.0) -> int:
        """Return the greatest number of requests of `account` that ever arrived within `seconds`."""
        return busiest(self.entries, account, seconds)


def busiest(entries: Iterable[Logged], account: str, seconds: float) -> int:
    """Return the greatest number of `account`'s entries whose times lie within less than `seconds`."""
    times = [entry.at for entry in entries if entry.call.account == account]
    most = first = 0
    for index, at in enumerate(times):
        while at - times[first] >= seconds:
            first += 1
        most = max(most, index - first + 1)
    return most
