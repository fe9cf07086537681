"""What an apply did as a page: what is not in order first, each list with its texts before and after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reconciler.model.outcomes import IN_ORDER, EnvironmentResult, Outcome, Result
from reconciler.report import phrases
from reconciler.report.html import entries, facts, headlines, kinds
from reconciler.report.html.matrix import matrix
from reconciler.report.html.page import Bar, Entry, Fact, Notice, Page, Remark, Standing
from reconciler.report.html.plans import bars
from reconciler.report.steps import Step


def page(result: Result) -> Page:
    """Return the whole page."""
    names = tuple(environment.name for environment in result.environments)
    groups = kinds.group(kinds.DONE.values(), _entries(result))
    shown = [entry for group in groups for entry in group.entries]
    return Page(
        subject="apply",
        kind_is="Outcome",
        environments=names,
        made_at=result.approved.created_at,
        tone="good" if result.in_order else "stop",
        headline=headlines.of_result(result),
        lede=tuple(_lede(result)),
        bars=(*bars(groups), *_unchanged_bars(result)),
        notices=tuple(
            Notice(each.name, f"stopped: {each.stopped}", "stop") for each in result.environments if each.stopped
        ),
        steps=tuple(_steps(result)),
        standings=tuple(_standing(each) for each in result.environments) if len(names) > 1 else (),
        matrix=matrix(names, shown, idle="nothing to do"),
        groups=groups,
        facts=tuple(_facts(result)),
    )


def _entries(result: Result) -> Iterator[Entry]:
    """Yield each outcome with the change that was approved."""
    planned = {of.name: {change.key: change for change in of.changes} for of in result.approved.environments}
    plans = {of.name: of for of in result.approved.environments}
    for environment in result.environments:
        for outcome in environment.outcomes:
            kind = kinds.DONE[outcome.outcome]
            change = planned.get(environment.name, {}).get(outcome.key)
            if change is None:
                yield _bare(environment.name, outcome)
                continue
            labels = ("before", "after" if outcome.outcome in IN_ORDER else "wanted")
            entry = entries.of_change(plans[environment.name], change, kind, labels)
            yield replace(entry, remarks=(*_remarks(outcome), *_warnings(entry)))


def _bare(environment: str, outcome: Outcome) -> Entry:
    """Return an outcome whose change is not at hand."""
    return Entry(
        anchor=entries.anchor(environment, outcome.key),
        key=outcome.key,
        environment=environment,
        kind=kinds.DONE[outcome.outcome],
        cause=outcome.action,
        words=outcome.action,
        place=outcome.id,
        remarks=_remarks(outcome),
    )


def _warnings(entry: Entry) -> tuple[Remark, ...]:
    """Return what was said of the change before; why a blocked one is, its outcome says."""
    return tuple(remark for remark in entry.remarks if remark.label == "Warning")


def _remarks(outcome: Outcome) -> tuple[Remark, ...]:
    said = []
    if outcome.outcome not in IN_ORDER:
        said.append(
            Remark("What happened", outcome.error or phrases.outcome(outcome), kinds.DONE[outcome.outcome].tone)
        )
        said.append(Remark("What to do", _without_quotes(phrases.next_step(outcome))))
    if outcome.attempts > 1:
        said.append(Remark("Attempts", str(outcome.attempts)))
    return tuple(said)


def _without_quotes(words: str) -> str:
    """Return the program's own words without the marks that a terminal needs around a command."""
    return words.replace("`", "")


def _lede(result: Result) -> Iterator[str]:
    if not result.in_order:
        yield f"{', '.join(phrases.result_counts(result.environments)).capitalize()}."
    requests = phrases.count(sum(environment.requests for environment in result.environments), "request")
    yield f"It took {requests} and {phrases.duration(max((each.seconds for each in result.environments), default=0))}."


def _unchanged_bars(result: Result) -> Iterator[Bar]:
    if number := sum(environment.unchanged for environment in result.environments):
        yield Bar(number, "unchanged", "quiet")


def _standing(of: EnvironmentResult) -> Standing:
    took = f"{phrases.count(of.requests, 'request')} in {phrases.duration(of.seconds)}"
    return Standing(of.name, ", ".join(phrases.result_counts([of])), took)


def _steps(result: Result) -> Iterator[Step]:
    if result.in_order:
        return
    for kind, step in phrases.next_steps(result):
        yield Step(f"{phrases.OUTCOMES[kind].capitalize()}: {_without_quotes(step)}")
    if not phrases.next_steps(result):
        yield Step(phrases.AGAIN)


def _facts(result: Result) -> Iterator[Fact]:
    yield Fact("Digest of the plan", result.plan, exact=True)
    yield from facts.of_run(result.approved.tool, result.approved.created_at, result.approved.files)
    for environment in result.environments:
        yield Fact(f"{environment.name}: took", phrases.duration(environment.seconds))
    for of in result.approved.environments:
        yield from facts.of_target(of.name, of.target, of.lineage, of.serial)
