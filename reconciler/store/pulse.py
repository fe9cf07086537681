"""Keep a lease alive while a run goes on, or know that it is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from reconciler.errors import LockedError, ReconcilerError
from reconciler.store import lease
from reconciler.uptime import uptime

INTERVAL = 1.0


class Pulse:
    """The time since a lease was renewed, and a thread that has it renewed by `renew`, which says why it is called.

    `rhythm` returns after how many seconds that is. What fails in the thread is met by the next `check`.
    """

    def __init__(self, renew: Callable[[str], None], rhythm: Callable[[], float]) -> None:
        self.guard = threading.RLock()
        self._renew = renew
        self._rhythm = rhythm
        self._renewed = 0.0
        self._lost: LockedError | None = None
        self._ended = threading.Event()
        self._heart = threading.Thread(target=self._beat, daemon=True)

    def start(self) -> None:
        """Begin to renew."""
        self._heart.start()

    def stop(self) -> None:
        """Renew no more."""
        self._ended.set()
        if self._heart.is_alive():
            self._heart.join()

    def renewed(self, began: float) -> None:
        """Learn that the lease was renewed by what began at `began`."""
        self._renewed = began

    def lost(self, error: LockedError) -> LockedError:
        """Learn that somebody else has taken over: every `check` raises `error` from now on."""
        self._lost = error
        return error

    def check(self) -> None:
        """Raise LockedError where the lease is gone, StateError where nobody can tell."""
        if self._lost is None and uptime() - self._renewed > lease.TRUSTED:
            with suppress(LockedError):
                self._renew("lease renewed")
        if self._lost:
            raise self._lost

    def _beat(self) -> None:
        while not self._ended.wait(INTERVAL):
            with self.guard:
                if self._lost or uptime() - self._renewed < self._rhythm():
                    continue
                with suppress(ReconcilerError):
                    self._renew("under way")
