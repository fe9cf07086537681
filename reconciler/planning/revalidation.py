"""A plan that was reviewed, held against the world as it is now: it may only do less than it says.

| change in the plan | now                               | becomes                                             |
| ------------------ | --------------------------------- | --------------------------------------------------- |
| blocked            | -                                 | blocked, as it was                                  |
| forget             | -                                 | forget; blocked (`unreviewed`) if declared again    |
| any other          | gone                              | blocked (`missing`)                                 |
|                    | lets go of a field declared again | blocked (`unreviewed`)                              |
| check              | live = after                      | adopt; else blocked (`unreviewed`)                  |
| adopt              | live in each field = after, or    | adopt; else blocked (`conflict`)                    |
|                    | = before and A = after            |                                                     |
| update             | live = after in its fields        | adopt                                               |
|                    | live in them = after or before    | update of those that are not = after                |
|                    | a field without before, ≠ after   | blocked (`unreviewed`)                              |
|                    | else                              | blocked (`conflict`)                                |
|                    | another field: live ≠ after ≠ A   | blocked (`conflict`): the state would come to lie   |

A change whose key and id stand neither in the manifest nor in the state is blocked (`unknown`), and what a list that
the state does not know becomes passes the test of `wrong_id` again, by the names that the manifest declares now. Then
every guard runs again, with the policy and the names of the present manifest. The same rules hold while an apply
runs, each time live is read anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from reconciler.model.changes import Adopt, Blocked, Cause, Change, Check, EnvironmentPlan, Forget, Update
from reconciler.model.fields import FIELDS, NAME, Field
from reconciler.model.lists import Applied, AppliedList, Desired, DesiredList, DoubtfulList, KnownList, Live
from reconciler.model.texts import Texts, holds
from reconciler.planning import blocks
from reconciler.planning.guard import apply_guards

_Open: TypeAlias = Update | Adopt | Check


def revalidate(plan: EnvironmentPlan, desired: Desired, applied: Applied, live: Live) -> EnvironmentPlan:
    """Return what is left of `plan`: no change that it does not show, each judged by the live values of now."""
    changes = tuple(_revalidate_change(change, desired, applied, live) for change in plan.changes)
    return apply_guards(replace(plan, changes=changes), desired, applied, live)


def _revalidate_change(change: Change, desired: Desired, applied: Applied, live: Live) -> Change:
    if isinstance(change, Blocked):
        return change
    wanted, known = desired.lists.get(change.key), applied.lists.get(change.key)
    if all(side is None or side.id != change.id for side in (wanted, known)):
        return blocks.block_change(change, blocks.unknown(change))
    if isinstance(change, Forget):
        return blocks.block_change(change, blocks.declared_again()) if wanted else change
    found = live.lists.get(change.id)
    if found is None:
        return blocks.block_change(
            change, blocks.not_found(change.id, live), None if change.id in live.odd else "missing"
        )
    if known is None or known.id != change.id:
        return _of_unknown_list(change, desired.lists[change.key], applied, found.texts)
    return _of_known_list(change, wanted, known, found.texts)


def _of_known_list(change: _Open, wanted: DesiredList | None, known: KnownList, live: Texts) -> Change:
    """Judge a change to a list that the state knows, which is to go on saying of it what is declared."""
    if released := _released_fields(change, wanted, known):
        return blocks.block_change(change, blocks.declared_again(released))
    return _held_against(change, _Now(live, known))


def _released_fields(change: Change, wanted: DesiredList | None, known: KnownList) -> tuple[Field, ...]:
    """Return the fields that the state would stop holding though they are declared."""
    declared: Texts = wanted.texts if wanted else {}
    return tuple(field for field in FIELDS if field in known.texts and field in declared and field not in change.after)


def _of_unknown_list(change: _Open, wanted: DesiredList, applied: Applied, live: Texts) -> Change:
    """Judge a change to a list that the state does not know: its live name must show that the id is meant."""
    judged = _held_against(change, _Now(live, AppliedList(change.key, change.id, {}, "")))
    named = live[NAME] in (wanted.texts.get(NAME), wanted.previously)
    if named or isinstance(judged, Blocked) or (isinstance(judged, Adopt) and holds(live, wanted.texts)):
        return judged
    return blocks.block_change(change, blocks.wrong_id(wanted, live[NAME], applied))


@dataclass(frozen=True, slots=True)
class _Now:
    """One list as live shows it, and as the state knows it."""

    live: Texts
    known: KnownList

    def shows(self, field: Field, text: str) -> bool:
        """Tell whether live is `text`, or what the API is known to store for it."""
        shown = self.live[field]
        stored = self.known.stored.get(field) == shown and self.known.texts.get(field) == text
        return shown == text or stored

    def says(self, field: Field, text: str) -> bool:
        """Tell whether the state holds `text` beyond doubt."""
        doubted = isinstance(self.known, DoubtfulList) and field in self.known.intended
        return not doubted and self.known.texts.get(field) == text


def _held_against(change: _Open, now: _Now) -> Change:
    if isinstance(change, Check):
        missed = tuple(field for field, text in change.after.items() if not now.shows(field, text))
        return blocks.block_change(change, blocks.unreviewed_values(missed)) if missed else Adopt(**change.common)
    fields = change.fields if isinstance(change, Update) else ()
    pending = tuple(field for field in fields if not now.shows(field, change.after[field]))
    if unseen := tuple(field for field in pending if field not in change.before):
        return blocks.block_change(change, blocks.unreviewed_values(unseen))
    if moved := tuple(field for field in FIELDS if field in change.after and not _stands(change, field, pending, now)):
        cause: Cause = "conflict" if change.cause == "edit" else change.cause
        return blocks.block_change(change, blocks.live_has_moved(change, moved, now.live), cause)
    if isinstance(change, Adopt):
        return change
    return replace(change, fields=pending) if pending else Adopt(**change.common)


def _stands(change: Update | Adopt, field: Field, pending: tuple[Field, ...], now: _Now) -> bool:
    """Tell whether live allows what `change` makes of `field`: to send it, or only to record it."""
    as_before = field in change.before and now.shows(field, change.before[field])
    if field in pending:
        return as_before
    text = change.after[field]
    return now.shows(field, text) or (now.says(field, text) and (as_before or isinstance(change, Update)))
