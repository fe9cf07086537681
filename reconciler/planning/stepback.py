"""What to say if git moved the state back: pure words about three contents of it."""

from __future__ import annotations

from reconciler.model.lists import Applied, KnownList, LaterState, Live
from reconciler.model.texts import holds

_MOST_NAMED = 5


def step_back_warnings(applied: Applied, later: LaterState | None, live: Live | None) -> tuple[str, ...]:
    """Say that what `later` applied is unknown to the state now, where live shows it, and what to do."""
    if later is None:
        return ()
    if later.cut_off:
        return _of_cut_history(applied, live)
    shown = [
        known.key
        for known in later.applied.lists.values()
        if known != applied.lists.get(known.key) and _is_live(known, live)
    ]
    still = f" Live still shows that in {_list_names(shown)}." if shown else ""
    said = (
        f"git moved this state back, from serial {later.applied.serial} to {applied.serial}, as git revert does: what "
        f"was applied in between is not known here any more, and a plan does not undo it.{still} To undo it in the "
        f"account too, bring the state back, then plan and apply: {later.way_back}"
    )
    return (said,)


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


def _list_names(keys: list[str]) -> str:
    named = ", ".join(sorted(keys)[:_MOST_NAMED])
    return f"{named} and {len(keys) - _MOST_NAMED} more" if len(keys) > _MOST_NAMED else named
