"""The state of one environment in a folder: a document, a journal while a run writes, and a lock.

    <environment>.state.json      replaced as a whole, when a run ends
    <environment>.journal.jsonl   what a run recorded so far; left by a run that died, or could not write the document
    <environment>.lock            held while a run writes
    <environment>.state.json.new  the next document while it is written

The state is the document with the journal folded in. Where the document is a symbolic link, all four are those of
the file that it leads to: the link stays, and whoever comes by another link meets the same lock. No link leads out of
the manifest's folder (`places`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import LockedError, StateError, UsageError
from reconciler.model.lists import Applied, LaterState, Target
from reconciler.protocols import LockInfo, StateWriter
from reconciler.state import disk
from reconciler.state.backends.places import files_in
from reconciler.state.state_reader import read
from reconciler.state.state_store import BreakableLock, Store

if TYPE_CHECKING:
    from reconciler.state.history import History


class FileStore(Store):
    """The last-applied state of one environment, kept in `folder`: a StateStore."""

    free_text = "free. The lock of a state in a folder goes with its process: there is never anything to break"
    unseen_text = (
        "this is what git has here: an apply elsewhere is not noticed if its state was never committed, or is on "
        "another branch"
    )

    def __init__(self, folder: Path, environment: str, target: Target, within: Path | None = None) -> None:
        """Keep it in `folder`, all of it inside `within`; raises StateError where a link leads out of that."""
        self._files = files_in(folder, environment, within or folder)
        self._nothing = Applied(environment, target, lineage="", serial=0, lists={})

    def __str__(self) -> str:
        """Return where it is, as messages name it."""
        return str(self._files.document)

    @property
    def paths(self) -> Sequence[Path]:
        """Document, journal, lock, and where the next document is written."""
        return self._files

    def look(self) -> Applied:
        """Return the state as the next writer would find it; a journal left behind counts as folded already."""
        return read(self._files, self._nothing)[1]

    def later(self, applied: Applied) -> LaterState | None:
        """Return what git's history of the document knows that came after `applied`."""
        if not self._is_in_git():
            return None
        from reconciler.state.backends.folder_commits import later_state  # noqa: PLC0415 - only a folder that is in git needs it

        return later_state(self._files.document, applied)

    def _is_in_git(self) -> bool:
        folder = self._files.document.parent
        return any((above / ".git").exists() for above in (folder, *folder.parents))

    def holder(self, asking: LockInfo) -> str | None:
        """Say who is writing this state at the moment; None if no run is."""
        from reconciler.state.backends.folder_lock import describe_writer  # noqa: PLC0415 - as for `lock`

        return describe_writer(self._files.lock, asking)

    def breakable(self, asking: LockInfo) -> BreakableLock | None:
        """Raise LockedError if somebody is writing: that lock ends with its process."""
        if who := self.holder(asking):
            raise LockedError(who)
        return None

    def history(self, last: int, serial: int | None = None) -> History:
        """Return the states that git's last commits of the document hold, oldest first; or those of one serial."""
        if not self._is_in_git():
            raise UsageError(
                f"{self}: a folder keeps no earlier states by itself. Commit it to git, or move the state to a branch "
                "or an object store (reconciler state migrate --to URL)"
            )
        from reconciler.state.backends.folder_commits import committed_states  # noqa: PLC0415 - as for `later`

        return committed_states(self._files.document, last, serial)

    @contextmanager
    def open(self, holder: LockInfo, *, lost: bool = False) -> Iterator[StateWriter]:
        """Hold the lock; a journal left behind is folded first, and the run's own at the end."""
        del lost  # nothing tells a document that is gone from one that never was
        from reconciler.state.backends.folder_lock import hold_lock  # noqa: PLC0415 - what only reads a state does without
        from reconciler.state.backends.folder_writer import Writer, end_afterwards  # noqa: PLC0415 - likewise

        _make_folder(self._files.lock.parent)
        with hold_lock(self._files.lock, holder) as check_lock:
            document, applied = read(self._files, self._nothing)
            with closing(Writer(self._files, document, check_lock, self.owner.name)) as writer:
                writer.settle(applied)
                with end_afterwards(writer.fold):
                    yield writer


def _make_folder(folder: Path) -> None:
    try:
        disk.make_folder(folder)
    except OSError as error:
        raise StateError(f"{folder}: cannot be made ({disk.reason(error)}). Nothing was changed") from error
