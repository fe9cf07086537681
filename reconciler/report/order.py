"""What a reader of a plan sees first: what will be sent, renames on top; then what is stopped; then the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias, assert_never

from reconciler.model.changes import Adopt, Blocked, Change, Check, Forget, Update
from reconciler.model.fields import FIELDS, NAME, Field, label

if TYPE_CHECKING:
    from reconciler.model.outcomes import Outcome, OutcomeKind

Group: TypeAlias = tuple[Change, ...]

UPDATES: Mapping[Field, str] = {NAME: "renames", **{field: f"{label(field)}s" for field in FIELDS if field != NAME}}
"""The titles of updates, by the first of these fields that they send."""
RISKS = ("renames with a warning", *UPDATES.values(), "blocked", "to adopt", "to forget", "to check")
"""The titles of `risks`, in their order."""
LAST_SENT = list(UPDATES.values())[-1]
"""The last of them whose changes are sent."""
_WORST_FIRST: tuple[OutcomeKind, ...] = ("failed", "in_doubt", "unverified", "conflict", "blocked", "not_sent")


def groups(changes: Sequence[Change]) -> tuple[Group, ...]:
    """Return the changes as renames, other updates by field, blocked, adopt, forget, check; no group is empty.

    Within a group they stay in the order in which they are made.
    """
    ranked: dict[str, list[Change]] = {}
    for change in changes:
        ranked.setdefault(_title(change), []).append(change)
    return tuple(tuple(ranked[title]) for title in sorted(ranked, key=RISKS.index))


def risks(changes: Sequence[Change]) -> Iterator[tuple[str, Group]]:
    """Yield the groups with a title each; renames with a warning, of campaigns that use the list, come first."""
    for group in groups(changes):
        if isinstance(group[0], Update) and NAME in group[0].fields:
            warned = tuple(change for change in group if change.warnings)
            if warned:
                yield "renames with a warning", warned
            if len(warned) < len(group):
                yield UPDATES[NAME], tuple(change for change in group if not change.warnings)
        else:
            yield _title(group[0]), group


def out_of_order(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """Return the outcomes that are not in order, the worst first."""
    wrong = (outcome for outcome in outcomes if not outcome.in_order)
    return tuple(sorted(wrong, key=lambda outcome: _WORST_FIRST.index(outcome.outcome)))


def first_sent(change: Update) -> Field:
    """Return the field that an update is called by."""
    return next(field for field in UPDATES if field in change.fields)


def _title(change: Change) -> str:
    match change:
        case Update():
            return UPDATES[first_sent(change)]
        case Blocked():
            return "blocked"
        case Adopt():
            return "to adopt"
        case Forget():
            return "to forget"
        case Check():
            return "to check"
        case _:
            assert_never(change)
