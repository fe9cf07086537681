"""The plan of one environment: what follows from comparing desired (D), applied (A) and live (L).

Only managed fields (those in D) count. One row a list; "fields" are those of the change.

| case                                | without live         | with live                                            |
| ----------------------------------- | -------------------- | ---------------------------------------------------- |
| not in the state, or under other id | check, `new`         | L = D: adopt. Else update `new`, but blocked         |
|                                     |                      | (`wrong_id`) unless L's name is D's or `previously`  |
| A = D                               | nothing              | L = D: nothing. Else drift; under `overwrite` an     |
|                                     |                      | update `drift`                                       |
| A ≠ D                               | update, `edit`       | L = D: adopt. L = A in the fields: update `edit`.    |
|                                     |                      | Else `conflict`: blocked, or update under `overwrite`|
| a field of D without A              | update, `edit`       | L = D in it: adopt. Else update `edit`               |
| in doubt                            | update, `retry`      | L = D: adopt. L = intended or L = A: update `retry`. |
|                                     |                      | Else as `conflict`                                   |
| a field of A no longer in D         | adopt, `edit`        | adopt, `edit`: the state stops holding it            |
| in the state, not in the manifest   | forget, `removed`    | forget, `removed`                                    |
| declared, but not live              | -                    | blocked, `missing`                                   |

A PUT carries only the fields of its change less those that live already has, so that a change of description can
never rename a list, and drift that is kept stays. Where the API is known to keep a text otherwise than sent
(`stored`), that text counts as the applied one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from reconciler.model.changes import (
    Adopt,
    Cause,
    Change,
    Check,
    CommonFields,
    Drift,
    EnvironmentPlan,
    Forget,
    Update,
)
from reconciler.model.fields import FIELDS, NAME, Field, label
from reconciler.model.lists import Applied, AppliedList, Desired, DesiredList, DoubtfulList, KnownList, Live
from reconciler.model.texts import Texts, differing, only_fields, placeholder_warnings, unseen_difference
from reconciler.planning import blocks

_MOST_NAMED = 10


def build(desired: Desired, applied: Applied, live: Live | None = None) -> EnvironmentPlan:
    """Compare the three sides, or the first two where `live` was not read; changes come sorted by key.

    Total: every input has a plan. Guards that compare several lists run afterwards, see `guard`.
    """
    rows = [_row(wanted, applied, live, desired) for wanted in desired.lists.values()]
    changes = [row.change for row in rows if row.change]
    keys = {wanted.id: key for key, wanted in desired.lists.items() if key not in applied.lists}
    changes += [
        _forget(known, desired.environment, keys) for key, known in applied.lists.items() if key not in desired.lists
    ]
    drift = [row.drift for row in rows if row.drift]
    as_declared = frozenset(
        key for key, row in zip(desired.lists, rows, strict=True) if not row.change and not row.drift
    )
    return EnvironmentPlan(
        name=desired.environment,
        target=desired.target,
        lineage=applied.lineage,
        serial=applied.serial,
        changes=tuple(sorted(changes, key=lambda change: change.key)),
        drift=tuple(sorted(drift, key=lambda drifted: drifted.key)),
        unchanged=len(as_declared),
        warnings=(*_unread(live), *sorted(warning for row in rows for warning in row.warnings)),
        as_declared=as_declared,
        read_alone=live.alone if live else frozenset(),
    )


def _unread(live: Live | None) -> Iterator[str]:
    """Name the lists of the account whose records cannot be understood, the first of many."""
    odd = sorted(live.odd.values()) if live else []
    for each in odd[:_MOST_NAMED]:
        yield f"the API's record of {each.id} is left out: {each.reason}"
    if len(odd) > _MOST_NAMED:
        yield f"the API's records of {len(odd) - _MOST_NAMED:,} more lists are left out"


@dataclass(frozen=True, slots=True)
class _Row:
    """What follows for one list; `warnings` are those that do not concern its change."""

    change: Change | None = None
    drift: Drift | None = None
    warnings: tuple[str, ...] = ()


def _row(wanted: DesiredList, applied: Applied, live: Live | None, desired: Desired) -> _Row:
    known = applied.lists.get(wanted.key)
    if live is None:
        return _Row(_offline(wanted, known))
    found = live.lists.get(wanted.id)
    if wanted.id in live.odd:
        return _odd(wanted, known, live)
    if found is None:
        block = blocks.missing(wanted.id, live.absent.get(wanted.id))
        before = only_fields(known.texts, FIELDS) if known and known.id == wanted.id else {}
        warnings = _other_id(wanted, known)
        return _Row(blocks.block_change(_update(wanted, "missing", tuple(wanted.texts), before, warnings), block))
    if known is None or known.id != wanted.id:
        return _Row(_new(wanted, applied, found.texts))
    return _row_of_known(wanted, known, found.texts, desired)


def _odd(wanted: DesiredList, known: KnownList | None, live: Live) -> _Row:
    """Stop the change of a list whose live record cannot be understood; without a change, there is nothing to stop."""
    change = _offline(wanted, known)
    return _Row(blocks.block_change(change, blocks.not_found(wanted.id, live)) if change else None)


def _offline(wanted: DesiredList, known: KnownList | None) -> Change | None:
    if known is None or known.id != wanted.id:
        return Check(**_common(wanted, "new", {}, _other_id(wanted, known)))
    if isinstance(known, AppliedList) and known.texts == wanted.texts:
        return None
    before = only_fields(known.texts, FIELDS)
    fields = differing(wanted.texts, known.texts)
    if isinstance(known, DoubtfulList):
        fields = tuple(field for field in FIELDS if field in fields or field in known.intended.keys() & wanted.texts)
        return _update(wanted, "retry", fields, before) if fields else Adopt(**_common(wanted, "retry", before))
    return _update(wanted, "edit", fields, before) if fields else Adopt(**_common(wanted, "edit", before))


def _new(wanted: DesiredList, applied: Applied, live: Texts) -> Change:
    """Decide on a list that the state does not know: it is written only if its live name shows the id is meant."""
    warnings = _other_id(wanted, applied.lists.get(wanted.key))
    before = only_fields(live, tuple(wanted.texts))
    fields = differing(wanted.texts, live)
    if not fields:
        return Adopt(**_common(wanted, "new", before, warnings))
    update = _update(wanted, "new", fields, before, warnings)
    if live[NAME] in (wanted.texts.get(NAME), wanted.previously):
        return update
    return blocks.block_change(update, blocks.wrong_id(wanted, live[NAME], applied))


Case: TypeAlias = Literal["same", "edit", "drift", "conflict"]


def _row_of_known(wanted: DesiredList, known: KnownList, live: Texts, desired: Desired) -> _Row:
    cases = _cases(wanted, known, live)
    conflicting = tuple(field for field in cases if cases[field] == "conflict")
    edited = tuple(field for field in cases if cases[field] in ("edit", "conflict"))
    drifted = tuple(field for field in cases if cases[field] == "drift")
    cause: Cause = "retry" if isinstance(known, DoubtfulList) else "edit"
    # A field that is no longer managed shows with its applied value, so that the plan says what is let go.
    before = {**only_fields(known.texts, FIELDS), **only_fields(live, tuple(wanted.texts))}
    warnings = _kept_otherwise(wanted, cases, live)
    if desired.policy.on_drift == "overwrite" and (edited or drifted):
        cause = "conflict" if conflicting else cause if edited else "drift"
        fields = tuple(field for field in cases if cases[field] != "same")
        return _Row(_update(wanted, cause, fields, before), None, warnings)
    drift = _drift(wanted, known, drifted, live) if drifted else None
    if conflicting:
        block = blocks.conflict(wanted, known, conflicting, live, desired.environment)
        return _Row(blocks.block_change(_update(wanted, "conflict", edited, before), block), drift, warnings)
    if edited:
        return _Row(_update(wanted, cause, edited, before), drift, warnings)
    if isinstance(known, DoubtfulList) or known.texts != wanted.texts:
        return _Row(Adopt(**_common(wanted, cause, before)), drift, warnings)
    return _Row(None, drift, warnings)


def _cases(wanted: DesiredList, known: KnownList, live: Texts) -> dict[Field, Case]:
    """Say of each managed field what its three sides, and the PUT in doubt if there is one, come to."""
    doubted = known.intended.keys() & wanted.texts if isinstance(known, DoubtfulList) else frozenset[Field]()
    intended = known.intended if isinstance(known, DoubtfulList) else {}
    settled = all(live[field] == intended[field] for field in doubted) or all(
        live[field] == known.texts.get(field) for field in doubted
    )
    cases: dict[Field, Case] = {}
    for field, text in wanted.texts.items():
        shown = live[field]
        if shown != text and shown == known.stored.get(field):
            shown = known.texts.get(field, shown)
        if shown == text:
            cases[field] = "same"
        elif field in doubted:
            cases[field] = "edit" if settled else "conflict"
        elif known.texts.get(field) == text:
            cases[field] = "drift"
        else:
            cases[field] = "edit" if shown == known.texts.get(field, shown) else "conflict"
    return cases


def _update(
    wanted: DesiredList, cause: Cause, fields: tuple[Field, ...], before: Texts, warnings: tuple[str, ...] = ()
) -> Update:
    found = {field: unseen_difference(before[field], wanted.texts[field]) for field in fields if field in before}
    said = (
        *warnings,
        *(f"the {label(field)} looks as before, but {unseen}" for field, unseen in found.items() if unseen),
        *placeholder_warnings(wanted.texts, fields),
    )
    return Update(**_common(wanted, cause, before, said), fields=fields)


def _common(wanted: DesiredList, cause: Cause, before: Texts, warnings: tuple[str, ...] = ()) -> CommonFields:
    """Return what a change says of a declared list, whatever is to be done."""
    return {
        "key": wanted.key,
        "id": wanted.id,
        "cause": cause,
        "before": before,
        "after": wanted.texts,
        "source": wanted.source,
        "warnings": warnings,
    }


def _forget(known: KnownList, environment: str, keys: Mapping[str, str]) -> Forget:
    """Drop a list from the state; `keys` are those of the manifest that the state does not know, by id."""
    warnings = []
    if isinstance(known, DoubtfulList):
        warnings.append("its last PUT is in doubt; forgetting it leaves that unsettled")
    if known.id in keys:
        warnings.append(
            f"the manifest declares this list as {keys[known.id]!r}. If you renamed the key, rename it in the state "
            f"before you apply: {blocks.rename_in_state(environment, known.key, keys[known.id])}"
        )
    return Forget(
        key=known.key, id=known.id, cause="removed", before=known.texts, after={}, source=None, warnings=(*warnings,)
    )


def _drift(wanted: DesiredList, known: KnownList, fields: tuple[Field, ...], live: Texts) -> Drift:
    return Drift(
        key=wanted.key,
        id=wanted.id,
        fields=fields,
        applied=only_fields(known.texts, fields),
        live=only_fields(live, fields),
        source=wanted.source,
    )


def _other_id(wanted: DesiredList, known: KnownList | None) -> tuple[str, ...]:
    if known is None or known.id == wanted.id:
        return ()
    return (f"the state knows this key as {known.id}; from now on it stands for {wanted.id}",)


def _kept_otherwise(wanted: DesiredList, cases: Mapping[Field, Case], live: Texts) -> tuple[str, ...]:
    return tuple(
        f"{wanted.key}: the API keeps the {label(field)} as {live[field]!r}, not as sent ({text!r}); "
        "declare it that way to end this warning"
        for field, text in wanted.texts.items()
        if cases[field] == "same" and live[field] != text
    )
