"""What actions, causes, outcomes, counts and times are called, the same in every sink.

Everything here is the program's own words: it needs no escaping and holds nothing that others wrote.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from reconciler.model.changes import Blocked

if TYPE_CHECKING:
    from reconciler.model.changes import Action, Asked, Cause, Change, EnvironmentPlan
    from reconciler.model.drift import EnvironmentDrift, ListDrift, Mover
    from reconciler.model.outcomes import EnvironmentResult, Outcome, OutcomeKind, Result

CAUSES: Final[dict[Cause, str]] = {
    "new": "new to the state",
    "edit": "edited in the manifest",
    "drift": "changed elsewhere since the last apply",
    "conflict": "edited in the manifest and changed elsewhere",
    "retry": "in doubt, since its last write was never confirmed",
    "missing": "the API does not have this list",
    "removed": "no longer in the manifest",
    "undo": "set back to what it was before an apply",
}
MOVED: Final[dict[Mover, str]] = {
    "live": "changed elsewhere since the last apply",
    "file": "edited in the manifest, and not applied yet",
    "both": "edited in the manifest and changed elsewhere",
}
NEVER_APPLIED: Final = "declared, and not in the state: nobody knows who moved; an apply reads and judges it"
OUTCOMES: Final[dict[OutcomeKind, str]] = {
    "updated": "updated",
    "adopted": "adopted",
    "forgotten": "forgotten",
    "failed": "failed",
    "in_doubt": "in doubt",
    "unverified": "not verified",
    "conflict": "in conflict",
    "blocked": "blocked",
    "not_sent": "not sent",
}
NEXT_STEPS: Final[dict[OutcomeKind, str]] = {
    "failed": "the list is as before; mend what its error says, then run apply again",
    "in_doubt": "nobody knows yet whether the write landed; the next apply reads the list and settles it",
    "unverified": "acknowledged, but shown otherwise; `plan --refresh` tells what the API keeps",
    "conflict": "changed elsewhere and left alone; `plan --refresh` shows both sides",
    "blocked": "nothing was sent; do what its reason says, then look at `plan --refresh`",
    "not_sent": "the run ended before its turn; run apply again, it does what is left",
}
_UNREAD: Final = (
    "acknowledged and recorded, but not read back; the next apply reads them, and shows what did not take as drift"
)
FAILED: Final = "could not be looked at"
REFUSED: Final = "not carried out"
MOST_SAID: Final = 1_000
"""Characters of what is said of one list or environment; texts that are sent are never cut."""
AGAIN: Final = "Run apply again: it does what is left."

_ACTIONS: Final[dict[Action, str]] = {
    "update": "update",
    "adopt": "adopt (live is as declared, nothing is sent)",
    "forget": "forget (the list itself stays)",
    "check": "check (apply reads it first)",
}
_PLANNED: Final[dict[Action, str]] = {
    "update": "to update",
    "adopt": "to adopt",
    "forget": "to forget",
    "check": "to check",
    "blocked": "blocked",
}


def cause_of(change: Change) -> str:
    """Return why a change is planned; one of a saved plan that the manifest says otherwise of has no place there."""
    return "as the saved plan says" if change.cause == "edit" and change.source is None else CAUSES[change.cause]


def deed(change: Change) -> str:
    """Return what a plan does with a list, and why."""
    cause = cause_of(change)
    if isinstance(change, Blocked):
        return f"blocked ({change.block.guard}): {cause}"
    return f"{_ACTIONS[change.action]}: {cause}"


def who_moved(found: ListDrift) -> str:
    """Return who moved in a list."""
    never_applied = found.moved == "file" and all(field.applied is None for field in found.fields)
    return NEVER_APPLIED if never_applied else MOVED[found.moved]


def outcome(outcome: Outcome) -> str:
    """Return what became of a change, with the attempts where it took more than one."""
    words = "acknowledged, not read back" if is_unread(outcome) else OUTCOMES[outcome.outcome]
    return words if outcome.attempts < 2 else f"{words} after {outcome.attempts} attempts"


def plan_counts(environments: Sequence[EnvironmentPlan]) -> list[str]:
    """Return the counts of a plan that are not zero, each with its words; never empty."""
    counts = Counter(change.action for environment in environments for change in environment.changes)
    parts = [f"{counts[kind]:,} {words}" for kind, words in _PLANNED.items() if counts[kind]]
    drifted = sum(len(environment.drift) for environment in environments)
    unchanged = sum(environment.unchanged for environment in environments)
    parts += [f"{drifted:,} drifted"] if drifted else []
    return parts + ([f"{unchanged:,} unchanged"] if unchanged or not parts else [])


def result_counts(environments: Sequence[EnvironmentResult]) -> list[str]:
    """Return the counts of a result that are not zero, each with its words; never empty."""
    counts = Counter(each.outcome for environment in environments for each in environment.outcomes)
    unchanged = sum(environment.unchanged for environment in environments)
    parts = [f"{counts[kind]:,} {words}" for kind, words in OUTCOMES.items() if counts[kind]]
    return parts + ([f"{unchanged:,} unchanged"] if unchanged or not parts else [])


def how_it_ended(result: Result) -> str:
    """Return how a run ended: how many of its changes are made, and recorded."""
    outcomes = [outcome for environment in result.environments for outcome in environment.outcomes]
    made = sum(outcome.in_order for outcome in outcomes)
    if result.in_order:
        return f"Done: {count(made, 'change')} made and recorded." if made else "Done: nothing had to change."
    stopped = any(environment.stopped for environment in result.environments)
    recorded = "" if stopped else " and recorded"
    unread = sum(is_unread(outcome) for outcome in outcomes)
    also = f"; {unread:,} more acknowledged and recorded, but not read back" if unread else ""
    return f"Incomplete: {made:,} of {count(len(outcomes), 'change')} made{recorded}{also}."


def is_unread(outcome: Outcome) -> bool:
    """Tell whether a write was acknowledged, and nothing was read since that could show it."""
    return outcome.outcome == "unverified" and outcome.verified is None


def next_step(outcome: Outcome) -> str:
    """Return what is to be done about an outcome that is not in order."""
    return _UNREAD if is_unread(outcome) else NEXT_STEPS[outcome.outcome]


def next_steps(result: Result) -> list[tuple[OutcomeKind, str]]:
    """Return what is to be done about each kind of outcome that is not in order; none where only the end was lost."""
    steps = {
        (outcome.outcome, next_step(outcome))
        for environment in result.environments
        for outcome in environment.outcomes
        if not outcome.in_order
    }
    kinds = list(NEXT_STEPS)
    return sorted(steps, key=lambda step: (kinds.index(step[0]), step[1]))


def halts(failed: Mapping[str, str], refused: str = "") -> Iterator[tuple[str, str]]:
    """Yield what did not come about, an environment or the apply as a whole, and why."""
    for name, error in failed.items():
        yield name, f"{FAILED}: {error}"
    if refused:
        yield "apply", f"{REFUSED}: {refused}"


def drift_counts(environments: Sequence[EnvironmentDrift]) -> list[str]:
    """Return the counts of a drift report that are not zero, each with its words; never empty."""
    counts = {
        "drifted": sum(len(each.drifted) for each in environments),
        "missing": sum(len(each.missing) for each in environments),
        "edited": sum(len(each.pending) for each in environments),
        "undeclared": sum(len(each.undeclared) for each in environments),
        "ignored": sum(each.ignored for each in environments),
    }
    as_declared = sum(each.declared - len(each.lists) - len(each.missing) for each in environments)
    parts = [f"{number:,} {words}" for words, number in counts.items() if number]
    return parts + ([f"{as_declared:,} as declared"] if as_declared or not parts else [])


def nothing_to_change(environment: EnvironmentPlan, asked: Asked, *, refreshed: bool) -> str:
    """Return the one line of an environment without changes and drift; it claims no more than was read."""
    if not environment.unchanged:
        return f"no changes: no list {'fits --only' if asked.only else 'is declared here'}"
    lists = count(environment.unchanged, "list")
    if refreshed:
        return f"no changes: {lists} as declared"
    return f"no changes: {lists} as last applied (live was not read; plan --refresh compares it too)"


def forecast(environments: Sequence[EnvironmentPlan]) -> str:
    """Return what applying takes; environments of one account share its limit, accounts run side by side."""
    seconds: Counter[tuple[str, str]] = Counter()
    for environment in environments:
        seconds[environment.target.account] += environment.seconds
    requests = count(sum(environment.requests for environment in environments), "request")
    longest = max(seconds.values(), default=0)
    return f"{requests}, about {duration(longest)}" if longest else f"{requests}, under 1 s"


def count(number: int, noun: str) -> str:
    """Return `1 list`, `2 lists`, `1,000 lists`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def duration(seconds: float) -> str:
    """Return `0.4 s`, `12 s`, `2 min 5 s`, `1 h 2 min`."""
    if seconds < 9.95:
        return f"{round(seconds, 1):g} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    hours, minutes = divmod(whole // 60, 60)
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min {whole % 60} s" if whole % 60 else f"{minutes} min"


def shorten(text: str, most: int = MOST_SAID) -> str:
    """Return `text`, or its first `most` characters and how many more there are."""
    return text if len(text) <= most else f"{text[:most].rstrip()}… ({len(text) - most:,} more characters)"
