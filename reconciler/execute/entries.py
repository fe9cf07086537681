"""What the state says of a list before its PUT, and after it."""

from __future__ import annotations

from reconciler.model.changes import Adopt, Update
from reconciler.model.lists import AppliedList, DoubtfulList, KnownList
from reconciler.model.texts import FIELDS, Texts, narrowed


def intent(change: Update, known: KnownList | None, live: Texts, at: str) -> DoubtfulList:
    """Return the entry that stands while the PUT of `change` is under way, or when its answer never came.

    The fields of the PUT hold their live values; the others keep what was applied, or for a list that the state did
    not know, what live was judged by.
    """
    mine = known if known and known.id == change.id else None
    others = mine.texts if mine else change.before
    texts = {
        field: live[field] if field in change.fields else others[field]
        for field in FIELDS
        if field in change.fields or field in others
    }
    stored = narrowed(mine.stored, tuple(field for field in mine.stored if field not in change.fields)) if mine else {}
    return DoubtfulList(change.key, change.id, texts, mine.applied_at if mine else at, change.body, stored)


def settled(change: Update | Adopt, known: KnownList | None, at: str, stored: Texts | None = None) -> AppliedList:
    """Return the entry of a list whose managed fields are as desired; `stored` as the last read showed them."""
    kept: Texts = {}
    if known and known.id == change.id:
        sent = change.fields if isinstance(change, Update) else ()
        unsent = tuple(field for field in change.after if field not in sent)
        kept = {
            field: text
            for field, text in narrowed(known.stored, unsent).items()
            if known.texts.get(field) == change.after[field]
        }
    return AppliedList(change.key, change.id, narrowed(change.after, FIELDS), at, {**kept, **(stored or {})})
