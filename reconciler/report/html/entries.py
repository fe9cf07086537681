"""One list of a plan as an entry, whatever became of it; how entries are linked to, and where lists stand."""

from __future__ import annotations

from urllib.parse import quote

from reconciler.model.changes import Blocked, Change, Drift, EnvironmentPlan, Forget, Update
from reconciler.model.fields import FIELDS, NAME, Field
from reconciler.model.lists import Source
from reconciler.report import phrases
from reconciler.report.escape import terminal
from reconciler.report.html.page import Entry, Kind, Remark, Side, Text
from reconciler.report.html.sides import compare_sides
from reconciler.report.phrases import shorten
from reconciler.report.words import Piece


def anchor(environment: str, *parts: str) -> str:
    """Return what a permanent link to a list names: `prod/renewal-due`; safe in a URL, an id and an attribute."""
    return "/".join(quote(terminal(part), safe="") for part in (environment, *parts))


def place(source: Source | None, list_id: str) -> str:
    """Return where a list is declared, else its id."""
    return f"{source.file}:{source.line}" if source else list_id


def of_change(of: EnvironmentPlan, change: Change, kind: Kind, labels: tuple[str, str]) -> Entry:
    """Return a change as an entry; `labels` say what its texts are before and after."""
    return Entry(
        anchor=anchor(of.name, change.key),
        key=change.key,
        environment=of.name,
        kind=kind,
        cause=change.cause,
        words=phrases.cause_of(change),
        place=place(change.source, change.id),
        texts=_texts(change, labels),
        remarks=_remarks(change),
        campaigns=of.campaigns.get(change.id, ()),
    )


def of_drift(of: EnvironmentPlan, drift: Drift, kind: Kind, *, changed: bool) -> Entry:
    """Return drift that is left alone as an entry, beside another one where the list is `changed`, too."""
    return Entry(
        anchor=anchor(of.name, drift.key, "drift") if changed else anchor(of.name, drift.key),
        key=drift.key,
        environment=of.name,
        kind=kind,
        cause="drift",
        words=phrases.CAUSES["drift"],
        place=place(drift.source, drift.id),
        texts=tuple(
            compare_sides(field, drift.applied.get(field), drift.live.get(field), ("last applied", "live now"))
            for field in drift.fields
        ),
        campaigns=of.campaigns.get(drift.id, ()),
    )


def _texts(change: Change, labels: tuple[str, str]) -> tuple[Text, ...]:
    if isinstance(change, Forget):
        name = change.before.get(NAME)
        return (Text(NAME, (Side(labels[0], (Piece("kept", name),)),)),) if name else ()
    return tuple(
        compare_sides(field, change.before.get(field), change.after.get(field), labels)
        for field in FIELDS
        if _concerns(change, field)
    )


def _concerns(change: Change, field: Field) -> bool:
    """Of an update, only what it sends or stops looking after; of the others, all that is managed."""
    given_up = field in change.before and field not in change.after
    if isinstance(change, Update | Blocked):
        return given_up or field in change.fields
    return given_up or field in change.after


def _remarks(change: Change) -> tuple[Remark, ...]:
    said = []
    if isinstance(change, Blocked):
        said += [
            Remark("Why", shorten(change.block.reason), "stop"),
            Remark("To lift it", shorten(change.block.lift)),
        ]
    said += [Remark("Warning", shorten(warning), "caution") for warning in change.warnings]
    if isinstance(change, Update) and change.waits_for:
        said.append(Remark("Waits for", shorten(", ".join(change.waits_for))))
    return tuple(said)
