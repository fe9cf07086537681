"""Live against applied and desired: which fields are not as declared, and who moved.

    D desired, A applied, L live, per managed field

    L = D                       in order: if A differs, the next apply adopts it
    L ≠ D, A unknown            file    declared, but never applied
    L ≠ D, A = D                live
    L ≠ D, A ≠ D, L = A         file
    L ≠ D, A ≠ D, L ≠ A         both

A text that the API keeps otherwise than sent counts as applied; of a PUT in doubt, both what was before it and what it
carried count so.
"""

from __future__ import annotations

from collections.abc import Collection

from reconciler.model.drift_report import EnvironmentDrift, FieldDrift, ListDrift, Missing, Mover
from reconciler.model.fields import FIELDS, NAME, Field
from reconciler.model.lists import Applied, Desired, DesiredList, DoubtfulList, KnownList, Live, LiveList
from reconciler.model.patterns import matcher, patterns_taken_as_names


def drift(desired: Desired, applied: Applied, live: Live, declared_ids: Collection[str]) -> EnvironmentDrift:
    """Compare one environment; `declared_ids` are those of every environment of its account."""
    compared = [_compare(wanted, applied.lists.get(wanted.key), live) for wanted in desired.lists.values()]
    undeclared = [found for found in live.lists.values() if found.id not in declared_ids]
    names = {found.texts[NAME] for found in live.lists.values()}
    left_to_others = [matcher(pattern, names) for pattern in desired.policy.ignore_undeclared]
    named = [found for found in undeclared if not any(means(found.texts[NAME]) for means in left_to_others)]
    return EnvironmentDrift(
        name=desired.environment,
        target=desired.target,
        lineage=applied.lineage,
        serial=applied.serial,
        declared=len(desired.lists),
        lists=tuple(each for each in compared if isinstance(each, ListDrift)),
        missing=tuple(each for each in compared if isinstance(each, Missing)),
        undeclared=tuple(sorted(named, key=lambda found: (found.texts[NAME].casefold(), found.id))),
        ignored=len(undeclared) - len(named),
        warnings=tuple(
            f"policy.ignore_undeclared: {words}"
            for words in patterns_taken_as_names(desired.policy.ignore_undeclared, names)
        ),
    )


def _compare(wanted: DesiredList, known: KnownList | None, live: Live) -> ListDrift | Missing | None:
    found = live.lists.get(wanted.id)
    mine = known if known and known.id == wanted.id else None
    if found is None:
        reason = "it is not in the list of all"
        if wanted.id in live.odd:
            reason = f"its record cannot be understood: {live.odd[wanted.id].reason}"
        elif wanted.id in live.absent:
            reason = live.absent[wanted.id].reason
        return Missing(wanted.key, wanted.id, reason, wanted.source, mine.texts.get(NAME, "") if mine else "")
    fields = tuple(_field(field, wanted, mine, found) for field in FIELDS if _differs(field, wanted, mine, found))
    if not fields:
        return None
    doubtful = isinstance(mine, DoubtfulList)
    return ListDrift(wanted.key, wanted.id, fields, found.campaigns, wanted.source, doubtful, found.texts[NAME])


def _differs(field: Field, wanted: DesiredList, known: KnownList | None, found: LiveList) -> bool:
    if field not in wanted.texts or found.texts[field] == wanted.texts[field]:
        return False
    kept = known is not None and known.texts.get(field) == wanted.texts[field]
    return not (kept and known is not None and known.stored.get(field) == found.texts[field])


def _field(field: Field, wanted: DesiredList, known: KnownList | None, found: LiveList) -> FieldDrift:
    desired, live = wanted.texts[field], found.texts[field]
    applied = known.texts.get(field) if known else None
    return FieldDrift(field, desired, applied, live, _mover(desired, _own_texts(field, known), live))


def _own_texts(field: Field, known: KnownList | None) -> set[str]:
    """Return every text of the field that this program may have left in the account."""
    if known is None:
        return set()
    sides = [known.texts, known.stored, known.intended if isinstance(known, DoubtfulList) else {}]
    return {side[field] for side in sides if field in side}


def _mover(desired: str, written: Collection[str], live: str) -> Mover:
    if not written or live in written:
        return "file"
    return "live" if desired in written else "both"
