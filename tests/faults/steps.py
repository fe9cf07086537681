"""The steps of a run: the system calls by which it acts on the world. Between two of them nothing happens outside.

So to be killed before each step, and half-way through each write, is to be killed everywhere: *after* one step is
*before* the next. Calls that only look (stat, reading a file), or that are bound to fail, are none.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePath

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


class Steps:
    """Counts steps from 0 and dies at the one that is `fatal`, of a write half-way if so told.

    `tell` is given what was to be done, just before death; with a `disk`, what that had not yet synced dies too.
    """

    def __init__(
        self, fatal: int | None, tell: Callable[[str], None], *, halfway: bool = False, disk: Disk | None = None
    ) -> None:
        self.taken: list[str] = []
        self._fatal = fatal
        self._tell = tell
        self._halfway = halfway
        self._paused = 0
        self._disk = disk
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
        if self._paused:
            return
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
            if self._disk and flags & os.O_CREAT:
                self._disk.opened(descriptor)
            return descriptor

        _stand_in(os, open=opened)

    def _watch_names(self) -> None:
        replace, unlink, mkdir = os.replace, os.unlink, os.mkdir

        def replaced(source: str, target: str) -> None:
            self._at(f"rename {_named(source)}")
            replace(source, target)

        def unlinked(path: str) -> None:
            if os.path.lexists(path):
                self._at(f"remove {_named(path)}")
            unlink(path)

        def made(path: str, mode: int = 0o777) -> None:
            if not os.path.lexists(path):
                self._at("make a folder")
            mkdir(path, mode)

        _stand_in(os, replace=replaced, unlink=unlinked, mkdir=made)

    def _watch_contents(self) -> None:
        write, pwrite, truncate, sync, lock = os.write, os.pwrite, os.ftruncate, os.fsync, fcntl.flock

        def written(descriptor: int, content: bytes) -> int:
            half = bytes(content)[: len(content) // 2]
            self._at(f"write {self._file(descriptor)}", lambda: write(descriptor, half))
            return write(descriptor, content)

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
            if self._disk:
                self._disk.synced(descriptor)

        def locked(descriptor: int, operation: int) -> None:
            self._at(f"lock {self._file(descriptor)}")
            lock(descriptor, operation)

        _stand_in(os, write=written, pwrite=put, ftruncate=truncated, fsync=synced)
        _stand_in(fcntl, flock=locked)

    def _watch_connections(self) -> None:
        connect, send, receive = socket.socket.connect, socket.socket.send, socket.socket.recv

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
            return send(connection, content)

        def received(connection: socket.socket, size: int) -> bytes:
            self._at(f"take the answer to {self._asked[connection.fileno()]}")
            return receive(connection, size)

        _stand_in(socket.socket, connect=connected, send=sent, recv=received)

    def _watch_git(self) -> None:
        run = subprocess.run

        def ran(command: list[str], **more: object) -> object:
            verb = command[3]
            if verb in _GIT:
                self._at(_GIT[verb])
            with self._unwatched():
                return run(command, **more)  # type: ignore[call-overload]

        _stand_in(subprocess, run=ran)

    @contextmanager
    def _unwatched(self) -> Iterator[None]:
        """Take no step of what only passes bytes to another process and back."""
        self._paused += 1
        try:
            yield
        finally:
            self._paused -= 1

    def _file(self, descriptor: int) -> str:
        return self._files.get(descriptor, "something")


def _named(path: str) -> str:
    """Say which of the program's files `path` is."""
    name = PurePath(path).name
    return next((what for ending, what in _FILES.items() if name.endswith(ending)), "the folder")


def _stand_in(place: object, **calls: Callable[..., object]) -> None:
    for name, call in calls.items():
        setattr(place, name, call)
