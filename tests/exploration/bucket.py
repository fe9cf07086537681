"""An object store in memory, with the lease and the clock of every machine that writes to it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from unittest.mock import patch

from reconciler.model.lists import KnownList
from reconciler.protocols import StateStore
from reconciler.state import lease, lease_renewal, leased_store, leased_writer
from reconciler.state.backends import object_store
from reconciler.state.backends.object_store import ObjectStore
from reconciler.state.backends.objects import Found, Version
from reconciler.state.document import parse, parse_stamped, render
from reconciler.state.lease import Lease, Released
from tests.exploration.choices import Broken
from tests.exploration.world import START, Process, World
from tests.planning.worlds import TARGET
from tests.state.buckets import FakeBucket

_DOCUMENT, _LEASE = "prod.state.json", "prod.lock.json"
_VARYING = re.compile(rb'"(?:checksum|token|at|renewed_at|applied_at)": "[^"]*"|"(?:serial|fence)": \d+')
AT_A_GET = ("fails",)
PAUSES = ("pauses", "pauses beyond its lease", "pauses, its lease broken")
AT_AN_OBJECT = ("lost, done", "lost, not done", "dies")


class Bucket(FakeBucket):
    """Objects in memory; each request is a call of a seam, on whichever machine is the present one."""

    leased = True

    def __init__(self) -> None:
        super().__init__()
        self._world: World | None = None
        self._tokens: dict[str, Process] = {}
        self.store: StateStore = ObjectStore(self, "prod", TARGET)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Have the lease go by the time of the world while the context lasts, and be renewed without a thread."""
        time = SimpleNamespace(time=lambda: START + self._passed(), sleep=self._let_pass)
        threads = SimpleNamespace(RLock=threading.RLock, Event=_Once, Thread=self._beside)
        with ExitStack() as stack:
            for module in (leased_store, object_store, leased_writer):
                stack.enter_context(patch.object(module, "time", time))
            for writing in (object_store, leased_writer):
                stack.enter_context(patch.object(writing, "uptime", self._passed))
            stack.enter_context(patch.object(object_store, "uuid4", self._next_token))
            stack.enter_context(patch.object(lease_renewal, "threading", threads))
            yield

    def begin(self, world: World) -> None:
        """Have only the document of the beginning of the story."""
        self.objects = {_DOCUMENT: render(world.story.applied()).encode()}
        self.requests, self._tokens, self._world = [], {}, world

    def pauses_at(self, call: str) -> tuple[str, ...]:
        """Return the pauses; after a wait and a question the next call is as good. Only a lease of its own is broken.

        That a lease is broken between the last look at it and the PUT, no run can see.
        """
        if call in {"sleep", "stop asked"}:
            return ()
        process = self._present()
        to_api = re.match("answer|put (?!the|a copy)", call)
        return PAUSES if process and self.is_locked_by(process) and not to_api else PAUSES[:2]

    def pause(self, option: str) -> None:
        """Let time pass, or the lease be broken, as by `state unlock`."""
        self._let_pass(lease.LEASE + 10 if option == "pauses beyond its lease" else 0)
        held = self._lease()
        if option == "pauses, its lease broken" and held:
            self.objects[_LEASE] = lease.render(Released(held.fence))

    def content(self) -> object:
        """Return what it holds; times, tokens, serials and copies do not tell two states apart."""
        return tuple((name, _VARYING.sub(b"", self.objects.get(name, b""))) for name in (_DOCUMENT, _LEASE))

    def hidden(self) -> object:
        """Return all that it holds: who wrote last does not follow from what each was told."""
        return tuple(self.objects.items())

    def is_locked_by(self, process: Process) -> bool:
        """Tell whether the lease there is that of `process`."""
        held = self._lease()
        return held is not None and self._tokens.get(held.token) is process

    def recorded(self) -> Mapping[str, KnownList]:
        """Return what the document says."""
        return parse(self.objects[_DOCUMENT], where="").lists

    def get(self, name: str) -> Found | None:
        """Return an object."""
        process = self._present()
        if process:
            self.unreadable = int(process.at(f"get {_named(name)}", AT_A_GET) == "fails")
            process.observe(None if self.unreadable else self.objects.get(name))
        return super().get(name)

    def put(self, name: str, content: bytes, expected: Version | None) -> Version | None:
        """Put an object in the place of what is expected there."""
        process = self._present()
        option = process.at(f"put {_named(name)}", AT_AN_OBJECT) if process else ""
        if process and option == "dies":
            process.die()
        self.unheard, self.failing = int(option == "lost, done"), int(option == "lost, not done")
        if process:
            process.observe(option)
        return self._swapped(name, content, expected)

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder."""
        self._present()
        return super().names(folder)

    def _swapped(self, name: str, content: bytes, expected: Version | None) -> Version | None:
        before = self.objects.get(name)
        try:
            version = super().put(name, content, expected)
        finally:
            self.unheard = self.failing = 0
            if name == _DOCUMENT and self.objects[name] is content:
                _check_fence(before, content)
        process = self._present()
        if process:
            process.observe(version)
        return version

    def _present(self) -> Process | None:
        process = self._world.current if self._world else None
        if process:
            process.check_alive()
        return process

    def _lease(self) -> Lease | None:
        held = lease.parse(self.objects[_LEASE], where="") if _LEASE in self.objects else None
        return held if isinstance(held, Lease) else None

    def _next_token(self) -> SimpleNamespace:
        process = self._present()
        assert process
        token = f"{len(self._tokens)}"
        self._tokens[token] = process
        return SimpleNamespace(hex=token)

    def _passed(self) -> float:
        return self._world.passed if self._world else 0.0

    def _let_pass(self, seconds: float) -> None:
        assert self._world
        self._world.passed += seconds

    def _beside(self, target: Callable[[], None], *, daemon: bool) -> SimpleNamespace:
        """Stand in for a thread: `target` does a round each time that its machine has waited."""
        assert daemon
        process = self._present()
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


def _named(name: str) -> str:
    return {_DOCUMENT: "the document", _LEASE: "the lease"}.get(name, "a copy")


def _check_fence(before: bytes | None, content: bytes) -> None:
    """A document never gets a fence below the one that it had: who was fenced off writes nothing more."""
    stamps = [parse_stamped(each, where="")[1] for each in (before, content) if each]
    fences = [stamp.fence if stamp else 0 for stamp in stamps]
    if fences != sorted(fences):
        raise Broken(f"the document is written by one that was fenced off: {fences}")
