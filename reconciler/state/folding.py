"""Fold a journal into the document that it builds on.

journal builds on                                       the state is
the document's lineage and serial                       the document with the journal's entries, serial + 1
an older serial, its entries all in the document        the document: it was folded, only not removed yet
no document, serial 0                                   the journal's entries, serial 1
anything else                                           unknown: an error, since guessing could lose a write
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.errors import StateDamagedError
from reconciler.model.lists import Applied, KnownList
from reconciler.state.journal import Recorded


def fold(document: Applied, recorded: Recorded, *, where: str) -> Applied:
    """Return the state of a document and its journal; `where` names the journal in errors."""
    base = recorded.base
    if document.lineage in {base.lineage, ""}:
        if base.serial == document.serial:
            return with_entries(replace(document, lineage=base.lineage), recorded.entries)
        if base.serial < document.serial and _holds(document, recorded.entries):
            return document
    here = f"is at serial {document.serial} of lineage {document.lineage}" if document.serial else "does not exist"
    raise StateDamagedError(
        f"{where}: it builds on serial {base.serial} of lineage {base.lineage}, but the document beside it {here}. "
        "Nothing was changed. Bring back that document, from git or a backup; or move the journal away: what it "
        "recorded is then forgotten, and `plan --refresh` shows where live differs from the state"
    )


def with_entries(document: Applied, entries: Mapping[str, KnownList | None]) -> Applied:
    """Return `document` one serial later, with `entries` set, or dropped where None."""
    lists = {**document.lists, **entries}
    kept = {key: known for key, known in lists.items() if known is not None}
    return replace(document, serial=document.serial + 1, lists=kept)


def _holds(document: Applied, entries: Mapping[str, KnownList | None]) -> bool:
    return all(document.lists.get(key) == known for key, known in entries.items())
