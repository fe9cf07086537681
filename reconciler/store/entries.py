"""A list as the document and the journal hold it: from the entry to the list, and back."""

from __future__ import annotations

from collections.abc import Mapping
from sys import intern
from typing import TYPE_CHECKING, TypeAlias

from reconciler.model.fields import FIELDS
from reconciler.model.lists import AppliedList, DesiredList, DoubtfulList, KnownList
from reconciler.model.texts import Texts

if TYPE_CHECKING:
    from reconciler.store.shapes import AppliedEntry, DoubtfulEntry, SomeTexts

_NOTHING: Texts = {}
Alike: TypeAlias = Mapping[str, DesiredList]
"""Lists by key, of which most will be as the state has them: what is the same is taken from them, not kept twice."""
NONE_ALIKE: Alike = {}


def written(known: KnownList) -> dict[str, object]:
    """Return the entry of a list, in the order in which it is written."""
    status, intended = ("in_doubt", known.intended) if isinstance(known, DoubtfulList) else ("applied", None)
    if intended == {}:
        raise ValueError(f"{known.key}: in doubt without the PUT that it is in doubt about")
    entry: dict[str, object] = {"id": known.id, "status": status}
    entry |= _in_order(known.texts)
    if known.stored:
        entry["stored"] = _in_order(known.stored)
    if intended:
        entry["intended"] = _in_order(intended)
    entry["applied_at"] = known.applied_at
    return entry


def understood(key: str, entry: AppliedEntry | DoubtfulEntry, alike: DesiredList | None = None) -> KnownList:
    """Return the list that an entry stands for, made of the values of the one that is `alike` as far as it is."""
    list_id, texts = entry["id"], _texts(entry)
    if alike is not None:
        key = alike.key
        list_id = alike.id if alike.id == list_id else list_id
        texts = alike.texts if alike.texts == texts else texts
    stored = _texts(entry["stored"]) if "stored" in entry else _NOTHING
    applied_at = intern(entry["applied_at"])  # many lists have the same
    if entry["status"] == "applied":
        return AppliedList(key, list_id, texts, applied_at, stored)
    return DoubtfulList(key, list_id, texts, applied_at, _texts(entry["intended"]), stored)


def _in_order(texts: Texts) -> dict[str, object]:
    return {field: texts[field] for field in FIELDS if field in texts}


def _texts(some: SomeTexts) -> Texts:
    if "name" not in some:
        return {"description": some["description"]} if "description" in some else _NOTHING
    if "description" not in some:
        return {"name": some["name"]}
    return {"name": some["name"], "description": some["description"]}
