"""What stores under a lease share: how it is held and broken, and what is said of it."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from reconciler.errors import LockedError, StateError
from reconciler.model.lists import DoubtfulList, KnownList
from reconciler.protocols import Holder, StateWriter
from reconciler.store import lease
from reconciler.store.kept import Kept
from reconciler.store.lease import Lease
from reconciler.store.lock import described
from reconciler.store.writer import ending

LOOKS = 5
_WAITS = (0.5, 2.0)  # seconds


class Ending(StateWriter, Protocol):
    """A StateWriter that gives its lease back."""

    def end(self) -> None:
        """Write what is left to write, and give the lease back; raises StateError."""
        ...


class UnderLease(Kept):
    """A store whose lock is a lease."""

    @abstractmethod
    def held(self) -> Lease | None:
        """Return the lease of who is writing at the moment; None where nobody is."""

    @abstractmethod
    def _begun(self, holder: Holder, broken: str = "") -> Ending:
        """Take the lease, also where the one with the token `broken` has not ended yet; DAMAGED: where it is that."""

    def holder(self, asking: Holder) -> str | None:
        """Say who is writing this state at the moment; None where nobody is."""
        held = self.held()
        return None if held is None else refusal(self, held, asking)

    @contextmanager
    def open(self, holder: Holder) -> Iterator[StateWriter]:
        """Hold the lease."""
        writer = self._begun(holder)
        with ending(writer.end):
            yield writer

    def free(self, broken: Lease | None, holder: Holder) -> None:
        """Take the lease from who holds it, and give it back; raises LockedError where it is no longer `broken`.

        None clears one that is damaged, and no other.
        """
        self._begun(holder, broken.token if broken else lease.DAMAGED).end()


def refusal(store: object, held: Lease, asking: Holder) -> str:
    """Say that somebody else holds the lease of a store, who, and what can be done."""
    return (
        f"{store}: locked by {described(held.holder, asking.since)}. Nothing was changed. Wait until that run has "
        f"ended, then try again; if it is gone, its lease ends {lease.LEASE:.0f} s after {held.renewed_at}, or at once "
        "by reconciler state unlock"
    )


def overtaken(store: object, environment: str) -> LockedError:
    """Return the error for a lease that somebody else has by now."""
    return LockedError(
        f"{store}: somebody else has written the state of {environment} meanwhile: this run's lease is gone. Run "
        "again: the next run finds out what this one did"
    )


def insisted(ask: Callable[[], bool]) -> bool:
    """Return what `ask` answers, tried a few times: a network that fails for an instant stops no run."""
    for wait in _WAITS:
        try:
            return ask()
        except StateError:
            time.sleep(wait)
    return ask()


def is_as(entry: KnownList | None, promised: DoubtfulList | None) -> bool:
    """Tell whether an entry is the doubt that was announced, whenever that was."""
    return (
        isinstance(entry, DoubtfulList)
        and promised is not None
        and promised._replace(applied_at=entry.applied_at) == entry
    )
