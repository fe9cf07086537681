"""What happened, or would, in plain words: the first thing that is read, and often the last.

The sentences come without their full stops, the one that matters most first. A campaign *uses* a list: whether it runs
at the moment, the API does not say, and neither does the headline.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import TypeAlias

from reconciler.model.changes import EnvironmentPlan, Plan, Update
from reconciler.model.drift import DriftReport
from reconciler.model.fields import FIELDS, NAME, Field, label
from reconciler.model.outcomes import Result
from reconciler.report import phrases
from reconciler.report.order import first_sent

Sentences: TypeAlias = tuple[str, ...]


def of_plan(plan: Plan) -> Sentences:
    """Return what a plan would do: `3 renames, 2 of them of lists that campaigns use`, `1 change blocked`.

    What is only recorded is told where it is all there is.
    """
    actions = Counter(change.action for environment in plan.environments for change in environment.changes)
    drifted = sum(len(environment.drift) for environment in plan.environments)
    updates = chain.from_iterable(environment.updates for environment in plan.environments)
    overwritten = sum(change.cause in {"drift", "conflict"} for change in updates)
    parts = [
        *_updates((environment, environment.updates) for environment in plan.environments),
        *_some(overwritten, "list", "set back over changes made elsewhere"),
        *_some(actions["blocked"], "change", "blocked"),
        *_some(drifted, "list", "changed elsewhere"),
    ]
    recorded = [
        *_some(actions["check"], "list", "to check"),
        *_some(actions["adopt"], "list", "to adopt"),
        *_some(actions["forget"], "list", "to forget"),
    ]
    refused = [phrases.REFUSED.capitalize()] if plan.refused else []
    return (*refused, *_unseen(plan.failed), *(parts or recorded or _all_well(plan, "Nothing", "to change")))


def of_result(result: Result) -> Sentences:
    """Return what an apply did, or how far it came."""
    if not result.in_order:
        return (phrases.how_it_ended(result).rstrip("."),)
    kinds = Counter(outcome.outcome for environment in result.environments for outcome in environment.outcomes)
    made = {
        (environment.name, outcome.key)
        for environment in result.environments
        for outcome in environment.outcomes
        if outcome.outcome == "updated"
    }
    parts = [
        *_updates(
            (environment, [change for change in environment.updates if (environment.name, change.key) in made])
            for environment in result.approved.environments
        ),
        *_some(kinds["adopted"], "list", "adopted"),
        *_some(kinds["forgotten"], "list", "forgotten"),
    ]
    return ("Done: " + parts[0], *parts[1:]) if parts else (phrases.how_it_ended(result).rstrip("."),)


def of_drift(report: DriftReport) -> Sentences:
    """Return what a drift report found: `1 list missing`, `2 lists changed elsewhere, 1 of them used by campaigns`."""
    drifted = list(chain.from_iterable(environment.drifted for environment in report.environments))
    pending = sum(len(environment.pending) for environment in report.environments)
    missing = sum(len(environment.missing) for environment in report.environments)
    elsewhere = _some(len(drifted), "list", "changed elsewhere")
    used = _share(sum(bool(each.campaigns) for each in drifted), len(drifted), "used by campaigns")
    parts = [
        *_some(missing, "list", "missing"),
        *(f"{words}{used}" for words in elsewhere),
        *_some(pending, "list", "edited and not applied yet"),
    ]
    return (*_unseen(report.failed), *(parts or _all_well(report, "Everything", "is as declared")))


def _unseen(failed: Mapping[str, str]) -> list[str]:
    return _some(len(failed), "environment", phrases.FAILED)


def _all_well(subject: Plan | DriftReport, what: str, rest: str) -> list[str]:
    """Say so of what was looked at, if anything was."""
    nothing_seen = subject.failed or (isinstance(subject, Plan) and subject.refused)
    if nothing_seen and not subject.environments:
        return []
    return [f"{what}{' else' if subject.failed else ''} {rest}"]


def _updates(found: Iterable[tuple[EnvironmentPlan, Sequence[Update]]]) -> list[str]:
    """Say how many lists get a new name, or else another new text; a list counts for the first field that it gets."""
    counts: Counter[Field] = Counter()
    used = 0
    for environment, changes in found:
        for change in changes:
            counts[first_sent(change)] += 1
            used += NAME in change.fields and change.id in environment.campaigns
    renames = [
        f"{words}{_share(used, counts[NAME], 'of lists that campaigns use')}" for words in _some(counts[NAME], "rename")
    ]
    others = (_some(counts[field], f"new {label(field)}") for field in FIELDS if field != NAME)
    return [*renames, *chain.from_iterable(others)]


def _some(number: int, noun: str, words: str = "") -> list[str]:
    return [f"{phrases.count(number, noun)} {words}".strip()] if number else []


def _share(part: int, whole: int, words: str) -> str:
    """Return `, 2 of them of lists …`, `, all of lists …`, or nothing."""
    if not part:
        return ""
    if part < whole:
        return f", {part:,} of them {words}"
    return f", {words}" if whole == 1 else f", all {words}"
