"""Write a state under a lease: what this run recorded and announced, and what of it others must see at once.

A doubt is seen by others before its PUT goes out. An outcome may wait as long as the store's `pause`; until then, a run
that vanishes leaves its list in doubt. If a store has no pause, whatever others do not see yet is published at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple, Protocol
from uuid import uuid4

from reconciler.errors import StateError
from reconciler.model.lists import Applied, DoubtfulList, KnownList
from reconciler.state import lease
from reconciler.state.folding import with_entries
from reconciler.state.lease_renewal import LeaseRenewal
from reconciler.state.state_reader import refuse_foreign
from reconciler.uptime import uptime

_WAITS = (0.5, 2.0)  # seconds


class RunRecord(NamedTuple):
    """What a writer knows: the state that it builds on, what it recorded since, and the doubts that are yet to come."""

    base: Applied
    entries: Mapping[str, KnownList | None] = {}
    promised: Mapping[str, DoubtfulList] = {}

    @property
    def applied(self) -> Applied:
        """The state with everything recorded so far."""
        return with_entries(self.base, self.entries) if self.entries else self.base

    def entry(self, key: str) -> KnownList | None:
        """Return the entry of `key` with what was recorded so far."""
        return self.entries[key] if key in self.entries else self.base.lists.get(key)

    def entry_for_others(self, key: str) -> KnownList | None:
        """Return the entry of `key` as others see it once all of this is published."""
        return self.promised[key] if key in self.promised else self.entry(key)

    def with_entry(self, key: str, entry: KnownList | None) -> RunRecord:
        """Return what is known once `key` is recorded."""
        promised = {other: doubt for other, doubt in self.promised.items() if other != key}
        return RunRecord(self.base, {**self.entries, key: entry}, promised)


class HeldLease(Protocol):
    """A lease that was taken, and the document that it guards. If it was taken over, LockedError is raised.

    Whatever raises StateError may or may not have been done; the next call finds out. `what` goes into the history.
    `pause` is how many seconds an outcome may wait until others see it; `renewed` is the uptime at which the request
    began that renewed the lease last.
    """

    pause: float
    renewed: float

    def publish(self, recorded: RunRecord, what: str) -> RunRecord:
        """Let others see all that was recorded and promised; return it as it is to be built on.

        Where there is a pause, that renews the lease, too.
        """
        ...

    def replace(self, applied: Applied) -> RunRecord:
        """Put `applied` in the place of the whole state; return it as it is to be built on."""
        ...

    def renew(self, what: str) -> None:
        """Renew the lease."""
        ...

    def check_mine(self) -> None:
        """Ask the store whether the lease is still this run's; raises LockedError if it is not."""
        ...

    def finish(self, recorded: RunRecord) -> None:
        """Make what was recorded the document, without what was promised and never came."""
        ...

    def release(self) -> None:
        """Give the lease back if `finish` has not; it runs out by itself if that fails."""
        ...


class LeasedWriter:
    """A state under a lease: a StateWriter.

    `place` is where it is, as messages name it; `manifest` names the manifest whose state it becomes by being written.
    """

    def __init__(self, held: HeldLease, applied: Applied, place: str, manifest: str = "") -> None:
        self._held = held
        self._document = f"{place}/{applied.environment}.state.json"
        self._manifest = manifest
        self._recorded = self._published = RunRecord(applied)
        self._waits = False
        self._renewal = LeaseRenewal(
            self._renew,
            age=lambda: uptime() - held.renewed,
            pause=lambda: held.pause if self._waits else lease.RENEWED,
        )
        self._renewal.start()

    @property
    def applied(self) -> Applied:
        """The state with everything recorded so far."""
        with self._renewal.guard:
            return self._recorded.applied

    def entry(self, key: str) -> KnownList | None:
        """Return the entry of `key` with what was recorded so far."""
        with self._renewal.guard:
            return self._recorded.entry(key)

    def announce_intents(self, entries: Mapping[str, DoubtfulList]) -> None:
        """Publish, before the first PUT of a run, that each of these may be on its way."""
        if entries:
            with self._renewal.under_lease():
                announced = self._recorded._replace(base=self._claim(self._recorded.base), promised=dict(entries))
                self._publish(announced, f"{len(entries)} to come")

    def flush(self) -> None:
        """Do nothing: what must outlive this machine is published as it is recorded."""

    def check_lease(self) -> None:
        """Raise LockedError if the lease is gone or another has written, StateError if that is unknown."""
        with self._renewal.under_lease():
            _retry_a_few_times(self._held.check_mine)

    def record(self, key: str, entry: KnownList | None) -> None:
        """Set the entry of `key`, or drop it; others see a doubt on return. Raises StateError: nothing was recorded."""
        with self._renewal.under_lease():
            recorded = self._recorded._replace(base=self._claim(self._recorded.base)).with_entry(key, entry)
            if self._is_urgent(key, entry):
                self._publish(recorded, f"{key} to come")
            else:
                self._recorded = recorded
                self._waits = self._held.pause > 0

    def replace(self, applied: Applied) -> None:
        """Put `applied` in the place of the whole state; raises ForeignStateError for another target's."""
        with self._renewal.under_lease():
            now = self._recorded.applied
            refuse_foreign(applied, now, where=f"the state to put in the place of {self._document}")
            serial = max(applied.serial, now.serial) + 1
            lineage = applied.lineage or now.lineage
            self._build_on(self._held.replace(self._claim(replace(applied, lineage=lineage, serial=serial))))

    def end(self) -> None:
        """Write what is left to write, and give the lease back. Raises StateError, and LockedError if it is lost."""
        self._renewal.stop()
        try:
            with self._renewal.under_lease():
                self._held.finish(self._recorded)
        finally:
            self._held.release()

    def _claim(self, applied: Applied) -> Applied:
        """Return a state with its lineage, and the manifest whose state it is from now on."""
        lineage, manifest = applied.lineage or str(uuid4()), self._manifest or applied.manifest
        if (lineage, manifest) == (applied.lineage, applied.manifest):
            return applied
        return replace(applied, lineage=lineage, manifest=manifest)

    def _is_urgent(self, key: str, entry: KnownList | None) -> bool:
        """Tell whether others must see an entry at once; they need not if they see the same doubt, whenever it was."""
        shown = self._published.entry_for_others(key)
        if isinstance(entry, DoubtfulList):
            return not isinstance(shown, DoubtfulList) or shown._replace(applied_at=entry.applied_at) != entry
        return not self._held.pause and entry != shown

    def _publish(self, recorded: RunRecord, what: str) -> None:
        self._build_on(self._held.publish(recorded, what))

    def _build_on(self, published: RunRecord) -> None:
        self._recorded = self._published = published
        self._waits = False

    def _renew(self, what: str) -> None:
        """Renew the lease; the outcomes that wait go along."""
        if self._waits:
            self._publish(self._recorded, what)
        else:
            self._held.renew(what)


def _retry_a_few_times(ask: Callable[[], None]) -> None:
    """Ask a few times: a network that fails for an instant stops no run."""
    for wait in _WAITS:
        with suppress(StateError):
            ask()
            return
        time.sleep(wait)
    ask()
