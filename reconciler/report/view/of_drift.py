"""A drift report as a view: what is missing, who moved, and which lists no environment declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from reconciler.model.fields import NAME
from reconciler.planning.blocks import GONE, gone
from reconciler.report import steps
from reconciler.report.phrases import CAUSES, TAKEN_OUT, count
from reconciler.report.view import kinds
from reconciler.report.view.view import Entry, EnvironmentView, FieldView, View, in_reading_order

if TYPE_CHECKING:
    from reconciler.model.changes import Asked
    from reconciler.model.drift_report import DriftReport, EnvironmentDrift, FieldDrift, ListDrift, Missing, Mover
    from reconciler.model.lists import LiveList

_MOVED: Final[Mapping[Mover, str]] = {
    "live": CAUSES["drift"],
    "file": "edited in the manifest, and not applied yet",
    "both": CAUSES["conflict"],
}
_NEVER_APPLIED: Final = (
    "declared, but not in the state: who changed it is not known; an apply reads it, and then decides"
)
_UNDECLARED: Final = "in the account, but not in the manifest"
_DOUBT: Final = "its last write was never confirmed; the next apply reads the list and settles that"


def view_of_drift(report: DriftReport, *, undeclared: bool = True) -> View:
    """Return a drift report as a view, in which `undeclared` lists are entries, or only counted."""
    return View(
        subject="drift",
        in_order=report.in_order,
        environments=tuple(_environment(found, report.asked, undeclared=undeclared) for found in report.environments),
        failed=report.failed,
        lede=("Live, compared with the last apply and with the manifest.",),
        tool=report.tool,
        made_at=report.created_at,
        files=report.files,
    )


def _environment(found: EnvironmentDrift, asked: Asked, *, undeclared: bool) -> EnvironmentView:
    never_applied = sum(each.never_applied for each in found.pending)
    return EnvironmentView(
        name=found.name,
        counts={
            "drifted": len(found.drifted),
            "missing": len(found.missing),
            "edited": len(found.pending) - never_applied,
            "never applied": never_applied,
            "undeclared": len(found.undeclared) + found.unnamed,
            "ignored": found.ignored,
            "as declared": found.declared - len(found.lists) - len(found.missing),
        },
        cost=count(found.requests, "request"),
        entries=in_reading_order(_entries(found, undeclared=undeclared)),
        warnings=found.warnings,
        steps=tuple(steps.of_drift(found, asked, named=undeclared)),
        target=found.target,
        lineage=found.lineage,
        serial=found.serial,
    )


def _entries(found: EnvironmentDrift, *, undeclared: bool) -> Iterator[Entry]:
    yield from (_missing(found.name, missing) for missing in found.missing)
    taken_out = found.standing.taken_out
    yield from (
        _moved_entry(found.name, each, taken_out=each.moved == "live" and each.key in taken_out) for each in found.lists
    )
    if undeclared:
        yield from (_undeclared_entry(found.name, live) for live in found.undeclared)


def _missing(environment: str, missing: Missing) -> Entry:
    return Entry(
        key=missing.key,
        id=missing.id,
        environment=environment,
        kind=kinds.MISSING,
        cause="missing",
        why=CAUSES["missing"],
        words=f"missing: {CAUSES['missing']}",
        source=missing.source,
        reason=gone(missing.id, missing.reason),
        lift=GONE,
        name=missing.name,
    )


def _moved_entry(environment: str, found: ListDrift, *, taken_out: bool) -> Entry:
    applied = "in the state" if taken_out else "last applied"
    words = TAKEN_OUT if taken_out else _NEVER_APPLIED if found.never_applied else _MOVED[found.moved]
    return Entry(
        key=found.key,
        id=found.id,
        environment=environment,
        kind=kinds.NEVER_APPLIED if found.never_applied else kinds.MOVED[found.moved],
        cause="never-applied" if found.never_applied else found.moved,
        why=words,
        words=words,
        source=found.source,
        fields=tuple(_field(field, applied) for field in found.fields),
        warnings=(_DOUBT,) if found.doubtful else (),
        campaigns=found.campaigns,
        name=found.name,
        last_save=found.last_save,
    )


def _field(found: FieldDrift, applied: str) -> FieldView:
    """The way that the live text has to go, or went; of a conflict, both. `applied` says what the text before is."""
    if found.moved == "file":
        return FieldView(found.field, found.live, found.desired, ("live now", "in the manifest"))
    manifest = found.desired if found.moved == "both" else None
    return FieldView(found.field, found.applied, found.live, (applied, "live now"), manifest)


def _undeclared_entry(environment: str, live: LiveList) -> Entry:
    """It has no key: its name stands for it."""
    return Entry(
        key=live.texts[NAME] or live.id,
        id=live.id,
        environment=environment,
        kind=kinds.UNDECLARED,
        cause="undeclared",
        why=_UNDECLARED,
        words="",
        fields=tuple(
            FieldView(field, text, text, ("live now", "live now"))
            for field, text in live.texts.items()
            if text and field != NAME
        ),
        campaigns=live.campaigns,
    )
