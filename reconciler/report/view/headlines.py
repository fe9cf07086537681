"""What happened, or would, in plain words: the first thing that is read, and often the last.

The sentences come without their full stops, the one that matters most first. A campaign *uses* a list: whether it runs
at the moment, the API does not say, and neither does the headline.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from reconciler.model.fields import NAME, label
from reconciler.report.phrases import FAILED, REFUSED, count
from reconciler.report.view import kinds
from reconciler.report.view.view import Entry, View, counts_in_words

Sentences: TypeAlias = tuple[str, ...]


def headline(view: View) -> Sentences:
    """Return what a plan would do, what an apply did or how far it came, or what was found."""
    if view.subject == "apply":
        return tuple(_of_apply(view))
    if view.subject == "compare":
        return (counts_in_words(view.counts),)
    found = tuple(_of_plan(view) if view.subject == "plan" else _of_drift(view))
    refused = (REFUSED.capitalize(),) if view.refused else ()
    return (*refused, *_some(len(view.failed), "environment", FAILED), *(found or _all_well(view)))


def _of_plan(view: View) -> Iterator[str]:
    """Yield `3 renames, 2 of them of lists that campaigns use`, `1 change blocked`.

    What is only recorded is named if there is nothing else.
    """
    groups = view.groups
    updates = [entry for kind, entries in groups.items() if kind.changes for entry in entries]
    blocked = groups.get(kinds.BLOCKED, ())
    used = _share(sum(bool(each.campaigns) for each in blocked), len(blocked), "of lists that campaigns use")
    overwritten = sum(entry.cause in {"drift", "conflict"} for entry in updates)
    parts = [
        *_updates(updates),
        *_some(overwritten, "list", "set back over changes made elsewhere"),
        *_some(len(blocked), "change", f"blocked{used}"),
        *_some(len(groups.get(kinds.LEFT_ALONE, ())), "list", "changed elsewhere"),
    ]
    recorded = (
        words
        for action in ("check", "adopt", "forget")
        for words in _some(view.counts.get(f"to {action}", 0), "list", f"to {action}")
    )
    yield from parts or recorded


def _of_apply(view: View) -> Iterator[str]:
    groups = view.groups
    parts = [
        *_updates(groups.get(kinds.OUTCOMES["updated"], ())),
        *_some(view.counts.get("adopted", 0), "list", "adopted"),
        *_some(view.counts.get("forgotten", 0), "list", "forgotten"),
    ]
    if parts and view.in_order:
        parts[0] = f"Done: {parts[0]}"
        yield from parts
    else:
        yield view.ended.rstrip(".")


def _of_drift(view: View) -> Iterator[str]:
    """Yield `1 list missing`, `2 lists changed elsewhere, 1 of them used by campaigns`."""
    drifted = [entry for kind, entries in view.groups.items() if kind.changes for entry in entries]
    used = _share(sum(bool(each.campaigns) for each in drifted), len(drifted), "used by campaigns")
    yield from _some(view.counts.get("missing", 0), "list", "missing")
    yield from (f"{words}{used}" for words in _some(len(drifted), "list", "changed elsewhere"))
    yield from _some(view.counts.get("edited", 0), "list", "edited and not applied yet")
    yield from _some(view.counts.get("never applied", 0), "list", "never applied")


def _all_well(view: View) -> Iterator[str]:
    """Say so of what was looked at, if anything was."""
    if view.environments or not (view.failed or view.refused):
        what, rest = ("Nothing", "to change") if view.subject == "plan" else ("Everything", "is as declared")
        yield f"{what}{' else' if view.failed else ''} {rest}"


def _updates(updates: Sequence[Entry]) -> Iterator[str]:
    """Say how many lists get a new name, or else another new text; a list counts for the first field that it gets."""
    firsts = [_first_sent(entry) for entry in updates]
    used = sum(bool(each.campaigns) for each, first in zip(updates, firsts, strict=True) if first == NAME)
    renames = firsts.count(NAME)
    yield from (f"{words}{_share(used, renames, 'of lists that campaigns use')}" for words in _some(renames, "rename"))
    for field in list(kinds.UPDATES)[1:]:
        yield from _some(firsts.count(field), f"new {label(field)}")


def _first_sent(entry: Entry) -> str:
    sent = {field.field for field in entry.fields if field.after is not None}
    return next((field for field in kinds.UPDATES if field in sent), "")


def _some(number: int, noun: str, words: str = "") -> list[str]:
    return [f"{count(number, noun)} {words}".strip()] if number else []


def _share(part: int, whole: int, words: str) -> str:
    """Return `, 2 of them of lists …`, `, all of lists …`, or nothing."""
    if not part:
        return ""
    if part < whole:
        return f", {part:,} of them {words}"
    return f", {words}" if whole == 1 else f", all {words}"
