"""A drift report as a page: what is missing, who moved, and what nobody declares."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.drift import DriftReport, EnvironmentDrift, FieldDrift, ListDrift, Missing
from reconciler.model.fields import NAME
from reconciler.model.lists import LiveList
from reconciler.report import phrases, steps
from reconciler.report.html import facts, headlines, kinds
from reconciler.report.html.entries import anchor, place
from reconciler.report.html.matrix import matrix
from reconciler.report.html.page import Bar, Entry, Fact, Notice, Page, Remark, Standing, Text
from reconciler.report.html.plans import bars, halts
from reconciler.report.html.sides import beside, compare_sides
from reconciler.report.steps import Step

_UNDECLARED = "live, and declared nowhere"
_DOUBT = "Its last write was never confirmed; the next apply reads the list and settles that."


def page(report: DriftReport) -> Page:
    """Return the whole page."""
    names = tuple(found.name for found in report.environments)
    groups = kinds.group(kinds.FOUND.values(), _entries(report))
    compared_lists = [entry for group in groups for entry in group.entries if entry.cause != "undeclared"]
    return Page(
        subject="drift",
        kind_is="Finding",
        environments=names,
        made_at=report.created_at,
        tone="good" if report.in_order else "stop" if report.failed else groups[0].kind.tone,
        headline=headlines.of_drift(report),
        lede=("Live, compared with the last apply and with the manifest.",),
        bars=(*bars(groups), *_as_declared(report)),
        notices=(
            *halts(phrases.halts(report.failed)),
            *(
                Notice(each.name, phrases.shorten(said), "caution")
                for each in report.environments
                for said in each.warnings
            ),
        ),
        steps=tuple(_steps(report)),
        standings=tuple(_standing(found) for found in report.environments) if len(names) > 1 else (),
        matrix=matrix(names, compared_lists, idle="no drift"),
        groups=groups,
        facts=tuple(_facts(report)),
    )


def _entries(report: DriftReport) -> Iterator[Entry]:
    for found in report.environments:
        yield from (_missing(found.name, missing) for missing in found.missing)
        yield from (_moved_entry(found.name, each) for each in found.lists)
        yield from (_undeclared_entry(found.name, live) for live in found.undeclared)


def _missing(environment: str, missing: Missing) -> Entry:
    return Entry(
        anchor=anchor(environment, missing.key),
        key=missing.key,
        environment=environment,
        kind=kinds.FOUND["missing"],
        cause="missing",
        words=phrases.CAUSES["missing"],
        place=place(missing.source, missing.id),
        remarks=(Remark(missing.id, phrases.shorten(missing.reason), "stop"),),
    )


def _moved_entry(environment: str, found: ListDrift) -> Entry:
    words = phrases.who_moved(found)
    return Entry(
        anchor=anchor(environment, found.key),
        key=found.key,
        environment=environment,
        kind=kinds.FOUND[found.moved],
        cause="never-applied" if words == phrases.NEVER_APPLIED else found.moved,
        words=words,
        place=place(found.source, found.id),
        texts=tuple(_text(field) for field in found.fields),
        remarks=(Remark("In doubt", _DOUBT, "caution"),) if found.doubtful else (),
        campaigns=found.campaigns,
    )


def _text(found: FieldDrift) -> Text:
    """The way that the live text has to go, or went; of a conflict, both."""
    if found.moved == "file":
        return compare_sides(found.field, found.live, found.desired, ("live now", "in the manifest"))
    text = compare_sides(found.field, found.applied, found.live, ("last applied", "live now"))
    return text if found.moved == "live" else beside(text, found.applied, found.desired, "in the manifest")


def _undeclared_entry(environment: str, live: LiveList) -> Entry:
    """It has no key: its name stands for it."""
    return Entry(
        anchor=anchor(environment, live.id),
        key=live.texts[NAME] or live.id,
        environment=environment,
        kind=kinds.FOUND["undeclared"],
        cause="undeclared",
        words=_UNDECLARED,
        place=live.id,
        texts=tuple(
            compare_sides(field, text, text, ("live now", "live now"))
            for field, text in live.texts.items()
            if text and field != NAME
        ),
        campaigns=live.campaigns,
    )


def _as_declared(report: DriftReport) -> Iterator[Bar]:
    counts = {
        "as declared": sum(each.declared - len(each.lists) - len(each.missing) for each in report.environments),
        "left to others": sum(each.ignored for each in report.environments),
    }
    yield from (Bar(number, words, "quiet") for words, number in counts.items() if number)


def _standing(found: EnvironmentDrift) -> Standing:
    return Standing(found.name, ", ".join(phrases.drift_counts([found])), phrases.count(found.requests, "request"))


def _steps(report: DriftReport) -> Iterator[Step]:
    for found in report.environments:
        yield from steps.of_drift(found, report.asked)


def _facts(report: DriftReport) -> Iterator[Fact]:
    yield from facts.of_run(report.tool, report.created_at, report.files)
    for found in report.environments:
        yield from facts.of_target(found.name, found.target, found.lineage, found.serial)
