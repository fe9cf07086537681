"""A plan of one environment on its way between processes: each change with its action, by which it is read again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, cast

from reconciler.model.changes import Adopt, Blocked, Change, Check, EnvironmentPlan, Forget, Update

_Tagged: TypeAlias = (
    tuple[Literal["update"], Update]
    | tuple[Literal["adopt"], Adopt]
    | tuple[Literal["forget"], Forget]
    | tuple[Literal["check"], Check]
    | tuple[Literal["blocked"], Blocked]
)


@dataclass(frozen=True, slots=True)
class TaggedPlan:
    """A plan without its changes, and these with their actions."""

    plan: EnvironmentPlan
    changes: tuple[_Tagged, ...]


def tag(plan: EnvironmentPlan) -> TaggedPlan:
    """Return a plan as it is sent."""
    changes = tuple(cast("_Tagged", (change.action, change)) for change in plan.changes)
    return TaggedPlan(replace(plan, changes=()), changes)


def untag(sent: TaggedPlan) -> EnvironmentPlan:
    """Return the plan that was sent."""
    changes: Sequence[Change] = [change for _, change in sent.changes]
    return replace(sent.plan, changes=tuple(changes))
