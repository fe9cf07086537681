"""Guards: rules that stop a change which comparing alone would make. Each blocks its list and no other.

A guard of one list is one function in `_GUARDS`; those that compare names across lists are in `names`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from reconciler.codes.marking import code_of, mark
from reconciler.model.changes import Block, Blocked, Change, EnvironmentPlan, Update
from reconciler.model.fields import NAME
from reconciler.model.lists import Applied, Campaign, Desired, DesiredList, KnownList, Live, LiveList, Policy
from reconciler.model.texts import differing
from reconciler.planning import names
from reconciler.planning.blocks import OVERWRITE, block_change


def apply_guards(plan: EnvironmentPlan, desired: Desired, applied: Applied, live: Live | None) -> EnvironmentPlan:
    """Block what a guard stops, and put the rest in an order in which no name is ever given to two lists.

    `desired` and `applied` are those of the whole environment, also if the plan is of a part of it. What comes
    back names its lists, and the campaigns that use them where live was read.
    """
    by_id = {wanted.id: wanted for wanted in desired.lists.values()}
    changes = tuple(
        _guard_change(change, by_id.get(change.id) or desired.lists.get(change.key), desired.policy, applied, live)
        for change in plan.changes
    )
    known = names.find_holders(changes, desired, applied, live)
    settled = names.warn_of_look_alikes(names.order_renames(changes, known), known, live)
    campaigns = _campaigns_by_id(plan, live) if live else {}
    return replace(plan, changes=settled, campaigns=campaigns, names=dict(_names_by_id(plan, applied, live)))


def _campaigns_by_id(plan: EnvironmentPlan, live: Live) -> dict[str, tuple[Campaign, ...]]:
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
    """What a guard is given beside the change: the list as declared now, under any key, as last applied, and live."""

    wanted: DesiredList | None
    known: KnownList | None
    live: LiveList | None
    policy: Policy


def _guard_change(
    change: Change, wanted: DesiredList | None, policy: Policy, applied: Applied, live: Live | None
) -> Change:
    if not isinstance(change, Update | Blocked):
        return change
    seen = _Seen(wanted, applied.lists.get(change.key), live.lists.get(change.id) if live else None, policy)
    if isinstance(change, Blocked):
        return _warn_of_overwriting(change, seen)
    block = _find_block(change, seen)
    return block_change(change, block) if block else _add_warnings(change, seen)


def _find_block(change: Update | Blocked, seen: _Seen) -> Block | None:
    return next((block for guard in _GUARDS if (block := guard(change, seen))), None)


def _warn_of_overwriting(change: Blocked, seen: _Seen) -> Blocked:
    """Say of a conflict what would stop an overwrite, so that its way out does not lead into a second block."""
    if not change.block.lift.endswith(OVERWRITE):
        return change
    stopped = _find_block(replace(change, fields=differing(change.after, change.before)), seen)
    if not stopped:
        return change
    also = f"{mark('; overwriting it would be blocked, too', code_of(stopped.guard))}: {stopped.lift}"
    return replace(change, block=replace(change.block, lift=change.block.lift + also))


def _protect(change: Update | Blocked, seen: _Seen) -> Block | None:
    if not (seen.wanted and seen.wanted.protect):
        return None
    return Block("protect", "the manifest protects this list", f"remove protect: true from {seen.wanted.key}")


def _rename_in_use(change: Update | Blocked, seen: _Seen) -> Block | None:
    policy, live = seen.policy, seen.live
    if not live or NAME not in change.fields:
        return None
    used, blocked = live.in_use or live.campaigns, policy.rename_in_use == "block"
    lifts = ["policy.rename_in_use: warn"] if used and blocked else []
    lifts += ["policy.rename_while_running: allow"] if live.in_use and policy.rename_while_running == "block" else []
    if not lifts:
        return None
    return Block(
        "rename_in_use",
        f"{'; '.join(_uses(live))}, and campaigns and contact imports refer to lists by name",
        _ways_out(change, seen, "uses it" if blocked else "runs", f"set {' and '.join(lifts)}"),
    )


def _ways_out(change: Update | Blocked, seen: _Seen, busy: str, allow: str) -> str:
    """Say what to do; to set a name back is no risk to campaigns that were set up with it, but a repair."""
    if not (seen.known and seen.known.texts.get(NAME) == change.after[NAME]):
        return f"rename it when no campaign {busy}, or {allow}"
    return (
        "this sets back the name that was last applied: look which name the campaigns and contact imports use; if it "
        f"is that one, {allow}; if it is the live one, take it into the manifest with `reconciler accept`"
    )


_GUARDS: tuple[Callable[[Update | Blocked, _Seen], Block | None], ...] = (_protect, _rename_in_use)


def _add_warnings(change: Update, seen: _Seen) -> Update:
    uses = "; ".join(_uses(seen.live)) if seen.live and NAME in change.fields else ""
    warning = f"{uses}: contact imports and others that use its name must be changed, too"
    if not uses or warning in change.warnings:
        return change
    return replace(change, warnings=(*change.warnings, warning))


def _uses(live: LiveList) -> Iterator[str]:
    """Say who uses a list, as far as its record tells."""
    if live.in_use:
        yield "the API says that the list is in use now, so a campaign is probably running"
    if live.campaigns:
        yield name_campaigns(live.campaigns)


def name_campaigns(campaigns: tuple[Campaign, ...]) -> str:
    """Say which campaigns use a list."""
    named = ", ".join(f"{name!r} [{identity}]" if identity else repr(name) for name, identity in campaigns)
    return f"{len(campaigns)} {'campaign uses' if len(campaigns) == 1 else 'campaigns use'} it ({named})"
