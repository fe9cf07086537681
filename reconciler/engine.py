"""The whole pipeline on one page, wired from seams.

    plan     state (+ live)  →  build  →  guard  →  Plan
    drift    state + live  →  drifting  →  DriftReport
    apply    locks → states → live → build or review → guard → approve → one run an environment → Result

Plan and drift are made from a `Reader`, which cannot write: that is a fact of types. Every environment is locked, read
and planned before the first PUT anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from reconciler.errors import ReconcilerError
from reconciler.execute.attempts import Seams
from reconciler.execute.records import Records
from reconciler.execute.run import Run
from reconciler.execute.sending import unsent
from reconciler.execute.sight import Sight, survey
from reconciler.model.changes import Adopt, Change, EnvironmentPlan, Forget, Plan, Update
from reconciler.model.drift import DriftReport
from reconciler.model.lists import Applied, AppliedList, Desired, Live
from reconciler.model.outcomes import EnvironmentResult, Outcome, Result
from reconciler.planning import limits
from reconciler.planning.build import build
from reconciler.planning.document import digest
from reconciler.planning.drifting import drift as compare_live
from reconciler.planning.guard import guarded
from reconciler.planning.review import reviewed
from reconciler.protocols import Clock, Holder, Reader, Remote, StateStore, StateWriter, Stop


@dataclass(frozen=True, slots=True)
class Site:
    """One environment: what is desired of it, where its state is kept, and how fast it may be asked."""

    desired: Desired
    store: StateStore
    requests_per_minute: int


@dataclass(frozen=True, slots=True)
class Heading:
    """What a plan says of its making: program version, time (RFC 3339, UTC), manifest files and their SHA-256."""

    tool: str
    created_at: str
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which part of the environments, and whether drift is set back: `only` holds globs of keys, none for all."""

    only: tuple[str, ...] = ()
    revert_drift: bool = False

    def covers(self, key: str) -> bool:
        """Tell whether a list is in scope."""
        return not self.only or any(fnmatchcase(key, glob) for glob in self.only)


def plan(sites: Sequence[Site], readers: Mapping[str, Reader], heading: Heading, scope: Scope) -> Plan:
    """Compare desired with applied, and with live where `readers` has a reader for the environment."""
    planned = []
    for site in sites:
        applied = site.store.load()
        reader = readers.get(site.desired.environment)
        live = survey(reader, _ids(site, scope)) if reader else None
        planned.append(_planned(site, applied, live, scope))
    return Plan(heading.tool, heading.created_at, bool(readers), heading.files, tuple(planned))


def drift(
    sites: Sequence[Site], readers: Mapping[str, Reader], heading: Heading, declared_ids: Mapping[str, Collection[str]]
) -> DriftReport:
    """Compare live with applied and desired; `declared_ids` holds, by environment, all that its account's declare."""
    found = []
    for site in sites:
        name = site.desired.environment
        live = survey(readers[name], _ids(site, Scope()))
        compared = compare_live(site.desired, site.store.load(), live, declared_ids[name])
        found.append(replace(compared, requests=readers[name].requests))
    return DriftReport(heading.tool, heading.created_at, heading.files, tuple(found))


@dataclass(frozen=True, slots=True)
class Conduct:
    """What an apply is given beside the environments.

    `approve` shows the plan and raises what stops it; `progress` is told each outcome as it becomes known, with the
    name of the environment. `undo` is given the plan that sets back what the run did. `saved` holds, by environment,
    plans that were reviewed before and are to be followed.
    """

    holder: Holder
    clock: Clock
    stop: Stop
    jitter: Callable[[], float]
    approve: Callable[[Plan], None]
    progress: Callable[[str, Outcome], None]
    undo: Callable[[Plan], None] = lambda _: None
    saved: Mapping[str, EnvironmentPlan] = field(default_factory=dict)


def apply(
    sites: Sequence[Site], remotes: Mapping[str, Remote], heading: Heading, scope: Scope, conduct: Conduct
) -> Result:
    """Carry out a plan as approved. Raises what goes wrong before the first PUT; from then on the result says it."""
    ends: list[_End] = []
    approved = Plan(heading.tool, heading.created_at, True, heading.files)
    try:
        with ExitStack() as locks:
            courses = [_prepared(site, remotes, scope, conduct, locks) for site in sites]
            approved = replace(approved, environments=tuple(course.plan for course in courses))
            conduct.approve(approved)
            ends += [_carried_out(course, conduct) for course in courses]
            conduct.undo(replace(approved, environments=tuple(end.undo for end in ends)))
    except ReconcilerError as error:
        # What was done is recorded: where the journal cannot be folded, or the undo not saved, the result says so.
        if not ends:
            raise
        ends = [_noted(end, error) for end in ends]
    sent = any(outcome.attempts for end in ends for outcome in end.result.outcomes)
    failure = next((end.failure for end in ends if end.failure), None)
    if failure and not sent:
        raise failure
    return Result(digest(approved), tuple(end.result for end in ends))


@dataclass(frozen=True, slots=True)
class _Course:
    """One environment, locked, read and planned."""

    site: Site
    remote: Remote
    writer: StateWriter
    plan: EnvironmentPlan
    sight: Sight
    started: float


def _prepared(site: Site, remotes: Mapping[str, Remote], scope: Scope, conduct: Conduct, locks: ExitStack) -> _Course:
    name, clock = site.desired.environment, conduct.clock
    started = clock.monotonic()
    writer = locks.enter_context(site.store.lock(conduct.holder))
    saved = conduct.saved.get(name)
    sight = Sight(remotes[name], clock)
    ids = [change.id for change in saved.changes] if saved else _ids(site, scope)
    sight.renew(ids, ids)
    planned = (
        _followed(site, saved, writer.applied, sight.live, scope)
        if saved
        else _planned(site, writer.applied, sight.live, scope)
    )
    return _Course(site, remotes[name], writer, planned, sight, started)


def _ids(site: Site, scope: Scope) -> list[str]:
    return [wanted.id for wanted in site.desired.lists.values() if scope.covers(wanted.key)]


def _planned(site: Site, applied: Applied, live: Live | None, scope: Scope) -> EnvironmentPlan:
    """Compare what is in scope; the guards look at everything."""
    desired = site.desired
    if scope.revert_drift:
        desired = replace(desired, policy=replace(desired.policy, on_drift="overwrite"))
    part = replace(desired, lists={key: wanted for key, wanted in desired.lists.items() if scope.covers(key)})
    known = replace(applied, lists={key: entry for key, entry in applied.lists.items() if scope.covers(key)})
    return _costed(guarded(build(part, known, live), desired, applied, live), site)


def _followed(site: Site, saved: EnvironmentPlan, applied: Applied, live: Live, scope: Scope) -> EnvironmentPlan:
    """Hold a saved plan against now; the state that it is recorded in is the present one."""
    in_scope = [change for change in saved.changes if scope.covers(change.key)]
    left = tuple(change for change in in_scope if not _is_forgotten(change, applied))
    part = replace(saved, changes=left, lineage=applied.lineage, serial=applied.serial)
    now = reviewed(part, site.desired, applied, live)
    changes = tuple(change for change in now.changes if not _is_recorded(change, applied))
    return _costed(replace(now, changes=changes, unchanged=saved.unchanged + len(in_scope) - len(changes)), site)


def _is_forgotten(change: Change, applied: Applied) -> bool:
    return isinstance(change, Forget) and change.key not in applied.lists


def _is_recorded(change: Change, applied: Applied) -> bool:
    """Tell whether the state says already what a change that is true by now would record."""
    known = applied.lists.get(change.key)
    settled = isinstance(known, AppliedList) and known.id == change.id and known.texts == change.after
    return isinstance(change, Adopt) and settled


def _costed(planned: EnvironmentPlan, site: Site) -> EnvironmentPlan:
    requests, seconds = limits.forecast(len(planned.updates), site.requests_per_minute)
    excess = limits.over_max_changes(planned, site.desired)
    warnings = (*planned.warnings, excess) if excess else planned.warnings
    return replace(planned, requests=requests, seconds=seconds, warnings=warnings)


@dataclass(frozen=True, slots=True)
class _End:
    """How one environment ended, and what sets that back; `failure` is what stopped it before its first PUT."""

    result: EnvironmentResult
    undo: EnvironmentPlan
    failure: ReconcilerError | None


def _noted(end: _End, error: ReconcilerError) -> _End:
    return replace(
        end, result=replace(end.result, stopped=end.result.stopped or str(error)), failure=end.failure or error
    )


def _carried_out(course: _Course, conduct: Conduct) -> _End:
    name, clock = course.plan.name, conduct.clock
    outcomes: dict[str, Outcome] = {}
    failure: ReconcilerError | None = None
    records = Records(course.writer, clock)
    run = Run(
        course.plan.changes,
        course.sight,
        Seams(records, course.remote, clock, conduct.stop, conduct.jitter),
        lambda updates, live: _judged(course, updates, live),
    )
    try:
        records.announce(course.plan.updates, course.sight.texts)
        for outcome in run.outcomes():
            outcomes[outcome.key] = outcome
            conduct.progress(name, outcome)
    except ReconcilerError as error:
        failure = error
    stopped = str(failure) if failure else run.stopped
    for change in course.plan.changes:
        outcomes.setdefault(change.key, unsent(change, "not_sent", stopped))
    result = EnvironmentResult(
        name=name,
        outcomes=tuple(outcomes[change.key] for change in course.plan.changes),
        unchanged=course.plan.unchanged,
        requests=course.remote.requests,
        seconds=clock.monotonic() - course.started,
        stopped=stopped,
    )
    undo = replace(course.plan, changes=run.undo(), drift=(), unchanged=0, warnings=())
    return _End(result, _costed(undo, course.site), failure)


def _judged(course: _Course, updates: Sequence[Update], live: Live) -> Sequence[Change]:
    """Judge what is left of a plan; a list that it changes is declared, for the others, as it says."""
    desired = course.site.desired
    changed = {
        change.key: replace(desired.lists[change.key], texts=change.after)
        for change in course.plan.updates
        if change.key in desired.lists
    }
    left = replace(course.plan, changes=tuple(updates))
    return reviewed(left, replace(desired, lists={**desired.lists, **changed}), course.writer.applied, live).changes
