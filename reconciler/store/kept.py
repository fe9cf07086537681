"""What every store does about a state that was moved elsewhere: refuse it, but for who moves it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from reconciler.errors import ForeignStateError, MovedError
from reconciler.model.lists import Applied, LaterState
from reconciler.protocols import Holder, StateWriter


@dataclass(frozen=True, slots=True)
class Owner:
    """The manifest that uses a store: its name as the document has it, and whether another claims that state, too."""

    name: str
    claims: Callable[[str], bool]


class Kept(ABC):
    """A StateStore, made of one that does not mind whether the state was moved, or whose it is: `look` and `open`."""

    owner = Owner("", lambda _: False)

    @abstractmethod
    def look(self) -> Applied:
        """Return the state as `load`, also one that was moved elsewhere."""

    @abstractmethod
    def open(self, holder: Holder) -> AbstractContextManager[StateWriter]:
        """Hold the only right to write as `lock`, also of a state that was moved elsewhere."""

    def load(self) -> Applied:
        """Return the state as the next writer would find it; raises MovedError where it is elsewhere by now."""
        return self._here(self.look())

    def later(self, applied: Applied) -> LaterState | None:
        """Return None: what a run wrote stays, whatever happens to the manifest."""
        del applied
        return None

    @contextmanager
    def lock(self, holder: Holder) -> Iterator[StateWriter]:
        """Hold the only right to write; what was recorded is in the document at the end.

        Raises as `load`, LockedError, and StateError where the document cannot be written; as a note on the
        exception, where one is under way.
        """
        with self.open(holder) as writer:
            self._here(writer.applied)
            yield writer

    def replacing(self, holder: Holder) -> AbstractContextManager[StateWriter]:
        """Hold the only right to write as `lock`, for who puts a whole state in the place of what is there."""
        return self.lock(holder)

    def check_owner(self, applied: Applied) -> None:
        """Raise ForeignStateError if the state is that of another manifest, which still uses it."""
        mine, other = self.owner.name, applied.manifest
        if mine and other and mine != other and self.owner.claims(other):
            raise ForeignStateError(
                f"{self}: it is the state of the manifest {other!r}, which is still there and keeps its state of "
                f"{applied.environment} here, too; this one is {mine!r}. Nothing was changed. Give one of them a state "
                f"of its own (state: in the manifest); or, if this one replaces it, remove {other!r}"
            )

    def _here(self, applied: Applied) -> Applied:
        self.check_owner(applied)
        if applied.moved_to:
            raise MovedError(
                f"{self}: the state of {applied.environment} was moved to {applied.moved_to}. Nothing was changed. Set "
                f"state: {applied.moved_to} in the manifest; or bring it back: with that set, "
                "reconciler state migrate --to the present place"
            )
        return applied
