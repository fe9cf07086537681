"""What places have in common whose lock is a lease: the time and the clock of each machine, its pauses, its lease."""

from __future__ import annotations

import re
import threading
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import ModuleType, SimpleNamespace
from typing import ClassVar
from unittest.mock import patch

from reconciler.state import lease, lease_renewal, leased_store, leased_writer
from reconciler.state.lease import Lease
from tests.exploration.process import Process
from tests.exploration.world import START, World

_VARYING = re.compile(rb'"(?:checksum|token|at|renewed_at|applied_at|sum)": "[^"]*"|"(?:serial|fence)": \d+')
PAUSES = ("pauses", "pauses beyond its lease", "pauses, its lease broken")
AT_A_LOOK = ("fails",)
AT_A_WRITE = ("lost, done", "lost, not done", "dies")


class Leased:
    """A place that several machines write to under a lease; each of its requests is a call of a seam."""

    leased = True
    modules: ClassVar[tuple[ModuleType, ...]]  # of the store, which ask for time, tokens and a little chance
    lease_name: ClassVar[str]
    kept: ClassVar[tuple[str, ...]]  # the files that a later run depends on

    def __init__(self) -> None:
        self._world: World | None = None
        self._tokens: dict[str, Process] = {}

    @abstractmethod
    def files(self) -> Mapping[str, bytes]:
        """Return what it holds."""

    @abstractmethod
    def without_lease(self) -> None:
        """Have the lease broken, as by `state unlock`."""

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Have the lease go by the time of the world while the context lasts, and be renewed without a thread."""
        stand_ins = {
            "time": SimpleNamespace(time=self._now, sleep=self._let_pass),
            "uptime": self._passed,
            "uuid4": self._next_token,
            "random": SimpleNamespace(uniform=lambda _, high: high),
        }
        threads = SimpleNamespace(RLock=threading.RLock, Event=_Once, Thread=self._beside)
        with ExitStack() as stack:
            for module in (leased_store, leased_writer, *self.modules):
                for name, stand_in in stand_ins.items():
                    if hasattr(module, name) and (name, module) != ("uuid4", leased_writer):
                        stack.enter_context(patch.object(module, name, stand_in))
            stack.enter_context(patch.object(lease_renewal, "threading", threads))
            yield

    def begin(self, world: World) -> None:
        """Be used by the present machine of a world from now on."""
        self._tokens, self._world = {}, world

    def pauses_at(self, call: str) -> tuple[str, ...]:
        """Return the pauses; after a wait and a question the next call is as good. Only a lease of its own is broken.

        That a lease is broken between the last look at it and the PUT, no run can see.
        """
        if call in {"sleep", "stop asked", "clock"}:
            return ()
        process = self.present()
        to_api = re.match("answer|put (?!the|a copy)", call)
        return PAUSES if process and self.is_locked_by(process) and not to_api else PAUSES[:2]

    def pause(self, option: str) -> None:
        """Let time pass, or the lease be broken."""
        self._let_pass(lease.LEASE + 10 if option == "pauses beyond its lease" else 0)
        if option == "pauses, its lease broken" and self._lease():
            self.without_lease()

    def contents(self) -> object:
        """Return what it holds; times, tokens, serials and copies do not tell two states apart."""
        files = self.files()
        return tuple((name, _VARYING.sub(b"", files.get(name, b""))) for name in self.kept)

    def hidden(self) -> object:
        """Return all that it holds: who wrote last does not follow from what each was told."""
        return tuple(self.files().items())

    def is_locked_by(self, process: Process) -> bool:
        """Tell whether the lease there is that of `process`."""
        held = self._lease()
        return held is not None and self._tokens.get(held.token) is process

    def looks(self, call: str) -> bool:
        """Let the present machine ask for something; tell whether it has an answer."""
        process = self.present()
        return process is None or process.at(call, AT_A_LOOK) != "fails"

    def writes(self, call: str) -> str:
        """Let the present machine write something, or die; return what becomes of that."""
        process = self.present()
        option = process.at(call, AT_A_WRITE) if process else ""
        if process and option == "dies":
            process.die()
        self.tell(option)
        return option

    def tell(self, what: object) -> None:
        """Note what the present machine is told."""
        if process := self.present():
            process.observe(what)

    def present(self) -> Process | None:
        """Return the machine that acts."""
        process = self._world.current if self._world else None
        if process:
            process.check_alive()
        return process

    def _lease(self) -> Lease | None:
        raw = self.files().get(self.lease_name)
        held = lease.parse(raw, where="") if raw else None
        return held if isinstance(held, Lease) else None

    def _next_token(self) -> SimpleNamespace:
        process = self.present()
        assert process
        token = f"{len(self._tokens)}"
        self._tokens[token] = process
        return SimpleNamespace(hex=token)

    def _now(self) -> float:
        process = self.present()
        return process.now() if process else START + self._passed()

    def _passed(self) -> float:
        return self._world.passed if self._world else 0.0

    def _let_pass(self, seconds: float) -> None:
        assert self._world
        self._world.passed += seconds

    def _beside(self, target: Callable[[], None], *, daemon: bool) -> SimpleNamespace:
        """Stand in for a thread: `target` does a round each time that its machine has waited."""
        assert daemon
        process = self.present()
        assert process
        return SimpleNamespace(start=lambda: process.ticks.append(target), is_alive=lambda: False)


class _Once:
    """Stands in for an event that ends a loop: lets it go round once, then out."""

    def __init__(self) -> None:
        self._ended = False
        self._went_round = True

    def set(self) -> None:
        self._ended = True

    def wait(self, seconds: float) -> bool:
        del seconds
        self._went_round = not self._went_round
        return self._ended or self._went_round
