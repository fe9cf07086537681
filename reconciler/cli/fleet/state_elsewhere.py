"""A state that only the workers of a fleet read and write: here, nothing but its place is known."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import NoReturn

from reconciler.errors import StateError
from reconciler.model.lists import Applied
from reconciler.protocols import LockInfo, StateWriter
from reconciler.state.history import History
from reconciler.state.state_store import BreakableLock, Store


class StateElsewhere(Store):
    """A Store that no one asks."""

    free_text = ""

    def __init__(self, url: str) -> None:
        self._url = url

    def __str__(self) -> str:
        """Return where it is, as messages name it."""
        return self._url

    def look(self) -> Applied:
        """Raise StateError."""
        self._refuse()

    def open(self, holder: LockInfo, *, lost: bool = False) -> AbstractContextManager[StateWriter]:
        """Raise StateError."""
        self._refuse(holder, lost)

    def history(self, last: int, serial: int | None = None) -> History:
        """Raise StateError."""
        self._refuse(last, serial)

    def holder(self, asking: LockInfo) -> str | None:
        """Raise StateError."""
        self._refuse(asking)

    def breakable(self, asking: LockInfo) -> BreakableLock | None:
        """Raise StateError."""
        self._refuse(asking)

    def _refuse(self, *_: object) -> NoReturn:
        raise StateError(f"{self}: is read and written by workers (--dask), not by this process")
