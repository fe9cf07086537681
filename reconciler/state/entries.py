"""A list as the document and the journal hold it: from the entry to the list, and back.

A key, a text or a time that the states of many environments have alike is one string in memory (`intern`).
"""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING, cast

from reconciler.model.fields import FIELDS
from reconciler.model.lists import AppliedList, DoubtfulList, KnownList
from reconciler.model.texts import Texts, only_fields

if TYPE_CHECKING:
    from reconciler.documents.state_entries import AppliedEntry, DoubtfulEntry, SomeTexts

_NOTHING: Texts = {}


def write_entry(known: KnownList) -> dict[str, object]:
    """Return the entry of a list, in the order in which it is written."""
    status, intended = ("in_doubt", known.intended) if isinstance(known, DoubtfulList) else ("applied", None)
    if intended == {}:
        raise ValueError(f"{known.key}: in doubt without the PUT that it is in doubt about")
    entry: dict[str, object] = {"id": known.id, "status": status}
    entry |= only_fields(known.texts, FIELDS)
    if known.stored:
        entry["stored"] = only_fields(known.stored, FIELDS)
    if intended:
        entry["intended"] = only_fields(intended, FIELDS)
    entry["applied_at"] = known.applied_at
    return entry


def read_entry(key: str, entry: AppliedEntry | DoubtfulEntry) -> KnownList:
    """Return the list that an entry stands for."""
    key, applied_at = intern(key), intern(entry["applied_at"])
    stored = _texts(entry["stored"]) if "stored" in entry else _NOTHING
    if entry["status"] == "applied":
        return AppliedList(key, entry["id"], _texts(entry), applied_at, stored)
    return DoubtfulList(key, entry["id"], _texts(entry), applied_at, _texts(entry["intended"]), stored)


def _texts(some: SomeTexts) -> Texts:
    return {field: intern(text) for field, text in only_fields(cast("Texts", some), FIELDS).items()}
