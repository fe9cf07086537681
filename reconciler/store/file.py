"""The state of one environment in a folder: a document, a journal while a run writes, and a lock.

    <environment>.state.json      replaced as a whole, when a run ends
    <environment>.journal.jsonl   what a run recorded so far; left by a run that died, or could not write the document
    <environment>.lock            held while a run writes
    <environment>.state.json.new  the next document while it is written

The state is the document with the journal folded in. Where the document is a symbolic link, all four are those of
the file that it leads to: the link stays, and whoever comes by another link meets the same lock.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from reconciler.errors import StateError
from reconciler.model.lists import Applied, Target
from reconciler.protocols import Holder, StateWriter
from reconciler.store import disk
from reconciler.store.reading import beside, read


class FileStore:
    """The last-applied state of one environment, kept in `folder`: a StateStore."""

    def __init__(self, folder: Path, environment: str, target: Target) -> None:
        document_path = Path(os.path.realpath(folder / f"{environment}.state.json"))
        self._files = beside(document_path)
        self._nothing = Applied(environment, target, lineage="", serial=0, lists={})

    def load(self) -> Applied:
        """Return the state as the next writer would find it; a journal left behind counts as folded already."""
        return read(self._files, self._nothing)[1]

    def holder(self, asking: Holder) -> str | None:
        """Say who is writing this state at the moment; None where nobody is."""
        from reconciler.store.lock import held  # noqa: PLC0415 - as for `lock`

        return held(self._files.lock, asking)

    @contextmanager
    def lock(self, holder: Holder) -> Iterator[StateWriter]:
        """Hold the only right to write; a journal left behind is folded first, and the run's own at the end.

        Raises as `load`, LockedError, and StateError where the document cannot be written; as a note on the
        exception, where one is under way.
        """
        from reconciler.store.lock import locked  # noqa: PLC0415 - what only reads a state does without
        from reconciler.store.writer import Writer, ending  # noqa: PLC0415 - likewise

        _make_folder(self._files.lock.parent)
        with locked(self._files.lock, holder):
            document, applied = read(self._files, self._nothing)
            with closing(Writer(self._files, document)) as writer:
                writer.settle(applied)
                with ending(writer.fold):
                    yield writer


def _make_folder(folder: Path) -> None:
    try:
        disk.make_folder(folder)
    except OSError as error:
        raise StateError(f"{folder}: cannot be made ({disk.reason(error)}). Nothing was changed") from error
