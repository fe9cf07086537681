"""Guards: rules that stop a change which comparing alone would make. Each blocks its list and no other.

A guard of one list is one function in `_GUARDS`; those that compare names across lists are in `names`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from reconciler.model.changes import Block, Change, EnvironmentPlan, Update
from reconciler.model.fields import NAME
from reconciler.model.lists import Applied, Desired, DesiredList, Live, LiveList, Policy
from reconciler.planning import names
from reconciler.planning.blocks import block_change


def apply_guards(plan: EnvironmentPlan, desired: Desired, applied: Applied, live: Live | None) -> EnvironmentPlan:
    """Block what a guard stops, and put the rest in an order in which no name is ever given to two lists.

    `desired` and `applied` are those of the whole environment, also if the plan is of a part of it. What comes
    back names its lists, and the campaigns that use them where live was read.
    """
    by_id = {wanted.id: wanted for wanted in desired.lists.values()}
    changes = tuple(
        _guard_change(change, by_id.get(change.id) or desired.lists.get(change.key), desired.policy, live)
        for change in plan.changes
    )
    settled = names.order_renames(changes, names.find_holders(changes, desired, applied, live))
    campaigns = _campaigns_by_id(plan, live) if live else {}
    return replace(plan, changes=settled, campaigns=campaigns, names=dict(_names_by_id(plan, applied, live)))


def _campaigns_by_id(plan: EnvironmentPlan, live: Live) -> dict[str, tuple[str, ...]]:
    """Return, by id, the campaigns of those lists of the plan that any campaign uses."""
    seen = [live.lists[each.id] for each in (*plan.changes, *plan.drift) if each.id in live.lists]
    return {found.id: found.campaigns for found in seen if found.campaigns}


def _names_by_id(plan: EnvironmentPlan, applied: Applied, live: Live | None) -> Iterator[tuple[str, str]]:
    """Yield the id and the name of each list of the plan: as live, else as last applied."""
    for each in (*plan.changes, *plan.drift):
        side = (live.lists.get(each.id) if live else None) or applied.lists.get(each.key)
        if side and side.id == each.id and (name := side.texts.get(NAME)):
            yield each.id, name


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a guard is given beside the change: the list as declared now, under any key, and as live."""

    wanted: DesiredList | None
    live: LiveList | None
    policy: Policy


def _guard_change(change: Change, wanted: DesiredList | None, policy: Policy, live: Live | None) -> Change:
    if not isinstance(change, Update):
        return change
    seen = _Seen(wanted, live.lists.get(change.id) if live else None, policy)
    for guard in _GUARDS:
        if block := guard(change, seen):
            return block_change(change, block)
    return _add_warnings(change, seen)


def _protect(change: Update, seen: _Seen) -> Block | None:
    if not (seen.wanted and seen.wanted.protect):
        return None
    return Block("protect", "the manifest protects this list", f"remove protect: true from {seen.wanted.key}")


def _rename_in_use(change: Update, seen: _Seen) -> Block | None:
    campaigns = _campaigns(change, seen)
    if not campaigns or seen.policy.rename_in_use == "warn":
        return None
    return Block(
        "rename_in_use",
        f"{_name_campaigns(campaigns)}, and campaigns and contact imports refer to lists by name",
        "rename it when no campaign uses it, or set policy.rename_in_use: warn",
    )


_GUARDS: tuple[Callable[[Update, _Seen], Block | None], ...] = (_protect, _rename_in_use)


def _add_warnings(change: Update, seen: _Seen) -> Update:
    campaigns = _campaigns(change, seen)
    warning = f"{_name_campaigns(campaigns)}: contact imports and others that use its name must be changed, too"
    if not campaigns or warning in change.warnings:
        return change
    return replace(change, warnings=(*change.warnings, warning))


def _campaigns(change: Update, seen: _Seen) -> tuple[str, ...]:
    """Return the campaigns that a rename would touch."""
    return seen.live.campaigns if seen.live and NAME in change.fields else ()


def _name_campaigns(campaigns: tuple[str, ...]) -> str:
    named = ", ".join(repr(name) for name in campaigns)
    return f"{len(campaigns)} {'campaign uses' if len(campaigns) == 1 else 'campaigns use'} it ({named})"
