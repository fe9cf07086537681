"""What a reader of a plan sees first: what is stopped, then what producers notice, then the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, assert_never

from reconciler.model.changes import Adopt, Blocked, Change, Check, Forget, Update
from reconciler.model.outcomes import IN_ORDER, Outcome, OutcomeKind

Group: TypeAlias = tuple[Change, ...]

_WORST_FIRST: tuple[OutcomeKind, ...] = ("failed", "in_doubt", "unverified", "conflict", "blocked", "not_sent")


def groups(changes: Sequence[Change]) -> tuple[Group, ...]:
    """Return the changes as blocked, renames, other updates, adopt, forget, check; no group is empty.

    Within a group they stay in the order in which they are made.
    """
    ranked: dict[int, list[Change]] = {}
    for change in changes:
        ranked.setdefault(_rank(change), []).append(change)
    return tuple(tuple(ranked[rank]) for rank in sorted(ranked))


def out_of_order(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """Return the outcomes that are not in order, the worst first."""
    wrong = (outcome for outcome in outcomes if outcome.outcome not in IN_ORDER)
    return tuple(sorted(wrong, key=lambda outcome: _WORST_FIRST.index(outcome.outcome)))


def _rank(change: Change) -> int:
    match change:
        case Blocked():
            return 0
        case Update(fields=fields):
            return 1 if "name" in fields else 2
        case Adopt():
            return 3
        case Forget():
            return 4
        case Check():
            return 5
        case _:
            assert_never(change)
