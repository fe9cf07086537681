"""What to say if git moved the state back, or if the manifest seems older than the state: pure words."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from reconciler.model.changes import EnvironmentPlan, Update
from reconciler.model.lists import Applied, KnownList, LaterState, Live, PastRun
from reconciler.model.texts import holds

_MOST_NAMED = 5


def step_back_warnings(applied: Applied, later: LaterState | None, live: Live | None) -> tuple[str, ...]:
    """Say that what `later` applied is unknown to the state now, where live shows it, and what to do."""
    if later is None:
        return ()
    if later.cut_off:
        return _of_cut_history(applied, live)
    shown = taken_out(applied, later, live)
    still = f" Live still shows that in {_list_names(shown)}." if shown else ""
    said = (
        f"git moved this state back, from serial {later.applied.serial} to {applied.serial}, as git revert does: what "
        f"was applied in between is not known here any more, and a plan does not undo it.{still} To undo it in the "
        f"account too, bring the state back, then plan and apply: {later.way_back}"
    )
    return (said,)


def taken_out(applied: Applied, later: LaterState | None, live: Live | None) -> frozenset[str]:
    """Return the keys of the lists that live shows as `later` has them, and `applied` does not any more."""
    if later is None or later.cut_off:
        return frozenset()
    return frozenset(
        known.key
        for known in later.applied.lists.values()
        if known != applied.lists.get(known.key) and _is_live(known, live)
    )


def taken_back_warnings(plan: EnvironmentPlan, applied: Applied, runs: Sequence[PastRun]) -> tuple[str, ...]:
    """Warn of updates that bring back what lists had before one of these `runs`: their manifest may be an older one."""
    keys: dict[str, list[str]] = {}
    for change in plan.changes:
        if isinstance(change, Update) and change.cause != "undo":
            run = next((run for run in runs if _takes_back(change, run, applied)), None)
            if run:
                keys.setdefault(run.by, []).append(change.key)
    return tuple(
        f"older text comes back in {_list_names(taken)}: a run had replaced it ({by}). If that is not meant, this "
        "manifest is older than that run: bring it up to date (git pull) and plan again"
        for by, taken in keys.items()
    )


def _takes_back(change: Update, run: PastRun, applied: Applied) -> bool:
    before, known = run.before.get(change.key), applied.lists.get(change.key)
    if before is None or known is None or change.key not in run.recorded:
        return False
    wanted = change.body
    return holds(before.texts, wanted) and not holds(known.texts, wanted)


def _is_live(known: KnownList, live: Live | None) -> bool:
    found = live.lists.get(known.id) if live else None
    return found is not None and holds(found.texts, known.texts)


def _of_cut_history(applied: Applied, live: Live | None) -> tuple[str, ...]:
    """Warn that the history is cut off, but only if something changed elsewhere."""
    lists = live.lists if live else {}
    moved = [key for key, known in applied.lists.items() if known.id in lists and not _is_live(known, live)]
    said = (
        f"live differs from what was applied in {_list_names(moved)}. If a commit was reverted, that may be why: git "
        "revert moves the state back, too. The history here is cut off (a shallow clone), so that cannot be seen here: "
        "look again in a whole clone"
    )
    return (said,) if moved else ()


def _list_names(keys: Collection[str]) -> str:
    named = ", ".join(sorted(keys)[:_MOST_NAMED])
    return f"{named} and {len(keys) - _MOST_NAMED} more" if len(keys) > _MOST_NAMED else named
