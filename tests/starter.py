"""Starts the program quickly: a process that has imported it already forks one child for each run.

Each child is the program in a process of its own, from `main` to its exit code, with its own folder, variables and
streams. What only a new interpreter shows (its start, its locale, what it imports when) is tested by `Workplace.start`.
`main`, with the address of a socket and the file for coverage as arguments, listens there: one connection for each
run.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from socketserver import BaseRequestHandler, ForkingMixIn, UnixStreamServer
from threading import Lock
from typing import NoReturn, TypedDict

from coverage import Coverage
from pydantic import BaseModel

import reconciler

LONGEST_ORDER = 1_000_000  # bytes
LATER = ("encodings.idna", "getpass", "httpcore", "resource", "shlex", "socket")  # what the program imports as it runs


class _Order(TypedDict):
    arguments: list[str]
    folder: str
    variables: dict[str, str]


def import_all() -> None:
    """Import every module of the program but the sandbox."""
    for module in walk_packages(reconciler.__path__, "reconciler."):
        if not module.name.startswith(("reconciler.sandbox", "reconciler.__main__")):
            import_module(module.name)
    for name in LATER:
        import_module(name)


def build_schemas() -> None:
    """Let pydantic build now what it builds at its first use, which takes longer than all the rest of a short run."""
    modules = [vars(module) for name, module in sys.modules.items() if name.startswith("reconciler.")]
    for value in [value for module in modules for value in module.values()]:
        returned = getattr(value, "__annotations__", {}).get("return", "")
        if isinstance(value, type) and issubclass(value, BaseModel) and value is not BaseModel:
            value.model_rebuild()
        elif str(returned).startswith("TypeAdapter["):
            value()


class Started:
    """A run of the program in a process of its own, with `streams` as its stdin, stdout and stderr."""

    def __init__(
        self,
        arguments: Sequence[str],
        folder: Path,
        variables: Mapping[str, str],
        streams: Sequence[int],
        first: str = "tests.starter",
    ) -> None:
        order = json.dumps({"arguments": list(arguments), "folder": str(folder), "variables": dict(variables)})
        self._unread = b""
        self._waiting = Lock()
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(address(first))
        socket.send_fds(self._connection, [order.encode()], list(streams))
        self._connection.shutdown(socket.SHUT_WR)
        self.pid = self._read_number(None)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code if the run has ended."""
        with suppress(BlockingIOError, TimeoutError):
            self.wait(0)
        return self.returncode

    def wait(self, seconds: float | None = None) -> int:
        """Wait for the end of the run; return its exit code. Raises TimeoutError after `seconds`.

        Several threads may wait at once.
        """
        if not self._waiting.acquire(timeout=-1 if seconds is None else seconds):
            raise TimeoutError
        try:
            if self.returncode is None:
                code = self._read_number(seconds)
                self._connection.close()
                self.take_output()
                self.returncode = code
            return self.returncode
        finally:
            self._waiting.release()

    def take_output(self) -> None:
        """Take what the run has written, once it has ended."""

    def send_signal(self, number: int) -> None:
        """Send a signal to the process."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill the process."""
        self.send_signal(signal.SIGKILL)

    def _read_number(self, seconds: float | None) -> int:
        self._connection.settimeout(seconds)
        while b"\n" not in self._unread:
            came = self._connection.recv(100)
            assert came, "the process that forks has ended"
            self._unread += came
        line, _, self._unread = self._unread.partition(b"\n")
        return int(line)


def run(
    arguments: Sequence[str], folder: Path, variables: Mapping[str, str], streams: Sequence[int], seconds: float
) -> int:
    """Run the program to its end with `streams` as its stdin, stdout and stderr; return its exit code.

    Raises TimeoutError after `seconds`; the child is killed then.
    """
    started = Started(arguments, folder, variables, streams)
    try:
        return started.wait(seconds)
    except TimeoutError:
        started.kill()
        raise


@cache
def address(first: str = "tests.starter") -> str:
    """Start the process that forks, once in this one; it ends with it. It imports `first` before all else."""
    place = str(Path(tempfile.mkdtemp(prefix="starter-")) / "socket")
    plain = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    measured = Path(os.environ.get("COVERAGE_FILE", ".coverage")).absolute()
    script = f"import {first}; from tests import starter; starter.main()"
    command = [sys.executable, "-c", script, place, str(measured)]
    started = subprocess.Popen(command, env=plain, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    assert started.stdout
    with started.stdout as said:
        assert said.readline() == "ready\n"
    atexit.register(_end, started, Path(place).parent)
    return place


def _end(started: subprocess.Popen[str], folder: Path) -> None:
    started.terminate()
    started.wait()
    shutil.rmtree(folder)


class _Handler(BaseRequestHandler):
    """One run: tells the number of the process, then its exit code."""

    def handle(self) -> None:
        """Fork the program, and wait for its end."""
        raw, streams, _, _ = socket.recv_fds(self.request, LONGEST_ORDER, 3)
        while more := self.request.recv(LONGEST_ORDER):
            raw += more
        child = os.fork()
        if not child:
            self.request.close()
            _be_the_program(json.loads(raw), streams)
        for stream in streams:
            os.close(stream)
        self.request.sendall(f"{child}\n".encode())
        _, status = os.waitpid(child, 0)
        with suppress(OSError):
            self.request.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _be_the_program(order: _Order, streams: Sequence[int]) -> NoReturn:
    from reconciler.__main__ import main

    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(order["folder"])
    # What the program starts itself is not measured.
    variables = {name: value for name, value in order["variables"].items() if not name.startswith("COV")}
    os.environ.clear()
    os.environ.update(variables)
    sys.argv = ["reconciler", *order["arguments"]]
    coverage = _coverage() if variables != order["variables"] else None
    code = 70
    if coverage:
        coverage.start()
    try:
        code = main()
        sys.stdout.flush()
        sys.stderr.flush()
    except SystemExit as ended:
        code = int(ended.code or 0)
    except BaseException:  # noqa: BLE001 - whatever it is, it must not get into the loop that forked this
        traceback.print_exc()
    if coverage:
        coverage.stop()
        coverage.save()
    os._exit(code)


@cache
def _coverage() -> Coverage:
    """Return what measures which lines run; every child writes a file of its own.

    Its first start looks at all that is imported and takes longer than most runs, so it is done before any fork.
    """
    lines = f"{reconciler.__path__[0]}/*"
    coverage = Coverage(sys.argv[2], data_suffix=True, branch=True, include=[lines], config_file=False)
    coverage.start()
    coverage.stop()
    return coverage


class _Server(ForkingMixIn, UnixStreamServer):
    max_children = 100
    request_queue_size = 100
    parent = os.getppid()

    def service_actions(self) -> None:
        """End with the process that started this one."""
        super().service_actions()
        if os.getppid() != self.parent:
            shutil.rmtree(Path(sys.argv[1]).parent)
            os._exit(0)


def main() -> None:
    """Listen for runs, for as long as there is somebody to ask for them."""
    import_all()
    build_schemas()
    _coverage()
    with _Server(sys.argv[1], _Handler) as server:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        server.serve_forever()
