"""What only looks: `plan` and `drift`. Wired with a `Reader`, they cannot write."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.engine.abreast import Failures, side_by_side, sorted_out
from reconciler.engine.sites import Heading, Scope, Site
from reconciler.execute.snapshot import read_live
from reconciler.model.changes import EnvironmentPlan, Plan
from reconciler.model.lists import Applied, Live, Target
from reconciler.planning import limits
from reconciler.planning.build import build
from reconciler.planning.guard import guarded
from reconciler.planning.stepback import step_back_warnings
from reconciler.protocols import Reader

if TYPE_CHECKING:
    from reconciler.model.drift import DriftReport, EnvironmentDrift


def plan(sites: Sequence[Site], readers: Mapping[str, Reader], heading: Heading, scope: Scope) -> tuple[Plan, Failures]:
    """Compare desired with applied, and with live where `readers` has a reader for the environment.

    An environment that fails does not stop the others.
    """

    def look(site: Site) -> EnvironmentPlan:
        applied = site.store.load()
        reader = readers.get(site.name)
        live = read_live(reader, site.ids(scope)) if reader else None
        return planned(site, applied, live, scope)

    found, failures = sorted_out((site.name for site in sites), side_by_side(sites, _target, look))
    failed, refreshed = _words(failures), bool(readers)
    made = Plan(heading.tool, heading.created_at, refreshed, heading.files, found, failed, asked=heading.asked)
    return made, failures


def drift(
    sites: Sequence[Site], readers: Mapping[str, Reader], heading: Heading, declared_ids: Mapping[str, Collection[str]]
) -> tuple[DriftReport, Failures]:
    """Compare live with applied and desired; `declared_ids` holds, by environment, all that its account's declare.

    An environment that fails does not stop the others.
    """
    from reconciler.model.drift import DriftReport  # noqa: PLC0415 - a plan does without, and starts the sooner
    from reconciler.planning.drifting import drift as compare_live  # noqa: PLC0415 - likewise

    def look(site: Site) -> EnvironmentDrift:
        reader = readers[site.name]
        live = read_live(reader, site.ids(Scope()))
        applied = site.store.load()
        compared = compare_live(site.desired, applied, live, declared_ids[site.name])
        warnings = step_back_warnings(applied, site.store.later(applied), live)
        return replace(compared, requests=reader.requests, warnings=warnings)

    found, failures = sorted_out((site.name for site in sites), side_by_side(sites, _target, look))
    report = DriftReport(heading.tool, heading.created_at, heading.files, found, _words(failures), heading.asked)
    return report, failures


def planned(site: Site, applied: Applied, live: Live | None, scope: Scope) -> EnvironmentPlan:
    """Compare what is in scope; the guards look at everything."""
    desired, part, known = site.desired, site.desired, applied
    if scope.revert_drift:
        desired = part = replace(desired, policy=replace(desired.policy, on_drift="overwrite"))
    if scope.only:
        part = replace(desired, lists={key: wanted for key, wanted in desired.lists.items() if scope.covers(key)})
        known = replace(applied, lists={key: entry for key, entry in applied.lists.items() if scope.covers(key)})
    return costed(stepped(guarded(build(part, known, live), desired, applied, live), site, applied, live), site)


def stepped(plan: EnvironmentPlan, site: Site, applied: Applied, live: Live | None) -> EnvironmentPlan:
    """Return the plan with a warning if git moved the state back."""
    warnings = step_back_warnings(applied, site.store.later(applied), live)
    return replace(plan, warnings=(*warnings, *plan.warnings))


def costed(plan: EnvironmentPlan, site: Site) -> EnvironmentPlan:
    """Return the plan with what applying it takes, and a warning where it is over `max_changes`."""
    requests, seconds = limits.forecast(len(plan.updates), site.requests_per_minute)
    excess = limits.over_max_changes(plan, site.desired)
    refusal = (f"{excess}; an apply refuses without --allow-mass-change",) if excess else ()
    warnings = (*plan.warnings, *refusal)
    return replace(plan, requests=requests, seconds=seconds, warnings=warnings)


def _words(failures: Failures) -> dict[str, str]:
    return {name: str(error) for name, error in failures.items()}


def _target(site: Site) -> Target:
    return site.desired.target
