"""What a command and all that it started took, read from /proc while it runs (Linux)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

_TICKS = os.sysconf("SC_CLK_TCK")
_EVERY = 0.1  # seconds between two looks: what a process takes after the last one is not seen


@dataclass
class Taken:
    """Seconds of processors, and MiB at the peak, of one process; `role` is what it is for."""

    role: str
    processor: float = 0.0
    memory: float = 0.0


@dataclass
class Watch:
    """Looks at a process and its descendants until it is stopped; `seen` is by process id."""

    pid: int
    seen: dict[int, Taken] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin."""
        self._ended = Event()
        self._thread = Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._ended.set()
        self._thread.join()

    def of(self, role: str) -> list[Taken]:
        """Return what the processes of a role took."""
        return [taken for taken in self.seen.values() if taken.role == role]

    def workers(self) -> list[int]:
        """Return the worker processes that run now."""
        return [pid for pid, taken in self.seen.items() if taken.role == "worker" and Path(f"/proc/{pid}").exists()]

    def _look(self) -> None:
        while not self._ended.wait(_EVERY):
            for pid in [self.pid, *_below(self.pid)]:
                self._note(pid)

    def _note(self, pid: int) -> None:
        try:
            status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
            times = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            words = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")
        except OSError:  # it has ended
            return
        if "VmHWM:" not in status:
            return
        role = "command" if pid == self.pid else "worker" if "spawn_main" in words else "other"
        taken = self.seen.setdefault(pid, Taken(role))
        taken.role = role  # a process is a copy of its parent at first
        taken.processor = (int(times[11]) + int(times[12])) / _TICKS
        taken.memory = max(taken.memory, int(status.partition("VmHWM:")[2].split()[0]) / 1024)


def _below(pid: int) -> Iterator[int]:
    """Yield the processes that one has started, and those that these have; one that ends meanwhile is passed over."""
    children: list[str] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            children += (task / "children").read_text(encoding="ascii").split()
    for child in map(int, children):
        yield child
        yield from _below(child)
