"""What a reader of a plan sees first: what will be sent, renames on top; then what is stopped; then the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias, assert_never

from reconciler.model.changes import Adopt, Blocked, Change, Check, Forget, Update

if TYPE_CHECKING:
    from reconciler.model.outcomes import Outcome, OutcomeKind

Group: TypeAlias = tuple[Change, ...]

_TITLES = ("renames", "descriptions", "blocked", "to adopt", "to forget", "to check")
RISKS = ("renames with a warning", *_TITLES)
"""The titles of `risks`, in their order."""
LAST_SENT = "descriptions"
"""The last of them whose changes are sent."""
_WORST_FIRST: tuple[OutcomeKind, ...] = ("failed", "in_doubt", "unverified", "conflict", "blocked", "not_sent")


def groups(changes: Sequence[Change]) -> tuple[Group, ...]:
    """Return the changes as renames, other updates, blocked, adopt, forget, check; no group is empty.

    Within a group they stay in the order in which they are made.
    """
    ranked: dict[int, list[Change]] = {}
    for change in changes:
        ranked.setdefault(_rank(change), []).append(change)
    return tuple(tuple(ranked[rank]) for rank in sorted(ranked))


def risks(changes: Sequence[Change]) -> Iterator[tuple[str, Group]]:
    """Yield the groups with a title each; renames with a warning, of campaigns that use the list, come first."""
    for group in groups(changes):
        if isinstance(group[0], Update) and "name" in group[0].fields:
            warned = tuple(change for change in group if change.warnings)
            if warned:
                yield "renames with a warning", warned
            if len(warned) < len(group):
                yield "renames", tuple(change for change in group if not change.warnings)
        else:
            yield _TITLES[_rank(group[0])], group


def out_of_order(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """Return the outcomes that are not in order, the worst first."""
    wrong = (outcome for outcome in outcomes if not outcome.in_order)
    return tuple(sorted(wrong, key=lambda outcome: _WORST_FIRST.index(outcome.outcome)))


def _rank(change: Change) -> int:
    match change:
        case Update(fields=fields):
            return 0 if "name" in fields else 1
        case Blocked():
            return 2
        case Adopt():
            return 3
        case Forget():
            return 4
        case Check():
            return 5
        case _:
            assert_never(change)
