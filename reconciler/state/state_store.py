"""What the commands may ask of any store, wherever it keeps the state; `cli/wiring.py` makes one of a URL.

A state that was moved elsewhere, or is another manifest's, is refused here once for all of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import ForeignStateError, MovedError, ReconcilerError
from reconciler.model.lists import Applied, LaterState, PastRun
from reconciler.protocols import LockInfo, StateWriter

if TYPE_CHECKING:
    from reconciler.state.history import History


@dataclass(frozen=True, slots=True)
class Owner:
    """The manifest that uses a store: its name as the document has it, and whether another claims that state, too."""

    name: str
    claims: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class BreakableLock:
    """A lock that outlives its holder: what is to be said of it, and how it is taken from that holder, and given back.

    `free` takes who breaks it. It raises LockedError if another has the lock by then.
    """

    said: str
    free: Callable[[LockInfo], None]


class Store(ABC):
    """The last-applied state of one environment: a StateStore, with all else that the commands do to one.

    `str` is where it is, as messages name it; `free_text` is printed if there is no lock to break, `unseen_text` where
    something may be missing in a history that looks whole.
    """

    free_text: str
    unseen_text = ""
    owner = Owner("", lambda _: False)

    @property
    def paths(self) -> Sequence[Path]:
        """The files beside the manifest that hold it, the document first; none if it is elsewhere."""
        return ()

    @property
    def place(self) -> str:
        """Where it is, in words."""
        return str(self)

    @abstractmethod
    def look(self) -> Applied:
        """Return the state as `load`, also one that was moved elsewhere."""

    @abstractmethod
    def open(self, holder: LockInfo, *, lost: bool = False) -> AbstractContextManager[StateWriter]:
        """Hold the only right to write as `lock`, also of a state that was moved elsewhere."""

    @abstractmethod
    def history(self, last: int, serial: int | None = None) -> History:
        """Return the states that the last runs left, oldest first; or those of one serial.

        Raises UsageError if the store keeps none.
        """

    @abstractmethod
    def holder(self, asking: LockInfo) -> str | None:
        """Return who is writing this state at the moment; None if there is no writer."""

    @abstractmethod
    def breakable(self, asking: LockInfo) -> BreakableLock | None:
        """Return the lock that is held; None if it is free. Raises LockedError if it cannot be broken."""

    def load(self) -> Applied:
        """Return the state as the next writer would find it; raises MovedError if it is elsewhere by now."""
        applied = self.look()
        self._check_here(applied)
        return applied

    def later(self, applied: Applied) -> LaterState | None:
        """Return None: what a run wrote stays, whatever happens to the manifest."""
        del applied
        return None

    def last_runs(self, applied: Applied, most: int) -> Sequence[PastRun]:
        """Return the runs that led to `applied`, newest first, if the store keeps earlier states and who wrote them."""
        from reconciler.state.history import past_runs  # noqa: PLC0415 - few commands ask

        try:
            saved = self.history(most + 1).saved
        except ReconcilerError:
            return ()
        return past_runs(saved, applied)[:most]

    @contextmanager
    def lock(self, holder: LockInfo, *, lost: bool = False) -> Iterator[StateWriter]:
        """Hold the only right to write; what was recorded is in the document at the end.

        `lost`: also if the document is gone, for who puts a whole state in its place; the state is then an empty one.
        Raises as `load`, LockedError, and StateError if the document cannot be written; as a note on the
        exception, where one is under way.
        """
        with self.open(holder, lost=lost) as writer:
            self._check_here(writer.applied)
            yield writer

    def check_owner(self, applied: Applied) -> None:
        """Raise ForeignStateError if the state is that of another manifest, which still uses it."""
        mine, other = self.owner.name, applied.manifest
        if mine and other and mine != other and self.owner.claims(other):
            raise ForeignStateError(
                f"{self}: it is the state of the manifest {other!r}, which is still there and keeps its state of "
                f"{applied.environment} here, too; this one is {mine!r}. Nothing was changed. Give one of them a state "
                f"of its own (state: in the manifest); or, if this one replaces it, remove {other!r}"
            )

    def _check_here(self, applied: Applied) -> None:
        self.check_owner(applied)
        if applied.moved_to:
            raise MovedError(
                f"{self}: the state of {applied.environment} was moved to {applied.moved_to}. Nothing was changed. Set "
                f"state: {applied.moved_to} in the manifest; or bring it back: with that set, "
                "reconciler state migrate --to what stands there now"
            )
