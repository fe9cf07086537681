"""Dask as users run it: a scheduler and workers, each a process of its own on loopback."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

from tests.program import REPOSITORY, UNMEASURED, Ran
from tests.state.servers import free_port

SECONDS = 120


@dataclass
class DaskCluster:
    """A scheduler; `variables` are those of its workers and of commands."""

    folder: Path
    variables: dict[str, str]
    port: int = field(default_factory=free_port)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    scheduler: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def start_scheduler(self, *options: str) -> None:
        """Start it, and wait until it listens."""
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", str(self.port), *options)
        until = time.monotonic() + SECONDS
        while not _listens(self.port):
            assert self.scheduler.poll() is None, self.logs()
            assert time.monotonic() < until, "the scheduler does not listen"
            time.sleep(0.1)

    def start_worker(self, threads: int = 4, address: str = "", **variables: str) -> subprocess.Popen[bytes]:
        """Start one worker process, without a nanny: it stays dead once it is killed."""
        options = ["--no-nanny", "--nthreads", str(threads), "--memory-limit", "0"]
        options += ["--preload", "tests.cli.dask_preload"]
        worker = self._start("worker", address or self.address, *options, **variables)
        self.workers.append(worker)
        return worker

    def _start(self, which: str, *arguments: str, **variables: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{which}", *arguments]
        command += ["--no-dashboard", "--dashboard-address", "127.0.0.1:0"]
        log = (self.folder / f"{which}-{len(self.workers)}.log").open("wb")
        with log:
            return subprocess.Popen(
                command, cwd=self.folder, env={**self.variables, **variables}, stdout=log, stderr=subprocess.STDOUT
            )

    def logs(self) -> bytes:
        """Return all that the scheduler and its workers wrote."""
        return b"".join(path.read_bytes() for path in sorted(self.folder.glob("*.log")))

    def run(self, *arguments: str, **variables: str) -> Ran:
        """Run a command to its end."""
        with self.start(*arguments, **variables) as running:
            return ended(running)

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Start a command."""
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "reconciler", *arguments],
            cwd=self.folder,
            env={**self.variables, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(self) -> None:
        """End all that was started."""
        for process in (*self.workers, *([self.scheduler] if self.scheduler else [])):
            process.kill()
            process.wait()


def ended(running: subprocess.Popen[str]) -> Ran:
    """Wait for the end of a command."""
    out, err = running.communicate(timeout=SECONDS)
    assert "Traceback" not in err, err
    return Ran(running.returncode, out, err)


@contextmanager
def dask_cluster(folder: Path, variables: Mapping[str, str]) -> Iterator[DaskCluster]:
    """Return a cluster that has no process yet."""
    kept = {name: value for name, value in UNMEASURED.items() if not name.startswith(("KORE", "RECONCILER", "AWS"))}
    own = {
        "PYTHONPATH": str(REPOSITORY),
        "NO_PROXY": "127.0.0.1",
        "COLUMNS": "100",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    cluster = DaskCluster(folder, {**kept, **own, **variables})
    try:
        yield cluster
    finally:
        cluster.end()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


@dataclass
class Wire:
    """A port that leads to another; all that goes through it is kept."""

    port: int
    seen: list[bytes] = field(default_factory=list)


@contextmanager
def recorded(port: int) -> Iterator[Wire]:
    """Stand before a port of this machine for as long as the context lasts."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        wire = Wire(int(listener.getsockname()[1]))

        def accept() -> None:
            with suppress(OSError):
                while True:
                    near, _ = listener.accept()
                    try:
                        far = socket.create_connection(("127.0.0.1", port))
                    except OSError:  # nobody listens yet
                        near.close()
                        continue
                    for source, sink in ((near, far), (far, near)):
                        Thread(target=_pass_on, args=(source, sink, wire.seen), daemon=True).start()

        Thread(target=accept, daemon=True).start()
        yield wire


def _pass_on(source: socket.socket, sink: socket.socket, seen: list[bytes]) -> None:
    with source:
        with suppress(OSError):
            while came := source.recv(65_536):
                seen.append(came)
                sink.sendall(came)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)
