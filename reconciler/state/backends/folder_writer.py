"""Write a locked state: each record to the journal at once, the document when a run ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from uuid import uuid4

from reconciler.errors import ReconcilerError, StateError
from reconciler.model.lists import Applied, DoubtfulList, KnownList
from reconciler.state import disk
from reconciler.state.document import render
from reconciler.state.folding import with_entries
from reconciler.state.journal import Journal
from reconciler.state.state_reader import Files, refuse_foreign


@contextmanager
def end_afterwards(end: Callable[[], None]) -> Iterator[None]:
    """Call `end` when the context ends; where an exception is under way, a failure of it becomes a note on that."""
    try:
        yield
    except BaseException as error:
        try:
            end()
        except ReconcilerError as failure:
            error.add_note(str(failure))
        raise
    end()


class Writer:
    """A locked state: the document, and the entries that the journal holds on top of it."""

    def __init__(self, files: Files, document: Applied, check_lock: Callable[[], None], manifest: str = "") -> None:
        self._files = files
        self._check_lock = check_lock
        self._manifest = manifest
        self._document = document
        self._journal = Journal(files.journal)
        self._entries: dict[str, KnownList | None] = {}
        self._applied: Applied | None = document

    @property
    def applied(self) -> Applied:
        """The state with everything recorded so far; built when asked for, since it may be large."""
        if self._applied is None:
            self._applied = with_entries(self._document, self._entries)
        return self._applied

    def entry(self, key: str) -> KnownList | None:
        """Return the entry of `key` with what was recorded so far."""
        return self._entries[key] if key in self._entries else self._document.lists.get(key)

    def announce_intents(self, entries: Mapping[str, DoubtfulList]) -> None:
        """Do nothing: no other run reads what this one has yet to do."""

    def flush(self) -> None:
        """Make durable what was recorded; raises StateError where the disk refuses."""
        try:
            self._journal.sync()
        except OSError as error:
            raise StateError(
                f"{self._files.journal}: cannot be made durable ({disk.reason(error)}), so that what was recorded last "
                "may be lost with the power. Nothing may be sent that is not recorded. Look at the disk, and run again"
            ) from error

    def check_lease(self) -> None:
        """Raise LockedError where somebody removed the lock."""
        self._check_lock()

    def record(self, key: str, entry: KnownList | None) -> None:
        """Set the entry of `key`, or drop it; raises StateError, and nothing was recorded."""
        document = self._document if self._document.lineage else replace(self._document, lineage=str(uuid4()))
        try:
            self._journal.record(document, key, entry)
        except OSError as error:
            raise StateError(
                f"{self._files.journal}: cannot be written ({disk.reason(error)}), so {key} was not recorded; what was "
                "recorded before stands. Nothing may be sent that is not recorded. Make room there, or give the right "
                "to write, and run again"
            ) from error
        self._document = document
        self._entries[key] = entry
        self._applied = None

    def replace(self, applied: Applied) -> None:
        """Put `applied` in the place of the whole state; raises ForeignStateError for another target's."""
        refuse_foreign(applied, self._document, where=f"the state to put in the place of {self._files.document}")
        self.fold()
        lineage = applied.lineage or self._document.lineage or str(uuid4())
        serial = max(applied.serial, self._document.serial) + 1
        self.settle(replace(applied, lineage=lineage, serial=serial, manifest=self._manifest or applied.manifest))

    def fold(self) -> None:
        """Write the document if something was recorded, and remove the journal; raises StateError, and it stays."""
        applied = self.applied
        if self._entries and self._manifest:
            applied = replace(applied, manifest=self._manifest)
        self.settle(applied)

    def close(self) -> None:
        """Let go of the journal; what could not be folded stays there."""
        self._journal.close()

    def settle(self, applied: Applied) -> None:
        """Make `applied` the document, and remove what journals and dead runs left; raises StateError."""
        files = self._files
        try:
            if applied is not self._document:
                # Else the power could leave the beginning of a journal beside a document that holds more of it.
                disk.sync(files.journal)
                disk.replace(files.document, render(applied).encode(), aside=files.aside)
            elif files.journal.exists():
                # Its run may have died before the document that it had put in place was durable.
                disk.sync_folder(files.journal.parent)
            self._journal.remove()
            disk.remove_aside(files.aside)
        except OSError as error:
            raise StateError(
                f"{files.document}: cannot be written ({disk.reason(error)}). {self._describe_rest()}. Make room "
                "there, or give the right to write, and run again: that takes up where this run ended"
            ) from error
        self._document = self._applied = applied
        self._entries = {}
        self._journal = Journal(files.journal)

    def _describe_rest(self) -> str:
        """Say what there still is where the document could not be written, and make it durable."""
        journal = self._files.journal
        if not journal.exists():
            return "It is as it was"
        try:
            disk.sync(journal)
        except OSError as error:
            return f"What was recorded is in {journal}, though not durable ({disk.reason(error)}): keep a copy of it"
        return f"What was recorded is safe in {journal}: keep it"
