"""What stores with a lease share: how it is held, broken and described."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from reconciler.errors import LockedError, StateDamagedError
from reconciler.model.lists import Applied
from reconciler.protocols import LockInfo, StateWriter
from reconciler.state import lease
from reconciler.state.backends.folder_lock import describe
from reconciler.state.backends.folder_writer import end_afterwards
from reconciler.state.lease import Lease
from reconciler.state.leased_writer import HeldLease, LeasedWriter
from reconciler.state.state_store import BreakableLock, Store

LOOKS = 5


class LeasedStore(Store):
    """A store whose lock is a lease."""

    free_text = "free: no lease is held, or it has ended"

    @abstractmethod
    def _read_lease(self) -> Lease | None:
        """Return the lease that there is, expired or not."""

    @abstractmethod
    def _take(self, holder: LockInfo, broken: str, *, lost: bool) -> tuple[HeldLease, Applied] | None:
        """Take the lease, and return the state that it guards; None if another was quicker by an instant.

        A lease that is held is refused by `_refuse_held`, but for the one with the token `broken` (DAMAGED: one that
        cannot be read). `lost`: also if the document is lost; the state is then an empty one.
        """

    def current_lease(self) -> Lease | None:
        """Return the lease of the present writer; None if there is none."""
        found = self._read_lease()
        return None if found is None or found.is_expired(time.time()) else found

    def holder(self, asking: LockInfo) -> str | None:
        """Return who is writing this state at the moment; None if there is no writer."""
        held = self.current_lease()
        return None if held is None else self._refusal(held, asking)

    @contextmanager
    def open(self, holder: LockInfo, *, lost: bool = False) -> Iterator[StateWriter]:
        """Hold the lease."""
        writer = self._begin(holder, lost=lost)
        with end_afterwards(writer.end):
            yield writer

    def breakable(self, asking: LockInfo) -> BreakableLock | None:
        """Return the lease that is held, or one that cannot be read."""
        try:
            held = self.current_lease()
        except StateDamagedError as error:
            return BreakableLock(str(error), partial(self._break, lease.DAMAGED))
        if held is None:
            return None
        said = f"{self}: locked by {describe(held.holder, asking.since)}; last renewed {held.renewed_at}"
        return BreakableLock(said, partial(self._break, held.token))

    def _break(self, token: str, holder: LockInfo) -> None:
        self._begin(holder, token).end()

    def _begin(self, holder: LockInfo, broken: str = "", *, lost: bool = False) -> LeasedWriter:
        """Take the lease; whoever was quicker by an instant is met, and named, at the next look."""
        for _ in range(LOOKS):
            if taken := self._take(holder, broken, lost=lost):
                return LeasedWriter(*taken, str(self), self.owner.name)
        raise LockedError(f"{self}: others took the lease each time. Nothing was changed. Run again")

    def _refuse_held(self, found: Lease, asking: LockInfo, broken: str) -> None:
        """Raise LockedError if the lease that was found is held, unless it is the one to be broken."""
        if found.token != broken and not found.is_expired(time.time()):
            raise LockedError(self._refusal(found, asking), found.holder.command)

    def _refusal(self, held: Lease, asking: LockInfo) -> str:
        return (
            f"{self}: locked by {describe(held.holder, asking.since)}. Nothing was changed. Wait until that run has "
            f"ended, then try again; if it is gone, its lease ends {lease.LEASE:.0f} s after {held.renewed_at}, or at "
            "once by reconciler state unlock"
        )


def overtaken_error(store: object, environment: str) -> LockedError:
    """Return the error for a lease that was taken over."""
    return LockedError(
        f"{store}: another run has written the state of {environment} meanwhile: this run's lease is gone. Run "
        "again: the next run finds out what this one did"
    )
