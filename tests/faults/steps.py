"""The steps of a run: the system calls by which it acts on the world. Between two of them nothing happens outside.

So to be killed before each step, and half-way through each write, is to be killed everywhere: *after* one step is
*before* the next. Calls that only look (stat, reading a file), or that are bound to fail, are none.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import PurePath
from typing import Any, TypeAlias

from tests.faults.power import Disk

_GIT = {
    "commit-tree": "make a commit",
    "push": "push the branch",
    "fetch": "fetch the branch",
}
_FILES = {
    ".journal.jsonl": "the journal",
    ".state.json": "the document",
    ".state.json.new": "the next document",
    ".lock": "the lock",
}


Seen: TypeAlias = Callable[[str, str, bytes], None]
"""Is told what was done, to what (a file, or the number of a connection), and the bytes that went there or came."""


def seen_into(path: str) -> Seen:
    """Return what writes each thing that was done to a file, with its time, a line of JSON each."""
    write, file = os.write, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)

    def seen(what: str, of: str, content: bytes) -> None:
        row = {"at": time.monotonic(), "what": what, "of": of, "content": content.decode("latin-1")}
        write(file, json.dumps(row).encode() + b"\n")

    return seen


class Steps:
    """Counts steps from 0 and dies at the one that is `fatal`, of a write half-way if so told.

    `tell` is given what was to be done, just before death; with a `disk`, what that had not yet synced dies too.
    `seen` is told of each step as it was done; of what is sent, just before.
    """

    def __init__(
        self,
        fatal: int | None,
        tell: Callable[[str], None],
        *,
        halfway: bool = False,
        disk: Disk | None = None,
        seen: Seen = lambda *_: None,
    ) -> None:
        self.taken: list[str] = []
        self._fatal = fatal
        self._tell = tell
        self._halfway = halfway
        self._disk = disk
        self._seen = seen
        self._files: dict[int, str] = {}
        self._asked: dict[int, str] = {}
        self._kill = os.kill

    def install(self) -> None:
        """Stand between this process and its system."""
        self._watch_openings()
        self._watch_names()
        self._watch_contents()
        self._watch_connections()
        self._watch_git()

    def _at(self, step: str, half: Callable[[], object] | None = None) -> None:
        """Take note of `step`, or die at it; `half` does half of it."""
        if len(self.taken) == self._fatal:
            if half is not None and self._halfway:
                half()
            if self._disk:
                self._disk.lose_power()
            self._tell(step)
            self._kill(os.getpid(), signal.SIGKILL)
        self.taken.append(step)

    def _watch_openings(self) -> None:
        open_file = os.open

        def opened(path: str, flags: int, mode: int = 0o777, **more: int) -> int:
            if flags & os.O_CREAT:
                self._at(f"open {_named(path)}")
            descriptor = open_file(path, flags, mode, **more)
            self._files[descriptor] = _named(path)
            if flags & os.O_CREAT:
                self._seen("open", _named(path), b"")
            if self._disk and flags & os.O_CREAT:
                self._disk.opened(descriptor)
            return descriptor

        _stand_in(os, open=opened)

    def _watch_names(self) -> None:
        replace, unlink, mkdir = os.replace, os.unlink, os.mkdir

        def replaced(source: str, target: str) -> None:
            self._at(f"rename {_named(source)}")
            replace(source, target)
            self._seen("rename", _named(source), b"")

        def unlinked(path: str) -> None:
            if os.path.lexists(path):
                self._at(f"remove {_named(path)}")
            unlink(path)
            self._seen("remove", _named(path), b"")

        def made(path: str, mode: int = 0o777) -> None:
            if not os.path.lexists(path):
                self._at("make a folder")
            mkdir(path, mode)

        _stand_in(os, replace=replaced, unlink=unlinked, mkdir=made)

    def _watch_contents(self) -> None:
        write, pwrite, truncate, sync, lock = os.write, os.pwrite, os.ftruncate, os.fsync, fcntl.flock

        def wrote(descriptor: int, content: bytes) -> int:
            half = bytes(content)[: len(content) // 2]
            self._at(f"write {self._file(descriptor)}", lambda: write(descriptor, half))
            written = write(descriptor, content)
            self._seen("write", self._file(descriptor), bytes(content)[:written])
            return written

        def put(descriptor: int, content: bytes, offset: int) -> int:
            half = content[: len(content) // 2]
            self._at(f"write {self._file(descriptor)}", lambda: pwrite(descriptor, half, offset))
            return pwrite(descriptor, content, offset)

        def truncated(descriptor: int, length: int) -> None:
            self._at(f"truncate {self._file(descriptor)}")
            truncate(descriptor, length)

        def synced(descriptor: int) -> None:
            self._at(f"sync {self._file(descriptor)}")
            sync(descriptor)
            self._seen("sync", self._file(descriptor), b"")
            if self._disk:
                self._disk.synced(descriptor)

        def locked(descriptor: int, operation: int) -> None:
            self._at(f"lock {self._file(descriptor)}")
            lock(descriptor, operation)
            self._seen("lock", self._file(descriptor), b"")

        _stand_in(os, write=wrote, pwrite=put, ftruncate=truncated, fsync=synced)
        _stand_in(fcntl, flock=locked)

    def _watch_connections(self) -> None:
        connect, send, receive = socket.socket.connect, socket.socket.send, socket.socket.recv
        close = socket.socket.close

        def connected(connection: socket.socket, address: tuple[str, int]) -> None:
            self._asked[connection.fileno()] = ""
            self._at("connect")
            connect(connection, address)

        def sent(connection: socket.socket, content: bytes) -> int:
            number = connection.fileno()
            if content.startswith((b"PUT ", b"GET ", b"POST ")):  # else it is the body
                self._asked[number] = "a PUT" if content.startswith(b"PUT ") else "a read"
            half = content[: len(content) // 2]
            self._at(f"send {self._asked[number]}", lambda: send(connection, half))
            self._seen("send", str(number), bytes(content))
            return send(connection, content)

        def received(connection: socket.socket, size: int) -> bytes:
            self._at(f"take the answer to {self._asked[connection.fileno()]}")
            content = receive(connection, size)
            self._seen("receive", str(connection.fileno()), content)
            return content

        def closed(connection: socket.socket) -> None:
            self._seen("close", str(connection.fileno()), b"")
            close(connection)

        _stand_in(socket.socket, connect=connected, send=sent, recv=received, close=closed)

    def _watch_git(self) -> None:
        at, seen = self._at, self._seen

        class Git(subprocess.Popen[bytes]):
            """A step of its own process, which this one waits for."""

            def __init__(self, command: list[str], **more: Any) -> None:
                self._verb = next((word for word in command if word in _GIT), "")
                if self._verb:
                    at(_GIT[self._verb])
                super().__init__(command, **more)

            def wait(self, timeout: float | None = None) -> int:
                code = super().wait(timeout)
                if self._verb == "push" and not code:
                    seen("push", re.findall("[0-9a-f]{40}", str(self.args))[-1], b"")
                return code

        _stand_in(subprocess, Popen=Git)

    def _file(self, descriptor: int) -> str:
        return self._files.get(descriptor, "something")


def _named(path: str) -> str:
    """Say which of the program's files `path` is."""
    name = PurePath(path).name
    return next((what for ending, what in _FILES.items() if name.endswith(ending)), "the folder")


def _stand_in(place: object, **calls: Callable[..., object]) -> None:
    for name, call in calls.items():
        setattr(place, name, call)
