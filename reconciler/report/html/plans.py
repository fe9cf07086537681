"""A plan as a page: what an apply would do, what it would send first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.documents.plan import digest
from reconciler.model.changes import Blocked, Check, EnvironmentPlan, Plan
from reconciler.report import order, phrases, steps
from reconciler.report.html import entries, facts, headlines, kinds
from reconciler.report.html.matrix import matrix
from reconciler.report.html.page import Bar, Entry, Fact, Group, Notice, Page, Standing, Tone
from reconciler.report.steps import Step

_OFFLINE = "Compared with the last-applied state only; which campaigns use these lists was not looked up."


def page(plan: Plan) -> Page:
    """Return the whole page."""
    names = tuple(environment.name for environment in plan.environments)
    groups = kinds.group(kinds.PLANNED.values(), _entries(plan))
    shown = [entry for group in groups for entry in group.entries]
    return Page(
        subject="plan",
        kind_is="Action",
        environments=names,
        made_at=plan.created_at,
        tone="stop" if plan.failed or plan.refused else _tone(groups),
        headline=headlines.of_plan(plan),
        lede=tuple(_lede(plan)),
        bars=(*bars(groups), *_unchanged_bars(plan)),
        notices=(
            *halts(phrases.halts(plan.failed, plan.refused)),
            *(
                Notice(each.name, phrases.shorten(said), "caution")
                for each in plan.environments
                for said in each.warnings
            ),
        ),
        steps=tuple(_steps(plan, groups)),
        standings=tuple(_standing(each) for each in plan.environments) if len(names) > 1 else (),
        matrix=matrix(names, shown, idle="nothing to do"),
        groups=groups,
        facts=tuple(_facts(plan)),
    )


def halts(found: Iterable[tuple[str, str]]) -> Iterator[Notice]:
    """Yield what did not come about."""
    for name, words in found:
        yield Notice(name, phrases.shorten(words), "stop")


def bars(groups: tuple[Group, ...]) -> Iterator[Bar]:
    """Yield the counts of the groups."""
    for group in groups:
        yield Bar(len(group.entries), group.kind.title.lower(), group.kind.tone, group.kind.name)


def _entries(plan: Plan) -> Iterator[Entry]:
    before = "live now" if plan.refreshed else "last applied"
    for of in plan.environments:
        for title, changes in order.risks(of.changes):
            labels = before, "wanted" if isinstance(changes[0], Blocked | Check) else "after an apply"
            yield from (entries.of_change(of, change, kinds.PLANNED[title], labels) for change in changes)
        changed = {change.key for change in of.changes}
        for drift in of.drift:
            yield entries.of_drift(of, drift, kinds.PLANNED["drift"], changed=drift.key in changed)


def _tone(groups: tuple[Group, ...]) -> Tone:
    """Return how urgent the page is: something is blocked, or else as its first group."""
    if any(group.kind.tone == "stop" for group in groups):
        return "stop"
    return groups[0].kind.tone if groups else "good"


def _lede(plan: Plan) -> Iterator[str]:
    if any(environment.changes for environment in plan.environments):
        yield f"An apply takes {phrases.forecast(plan.environments)}."
    if plan.refreshed:
        yield "Compared with the live account."
    else:
        yield _OFFLINE


def _unchanged_bars(plan: Plan) -> Iterator[Bar]:
    if number := sum(environment.unchanged for environment in plan.environments):
        yield Bar(number, "unchanged", "quiet")


def _standing(of: EnvironmentPlan) -> Standing:
    return Standing(of.name, ", ".join(phrases.plan_counts([of])), phrases.forecast([of]))


def _steps(plan: Plan, groups: tuple[Group, ...]) -> Iterator[Step]:
    names = [environment.name for environment in plan.environments]
    made = any(change.action != "blocked" for environment in plan.environments for change in environment.changes)
    blocked = any(group.kind.name == "blocked" for group in groups)
    if blocked:
        yield Step("Look at what is blocked: each says what lifts it")
    if not plan.refreshed and groups:
        yield Step("To compare with the live account first", steps.command("plan --refresh", names, plan.asked))
    if made:
        which = "the changes that are not blocked" if blocked else "these changes"
        yield Step(f"To make {which}, after a last look", steps.command("apply", names, plan.asked))
    for environment in plan.environments:
        if environment.drift:
            yield from steps.of_drift_left_alone(environment, plan.asked)


def _facts(plan: Plan) -> Iterator[Fact]:
    yield Fact("Digest", digest(plan), exact=True)
    yield from facts.of_run(plan.tool, plan.created_at, plan.files)
    for of in plan.environments:
        yield from facts.of_target(of.name, of.target, of.lineage, of.serial)
