"""The state of one environment in an object store: a document, a lease and a history, each an object of its own.

    <environment>.state.json    the state; every record puts it again, on top of what this writer put last
    <environment>.lock.json     the lease: who writes, or the fence of who wrote last
    <environment>.history/      the document as it was at the end of each run that changed it

The lease is taken by conditional put, with a fence that is one higher than any before. Then the document is put with
that fence: from then on whoever had the lease before builds on a version that is gone, and can write nothing any more.

An account has at most a thousand lists, so the document is small, and a state of which every record is a whole document
needs no journal: whoever reads it, by one request, reads what is true at that instant.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from uuid import uuid4

from reconciler.errors import LockedError, ReconcilerError, StateError
from reconciler.model.lists import Applied, Target
from reconciler.model.times import timestamp
from reconciler.protocols import LockInfo
from reconciler.state import lease
from reconciler.state.backends.cas_object import CasObject
from reconciler.state.backends.objects import Objects
from reconciler.state.document import Stamp, Written, parse_stamped, render
from reconciler.state.history import History, keep_copy, last_copy, read_copies
from reconciler.state.lease import Lease, Released
from reconciler.state.leased_store import LOOKS, LeasedStore, overtaken_error
from reconciler.state.leased_writer import RunRecord
from reconciler.state.state_reader import refuse_foreign
from reconciler.uptime import uptime

_log = logging.getLogger(__name__)


class ObjectStore(LeasedStore):
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
        document = CasObject(self._objects, f"{self._environment}.state.json")
        raw = document.read()
        if raw is None and self._lock().read() is not None:
            last = last_copy(self._objects, self._environment)
            if last:
                raise last.loss_error()
        return _read_document(raw, self._nothing, where=str(document))[0]

    def history(self, last: int, serial: int | None = None) -> History:
        """Return the states at the end of the last runs that changed it, oldest first; or those of one serial."""
        return read_copies(self._objects, self._environment, last, serial)

    def _read_lease(self) -> Lease | None:
        found = _read_lock(self._lock())
        return found if isinstance(found, Lease) else None

    def _take(self, holder: LockInfo, broken: str, *, lost: bool) -> tuple[ObjectLease, Applied] | None:
        lock, now, began = self._lock(), time.time(), uptime()
        found = _read_lock(lock, broken)
        if isinstance(found, Lease):
            self._refuse_held(found, holder, broken)
        taken = Lease(uuid4().hex, holder, timestamp(now), (found.fence if found else 0) + 1)
        if not lock.write(lease.render(taken)):
            return None
        held = ObjectLease(self._objects, self._environment, lock, taken, began)
        try:
            return held, held.fence_off(self._nothing, lost=lost)
        except ReconcilerError:
            held.release()
            raise

    def _lock(self) -> CasObject:
        return CasObject(self._objects, f"{self._environment}.lock.json")


def _read_lock(lock: CasObject, broken: str = "") -> Lease | Released | None:
    raw = lock.read()
    return None if raw is None else lease.parse_or_clear(raw, where=str(lock), broken=broken)


def _read_document(raw: bytes | None, nothing: Applied, *, where: str) -> tuple[Applied, Stamp | None]:
    """Return the state that a document holds, and its stamp; raises as `parse`, and ForeignStateError."""
    if raw is None:
        return nothing, None
    applied, stamp = parse_stamped(raw, where=where)
    refuse_foreign(applied, nothing, where=where)
    return applied, stamp


class ObjectLease:
    """A lease in an object apart from the document, which bears its fence: a HeldLease."""

    pause = 0.0

    def __init__(self, objects: Objects, environment: str, lock: CasObject, taken: Lease, began: float) -> None:
        """Begin with the lease as `taken` by a request that `began` then, which `lock` is the object of."""
        self._objects = objects
        self._environment = environment
        self._lock = lock
        self._lease = taken
        self.renewed = began
        self._document = CasObject(objects, f"{environment}.state.json")
        self._put: tuple[Applied, bytes] | None = None
        self._serial = 0
        self._follows: int | None = 0

    def fence_off(self, nothing: Applied, *, lost: bool) -> Applied:
        """Put the document with the fence of the lease, as whoever had it before left it, however late that was.

        One that is `lost` is waited for: until it is put whole, there is none. Raises as `lock`.
        """
        for _ in range(LOOKS):
            raw = self._document.read()
            if raw is None and self._lease.fence > 1 and (last := last_copy(self._objects, self._environment)):
                if not lost:
                    raise last.loss_error()
                self._serial = self._follows = last.serial
                return replace(nothing, serial=last.serial)
            found, stamp = _read_document(raw, nothing, where=str(self._document))
            if stamp and stamp.fence >= self._lease.fence:
                self._lease = replace(self._lease, fence=stamp.fence + 1)
                self.renew("outranked")
            if raw and found.serial:
                keep_copy(self._objects, found, found.serial, raw)
            left = stamp or Stamp(0, self._author())
            if self._document.write(render(found, replace(left, fence=self._lease.fence)).encode()):
                self._serial = self._follows = found.serial
                return found
        raise LockedError(f"{self._document}: somebody else wrote it each time. Nothing was changed. Run again")

    def publish(self, recorded: RunRecord, what: str = "") -> RunRecord:
        """Put the document with all that was recorded and promised, under a serial that no other content ever had."""
        del what
        self._serial = max(self._serial + 1, recorded.applied.serial)
        settled = replace(recorded.applied, serial=self._serial)
        shown = replace(settled, lists={**settled.lists, **recorded.promised})
        content = render(shown, Stamp(self._lease.fence, self._author(), self._follows)).encode()
        if not self._document.write(content):
            raise overtaken_error(self._objects, self._environment)
        self._put = settled, content
        return RunRecord(settled, promised=recorded.promised)

    def replace(self, applied: Applied) -> RunRecord:
        """Put `applied` as the document; where there was none, what came before it is elsewhere."""
        self._follows = self._follows or None
        return self.publish(RunRecord(applied))

    def renew(self, what: str) -> None:
        """Put the lease again."""
        del what
        began = uptime()
        self._lease = replace(self._lease, renewed_at=timestamp(time.time()))
        if not self._lock.write(lease.render(self._lease)):
            raise overtaken_error(self._objects, self._environment)
        self.renewed = began

    def check_mine(self) -> None:
        """Read the lease object; raise LockedError if it no longer says that this run writes."""
        found = self._objects.get(self._lock.name)
        held = found and lease.parse_or_clear(found.content, where=str(self._lock), broken=lease.DAMAGED)
        if not isinstance(held, Lease) or held.token != self._lease.token:
            raise overtaken_error(self._objects, self._environment)

    def finish(self, recorded: RunRecord) -> None:
        """Take back what was announced and never came, and keep a copy."""
        if recorded.promised:
            self.publish(recorded._replace(promised={}))
        if self._put:
            applied, content = self._put
            keep_copy(self._objects, applied, applied.serial, content, new=True)

    def release(self) -> None:
        """Give the lease back. If that fails, it runs out by itself; all that was recorded is in the document."""
        try:
            if self._lock.write(lease.render(Released(self._lease.fence))):
                return
            why = "somebody else has it by now"
        except StateError as error:
            why = str(error)
        _log.warning(
            "the lease %s could not be given back: %s. All is recorded; the next run can begin in %.0f s, or "
            "at once after reconciler state unlock",
            self._lock,
            why,
            lease.LEASE,
        )

    def _author(self) -> Written:
        holder: LockInfo = self._lease.holder
        return Written(timestamp(time.time()), holder.user, holder.host, holder.command, holder.job)
