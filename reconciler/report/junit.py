"""JUnit XML, as CI systems read it: a suite an environment, a case a list; what is not in order is a failure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from reconciler.model.changes import Blocked, Change, Plan
from reconciler.model.drift import DriftReport, EnvironmentDrift
from reconciler.model.fields import label
from reconciler.model.outcomes import IN_ORDER, EnvironmentResult, Outcome, Result
from reconciler.report import phrases
from reconciler.report.escape import xml


@dataclass(frozen=True, slots=True)
class _Case:
    """One list: its key, and why it is not in order; `skipped` where its turn never came."""

    name: str
    failure: str = ""
    skipped: bool = False


def plan(plan: Plan) -> str:
    """Return a plan: blocked changes are failures."""
    return _document([
        *((each.name, [_plan_case(change) for change in each.changes]) for each in plan.environments),
        *_halts(phrases.halts(plan.failed, plan.refused)),
    ])  # fmt: skip


def result(result: Result) -> str:
    """Return what an apply did: outcomes that are not in order are failures, those not sent are skipped."""
    return _document([
        (environment.name, [*_stop_cases(environment), *(_outcome(outcome) for outcome in environment.outcomes)])
        for environment in result.environments
    ])  # fmt: skip


def drift(report: DriftReport) -> str:
    """Return a drift report: drifted and missing lists are failures."""
    return _document(
        [*((found.name, _drift_cases(found)) for found in report.environments), *_halts(phrases.halts(report.failed))]
    )


def _halts(halts: Iterable[tuple[str, str]]) -> Iterator[tuple[str, list[_Case]]]:
    for name, words in halts:
        yield name, [_Case("as a whole", words)]


def _plan_case(change: Change) -> _Case:
    if not isinstance(change, Blocked):
        return _Case(change.key)
    return _Case(change.key, f"{phrases.deed(change)}: {change.block.reason}; {change.block.lift}")


def _stop_cases(environment: EnvironmentResult) -> list[_Case]:
    return [] if environment.stopped is None else [_Case("as a whole", f"stopped: {environment.stopped}")]


def _outcome(outcome: Outcome) -> _Case:
    words = phrases.outcome(outcome) + (f": {outcome.error}" if outcome.error else "")
    in_order = outcome.outcome in IN_ORDER
    return _Case(outcome.key, "" if in_order else words, skipped=outcome.outcome == "not_sent")


def _drift_cases(found: EnvironmentDrift) -> list[_Case]:
    missing = [_Case(each.key, f"missing: {each.reason}") for each in found.missing]
    drifted = [
        _Case(each.key, f"{phrases.who_moved(each)}: {', '.join(label(found.field) for found in each.fields)}")
        for each in found.drifted
    ]
    return missing + drifted + [_Case(each.key) for each in found.pending]


def _document(suites: Iterable[tuple[str, Sequence[_Case]]]) -> str:
    return "\n".join(
        ['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>", *map(_suite, suites), "</testsuites>\n"]
    )


def _suite(suite: tuple[str, Sequence[_Case]]) -> str:
    name, cases = suite
    skipped = sum(case.skipped for case in cases)
    failures = sum(bool(case.failure) for case in cases) - skipped
    # A suite without cases reads as one that never ran.
    shown = cases or [_Case("nothing to report")]
    counts = f'tests="{len(shown)}" failures="{failures}" errors="0" skipped="{skipped}"'
    return "\n".join(
        [f'  <testsuite name="{xml(name)}" {counts}>', *(_case(name, case) for case in shown), "  </testsuite>"]
    )


def _case(suite: str, case: _Case) -> str:
    head = f'    <testcase classname="{xml(suite)}" name="{xml(case.name)}"'
    if not case.failure:
        return f"{head}/>"
    kind = "skipped" if case.skipped else "failure"
    said = xml(phrases.shorten(case.failure))  # as an attribute and as text: some readers show only one of them
    return f'{head}><{kind} message="{said}">{said}</{kind}></testcase>'
