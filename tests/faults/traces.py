"""Real runs as events for the predicates of `tests/exploration`: what each recorded, sent and was answered.

`steps` saw the system calls. From these alone follows what stands on disk, or on the branch, at any instant, and what
the run was told. What the account stored is known to the sandbox.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from reconciler.model.fields import TABLE
from reconciler.model.lists import Applied
from reconciler.model.texts import Texts
from reconciler.sandbox.world import Write
from reconciler.state.state_reader import read_contents
from tests.exploration.events import Answered, Event, PutAnswered, Read, Recorded, Sent, Stored

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)
_TARGET = re.compile(rb"PUT \S*/contactList/([^/?\s]+)")
_NOTHING_WRITTEN = {400, 401, 403, 404, 409, 412, 425, 429}


class Step(NamedTuple):
    """What a process did, as `steps.seen_into` writes it."""

    at: float
    what: str
    of: str
    content: bytes


class Files(NamedTuple):
    """The files of a state; `locked` tells whether the lease is beside them. None is not there."""

    document: bytes | None = None
    journal: bytes | None = None
    locked: bool = False


Commits: TypeAlias = Callable[[str], Files]


def steps_of(path: Path) -> Iterator[Step]:
    """Return what a process did; it may have died within the last line."""
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    for line in lines:
        row = json.loads(line)
        yield Step(row["at"], row["what"], row["of"], row["content"].encode("latin-1"))


@dataclass
class _Connection:
    """One request, as far as it was sent, and what came back."""

    sent: bytes = b""
    came: bytes = b""
    at: float = 0.0
    is_done: bool = False


@dataclass
class Trace:
    """One run: its steps become events. `files` is the state that it began with."""

    run: str
    files: Files
    nothing: Applied
    commits: Commits
    locked: bool = False
    aside: bytes | None = None
    safe: Files = field(init=False)
    connections: dict[str, _Connection] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.safe = self.files

    def events(self, steps: Iterable[Step], writes: Iterable[Write]) -> Iterator[Event]:
        """Return them in the order in which they happened; the clock is the same for all processes."""
        happened: list[Step | Write] = sorted([*steps, *writes], key=lambda each: each.at)
        for each in happened:
            if isinstance(each, Write):
                assert each.sent is not None
                yield Stored(each.list_id, each.sent, by_us=True)
            elif each.what in {"send", "receive", "close"}:
                yield from self._on_a_connection(each)
            else:
                yield from self._on_the_state(each)

    def _on_the_state(self, step: Step) -> Iterator[Event]:
        match step.what, step.of:
            case "lock", _:
                self.locked = True
            case "push", commit:
                self.files = self.commits(commit)
                self.locked = self.files.locked
            case _, "the journal":
                self.files = self.files._replace(journal=_file_after(step, self.files.journal))
            case "rename", "the next document":
                self.files = self.files._replace(document=self.aside)
            case _, "the next document":
                self.aside = _file_after(step, self.aside)
        if (safe := self._safe_after(step)) != self.safe:
            self.safe = safe
            known = read_contents(safe.document, safe.journal, self.nothing, where="", journal_where="")[1].lists
            yield Recorded({each.id: each for each in known.values()})

    def _safe_after(self, step: Step) -> Files:
        """Return what would be left if the power went now: what was synced, or pushed."""
        match step.what, step.of:
            case "sync", "the journal":
                return self.safe._replace(journal=self.files.journal)
            case "remove", "the journal":
                return self.safe._replace(journal=None)
            case "sync", "the folder":
                return self.safe._replace(document=self.files.document)
            case "push", _:
                return self.files
            case _:
                return self.safe

    def _on_a_connection(self, step: Step) -> Iterator[Event]:
        if step.what == "send" and step.content.startswith((b"PUT ", b"GET ", b"POST ")):
            self.connections[step.of] = _Connection()
        connection = self.connections.get(step.of)
        if connection is None or connection.is_done:
            return
        if step.what == "send":
            connection.sent, connection.at = connection.sent + step.content, step.at
            if body := _message(connection.sent):
                yield from self._asked(connection, body[1])
        elif _message(connection.sent):
            connection.came += step.content
            yield from self._answered(connection, is_over=step.what == "close")

    def _asked(self, connection: _Connection, body: bytes) -> Iterator[Event]:
        if put := _TARGET.match(connection.sent):
            yield Sent(self.run, put[1].decode(), json.loads(body), connection.at, self.locked)

    def _answered(self, connection: _Connection, *, is_over: bool) -> Iterator[Event]:
        answer = _message(connection.came)
        connection.is_done = bool(answer) or is_over
        if not connection.is_done:
            return
        status, document = _read(answer) if answer else (0, {})
        if put := _TARGET.match(connection.sent):
            yield Answered(self.run, _meaning(status, document, put[1].decode()))
        elif _is_success(status, document):
            yield Read(self.run, {each["_id"]: _texts(each) for each in document["data"]}, connection.at)


def _file_after(step: Step, before: bytes | None) -> bytes | None:
    """Return what a file holds once it was opened as a new one, written, synced or removed."""
    match step.what:
        case "open":
            return b""
        case "write":
            return (before or b"") + step.content
        case "remove":
            return None
        case _:
            return before


def _message(content: bytes) -> tuple[bytes, bytes] | None:
    """Return head and body of an HTTP message, None if it is not whole."""
    head, ends, body = content.partition(b"\r\n\r\n")
    found = _LENGTH.search(head + b"\r\n")
    length = int(found[1]) if found else 0
    return (head, body[:length]) if ends and len(body) >= length else None


def _read(answer: tuple[bytes, bytes]) -> tuple[int, dict[str, Any]]:
    """Return the status of an answer, and the object that it holds, {} if it holds none."""
    head, body = answer
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    return int(head.split()[1]), document if isinstance(document, dict) else {}


def _is_success(status: int, document: dict[str, Any]) -> bool:
    return status == 200 and document.get("status") == "success"


def _meaning(status: int, document: dict[str, Any], list_id: str) -> PutAnswered:
    if _is_success(status, document) and document["data"]["contactListId"] == list_id:
        return "acknowledged"
    return "nothing written" if status in _NOTHING_WRITTEN else "unknown"


def _texts(record: dict[str, Any]) -> Texts:
    return {row.name: record.get(row.wire) or "" for row in TABLE}
