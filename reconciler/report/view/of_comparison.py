"""A comparison of two environments as a view: which lists one of them lacks, what differs, and what does on purpose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from reconciler.model.changes import Asked
from reconciler.model.fields import label
from reconciler.report import steps
from reconciler.report.phrases import count
from reconciler.report.steps import Step
from reconciler.report.view import kinds
from reconciler.report.view.view import Entry, EnvironmentView, FieldView, View, in_reading_order

if TYPE_CHECKING:
    from reconciler.model.comparison import Basis, Comparison, FieldComparison, ListComparison
    from reconciler.report.view.kinds import Kind

_BASES: Final[Mapping[Basis, str]] = {"manifest": "the manifest", "state": "the state", "live": "what is live"}
_LEDE: Final = "Names are compared without the name_format of their environment."


def view_of_comparison(found: Comparison) -> View:
    """Return a comparison as a view of one pair of environments."""
    basis = _BASES[found.basis]
    pair = EnvironmentView(
        name=f"{found.before} → {found.after}",
        counts={
            **{f"only in {name}": len(found.only_in(name)) for name in (found.before, found.after)},
            "different": len(found.different),
            "different on purpose": len(found.on_purpose),
            "alike": found.alike,
        },
        cost=f"{basis}: {count(found.requests, 'request')}" if found.requests else basis,
        entries=in_reading_order(_entry(each, found) for each in found.lists),
        warnings=found.warnings,
        steps=tuple(_steps(found)),
    )
    return View(
        subject="compare",
        in_order=found.in_order,
        environments=(pair,),
        lede=(f"Compared by {basis}.", _LEDE),
        tool=found.tool,
        made_at=found.created_at,
        files=found.files,
    )


def _entry(each: ListComparison, of: Comparison) -> Entry:
    kind, words, reason = _said(each, of)
    return Entry(
        key=each.key,
        id="",
        environment=f"{of.before} → {of.after}",
        kind=kind,
        cause=words.replace(" ", "-"),
        why=words,
        words=words,
        source=each.source,
        fields=tuple(_field(field, of) for field in each.fields),
        reason=reason,
    )


def _said(each: ListComparison, of: Comparison) -> tuple[Kind, str, str]:
    """Return the kind of a list, what is said of it, and why it is as it is."""
    if each.only_in:
        return kinds.ONLY_IN_ONE, f"only in {each.only_in}", each.reason
    kind = kinds.ON_PURPOSE if each.on_purpose else kinds.DIFFERENT
    return (
        kind,
        kind.tag,
        "; ".join(f"the {label(field.field)} {why}" for field in each.fields if (why := _why(field, of))),
    )


def _why(field: FieldComparison, of: Comparison) -> str:
    if field.not_declared_in:
        return f"in {' and '.join(field.not_declared_in)} is not what the manifest declares"
    if field.before is None or field.after is None:
        return f"is managed in {of.after if field.before is None else of.before} only"
    return f"is overridden in {' and '.join(field.overridden_in)}" if field.overridden_in else ""


def _field(field: FieldComparison, of: Comparison) -> FieldView:
    """Return both texts, or the only one twice, which shows it without an arrow."""
    if field.before is None or field.after is None:
        text, where = (field.after, of.after) if field.before is None else (field.before, of.before)
        return FieldView(field.field, text, text, (where, where))
    return FieldView(field.field, field.before, field.after, (of.before, of.after))


def _steps(found: Comparison) -> Iterator[Step]:
    asked = Asked(found.asked.file)
    pairs = ((found.before, found.after), (found.after, found.before))
    for has, lacks in pairs:
        if any(not each.has_id for each in found.only_in(has)):
            yield Step(
                f"To see what {lacks} lacks, and find its ids", steps.command(f"promote {has} {lacks}", [], asked)
            )
    verb = "drift" if found.basis == "live" else "plan"
    for has, name in pairs[::-1]:
        moved = any(name in field.not_declared_in for each in found.lists for field in each.fields)
        if moved or any(each.has_id for each in found.only_in(has)):
            yield Step(f"To see how {name} differs from the manifest", steps.command(verb, [name], found.asked))
