"""What another worker did of an approved plan, before it vanished and its account was taken up again.

The state and a read say that these changes are made; only who made them is gone. They are told as done, since they were
approved and are, and a plan that sets the run back holds them, too. What another command made meanwhile is left to that
one to tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reconciler.model.changes import Adopt, Change, EnvironmentPlan, Forget, Update
from reconciler.model.outcomes import EnvironmentResult, Outcome, OutcomeKind
from reconciler.model.texts import only_fields


def found_made(approved: EnvironmentPlan, result: EnvironmentResult) -> bool:
    """Tell whether a run that followed `approved` found changes made already, by whomever."""
    sent = {outcome.key for outcome in result.outcomes if outcome.action != "adopt"}
    known = {outcome.key for outcome in result.outcomes}
    return any(change.key not in (sent if isinstance(change, Update) else known) for change in approved.changes)


def with_earlier_work(
    approved: EnvironmentPlan, result: EnvironmentResult, undo: EnvironmentPlan
) -> tuple[EnvironmentResult, EnvironmentPlan]:
    """Return result and undo of a run that followed `approved`, with the changes that it found made already."""
    known = {outcome.key: outcome for outcome in result.outcomes}
    outcomes = tuple(known.get(change.key) or _made(change) for change in approved.changes)
    earlier = len(outcomes) - len(known)
    back = (*undo.changes, *_set_back(approved, known))
    return replace(result, outcomes=outcomes, unchanged=max(0, result.unchanged - earlier)), replace(undo, changes=back)


def _made(change: Change) -> Outcome:
    kind: OutcomeKind = "updated"
    if isinstance(change, Adopt | Forget):
        kind = "adopted" if isinstance(change, Adopt) else "forgotten"
    verified = True if kind == "updated" else None
    return Outcome(key=change.key, id=change.id, action=change.action, outcome=kind, verified=verified)


def _set_back(approved: EnvironmentPlan, known: dict[str, Outcome]) -> Iterator[Update]:
    """Yield what sets back the updates that were made without a PUT of this run; drift that was kept stays."""
    for update in approved.updates:
        outcome = known.get(update.key)
        if outcome is None or outcome.action == "adopt":
            shown = only_fields({**update.after, **update.before, **update.body}, update.after)
            after = {**shown, **only_fields(update.before, update.fields)}
            yield replace(update, cause="undo", before=shown, after=after, warnings=(), waits_for=())
