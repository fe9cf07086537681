"""The state of one environment on a git branch: a document, a journal and a lease, written together.

    lock      the lease is taken by compare-and-swap; a journal that a vanished run left is folded in
    publish   the journal, whole: every intent before the first PUT, outcomes at least every `SHARED` seconds
    finish    document in, journal and lease out, by one write

So a run that vanishes leaves as in doubt whatever it had announced and not yet shared the outcome of.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Protocol
from uuid import uuid4

from reconciler.errors import LockedError
from reconciler.model.lists import Applied, Target
from reconciler.model.times import timestamp
from reconciler.protocols import LockInfo
from reconciler.state import journal, lease
from reconciler.state.backends.branch import Version
from reconciler.state.backends.git import Revision
from reconciler.state.document import render
from reconciler.state.history import History, read_commits
from reconciler.state.lease import Lease, Released
from reconciler.state.leased_store import LeasedStore, overtaken_error
from reconciler.state.leased_writer import RunRecord
from reconciler.state.state_reader import read_contents
from reconciler.uptime import uptime

SHARED = 15.0


class CasFiles(Protocol):
    """Some files that are replaced together, compare-and-swap."""

    @property
    def place(self) -> str:
        """Where they are, in words."""
        ...

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


class BranchStore(LeasedStore):
    """The last-applied state of one environment in files on a branch: a StateStore."""

    def __init__(self, files: CasFiles, environment: str, target: Target) -> None:
        self._files = files
        self._names = names(environment)
        self._nothing = Applied(environment, target, lineage="", serial=0, lists={})

    def __str__(self) -> str:
        """Return where it is, as messages name it."""
        return str(self._files)

    @property
    def place(self) -> str:
        """Where it is, in words."""
        return self._files.place

    def look(self) -> Applied:
        """Return the state as the next writer would find it."""
        _, files = self._files.read()
        return self._read_state(files)[1]

    def history(self, last: int, serial: int | None = None) -> History:
        """Return the states that the last runs left, oldest first; or those of one serial."""
        return read_commits(partial(self._files.revisions, self._names[0]), str(self), last, serial)

    def _read_lease(self) -> Lease | None:
        return self._lease(self._files.read()[1])

    def _take(self, holder: LockInfo, broken: str, *, lost: bool) -> tuple[FilesLease, Applied] | None:
        del lost  # git has what was there before
        version, files = self._files.read()
        if found := self._lease(files, broken):
            self._refuse_held(found, holder, broken)
        document, applied = self._read_state(files)
        taken = FilesLease(self._files, self._nothing.environment, Lease(uuid4().hex, holder, ""), version)
        try:
            taken.take(applied, folding=applied is not document)
        except LockedError:
            return None
        return taken, applied

    def _lease(self, files: Mapping[str, bytes], broken: str = "") -> Lease | None:
        raw = files.get(self._names[2])
        where = f"{self._files}/{self._names[2]}"
        found = None if raw is None else lease.parse_or_clear(raw, where=where, broken=broken)
        return None if isinstance(found, Released) else found

    def _read_state(self, files: Mapping[str, bytes]) -> tuple[Applied, Applied]:
        """Return what the document says, and the state: that with the journal folded in."""
        document, recorded, _ = self._names
        places = {"where": f"{self._files}/{document}", "journal_where": f"{self._files}/{recorded}"}
        return read_contents(files.get(document), files.get(recorded), self._nothing, **places)


def names(environment: str) -> tuple[str, str, str]:
    """Return the names of document, journal and lease."""
    return f"{environment}.state.json", f"{environment}.journal.jsonl", f"{environment}.lease.json"


class FilesLease:
    """A lease that is written together with what it guards: a HeldLease. Each time that it is renewed is a commit."""

    pause = SHARED

    def __init__(self, files: CasFiles, environment: str, held: Lease, version: Version) -> None:
        self._files = files
        self._environment = environment
        self._document_name, self._journal_name, self._lease_name = names(environment)
        self._lease = held
        self._version = version
        self.renewed = 0.0

    def take(self, applied: Applied, *, folding: bool) -> None:
        """Take the lease, `folding` in what a vanished run left; raises LockedError if somebody was quicker."""
        self._share(self._whole(applied) if folding else {}, "lease taken")

    def publish(self, recorded: RunRecord, what: str) -> RunRecord:
        """Write the journal of all that was recorded and promised."""
        entries = {**recorded.entries, **recorded.promised}
        self._share({self._journal_name: journal.render(recorded.base, entries)}, what)
        return recorded

    def replace(self, applied: Applied) -> RunRecord:
        """Write `applied` as the document, and remove the journal."""
        self._share(self._whole(applied), f"serial {applied.serial}, put in place")
        return RunRecord(applied)

    def renew(self, what: str) -> None:
        """Renew the lease."""
        self._share({}, what)

    def check_mine(self) -> None:
        """Raise LockedError if any of the files is no longer as this run wrote it."""
        if not self._files.is_at(self._version):
            raise overtaken_error(self._files, self._environment)

    def finish(self, recorded: RunRecord) -> None:
        """Write the document, and remove journal and lease."""
        applied = recorded.applied
        contents = self._whole(applied) if recorded.entries else {self._journal_name: None}
        done = f"serial {applied.serial}" if recorded.entries else "nothing changed"
        self._write({**contents, self._lease_name: None}, done)

    def release(self) -> None:
        """Do nothing: the lease goes with what `finish` writes, or runs out by itself."""

    def _whole(self, applied: Applied) -> dict[str, bytes | None]:
        return {self._document_name: render(applied).encode(), self._journal_name: None}

    def _share(self, contents: Mapping[str, bytes | None], what: str) -> None:
        """Write, and renew the lease by that."""
        self._lease = replace(self._lease, renewed_at=timestamp(time.time()))
        self._write({**contents, self._lease_name: lease.render(self._lease)}, what)

    def _write(self, contents: Mapping[str, bytes | None], what: str) -> None:
        began = uptime()
        holder = self._lease.holder
        by = f"{holder.command}\nby {holder.user} on {holder.host}" + (f"\nCI job {holder.job}" if holder.job else "")
        written = self._files.write(contents, self._version, f"{self._environment}: {what}\n\n{by}\n")
        if written is None:
            raise overtaken_error(self._files, self._environment)
        self._version, self.renewed = written, began
