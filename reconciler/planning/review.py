"""A plan that was reviewed, held against the world as it is now: it may only do less than it says.

| change in the plan | live now                          | becomes                                             |
| ------------------ | --------------------------------- | --------------------------------------------------- |
| blocked            | -                                 | blocked, as it was                                  |
| forget             | -                                 | forget; blocked (`unreviewed`) if declared again    |
| any other          | gone                              | blocked (`missing`)                                 |
| check              | = after                           | adopt; else blocked (`unreviewed`)                  |
| adopt              | each field = after or before      | adopt; else blocked (`conflict`)                    |
| update             | = after in its fields             | adopt                                               |
|                    | each field = after or before      | update of those that are not = after                |
|                    | a field without before, ≠ after   | blocked (`unreviewed`)                              |
|                    | else                              | blocked (`conflict`)                                |

A change whose key and id stand neither in the manifest nor in the state is blocked (`unknown`), and one to a list
that the state does not know passes the test of `wrong_id` again. Then every guard runs again, with the policy and
the names of the present manifest. The same rules hold while an apply runs, each time live is read anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeAlias

from reconciler.model.changes import Adopt, Blocked, Change, Check, EnvironmentPlan, Forget, Update
from reconciler.model.lists import Applied, Desired, Live
from reconciler.model.texts import Field, Texts
from reconciler.planning import blocks
from reconciler.planning.guard import guarded


def reviewed(plan: EnvironmentPlan, desired: Desired, applied: Applied, live: Live) -> EnvironmentPlan:
    """Return what is left of `plan`: no change that it does not show, each judged by the live values of now."""
    changes = tuple(_reviewed(change, desired, applied, live) for change in plan.changes)
    return guarded(replace(plan, changes=changes), desired, applied, live)


def _reviewed(change: Change, desired: Desired, applied: Applied, live: Live) -> Change:
    if isinstance(change, Blocked):
        return change
    if _unknown(change, desired, applied):
        return blocks.stopped(change, blocks.unknown(change))
    declared = desired.lists.get(change.key)
    if isinstance(change, Forget):
        return blocks.stopped(change, blocks.declared_again(declared)) if declared else change
    return _held_against(change, desired, applied, live)


def _held_against(change: Update | Adopt | Check, desired: Desired, applied: Applied, live: Live) -> Change:
    found = live.lists.get(change.id)
    if found is None:
        return blocks.stopped(change, blocks.missing(change.id, live.absent.get(change.id)), "missing")
    forms = _forms(change, applied, found.texts)
    if isinstance(change, Check):
        return _checked(change, forms)
    if isinstance(change, Update):
        return _wrong_id(change, desired, applied, found.texts) or _updated(change, forms, found.texts)
    moved = tuple(field for field in change.after if not forms[field] & _sides(change, field))
    return blocks.stopped(change, blocks.moved(change, moved, found.texts), "conflict") if moved else change


def _unknown(change: Change, desired: Desired, applied: Applied) -> bool:
    sides = (desired.lists.get(change.key), applied.lists.get(change.key))
    return all(side is None or side.id != change.id for side in sides)


Forms: TypeAlias = Mapping[Field, frozenset[str]]
"""What each live text counts as: itself, and the text that was sent where the API is known to store that this way."""


def _forms(change: Change, applied: Applied, live: Texts) -> Forms:
    known = applied.lists.get(change.key)
    stored = known.stored if known and known.id == change.id else {}
    sent = known.texts if known else {}
    return {
        field: frozenset({text, sent.get(field, text)} if stored.get(field) == text else {text})
        for field, text in live.items()
    }


def _sides(change: Change, field: Field) -> frozenset[str]:
    return frozenset(side[field] for side in (change.before, change.after) if field in side)


def _checked(change: Check, forms: Forms) -> Change:
    missed = tuple(field for field, text in change.after.items() if text not in forms[field])
    return blocks.stopped(change, blocks.unreviewed(missed)) if missed else _adopted(change)


def _wrong_id(change: Update, desired: Desired, applied: Applied, live: Texts) -> Blocked | None:
    known = applied.lists.get(change.key)
    if known is not None and known.id == change.id:
        return None
    wanted = desired.lists[change.key]
    if live["name"] in (change.after.get("name"), wanted.previously):
        return None
    return blocks.stopped(change, blocks.wrong_id(wanted, live["name"], applied))


def _updated(change: Update, forms: Forms, live: Texts) -> Change:
    pending = tuple(field for field in change.fields if change.after[field] not in forms[field])
    if not pending:
        return _adopted(change)
    if unseen := tuple(field for field in pending if field not in change.before):
        return blocks.stopped(change, blocks.unreviewed(unseen))
    if moved := tuple(field for field in pending if change.before[field] not in forms[field]):
        return blocks.stopped(change, blocks.moved(change, moved, live), "conflict")
    return replace(change, fields=pending)


def _adopted(change: Update | Check) -> Adopt:
    return Adopt(
        key=change.key,
        id=change.id,
        cause=change.cause,
        before=change.before,
        after=change.after,
        source=change.source,
        warnings=change.warnings,
    )
