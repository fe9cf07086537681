"""What writes: locks, reads, plans, asks, and carries out one run an environment, accounts side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Lock

from reconciler.documents.plan_document import digest
from reconciler.engine.looking import add_forecast, compare, standing_of, warn_of_freeze, warn_of_step_back
from reconciler.engine.per_account import all_of, first_of, side_by_side
from reconciler.engine.workspaces import PlanMetadata, Selection, Workspace
from reconciler.errors import ReconcilerError, in_words
from reconciler.execute.attempt import unsent
from reconciler.execute.records import Records
from reconciler.execute.run import Run, RunContext
from reconciler.execute.snapshot import LiveSnapshot
from reconciler.model.changes import Adopt, Change, EnvironmentPlan, Forget, Plan, Update
from reconciler.model.fields import label
from reconciler.model.lists import Applied, AppliedList, DesiredList, Live, Target
from reconciler.model.outcomes import EnvironmentResult, Outcome, Result
from reconciler.planning.revalidation import revalidate
from reconciler.protocols import Clock, LockInfo, Remote, StateWriter, Stop


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """What an apply is given beside the environments.

    `approve` shows the plan and raises what stops it; `progress` receives each outcome as it becomes known, with the
    name of the environment. `undo` is given the plan that sets back what the run did. `saved` holds, by environment,
    plans that were reviewed before and are to be followed. `break_freeze` says why a freeze is broken, "" if it is not.
    """

    holder: LockInfo
    clock: Clock
    stop: Stop
    jitter: Callable[[], float]
    approve: Callable[[Plan], None]
    progress: Callable[[str, Outcome], None]
    undo: Callable[[Plan], None] = lambda _: None
    saved: Mapping[str, EnvironmentPlan] = field(default_factory=dict)
    break_freeze: str = ""


def apply(
    workspaces: Sequence[Workspace],
    remotes: Mapping[str, Remote],
    metadata: PlanMetadata,
    selection: Selection,
    options: ApplyOptions,
) -> Result:
    """Carry out a plan as approved. Raises what goes wrong before the first PUT; from then on the result says it."""
    with ExitStack() as locks:
        found = side_by_side(workspaces, _target, lambda each: _prepare(each, remotes, selection, options, locks))
        prepared = all_of((workspace.name for workspace in workspaces), found)
        plans = tuple(each.plan for each in prepared)
        approved = Plan(metadata.tool, metadata.created_at, True, metadata.files, plans, asked=metadata.asked)
        asked = options.clock.monotonic()
        options.approve(approved)
        thought = options.clock.monotonic() - asked
        prepared = [replace(each, started=each.started + thought) for each in prepared]
        ends = _all_carried_out(prepared, replace(options, progress=_one_at_a_time(options.progress)))
    try:
        options.undo(replace(approved, environments=tuple(end.undo for end in ends)))
    except Exception as error:  # noqa: BLE001  what was done is done: the result says it
        ends = [_add_error(end, in_words(error)) for end in ends]
    sent = any(outcome.attempts for end in ends for outcome in end.result.outcomes)
    failures = {end.result.name: end.failure for end in ends if end.failure}
    if failures and not sent:
        raise first_of(failures, several=len(ends) > 1)
    return Result(digest(approved), tuple(end.result for end in ends), approved)


@dataclass(frozen=True, slots=True)
class _PreparedEnvironment:
    """One environment, locked (until `held` is closed), read and planned; `broke_freeze` as in its result."""

    workspace: Workspace
    remote: Remote
    held: ExitStack
    writer: StateWriter
    plan: EnvironmentPlan
    snapshot: LiveSnapshot
    started: float
    broke_freeze: str


def _target(workspace: Workspace) -> Target:
    return workspace.desired.target


def _prepare(
    workspace: Workspace, remotes: Mapping[str, Remote], selection: Selection, options: ApplyOptions, locks: ExitStack
) -> _PreparedEnvironment:
    started = options.clock.monotonic()
    held = locks.enter_context(ExitStack())
    writer = held.enter_context(workspace.store.lock(options.holder))
    saved = options.saved.get(workspace.name)
    snapshot = LiveSnapshot(remotes[workspace.name], options.clock)
    ids = [change.id for change in saved.changes] if saved else workspace.ids(selection)
    snapshot.refresh(ids, ids)
    plan = (
        _follow_saved_plan(workspace, saved, writer.applied, snapshot.live, selection)
        if saved
        else compare(workspace, writer.applied, snapshot.live, selection)
    )
    now = datetime.fromtimestamp(options.clock.now(), UTC)
    warned = warn_of_freeze(plan, workspace, now, options.break_freeze)
    broken = options.break_freeze if warned is not plan else ""
    return _PreparedEnvironment(workspace, remotes[workspace.name], held, writer, warned, snapshot, started, broken)


def _follow_saved_plan(
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


@dataclass(frozen=True, slots=True)
class _End:
    """How one environment ended, and what sets that back; `failure` is what stopped it before its first PUT."""

    result: EnvironmentResult
    undo: EnvironmentPlan
    failure: ReconcilerError | None


def _add_error(end: _End, error: ReconcilerError) -> _End:
    return replace(
        end, result=replace(end.result, stopped=end.result.stopped or error.coded), failure=end.failure or error
    )


def _all_carried_out(prepared: Sequence[_PreparedEnvironment], options: ApplyOptions) -> list[_End]:
    found = side_by_side(prepared, lambda each: each.plan.target, lambda each: _let_go(each, options))
    return all_of((each.plan.name for each in prepared), found)


def _one_at_a_time(progress: Callable[[str, Outcome], None]) -> Callable[[str, Outcome], None]:
    """Tell one outcome after the other; once that breaks, none any more: progress stops no run."""
    telling = Lock()
    works = True

    def tell(environment: str, outcome: Outcome) -> None:
        nonlocal works
        with telling:
            try:
                if works:
                    progress(environment, outcome)
            except Exception:  # noqa: BLE001
                works = False

    return tell


def _let_go(prepared: _PreparedEnvironment, options: ApplyOptions) -> _End:
    """Carry out, then give the lock back. What was done is recorded: if it cannot be folded, the end says so."""
    ends: list[_End] = []
    try:
        with prepared.held:
            ends.append(_carried_out(prepared, options))
    except Exception as error:
        if not ends:
            raise
        return _add_error(ends[0], in_words(error))
    return ends[0]


def _carried_out(prepared: _PreparedEnvironment, options: ApplyOptions) -> _End:
    name, clock = prepared.plan.name, options.clock
    outcomes: dict[str, Outcome] = {}
    failure: ReconcilerError | None = None
    records = Records(prepared.writer, clock)
    run = Run(
        prepared.plan.changes,
        prepared.snapshot,
        RunContext(records, prepared.remote, clock, options.stop, options.jitter),
        lambda updates, live: _revalidate(prepared, updates, live),
    )
    try:
        records.announce_intents(prepared.plan.updates, prepared.snapshot.texts)
        for outcome in run.outcomes():
            outcomes[outcome.key] = outcome
            options.progress(name, outcome)
    except Exception as error:  # noqa: BLE001  whether something was sent, the outcomes say
        failure = in_words(error)
    stopped = failure.coded if failure else run.stopped
    for change in prepared.plan.changes:
        outcomes.setdefault(change.key, unsent(change, "not_sent", stopped))
    result = EnvironmentResult(
        name=name,
        outcomes=tuple(outcomes[change.key] for change in prepared.plan.changes),
        unchanged=prepared.plan.unchanged,
        requests=prepared.remote.requests,
        seconds=clock.monotonic() - prepared.started,
        stopped=stopped,
        broke_freeze=prepared.broke_freeze,
    )
    undo = replace(prepared.plan, changes=run.undo(), drift=(), unchanged=0, warnings=())
    return _End(result, add_forecast(undo, prepared.workspace), failure)


def _revalidate(prepared: _PreparedEnvironment, updates: Sequence[Update], live: Live) -> Sequence[Change]:
    """Judge what is left of a plan; a list that it changes is declared, for the others, as it says."""
    desired = prepared.workspace.desired
    changed = {
        change.key: desired.lists[change.key]._replace(texts=change.after)
        for change in prepared.plan.updates
        if change.key in desired.lists
    }
    left = replace(prepared.plan, changes=tuple(updates))
    return revalidate(left, replace(desired, lists={**desired.lists, **changed}), prepared.writer.applied, live).changes
