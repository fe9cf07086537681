"""The state of one environment in an object store: a document, a lease and a history, each an object of its own.

    <environment>.state.json    the state; every record puts it again, on top of what this writer put last
    <environment>.lock.json     the lease: who writes, or the fence of who wrote last
    <environment>.history/      the document as it was at the end of each run that changed it

The lease is taken by conditional put, with a fence that is one higher than any before. Then the document is put with
that fence: from then on whoever had the lease before builds on a version that is gone, and can write nothing any more.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from reconciler.errors import LockedError
from reconciler.model.lists import Applied, Target
from reconciler.model.times import timestamp
from reconciler.protocols import Holder, StateWriter
from reconciler.store import lease
from reconciler.store.cell import Cell
from reconciler.store.history import History, kept_copies, last_copy
from reconciler.store.lease import Lease, Released
from reconciler.store.leasing import LOOKS, UnderLease, refusal
from reconciler.store.objects import Objects
from reconciler.store.puts import ObjectWriter, understood
from reconciler.store.writer import ending
from reconciler.uptime import uptime


class ObjectStore(UnderLease):
    """The last-applied state of one environment in an object store: a StateStore."""

    def __init__(self, objects: Objects, environment: str, target: Target) -> None:
        self._objects = objects
        self._environment = environment
        self._nothing = Applied(environment, target, lineage="", serial=0, lists={})

    def __str__(self) -> str:
        """Return where it is, as messages name it."""
        return str(self._objects)

    def look(self) -> Applied:
        """Return the state as the next writer would find it; one request where there is one."""
        cell = Cell(self._objects, f"{self._environment}.state.json")
        raw = cell.read()
        if raw is None and self._lock().read() is not None:
            last = last_copy(self._objects, self._environment)
            if last:
                raise last.lost()
        return understood(raw, self._nothing, where=str(cell))[0]

    def held(self) -> Lease | None:
        """Return the lease of who is writing at the moment; None where nobody is."""
        found = self._found(self._lock())
        return found if isinstance(found, Lease) and not found.expired(time.time()) else None

    def history(self, last: int, serial: int | None = None) -> History:
        """Return the states at the end of the last runs that changed it, oldest first; or those of one serial."""
        return kept_copies(self._objects, self._environment, last, serial)

    @contextmanager
    def replacing(self, holder: Holder) -> Iterator[StateWriter]:
        """Hold the only right to write, also where the document is lost."""
        writer = self._begun(holder, lost=True)
        with ending(writer.end):
            self._here(writer.applied)
            yield writer

    def _begun(self, holder: Holder, broken: str = "", *, lost: bool = False) -> ObjectWriter:
        """Take the lease; whoever was quicker by an instant is met, and named, at the next look."""
        for _ in range(LOOKS):
            lock, now, began = self._lock(), time.time(), uptime()
            found = self._found(lock, broken)
            if isinstance(found, Lease) and found.token != broken and not found.expired(now):
                raise LockedError(refusal(self, found, holder))
            taken = Lease(uuid4().hex, holder, timestamp(now), (found.fence if found else 0) + 1)
            if lock.write(lease.render(taken)):
                writer = ObjectWriter(self._objects, self._nothing, lock, taken, self.owner.name)
                writer.begin(began, lost=lost)
                return writer
        raise LockedError(f"{self}: others took the lease each time. Nothing was changed. Run again")

    def _lock(self) -> Cell:
        return Cell(self._objects, f"{self._environment}.lock.json")

    def _found(self, lock: Cell, broken: str = "") -> Lease | Released | None:
        raw = lock.read()
        return None if raw is None else lease.parse_or_clear(raw, where=str(lock), broken=broken)
