"""Prometheus text: how many lists of each kind an environment has, for the textfile collector of the node exporter.

A number that a run does not know is left out: a plan that did not read live knows no drift. Times are given as such,
and how long ago that is, is asked of Prometheus: `time() - reconciler_last_apply_timestamp_seconds`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Final, TypeAlias, assert_never

from reconciler.model.changes import Blocked, EnvironmentPlan, Plan
from reconciler.model.comparison import Comparison
from reconciler.model.drift_report import DriftReport, EnvironmentDrift
from reconciler.model.lists import Standing
from reconciler.model.outcomes import EnvironmentResult, OutcomeKind, Result
from reconciler.report.escape import label_value

GAUGES: Final[Mapping[str, str]] = {
    "reconciler_lists": "Declared lists.",
    "reconciler_lists_pending": "Lists whose declared texts are not applied yet; blocked ones apart.",
    "reconciler_lists_blocked": "Lists whose change a guard stops.",
    "reconciler_lists_drifted": "Lists that were changed elsewhere since the last apply.",
    "reconciler_lists_missing": "Declared lists that the account does not have.",
    "reconciler_lists_in_doubt": "Lists whose last write was never confirmed.",
    "reconciler_last_apply_timestamp_seconds": "When an apply last recorded a list, since the epoch.",
    "reconciler_run_timestamp_seconds": "When the run that these numbers are of began, since the epoch.",
    "reconciler_run_success": "Whether the run looked at the environment or, if it was an apply, made every change.",
}
_OUTPUTS: Final[Mapping[str, str]] = {
    "changes": "changes",
    "updates": "reconciler_lists_pending",
    "blocked": "reconciler_lists_blocked",
    "drifted": "reconciler_lists_drifted",
    "missing": "reconciler_lists_missing",
    "in_doubt": "reconciler_lists_in_doubt",
}
_Numbers: TypeAlias = dict[str, int]
Subject: TypeAlias = Plan | Result | DriftReport | Comparison
"""What there are reports of."""


def render(subject: Subject) -> str:
    """Return the numbers of each environment; those of a run that ended before it knew any have the environment ""."""
    command, began, environments = _by_environment(subject)
    lines = []
    for metric, words in GAUGES.items():
        samples = [
            f'{metric}{{command="{command}",environment="{label_value(name)}"}} {number}'
            for name, numbers in environments.items()
            if (number := {**numbers, "reconciler_run_timestamp_seconds": began}.get(metric)) is not None
        ]
        if samples:
            lines += [f"# HELP {metric} {words}", f"# TYPE {metric} gauge", *samples]
    return "".join(f"{line}\n" for line in lines)


def totals(subject: Subject) -> dict[str, int]:
    """Return the numbers of all environments together, as outputs of a step, without those that none knows."""
    environments = list(_by_environment(subject)[2].values())
    known = {name: [of[metric] for of in environments if metric in of] for name, metric in _OUTPUTS.items()}
    return {name: sum(numbers) for name, numbers in known.items() if numbers}


def _by_environment(subject: Subject) -> tuple[str, int, dict[str, _Numbers]]:
    """Return the command, when it began, and its numbers by environment."""
    match subject:
        case Plan(refused=refused):
            planned = {of.name: _of_plan(of, subject.refreshed) | _success(not refused) for of in subject.environments}
            lost = [*subject.failed, *([""] if refused and not planned else [])]
            return "apply" if refused else "plan", _seconds(subject.created_at), planned | _failed(lost)
        case Result(approved=approved):
            began, plans = _seconds(approved.created_at), {of.name: of for of in approved.environments}
            return "apply", began, {of.name: _of_result(of, plans.get(of.name), began) for of in subject.environments}
        case DriftReport():
            seen = {of.name: _of_drift(of) for of in subject.environments}
            return "drift", _seconds(subject.created_at), seen | _failed(subject.failed)
        case Comparison():
            compared = {name: _success(True) for name in (subject.before, subject.after)}
            return "compare", _seconds(subject.created_at), compared
        case _:
            assert_never(subject)


def _of_plan(of: EnvironmentPlan, refreshed: bool) -> _Numbers:
    numbers = _of_standing(of.standing) | {
        "reconciler_lists_pending": len(of.updates),
        "reconciler_lists_blocked": sum(isinstance(change, Blocked) for change in of.changes),
        "changes": sum(not isinstance(change, Blocked) for change in of.changes),  # no gauge, since those count lists
    }
    return numbers | {"reconciler_lists_drifted": len(_drifted(of))} if refreshed else numbers


def _of_result(of: EnvironmentResult, approved: EnvironmentPlan | None, began: int) -> _Numbers:
    """Return the numbers after an apply: those of its plan, less what was made."""

    def keys(*kinds: OutcomeKind) -> set[str]:
        return {outcome.key for outcome in of.outcomes if outcome.outcome in kinds}

    standing, drifted = (approved.standing, _drifted(approved)) if approved else (Standing(known=False), set())
    made = {outcome.key for outcome in of.outcomes if outcome.in_order}
    unsettled = standing.in_doubt & keys("blocked", "conflict", "not_sent")
    numbers = _of_standing(standing) | {
        "reconciler_lists_pending": len(keys("failed", "in_doubt", "conflict", "not_sent")),
        "reconciler_lists_blocked": len(keys("blocked")),
    }
    at_least = {
        "reconciler_lists_drifted": len(drifted - made | keys("conflict")),
        "reconciler_lists_in_doubt": len(unsettled | keys("in_doubt")),
    }
    numbers |= {metric: number for metric, number in at_least.items() if standing.known or number}
    return numbers | ({"reconciler_last_apply_timestamp_seconds": began} if made else {}) | _success(of.in_order)


def _of_drift(of: EnvironmentDrift) -> _Numbers:
    numbers = {
        "reconciler_lists": of.declared,
        "reconciler_lists_pending": len(of.pending),
        "reconciler_lists_drifted": len(of.drifted),
        "reconciler_lists_missing": len(of.missing),
    }
    return _of_standing(of.standing) | numbers | _success(True)


def _of_standing(standing: Standing) -> _Numbers:
    if not standing.known:
        return {}
    numbers = {
        "reconciler_lists": standing.declared,
        "reconciler_lists_in_doubt": len(standing.in_doubt),
    }
    with suppress(ValueError):  # none yet, or a state that was edited by hand
        numbers["reconciler_last_apply_timestamp_seconds"] = _seconds(standing.last_applied)
    return numbers


def _drifted(of: EnvironmentPlan) -> set[str]:
    conflicts = {each.key for each in of.changes if isinstance(each, Blocked) and each.block.guard == "conflict"}
    changed = {change.key for change in of.changes if change.cause in {"drift", "conflict"}}
    return conflicts | changed | {drift.key for drift in of.drift}


def _success(value: bool) -> _Numbers:
    return {"reconciler_run_success": int(value)}


def _failed(names: Iterable[str]) -> dict[str, _Numbers]:
    return {name: _success(False) for name in names}


def _seconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp())
