"""A saved plan, held against now: what is left of it, and what a person should know of it."""

from __future__ import annotations

from dataclasses import replace

from reconciler.engine.looking import add_forecast, standing_of, warn_of_step_back
from reconciler.engine.workspaces import Selection, Workspace
from reconciler.model.changes import Adopt, Change, EnvironmentPlan, Forget, Update
from reconciler.model.fields import label
from reconciler.model.lists import Applied, AppliedList, DesiredList, Live
from reconciler.planning.revalidation import revalidate


def follow_saved_plan(
    workspace: Workspace, saved: EnvironmentPlan, applied: Applied, live: Live, selection: Selection
) -> EnvironmentPlan:
    """Hold a saved plan against now; the state that it is recorded in is the present one."""
    in_selection = [change for change in saved.changes if selection.covers(change.key)]
    left = tuple(change for change in in_selection if not _is_forgotten(change, applied))
    standing = standing_of(workspace, applied, selection)
    drift = tuple(each for each in saved.drift if selection.covers(each.key))
    part = replace(saved, changes=left, drift=drift, lineage=applied.lineage, serial=applied.serial, standing=standing)
    now = warn_of_step_back(revalidate(part, workspace.desired, applied, live), workspace, applied, live)
    changes = tuple(_with_doubts(change, workspace) for change in now.changes if not _is_recorded(change, applied))
    planned = {each.key for each in (*saved.changes, *saved.drift)}
    unplanned = sum(selection.covers(key) and key not in planned for key in workspace.desired.lists)
    unchanged = min(saved.unchanged, unplanned) + len(in_selection) - len(changes)
    return add_forecast(replace(now, changes=changes, unchanged=unchanged, read_alone=live.alone), workspace)


def _with_doubts(change: Change, workspace: Workspace) -> Change:
    """Return a change of a saved plan with a warning, and no place in the manifest, if that says otherwise by now."""
    said = _declared_instead(change, workspace.desired.lists.get(change.key)) if isinstance(change, Update) else ""
    if not said:
        return change
    warning = (
        f"the manifest here says otherwise ({said}). What the plan says is sent, and the next plan will show the way "
        "to the manifest's; make a new plan if that is not meant"
    )
    return replace(change, source=None, warnings=(*change.warnings, warning))


def _declared_instead(change: Update, wanted: DesiredList | None) -> str:
    """Say what the manifest declares instead of what a change sends; "" if it declares just that."""
    if wanted is None or wanted.id != change.id:
        return "it does not declare this list"
    texts = wanted.texts
    differing = [field for field in change.fields if texts.get(field) != change.after[field]]
    said = (f": {texts[field]!r}" if field in texts else " unmanaged" for field in differing)
    return ", ".join(label(field) + what for field, what in zip(differing, said, strict=True))


def _is_forgotten(change: Change, applied: Applied) -> bool:
    return isinstance(change, Forget) and change.key not in applied.lists


def _is_recorded(change: Change, applied: Applied) -> bool:
    """Tell whether the state says already what a change that is true by now would record."""
    known = applied.lists.get(change.key)
    settled = isinstance(known, AppliedList) and known.id == change.id and known.texts == change.after
    return isinstance(change, Adopt) and settled
