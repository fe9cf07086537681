"""Write a state under a lease in an object store: each record is a document of its own, put on top of the last.

An account has at most a thousand lists, so the document is small, and a state of which every record is a whole document
needs no journal: whoever reads it, by one request, reads what is true at that instant.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from uuid import uuid4

from reconciler.errors import LockedError, ReconcilerError, StateError
from reconciler.model.lists import Applied, DoubtfulList, KnownList
from reconciler.model.times import timestamp
from reconciler.protocols import Holder
from reconciler.store import lease
from reconciler.store.cell import Cell
from reconciler.store.document import Stamp, Written, parse_stamped, render
from reconciler.store.history import keep_copy, last_copy
from reconciler.store.lease import Lease, Released
from reconciler.store.leasing import LOOKS, insisted, is_as, overtaken
from reconciler.store.objects import Objects
from reconciler.store.pulse import Pulse
from reconciler.store.reading import refuse_foreign
from reconciler.uptime import uptime

_log = logging.getLogger(__name__)


def understood(raw: bytes | None, nothing: Applied, *, where: str) -> tuple[Applied, Stamp | None]:
    """Return the state that a document holds, and its stamp; raises as `parse`, and ForeignStateError."""
    if raw is None:
        return nothing, None
    applied, stamp = parse_stamped(raw, where=where)
    refuse_foreign(applied, nothing, where=where)
    return applied, stamp


class ObjectWriter:
    """A state under a lease: a StateWriter. `lock` is the object of the lease that was taken."""

    def __init__(self, objects: Objects, nothing: Applied, lock: Cell, taken: Lease, manifest: str = "") -> None:
        self._objects = objects
        self._lock = lock
        self._lease = taken
        self._manifest = manifest
        self._document = Cell(objects, f"{nothing.environment}.state.json")
        self._settled = nothing
        self._promised: dict[str, DoubtfulList] = {}
        self._shown: Mapping[str, KnownList] = {}
        self._content = b""
        self._serial = 0
        self._pulse = Pulse(self._renew, lambda: lease.RENEWED)

    @property
    def applied(self) -> Applied:
        """The state with everything recorded so far."""
        with self._pulse.guard:
            return replace(self._settled, serial=self._serial)

    def known(self, key: str) -> KnownList | None:
        """Return the entry of `key` with what was recorded so far."""
        with self._pulse.guard:
            return self._settled.lists.get(key)

    def begin(self, began: float, *, lost: bool = False) -> None:
        """Put the document with the fence of the lease, which was taken at `began`; raises as `lock`.

        One that is `lost` is waited for: until it is put whole, there is none.
        """
        self._pulse.renewed(began)
        try:
            self._fence(lost=lost)
        except ReconcilerError:
            self._release()
            raise
        self._pulse.start()

    def announce(self, entries: Mapping[str, DoubtfulList]) -> None:
        """Put, before the first PUT of a run, that each of these may be on its way."""
        if entries:
            with self._pulse.guard:
                self._pulse.check()
                self._put(self._settled, dict(entries))

    def sync(self) -> None:
        """Do nothing: what must outlive this machine is put as it is recorded."""

    def confirm(self) -> None:
        """Raise LockedError where the lease is gone or somebody else has it, StateError where nobody can tell."""
        with self._pulse.guard:
            self._pulse.check()
            if not insisted(self._is_mine):
                raise self._pulse.lost(overtaken(self._objects, self._settled.environment))

    def record(self, key: str, entry: KnownList | None) -> None:
        """Set the entry of `key`, or drop it; put on return. Raises StateError, and nothing was recorded."""
        with self._pulse.guard:
            self._pulse.check()
            lists = {other: known for other, known in self._settled.lists.items() if other != key}
            settled = replace(self._settled, lists=lists if entry is None else {**lists, key: entry})
            promised = {other: doubt for other, doubt in self._promised.items() if other != key}
            shown = self._shown.get(key)
            if entry == shown or (isinstance(shown, DoubtfulList) and is_as(entry, shown)):
                self._settled, self._promised = settled, promised
            else:
                self._put(settled, promised)

    def replace(self, applied: Applied) -> None:
        """Put `applied` in the place of the whole state; raises ForeignStateError for another target's."""
        with self._pulse.guard:
            self._pulse.check()
            refuse_foreign(applied, self._settled, where=f"the state to put in the place of {self._document}")
            self._serial = max(applied.serial, self._serial)
            self._put(replace(applied, lineage=applied.lineage or self._settled.lineage), {})

    def end(self) -> None:
        """Take back what was announced and never came, keep a copy, and give the lease back. Raises StateError."""
        self._pulse.stop()
        with self._pulse.guard:
            try:
                self._pulse.check()
                if self._promised:
                    self._put(self._settled, {})
                if self._content:
                    keep_copy(self._objects, self._settled, self._serial, self._content, new=True)
            finally:
                self._release()

    def _fence(self, *, lost: bool) -> None:
        """Take the document over, as whoever had the lease before left it, however late that was."""
        where = str(self._document)
        for _ in range(LOOKS):
            raw = self._document.read()
            if raw is None and self._lease.fence > 1 and (last := last_copy(self._objects, self._settled.environment)):
                if not lost:
                    raise last.lost()
                self._serial = last.serial
                return
            found, stamp = understood(raw, self._settled, where=where)
            if stamp and stamp.fence >= self._lease.fence:
                self._lease = replace(self._lease, fence=stamp.fence + 1)
                self._renew("outranked")
            if raw and found.serial:
                keep_copy(self._objects, found, found.serial, raw)
            written = stamp.written if stamp else self._written()
            if self._document.write(render(found, Stamp(self._lease.fence, written)).encode()):
                self._settled, self._shown, self._serial = found, found.lists, found.serial
                return
        raise LockedError(f"{self._document}: somebody else wrote it each time. Nothing was changed. Run again")

    def _put(self, settled: Applied, promised: dict[str, DoubtfulList]) -> None:
        """Put the document, under a serial that no other content ever had."""
        self._serial += 1
        manifest = self._manifest or settled.manifest
        settled = replace(settled, lineage=settled.lineage or str(uuid4()), manifest=manifest)
        shown = {**settled.lists, **promised}
        stamp = Stamp(self._lease.fence, self._written())
        content = render(replace(settled, serial=self._serial, lists=shown), stamp).encode()
        if not self._document.write(content):
            raise self._pulse.lost(overtaken(self._objects, settled.environment))
        self._settled, self._promised, self._shown, self._content = settled, promised, shown, content

    def _renew(self, _what: str) -> None:
        began = uptime()
        self._lease = replace(self._lease, renewed_at=timestamp(time.time()))
        if not self._lock.write(lease.render(self._lease)):
            raise self._pulse.lost(overtaken(self._objects, self._settled.environment))
        self._pulse.renewed(began)

    def _is_mine(self) -> bool:
        """Read the lease object, and tell whether it still says that this run writes."""
        found = self._objects.get(self._lock.name)
        held = found and lease.parse_or_clear(found.content, where=str(self._lock), broken=lease.DAMAGED)
        return isinstance(held, Lease) and held.token == self._lease.token

    def _release(self) -> None:
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

    def _written(self) -> Written:
        holder: Holder = self._lease.holder
        return Written(timestamp(time.time()), holder.user, holder.host, holder.command, holder.job)
