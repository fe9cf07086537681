"""A plan as a view: what an apply would do, and what it would send first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

from reconciler.codes.marking import code_of, mark
from reconciler.model.changes import Blocked, Forget, Update
from reconciler.model.fields import FIELDS, NAME
from reconciler.report import steps
from reconciler.report.phrases import CAUSES, IMPORT, TAKEN_OUT, count, duration
from reconciler.report.steps import Step
from reconciler.report.view import kinds
from reconciler.report.view.view import Entry, EnvironmentView, FieldView, View, in_reading_order

if TYPE_CHECKING:
    from reconciler.model.changes import Action, Change, Drift, EnvironmentPlan, Plan
    from reconciler.model.fields import Field

_Where: TypeAlias = Mapping[str, Mapping[str, Sequence[str]]]
"""The names of environments, by what is said of a list there, and by its key."""

_OFFLINE: Final = "Compared with the last-applied state only; which campaigns use these lists was not looked up."
_NO_STATE: Final = "there is no state yet: a change made in the console looks like an edit, and an apply overwrites it"
_COUNTED: Final[Mapping[Action, str]] = {
    "update": "to update",
    "adopt": "to adopt",
    "forget": "to forget",
    "check": "to check",
    "blocked": "blocked",
}
_DEEDS: Final[Mapping[Action, str]] = {
    "update": "update",
    "adopt": "adopt (live is as declared, nothing is sent)",
    "forget": "forget (dropped from the state, nothing is sent)",
    "check": "check (apply reads it first)",
}


def view_of_reported_plan(plan: Plan, digest: str) -> View:
    """Return a plan as a view for those who see no stderr: it warns of each environment without a state.

    `digest` is that of the plan's document.
    """
    view = view_of_plan(plan)
    environments = (of if of.serial else replace(of, warnings=(*of.warnings, _NO_STATE)) for of in view.environments)
    return replace(view, environments=tuple(environments), digest=digest)


def view_of_plan(plan: Plan) -> View:
    """Return a plan as a view."""
    changed = any(environment.changes for environment in plan.environments)
    cost = forecast(plan.environments)
    lede = [f"An apply takes {cost}."] if changed else []
    where = _environments_by_key(plan)
    return View(
        subject="plan",
        in_order=not plan.failed and not plan.refused,
        environments=tuple(_environment(environment, plan, where) for environment in plan.environments),
        failed=plan.failed,
        refused=plan.refused,
        lede=(*lede, "Compared with the live account." if plan.refreshed else _OFFLINE),
        cost=cost,
        compared_offline=changed and not plan.refreshed,
        steps=tuple(_steps(plan)),
        tool=plan.tool,
        made_at=plan.created_at,
        files=plan.files,
    )


def entry_of_change(of: EnvironmentPlan, change: Change, labels: tuple[str, str]) -> Entry:
    """Return a change as an entry; `labels` say what its texts are before and after."""
    cause = _cause_in_words(change, of.standing.taken_out)
    block = change.block if isinstance(change, Blocked) else None
    return Entry(
        key=change.key,
        id=change.id,
        environment=of.name,
        kind=_kind(change),
        cause=change.cause,
        why=cause,
        words=f"{mark('blocked', code_of(block.guard))}: {cause}" if block else f"{_DEEDS[change.action]}: {cause}",
        code=code_of(block.guard) if block else "",
        source=change.source,
        fields=tuple(_fields(change, labels)),
        reason=block.reason if block else "",
        lift=block.lift if block else "",
        warnings=change.warnings,
        waits_for=change.waits_for if isinstance(change, Update) else (),
        campaigns=of.campaigns.get(change.id, ()),
        name=of.names.get(change.id) or change.before.get(NAME, ""),
        last_save=of.last_saves.get(change.id),
    )


def forecast(environments: Sequence[EnvironmentPlan]) -> str:
    """Return what applying takes."""
    requests = count(sum(environment.requests for environment in environments), "request")
    longest = seconds_in_all(environments)
    return f"{requests}, about {duration(longest)}" if longest else f"{requests}, under 1 s"


def seconds_in_all(environments: Sequence[EnvironmentPlan]) -> int:
    """Return how long applying takes; environments of one account share its limit, accounts run side by side."""
    seconds: Counter[tuple[str, str]] = Counter()
    for environment in environments:
        seconds[environment.target.account] += environment.seconds
    return max(seconds.values(), default=0)


def _environment(of: EnvironmentPlan, plan: Plan, where: _Where) -> EnvironmentView:
    before = "live now" if plan.refreshed else "last applied"
    entries = [
        replace(entry_of_change(of, change, (before, _after(change))), other_environments=_elsewhere(change, of, where))
        for change in of.changes
    ]
    actions = Counter(change.action for change in of.changes)
    return EnvironmentView(
        name=of.name,
        counts={
            **{words: actions[action] for action, words in _COUNTED.items()},
            "drifted": len(of.drift),
            "unchanged": of.unchanged,
        },
        cost=forecast([of]),
        entries=in_reading_order([*entries, *(_left_alone(of, drift) for drift in of.drift)]),
        idle="" if of.changes or of.drift else _nothing_to_change(of, plan),
        warnings=of.warnings,
        steps=tuple(steps.of_drift_left_alone(of, plan.asked)) if of.drift else (),
        target=of.target,
        lineage=of.lineage,
        serial=of.serial,
    )


def _environments_by_key(plan: Plan) -> _Where:
    """Return, for each key that an apply would change, where that is pending and where there is nothing to do."""
    pending: dict[str, list[str]] = {}
    up_to_date: dict[str, list[str]] = {}
    for of in plan.environments:
        for change in of.changes:
            if isinstance(change, Update | Blocked):
                pending.setdefault(change.key, []).append(of.name)
    for of in plan.environments:
        for key in of.as_declared & pending.keys():
            up_to_date.setdefault(key, []).append(of.name)
    return {"pending": pending, "nothing to do": up_to_date}


def _elsewhere(change: Change, of: EnvironmentPlan, where: _Where) -> str:
    """Return what is to be said of the other environments that have the list; "" if nothing is to be sent here."""
    if not isinstance(change, Update | Blocked):
        return ""
    others = {word: [name for name in found.get(change.key, ()) if name != of.name] for word, found in where.items()}
    return "; ".join(f"{word} in {', '.join(names)}" for word, names in others.items() if names)


def _after(change: Change) -> str:
    return "wanted" if change.action in {"blocked", "check"} else "after an apply"


def _left_alone(of: EnvironmentPlan, drift: Drift) -> Entry:
    taken_out = drift.key in of.standing.taken_out
    why, applied = (TAKEN_OUT, "in the state") if taken_out else (CAUSES["drift"], "last applied")
    return Entry(
        key=drift.key,
        id=drift.id,
        environment=of.name,
        kind=kinds.LEFT_ALONE,
        cause="drift",
        why=why,
        words=f"{why}, left alone",
        source=drift.source,
        fields=tuple(
            FieldView(field, drift.applied.get(field), drift.live.get(field), (applied, "live now"))
            for field in drift.fields
        ),
        campaigns=of.campaigns.get(drift.id, ()),
        name=of.names.get(drift.id, ""),
        last_save=of.last_saves.get(drift.id),
    )


def _kind(change: Change) -> kinds.Kind:
    match change:
        case Update():
            return kinds.kind_of_update(change)
        case Blocked():
            return kinds.BLOCKED
        case _:
            return kinds.RECORDED[change.action]


def _cause_in_words(change: Change, taken_out: frozenset[str]) -> str:
    """Return why a change is planned; one of a saved plan that the manifest says otherwise of has no place there."""
    if change.cause == "drift" and change.key in taken_out:
        return TAKEN_OUT
    return "as the saved plan says" if change.cause == "edit" and change.source is None else CAUSES[change.cause]


def _fields(change: Change, labels: tuple[str, str]) -> Iterator[FieldView]:
    if isinstance(change, Forget):
        if name := change.before.get(NAME):
            yield FieldView(NAME, name, name, (labels[0], labels[0]))
        return
    for field in FIELDS:
        if _concerns(change, field):
            yield FieldView(field, change.before.get(field), change.after.get(field), labels)


def _concerns(change: Change, field: Field) -> bool:
    """Of an update, only what it sends or stops looking after; of the others, all that is managed."""
    given_up = field in change.before and field not in change.after
    if isinstance(change, Update | Blocked):
        return given_up or field in change.fields
    return given_up or field in change.after


def _nothing_to_change(of: EnvironmentPlan, plan: Plan) -> str:
    """Return the one line of an environment without changes and drift; it claims no more than was read."""
    if not of.unchanged and of.standing.declared:
        return "no changes: the saved plan has none"
    if not of.unchanged:
        why = "fits --only" if plan.asked.only else f"is declared here; {IMPORT}"
        return f"no changes: no list {why}"
    lists = count(of.unchanged, "list")
    if plan.refreshed:
        return f"no changes: {lists} as declared"
    return f"no changes: {lists} as last applied (live was not read; plan --refresh compares it too)"


def _steps(plan: Plan) -> Iterator[Step]:
    names = [environment.name for environment in plan.environments]
    actions = {change.action for environment in plan.environments for change in environment.changes}
    if "blocked" in actions:
        yield Step("Look at what is blocked: each says what to do about it")
    if not plan.refreshed and (actions or any(environment.drift for environment in plan.environments)):
        yield Step("To compare with the live account first", steps.command("plan --refresh", names, plan.asked))
    if actions - {"blocked"}:
        which = "the changes that are not blocked" if "blocked" in actions else "these changes"
        allowed = _mass_change(plan)
        yield Step(f"To make {which}, after a last look", steps.command("apply", names, plan.asked, *allowed))


def _mass_change(plan: Plan) -> Sequence[str]:
    """Return the option without which an apply refuses so many updates; nothing if it does not."""
    if not any(environment.over_max_changes for environment in plan.environments):
        return ()
    return "--allow-mass-change", str(sum(len(environment.updates) for environment in plan.environments))
