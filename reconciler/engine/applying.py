"""What writes: locks, reads, plans, asks, and carries out one run an environment, accounts side by side."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Lock
from typing import Protocol

from reconciler.documents.plan_document import digest
from reconciler.engine.following import follow_saved_plan
from reconciler.engine.looking import add_forecast, compare, warn_of_freeze
from reconciler.engine.per_account import all_of, first_of, side_by_side
from reconciler.engine.workspaces import PlanMetadata, Selection, Workspace
from reconciler.errors import LockedError, ReconcilerError, in_words
from reconciler.execute.attempt import unsent
from reconciler.execute.records import Records
from reconciler.execute.run import Run, RunContext
from reconciler.execute.snapshot import LiveSnapshot
from reconciler.model.changes import Change, EnvironmentPlan, Plan, Update
from reconciler.model.lists import Applied, Live
from reconciler.model.outcomes import EnvironmentResult, Outcome, Result
from reconciler.planning.revalidation import revalidate
from reconciler.protocols import Clock, LockInfo, Remote, StateWriter, Stop

LOCK_POLL = 10.0  # seconds between two tries to take a lock that another run holds
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """What an apply is given beside the environments.

    `approve` shows the plan and raises what stops it; `progress` receives each outcome as it becomes known, with the
    name of the environment. `undo` is given the plan that sets back what the run did. `saved` holds, by environment,
    plans that were reviewed before and are to be followed. `break_freeze` says why a freeze is broken, "" if it is not.
    A lock that another run holds is waited for at most `lock_timeout` seconds.
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
    lock_timeout: float = 0.0


class Accounts(Protocol):
    """Where environments are worked on: in threads here, or by the workers of a fleet.

    What comes back is one value an environment, in their order; a failure is a value.
    """

    def prepare(self) -> Sequence[EnvironmentPlan | ReconcilerError]:
        """Read and plan each environment; nothing is written."""
        ...

    def carry_out(self, approved: Plan) -> Sequence[EnvironmentEnd | ReconcilerError]:
        """Carry out what was prepared, as approved."""
        ...


def apply(
    workspaces: Sequence[Workspace],
    remotes: Mapping[str, Remote],
    metadata: PlanMetadata,
    selection: Selection,
    options: ApplyOptions,
) -> Result:
    """Carry out a plan as approved, in threads. Raises as `apply_with`."""
    with ExitStack() as locks:
        threads = _Threads(workspaces, remotes, selection, options, locks)
        return apply_with(threads, [workspace.name for workspace in workspaces], metadata, options)


def apply_with(accounts: Accounts, names: Sequence[str], metadata: PlanMetadata, options: ApplyOptions) -> Result:
    """Carry out a plan of the environments by these names, as approved.

    Raises what goes wrong before the first PUT; from then on the result says it.
    """
    plans = tuple(all_of(names, accounts.prepare()))
    approved = Plan(metadata.tool, metadata.created_at, True, metadata.files, plans, asked=metadata.asked)
    options.approve(approved)
    ends = all_of(names, accounts.carry_out(approved))
    try:
        options.undo(replace(approved, environments=tuple(end.undo for end in ends)))
    except Exception as error:  # noqa: BLE001  what was done is done: the result says it
        ends = [_add_error(end, in_words(error)) for end in ends]
    outcomes = [outcome for end in ends for outcome in end.result.outcomes]
    sent = any(outcome.attempts or outcome.outcome in ("updated", "in_doubt") for outcome in outcomes)
    failures = {end.result.name: end.failure for end in ends if end.failure}
    if failures and not sent:
        raise first_of(failures, several=len(ends) > 1)
    return Result(digest(approved), tuple(end.result for end in ends), approved)


@dataclass(slots=True)
class _Threads:
    """The environments of this process: locked, by `locks`, from when they are read until they are carried out."""

    workspaces: Sequence[Workspace]
    remotes: Mapping[str, Remote]
    selection: Selection
    options: ApplyOptions
    locks: ExitStack
    _prepared: dict[str, _PreparedEnvironment] = field(default_factory=dict)
    _prepared_at: float = 0.0

    def prepare(self) -> Sequence[EnvironmentPlan | ReconcilerError]:
        """Lock, read and plan."""
        found = side_by_side(
            self.workspaces, lambda each: _prepare(each, self.remotes, self.selection, self.options, self.locks)
        )
        self._prepared_at = self.options.clock.monotonic()
        self._prepared = {each.plan.name: each for each in found if not isinstance(each, ReconcilerError)}
        return [each if isinstance(each, ReconcilerError) else each.plan for each in found]

    def carry_out(self, approved: Plan) -> Sequence[EnvironmentEnd | ReconcilerError]:
        """Carry out all that was prepared; what was read of an environment goes as soon as that has ended.

        How long a person thought in between is no part of the time that it took.
        """
        thought = self.options.clock.monotonic() - self._prepared_at
        options = replace(self.options, progress=one_at_a_time(self.options.progress))

        def end(plan: EnvironmentPlan) -> EnvironmentEnd:
            prepared = self._prepared.pop(plan.name)
            return _let_go(replace(prepared, started=prepared.started + thought), options)

        return side_by_side(approved.environments, end)


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


def _prepare(
    workspace: Workspace, remotes: Mapping[str, Remote], selection: Selection, options: ApplyOptions, locks: ExitStack
) -> _PreparedEnvironment:
    started = options.clock.monotonic()
    held = locks.enter_context(ExitStack())
    writer = _lock(workspace, held, options)
    saved = options.saved.get(workspace.name)
    snapshot = LiveSnapshot(remotes[workspace.name], options.clock)
    ids = [change.id for change in saved.changes] if saved else workspace.ids(selection)
    snapshot.refresh(ids, ids)
    plan = plan_environment(workspace, writer.applied, snapshot.live, selection, saved)
    snapshot.narrow({change.id for change in plan.changes})  # whatever is judged later is read again before
    now = datetime.fromtimestamp(options.clock.now(), UTC)
    warned = warn_of_freeze(plan, workspace, now, options.break_freeze)
    broken = options.break_freeze if warned is not plan else ""
    return _PreparedEnvironment(workspace, remotes[workspace.name], held, writer, warned, snapshot, started, broken)


def _lock(workspace: Workspace, held: ExitStack, options: ApplyOptions) -> StateWriter:
    """Lock the state until `held` is closed; raises LockedError if another run has the lock for too long."""
    left = options.lock_timeout
    while True:
        try:
            return held.enter_context(workspace.store.lock(options.holder))
        except LockedError as error:
            if left <= 0:
                raise
            if left == options.lock_timeout:
                _log.info("waiting at most %.0f s: %s", left, error)
        options.clock.sleep(min(left, LOCK_POLL))
        left -= LOCK_POLL


def plan_environment(
    workspace: Workspace, applied: Applied, live: Live, selection: Selection, saved: EnvironmentPlan | None
) -> EnvironmentPlan:
    """Plan anew, or hold a saved plan against now."""
    if saved:
        return follow_saved_plan(workspace, saved, applied, live, selection)
    return compare(workspace, applied, live, selection)


@dataclass(frozen=True, slots=True)
class EnvironmentEnd:
    """How one environment ended, and what sets that back; `failure` is what stopped it before its first PUT."""

    result: EnvironmentResult
    undo: EnvironmentPlan
    failure: ReconcilerError | None


def _add_error(end: EnvironmentEnd, error: ReconcilerError) -> EnvironmentEnd:
    return replace(
        end, result=replace(end.result, stopped=end.result.stopped or error.coded), failure=end.failure or error
    )


def one_at_a_time(progress: Callable[[str, Outcome], None]) -> Callable[[str, Outcome], None]:
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


def _let_go(prepared: _PreparedEnvironment, options: ApplyOptions) -> EnvironmentEnd:
    """Carry out, then give the lock back. What was done is recorded: if it cannot be folded, the end says so."""
    ends: list[EnvironmentEnd] = []
    try:
        with prepared.held:
            ends.append(_carried_out(prepared, options))
    except Exception as error:
        if not ends:
            raise
        return _add_error(ends[0], in_words(error))
    return ends[0]


def _carried_out(prepared: _PreparedEnvironment, options: ApplyOptions) -> EnvironmentEnd:
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
    return EnvironmentEnd(result, add_forecast(undo, prepared.workspace), failure)


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
