"""What an apply did as a view: what is not in order first, each list with the change that was approved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from reconciler.codes.marking import code_of, mark
from reconciler.report.phrases import count, duration
from reconciler.report.steps import Step
from reconciler.report.view.kinds import OUTCOMES, RANKS
from reconciler.report.view.of_plan import entry_of_change
from reconciler.report.view.view import Entry, EnvironmentView, View, in_reading_order

if TYPE_CHECKING:
    from reconciler.model.changes import EnvironmentPlan
    from reconciler.model.outcomes import EnvironmentResult, Outcome, OutcomeKind, Result

NEXT_STEPS: Final[Mapping[OutcomeKind, str]] = {
    "failed": "the list is as before; correct what its error says, then run apply again",
    "in_doubt": "it is not known yet whether the write arrived; the next apply reads the list and settles it",
    "unverified": "acknowledged, but read back otherwise; plan --refresh shows what the API keeps",
    "conflict": "changed elsewhere and left alone; plan --refresh shows both sides",
    "blocked": "nothing was sent; do what its reason says, then look at plan --refresh",
    "not_sent": "the run ended before its turn; run apply again, it does what is left",
}
_UNREAD: Final = (
    "acknowledged and recorded, but not read back; the next apply reads them, and shows what did not take as drift"
)
_AGAIN: Final = "Run apply again: it does what is left."


def view_of_result(result: Result) -> View:
    """Return what an apply did as a view."""
    approved = {of.name: of for of in result.approved.environments}
    requests = count(sum(environment.requests for environment in result.environments), "request")
    seconds = max((environment.seconds for environment in result.environments), default=0)
    return View(
        subject="apply",
        in_order=result.in_order,
        environments=tuple(_environment(of, approved.get(of.name)) for of in result.environments),
        lede=(f"It took {requests} and {duration(seconds)}.",),
        ended=how_it_ended(result),
        steps=tuple(_steps(result)),
        tool=result.approved.tool,
        made_at=result.approved.created_at,
        files=result.approved.files,
        digest=result.plan,
    )


def entry_of_outcome(environment: str, outcome: Outcome) -> Entry:
    """Return what became of a change as an entry, without the change."""
    code = code_of(outcome.guard) if outcome.guard else ""
    return Entry(
        key=outcome.key,
        id=outcome.id,
        environment=environment,
        kind=OUTCOMES[outcome.outcome],
        cause=outcome.action,
        why=outcome.action,
        words=_words(outcome, code),
        code=code,
        reason=outcome.error or "",
        next_step="" if outcome.in_order else _next_step(outcome),
        attempts=outcome.attempts,
    )


def how_it_ended(result: Result) -> str:
    """Return how a run ended: how many of its changes are made, and recorded."""
    outcomes = [outcome for environment in result.environments for outcome in environment.outcomes]
    made = sum(outcome.outcome == "updated" for outcome in outcomes)
    only = sum(outcome.in_order for outcome in outcomes) - made
    if result.in_order:
        return f"Done: {_done(made, only)}.{_left_alone(result)}"
    stopped = any(environment.stopped for environment in result.environments)
    recorded = "" if stopped else " and recorded"
    unread = sum(_is_unread(outcome) for outcome in outcomes)
    also = f"; {only:,} more in the state only, with nothing sent" if only else ""
    also += f"; {unread:,} more acknowledged and recorded, but not read back" if unread else ""
    return f"Incomplete: {made:,} of {count(len(outcomes) - only, 'change')} made{recorded}{also}."


def _done(made: int, only: int) -> str:
    """Return what a run in order has `made` in the account, and `only` in the state."""
    if not made:
        return f"nothing was sent; {count(only, 'change')} of the state recorded" if only else "nothing had to change"
    also = f"; {only:,} more in the state only, with nothing sent" if only else ""
    return f"{count(made, 'change')} made and recorded{also}"


def _left_alone(result: Result) -> str:
    """Return how many drifted lists the plan left out, which "done" does not speak of."""
    if not (drifted := sum(len(environment.drift) for environment in result.approved.environments)):
        return ""
    return f" {count(drifted, 'drifted list')} {'was' if drifted == 1 else 'were'} left alone."


def _environment(of: EnvironmentResult, approved: EnvironmentPlan | None) -> EnvironmentView:
    numbers = Counter(outcome.outcome for outcome in of.outcomes)
    in_order_first = sorted(OUTCOMES, key=lambda kind: not OUTCOMES[kind].in_order)
    return EnvironmentView(
        name=of.name,
        counts={**{OUTCOMES[kind].tag: numbers[kind] for kind in in_order_first}, "unchanged": of.unchanged},
        cost=f"{count(of.requests, 'request')} in {duration(of.seconds)}",
        entries=in_reading_order(_entries(of, approved)),
        warnings=(f"applied in a freeze, because: {of.broke_freeze}",) if of.broke_freeze else (),
        stopped=of.stopped or "",
        target=approved.target if approved else None,
        lineage=approved.lineage if approved else "",
        serial=approved.serial if approved else 0,
    )


def _entries(of: EnvironmentResult, approved: EnvironmentPlan | None) -> Iterator[Entry]:
    """Yield each outcome, with what it was about if its change is at hand."""
    changes = {change.key: change for change in approved.changes} if approved else {}
    for outcome in of.outcomes:
        entry = entry_of_outcome(of.name, outcome)
        change = changes.get(outcome.key)
        if approved and change:
            planned = entry_of_change(approved, change, ("before", "after" if outcome.in_order else "wanted"))
            entry = replace(
                entry,
                cause=planned.cause,
                why=planned.why,
                source=planned.source,
                fields=planned.fields,
                foreseen=bool(planned.reason) and planned.reason in entry.reason,
                warnings=planned.warnings,
                campaigns=planned.campaigns,
                name=planned.name,
            )
        yield entry


def _words(outcome: Outcome, code: str) -> str:
    """Return what became of a change, with the attempts if it took more than one."""
    words = "acknowledged, not read back" if _is_unread(outcome) else mark(OUTCOMES[outcome.outcome].tag, code)
    return words if outcome.attempts < 2 else f"{words} after {outcome.attempts} attempts"


def _is_unread(outcome: Outcome) -> bool:
    """Tell whether a write was acknowledged, and nothing was read since that could show it."""
    return outcome.outcome == "unverified" and outcome.verified is None


def _next_step(outcome: Outcome) -> str:
    return _UNREAD if _is_unread(outcome) else NEXT_STEPS[outcome.outcome]


def _steps(result: Result) -> Iterator[Step]:
    """Yield what is to be done about each kind of outcome that is not in order, or if only the end was lost."""
    wrong = [outcome for of in result.environments for outcome in of.outcomes if not outcome.in_order]
    found = {(OUTCOMES[outcome.outcome], _next_step(outcome)) for outcome in wrong}
    for kind, step in sorted(found, key=lambda each: (RANKS[each[0]], each[1])):
        yield Step(step, kind=kind)
    if not found and not result.in_order:
        yield Step(_AGAIN)
