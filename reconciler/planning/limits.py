"""How many PUTs one apply may send, and what a plan costs in requests and seconds."""

from __future__ import annotations

import math

from reconciler.model.changes import EnvironmentPlan
from reconciler.model.lists import Desired

FLOOR = 10  # a percentage never allows fewer
SECONDS_A_REQUEST = 0.5  # a rough guess at the API's latency, for the forecast only


def max_changes(desired: Desired) -> int:
    """Return how many PUTs the policy allows, a percentage taken of the declared lists and rounded down."""
    limit = desired.policy.max_changes
    return max(FLOOR, len(desired.lists) * limit.number // 100) if limit.percent else limit.number


def over_max_changes(plan: EnvironmentPlan, desired: Desired) -> str | None:
    """Say with its numbers that the plan sends more PUTs than the policy allows; None if it does not."""
    updates, allowed = len(plan.updates), max_changes(desired)
    if updates <= allowed:
        return None
    limit = desired.policy.max_changes
    are = "update is" if updates == 1 else "updates are"
    rule = f"{limit.number}%, never under {FLOOR}" if limit.percent else str(limit.number)
    return (
        f"{plan.name}: {updates} {are} over max_changes ({rule}): {allowed} of {len(desired.lists)} lists "
        "may change in one apply"
    )


def forecast(plan: EnvironmentPlan, requests_per_minute: int) -> tuple[int, int]:
    """Return how many requests an apply of a plan sends, and how many seconds it takes at the limit.

    It reads all once, and again after the first PUT and after the last (once if they are the same PUT); each
    window of the limit that it has to wait for costs one more read. What *read all* leaves out is read alone at
    first, and again each time that a PUT to it is looked for.
    """
    updates = len(plan.updates)
    looked_for = (*(plan.updates[:1] if updates > 1 else ()), *plan.updates)
    alone = len(plan.read_alone) + sum(change.id in plan.read_alone for change in looked_for)
    base = updates + min(1 + updates, 3) + alone
    again = 1 if updates else 0
    windows = max(1, math.ceil((base - again) / (requests_per_minute - again)))
    requests = base + again * (windows - 1)
    last = requests - (windows - 1) * requests_per_minute
    return requests, (windows - 1) * 60 + math.ceil(last * SECONDS_A_REQUEST)
