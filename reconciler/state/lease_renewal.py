"""Keep a lease alive while a run goes on, or know that it is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from reconciler.errors import LockedError, ReconcilerError
from reconciler.state import lease

INTERVAL = 1.0


class LeaseRenewal:
    """A thread that calls `renew`, with the reason, when the `age` of the lease reaches `pause`; both are seconds.

    What fails in the thread is met by the next `under_lease`.
    """

    def __init__(self, renew: Callable[[str], None], *, age: Callable[[], float], pause: Callable[[], float]) -> None:
        self.guard = threading.RLock()
        self._renew = renew
        self._age = age
        self._pause = pause
        self._lost: LockedError | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._renew_in_time, daemon=True)

    def start(self) -> None:
        """Begin to renew."""
        self._thread.start()

    def stop(self) -> None:
        """Renew no more."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    @contextmanager
    def under_lease(self) -> Iterator[None]:
        """Keep the thread out while the context lasts; a LockedError inside means that the lease is lost for good.

        Raises LockedError if the lease is lost, StateError if that is unknown.
        """
        with self.guard:
            if self._lost:
                raise self._lost
            with self._remember_loss():
                if self._age() > lease.TRUSTED:
                    self._renew("lease renewed")
                yield

    @contextmanager
    def _remember_loss(self) -> Iterator[None]:
        try:
            yield
        except LockedError as error:
            self._lost = error
            raise

    def _renew_in_time(self) -> None:
        while not self._ended.wait(INTERVAL):
            with self.guard, suppress(ReconcilerError), self._remember_loss():
                if not self._lost and self._age() >= self._pause():
                    self._renew("under way")
