"""The state of one environment where several machines reach it: a document, a journal and a lease, written together.

    lock      the lease is taken by compare-and-swap; a journal that a vanished run left is folded in
    announce  every intent of a run is shared before its first PUT
    record    a doubt that was not announced is shared at once; outcomes at least every `SHARED` seconds
    end       document in, journal and lease out, by one write

So a run that vanishes leaves as in doubt whatever it had announced and not yet shared the outcome of.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol
from uuid import uuid4

from reconciler.errors import LockedError, ReconcilerError
from reconciler.model.lists import Applied, DoubtfulList, KnownList, Target
from reconciler.model.times import timestamp
from reconciler.protocols import Holder
from reconciler.store import journal, lease
from reconciler.store.branch import Version
from reconciler.store.document import parse as parse_document
from reconciler.store.document import render
from reconciler.store.folding import folded, with_entries
from reconciler.store.history import History, Revision, committed
from reconciler.store.lease import Lease, Released
from reconciler.store.leasing import LOOKS, UnderLease, insisted, is_as, overtaken, refusal
from reconciler.store.pulse import Pulse
from reconciler.store.reading import refuse_foreign
from reconciler.uptime import uptime

SHARED = 15.0
_EVERY = 1_000_000


class Shelf(Protocol):
    """Some files that are replaced together, compare-and-swap."""

    def read(self) -> tuple[Version, Mapping[str, bytes]]:
        """Return the files that there are, and the version that they are."""
        ...

    def write(self, contents: Mapping[str, bytes | None], expected: Version, message: str) -> Version | None:
        """Replace files, None removing one; None where they are no longer as in `expected`."""
        ...

    def is_at(self, version: Version) -> bool:
        """Tell whether the files are still those of a version."""
        ...

    def revisions(self, name: str, last: int) -> list[Revision]:
        """Return the last so many writes that changed a file, newest first."""
        ...


class SharedStore(UnderLease):
    """The last-applied state of one environment on a shelf: a StateStore."""

    def __init__(self, shelf: Shelf, environment: str, target: Target) -> None:
        self._shelf = shelf
        self._names = names(environment)
        self._nothing = Applied(environment, target, lineage="", serial=0, lists={})

    def __str__(self) -> str:
        """Return where it is, as messages name it."""
        return str(self._shelf)

    def look(self) -> Applied:
        """Return the state as the next writer would find it."""
        _, files = self._shelf.read()
        return self._understood(files)[1]

    def held(self) -> Lease | None:
        """Return the lease of who is writing at the moment; None where nobody is."""
        held = self._lease(self._shelf.read()[1])
        return None if held is None or held.expired(time.time()) else held

    def history(self, last: int, serial: int | None = None) -> History:
        """Return the states that the last runs left, oldest first; or those of one serial."""
        newest_first = self._shelf.revisions(self._names[0], last if serial is None else _EVERY)
        found = committed(reversed(newest_first), str(self))
        wanted = tuple(each for each in found.saved if serial in (None, each.applied.serial))
        return found._replace(saved=wanted)

    def _begun(self, holder: Holder, broken: str = "") -> SharedWriter:
        """Take the lease; whoever was quicker by an instant is met, and named, at the next look."""
        for _ in range(LOOKS):
            version, files = self._shelf.read()
            held = self._lease(files, broken)
            if held and held.token != broken and not held.expired(time.time()):
                raise LockedError(refusal(self, held, holder))
            document, applied = self._understood(files)
            writer = SharedWriter(self._shelf, self._names, Lease(uuid4().hex, holder, ""), version, self.owner.name)
            try:
                writer.begin(document, applied)
            except LockedError:
                continue
            return writer
        raise LockedError(f"{self._shelf}: others took the lease each time. Nothing was changed. Run again")

    def _lease(self, files: Mapping[str, bytes], broken: str = "") -> Lease | None:
        raw = files.get(self._names[2])
        where = f"{self._shelf}/{self._names[2]}"
        found = None if raw is None else lease.parse_or_clear(raw, where=where, broken=broken)
        return None if isinstance(found, Released) else found

    def _understood(self, files: Mapping[str, bytes]) -> tuple[Applied, Applied]:
        """Return what the document says, and the state: that with the journal folded in."""
        name, journal_name, _ = (f"{self._shelf}/{name}" for name in self._names)
        document = self._nothing
        if self._names[0] in files:
            document = parse_document(files[self._names[0]], where=name)
            refuse_foreign(document, self._nothing, where=name)
        raw = files.get(self._names[1])
        recorded = None if raw is None else journal.parse(raw, where=journal_name)
        if recorded is None:
            return document, document
        refuse_foreign(recorded.base, self._nothing, where=journal_name)
        return document, folded(document, recorded, where=journal_name)


def names(environment: str) -> tuple[str, str, str]:
    """Return the names of document, journal and lease."""
    return f"{environment}.state.json", f"{environment}.journal.jsonl", f"{environment}.lease.json"


class SharedWriter:
    """A state under a lease: what is recorded here, and what of it others can see."""

    def __init__(
        self, shelf: Shelf, file_names: tuple[str, str, str], held: Lease, version: Version, manifest: str = ""
    ) -> None:
        self._shelf = shelf
        self._document_name, self._journal_name, self._lease_name = file_names
        self._lease = held
        self._version = version
        self._manifest = manifest
        self._document = Applied("", Target("", "", ""), "", 0, {})
        self._entries: dict[str, KnownList | None] = {}
        self._promised: dict[str, DoubtfulList] = {}
        self._unshared = False
        self._pulse = Pulse(self._renew, lambda: SHARED if self._unshared else lease.RENEWED)

    @property
    def applied(self) -> Applied:
        """The state with everything recorded so far."""
        with self._pulse.guard:
            return with_entries(self._document, self._entries) if self._entries else self._document

    def begin(self, document: Applied, applied: Applied) -> None:
        """Take the lease, folding in what a vanished run left; raises LockedError where somebody was quicker."""
        self._document = applied
        folding: dict[str, bytes | None] = {}
        if applied is not document:
            folding = {self._document_name: render(applied).encode(), self._journal_name: None}
        self._share(folding, "lease taken")
        self._pulse.start()

    def known(self, key: str) -> KnownList | None:
        """Return the entry of `key` with what was recorded so far."""
        with self._pulse.guard:
            return self._entries[key] if key in self._entries else self._document.lists.get(key)

    def announce(self, entries: Mapping[str, DoubtfulList]) -> None:
        """Share, before the first PUT of a run, that each of these may be on its way."""
        if entries:
            with self._pulse.guard:
                self._lineage()
                self._promised = dict(entries)
                self._share(self._journal(), f"{len(entries)} to come")

    def record(self, key: str, entry: KnownList | None) -> None:
        """Set the entry of `key`, or drop it; a doubt is shared on return. Raises StateError."""
        with self._pulse.guard:
            self._pulse.check()
            self._lineage()
            promised = None if key in self._entries else self._promised.get(key)
            news = isinstance(entry, DoubtfulList) and not is_as(entry, promised)
            before = dict(self._entries)
            self._entries[key] = entry
            self._unshared = True
            if news:
                try:
                    self._share(self._journal(), f"{key} to come")
                except ReconcilerError:
                    self._entries = before
                    raise

    def sync(self) -> None:
        """Do nothing: what must outlive this machine is shared as it is recorded."""

    def confirm(self) -> None:
        """Raise LockedError where the lease is gone or somebody else has written, StateError where nobody can tell."""
        with self._pulse.guard:
            self._pulse.check()
            if not insisted(lambda: self._shelf.is_at(self._version)):
                raise self._pulse.lost(overtaken(self._shelf, self._document_name.removesuffix(".state.json")))

    def replace(self, applied: Applied) -> None:
        """Put `applied` in the place of the whole state; raises ForeignStateError for another target's."""
        with self._pulse.guard:
            self._pulse.check()
            now = self.applied
            refuse_foreign(applied, now, where=f"the state to put in the place of {self._shelf}/{self._document_name}")
            lineage = applied.lineage or now.lineage or str(uuid4())
            serial = max(applied.serial, now.serial) + 1
            self._document = self._owned(replace(applied, lineage=lineage, serial=serial))
            self._entries, self._promised, self._unshared = {}, {}, False
            content: dict[str, bytes | None] = {self._document_name: render(self._document).encode()}
            self._share({**content, self._journal_name: None}, f"serial {self._document.serial}, put in place")

    def end(self) -> None:
        """Write the document, and give the lease back; raises StateError where that is lost."""
        self._pulse.stop()
        with self._pulse.guard:
            self._pulse.check()
            applied = self.applied
            gone: dict[str, bytes | None] = {self._journal_name: None, self._lease_name: None}
            content = {self._document_name: render(self._owned(applied)).encode()} if self._entries else {}
            done = f"serial {applied.serial}" if self._entries else "nothing changed"
            self._write({**gone, **content}, done)

    def _owned(self, applied: Applied) -> Applied:
        return replace(applied, manifest=self._manifest or applied.manifest)

    def _lineage(self) -> None:
        if not self._document.lineage:
            self._document = replace(self._document, lineage=str(uuid4()))

    def _journal(self) -> dict[str, bytes | None]:
        return {self._journal_name: journal.render(self._document, {**self._promised, **self._entries})}

    def _share(self, contents: Mapping[str, bytes | None], what: str) -> None:
        """Write, and renew the lease by that."""
        self._lease = replace(self._lease, renewed_at=timestamp(time.time()))
        self._write({**contents, self._lease_name: lease.render(self._lease)}, what)
        self._unshared = False

    def _write(self, contents: Mapping[str, bytes | None], what: str) -> None:
        began = uptime()
        holder = self._lease.holder
        by = f"{holder.command}\nby {holder.user} on {holder.host}" + (f"\nCI job {holder.job}" if holder.job else "")
        environment = self._document_name.removesuffix(".state.json")
        written = self._shelf.write(contents, self._version, f"{environment}: {what}\n\n{by}\n")
        if written is None:
            raise self._pulse.lost(overtaken(self._shelf, environment))
        self._version = written
        self._pulse.renewed(began)

    def _renew(self, what: str) -> None:
        """Share outcomes and renew the lease."""
        self._share(self._journal() if self._unshared else {}, what)
