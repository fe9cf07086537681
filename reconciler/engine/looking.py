"""What only looks: `plan` and `drift`. Wired with a `Reader`, they cannot write."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from reconciler.codes.marking import mark
from reconciler.engine.per_account import Failures, side_by_side, sorted_out
from reconciler.engine.workspaces import PlanMetadata, Selection, Workspace
from reconciler.errors import FrozenError, MassChangeError
from reconciler.execute.snapshot import read_live
from reconciler.model.changes import EnvironmentPlan, Plan, Update
from reconciler.model.lists import Applied, AppliedList, Desired, DoubtfulList, Live, Standing
from reconciler.planning import limits
from reconciler.planning.build import build
from reconciler.planning.freezes import describe_freeze
from reconciler.planning.guard import apply_guards
from reconciler.planning.stepback import step_back_warnings, taken_back_warnings, taken_out
from reconciler.protocols import Reader

if TYPE_CHECKING:
    from reconciler.errors import ReconcilerError
    from reconciler.model.drift_report import DriftReport, EnvironmentDrift

_RUNS_CONSIDERED = 5  # each is a document more to read, if something is to be updated


def plan(
    workspaces: Sequence[Workspace], readers: Mapping[str, Reader], metadata: PlanMetadata, selection: Selection
) -> tuple[Plan, Failures]:
    """Compare desired with applied, and with live where `readers` has a reader for the environment.

    An environment that fails does not stop the others.
    """

    def look(workspace: Workspace) -> EnvironmentPlan:
        applied = workspace.store.load()
        reader = readers.get(workspace.name)
        live = read_live(reader, workspace.ids(selection)) if reader else None
        compared = warn_of_freeze(compare(workspace, applied, live, selection), workspace, now)
        if not reader or not live or not selection.who:
            return compared
        from reconciler.engine.last_saves import read_last_saves  # noqa: PLC0415 - most plans do without

        moved = [each.id for each in compared.drift]
        moved += [change.id for change in compared.changes if change.cause in ("drift", "conflict")]
        saves, warnings = read_last_saves(reader, workspace.store, moved, applied, live, most=selection.who)
        return replace(compared, last_saves=saves, warnings=(*compared.warnings, *warnings))

    now = datetime.fromisoformat(metadata.created_at)
    names = [workspace.name for workspace in workspaces]
    return combine_plans(names, side_by_side(workspaces, look), metadata, refreshed=bool(readers))


def combine_plans(
    names: Sequence[str], found: Sequence[EnvironmentPlan | ReconcilerError], metadata: PlanMetadata, *, refreshed: bool
) -> tuple[Plan, Failures]:
    """Return the plan of environments by these `names`, of which each was planned or failed."""
    planned, failures = sorted_out(names, found)
    head = metadata.tool, metadata.created_at, refreshed, metadata.files
    return Plan(*head, planned, _words(failures), asked=metadata.asked), failures


def drift(
    workspaces: Sequence[Workspace],
    readers: Mapping[str, Reader],
    metadata: PlanMetadata,
    declared_ids: Mapping[str, Collection[str]],
    selection: Selection,
) -> tuple[DriftReport, Failures]:
    """Compare live with applied and desired; `declared_ids` holds, by environment, all that its account's declare.

    A selection holds no undeclared lists: they have no key.
    An environment that fails does not stop the others.
    """
    from reconciler.planning.drifting import drift as compare_live  # noqa: PLC0415 - a plan starts the sooner without

    def look(workspace: Workspace) -> EnvironmentDrift:
        reader = readers[workspace.name]
        live = read_live(reader, workspace.ids(selection))
        applied = workspace.store.load()
        part = _only_selected(workspace.desired, selection)
        compared = compare_live(part, applied, live, declared_ids[workspace.name])
        if selection.only:
            compared = replace(compared, undeclared=(), ignored=0)
        later = workspace.store.later(applied)
        warnings = (*step_back_warnings(applied, later, live), *compared.warnings)
        if selection.who:
            from reconciler.engine.last_saves import read_last_saves  # noqa: PLC0415 - only needed here

            moved = [each.id for each in compared.drifted]
            saves, unasked = read_last_saves(reader, workspace.store, moved, applied, live, most=selection.who)
            lists = tuple(replace(each, last_save=saves.get(each.id)) for each in compared.lists)
            compared, warnings = replace(compared, lists=lists), (*warnings, *unasked)
        return replace(
            compared,
            requests=reader.requests,
            warnings=warnings,
            standing=replace(standing_of(workspace, applied, selection), taken_out=taken_out(applied, later, live)),
        )

    return combine_drift([workspace.name for workspace in workspaces], side_by_side(workspaces, look), metadata)


def combine_drift(
    names: Sequence[str], found: Sequence[EnvironmentDrift | ReconcilerError], metadata: PlanMetadata
) -> tuple[DriftReport, Failures]:
    """Return the report on environments by these `names`, of which each was compared or failed."""
    from reconciler.model.drift_report import DriftReport  # noqa: PLC0415 - a plan starts the sooner without

    compared, failures = sorted_out(names, found)
    head = metadata.tool, metadata.created_at, metadata.files
    return DriftReport(*head, compared, _words(failures), metadata.asked), failures


def compare(workspace: Workspace, applied: Applied, live: Live | None, selection: Selection) -> EnvironmentPlan:
    """Compare the selected lists; the guards consider all of them."""
    desired, part, known = workspace.desired, workspace.desired, applied
    if selection.revert_drift:
        desired = part = replace(desired, policy=replace(desired.policy, on_drift="overwrite"))
    if selection.only:
        part = _only_selected(desired, selection)
        known = replace(applied, lists={key: entry for key, entry in applied.lists.items() if selection.covers(key)})
    guarded = apply_guards(build(part, known, live), desired, applied, live)
    plan = replace(guarded, standing=standing_of(workspace, applied, selection))
    return add_forecast(warn_of_step_back(plan, workspace, applied, live), workspace)


def _only_selected(desired: Desired, selection: Selection) -> Desired:
    return replace(desired, lists={key: wanted for key, wanted in desired.lists.items() if selection.covers(key)})


def standing_of(workspace: Workspace, applied: Applied, selection: Selection) -> Standing:
    """Return how the selected lists stand by manifest and state."""
    known = [entry for key, entry in applied.lists.items() if selection.covers(key)]
    return Standing(
        declared=len(workspace.ids(selection)),
        in_doubt=frozenset(entry.key for entry in known if isinstance(entry, DoubtfulList)),
        last_applied=max((entry.applied_at for entry in known if isinstance(entry, AppliedList)), default=""),
        rename_in_use=workspace.desired.policy.rename_in_use,
    )


def warn_of_step_back(
    plan: EnvironmentPlan, workspace: Workspace, applied: Applied, live: Live | None
) -> EnvironmentPlan:
    """Return the plan with warnings if git moved the state back, or if the manifest seems older than the last runs.

    Manifest and state that lie beside each other are of one age.
    """
    store, updates = workspace.store, any(isinstance(change, Update) for change in plan.changes)
    runs = store.last_runs(applied, _RUNS_CONSIDERED) if updates and not store.paths else ()
    taken_back = taken_back_warnings(plan, applied, runs)
    later = store.later(applied)
    moved_back = step_back_warnings(applied, later, live)
    standing = replace(plan.standing, taken_out=taken_out(applied, later, live))
    return replace(plan, warnings=(*moved_back, *taken_back, *plan.warnings), standing=standing)


def warn_of_freeze(plan: EnvironmentPlan, workspace: Workspace, now: datetime, broken: str = "") -> EnvironmentPlan:
    """Return the plan with a warning if the policy lets no apply send it `now`; `broken` is the reason to do it."""
    if frozen := describe_freeze(plan, workspace.desired.policy.freeze, now):
        refused = mark(f"{frozen}; an apply refuses without --break-freeze REASON", FrozenError.code)
        said = f"{frozen}; broken with --break-freeze: {broken}" if broken else refused
        return replace(plan, warnings=(*plan.warnings, said))
    return plan


def add_forecast(plan: EnvironmentPlan, workspace: Workspace) -> EnvironmentPlan:
    """Return the plan with what applying it takes, and a warning if it is over `max_changes`."""
    requests, seconds = limits.forecast(plan, workspace.requests_per_minute)
    excess = limits.over_max_changes(plan, workspace.desired)
    refusal = mark(f"{excess}; an apply refuses without --allow-mass-change", MassChangeError.code)
    warnings = (*plan.warnings, refusal) if excess else plan.warnings
    return replace(plan, requests=requests, seconds=seconds, warnings=warnings, over_max_changes=bool(excess))


def _words(failures: Failures) -> dict[str, str]:
    return {name: error.coded for name, error in failures.items()}
