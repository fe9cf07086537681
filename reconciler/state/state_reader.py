"""Read a state: its document, with the journal that a run left, or is writing, folded in."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from reconciler.errors import ForeignStateError
from reconciler.model.lists import Applied
from reconciler.state import disk
from reconciler.state.document import parse as parse_document
from reconciler.state.folding import fold
from reconciler.state.journal import parse as parse_journal
from reconciler.state.jsontext import encode


class Files(NamedTuple):
    """Where the files of a state are; `backends.folder` describes them."""

    document: Path
    journal: Path
    lock: Path
    aside: Path


def files_beside(document_path: Path) -> Files:
    """Return the files of the state whose document is at `document_path`."""
    stem = document_path.name.removesuffix(".state.json")
    return Files(
        document=document_path,
        journal=document_path.with_name(f"{stem}.journal.jsonl"),
        lock=document_path.with_name(f"{stem}.lock"),
        aside=document_path.with_name(f"{document_path.name}.new"),
    )


def read(files: Files, nothing: Applied) -> tuple[Applied, Applied]:
    """Return what the document says (`nothing` if there is none), and the state: that with the journal folded in."""
    # A writer may fold one into the other meanwhile. Each further round means that a whole run ended within the last,
    # so there are few.
    while True:
        version = disk.version(files.document)
        raw = disk.read(files.document)
        raw_journal = disk.read(files.journal)
        if disk.version(files.document) == version:
            break
    return read_contents(raw, raw_journal, nothing, where=str(files.document), journal_where=str(files.journal))


def read_contents(
    raw: bytes | None, raw_journal: bytes | None, nothing: Applied, *, where: str, journal_where: str
) -> tuple[Applied, Applied]:
    """Return what `read` does, given what document and journal hold; None if there is none."""
    document = nothing if raw is None else parse_document(raw, where=where)
    refuse_foreign(document, nothing, where=where)
    recorded = None if raw_journal is None else parse_journal(raw_journal, where=journal_where)
    if recorded is None:
        return document, document
    refuse_foreign(recorded.base, nothing, where=journal_where)
    return document, fold(document, recorded, where=journal_where)


def refuse_foreign(found: Applied, wanted: Applied, *, where: str) -> None:
    """Raise ForeignStateError if `found`, which `where` names, is of another environment or target."""
    if (found.environment, found.target) == (wanted.environment, wanted.target):
        return
    raise ForeignStateError(
        f"{where}: it belongs to {_place(found)}, not to {_place(wanted)}{_differences(found, wanted)}. Nothing was "
        "changed. Set the manifest "
        "right; or, if this environment has moved for good, move the file away: the next apply then starts from what "
        "the API answers"
    )


def _differences(found: Applied, wanted: Applied) -> str:
    said = found.target.differences(wanted.target)
    return f" ({said})" if said else ""


def _place(state: Applied) -> str:
    target = state.target
    return (
        f"environment {encode(state.environment)} at {encode(target.host)}, stream {encode(target.stream_id)}, "
        f"account {encode(target.account_id)}"
    )
