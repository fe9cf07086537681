"""Move a state to another store, so that at no instant both are the state.

    here                           there
    the state                      nothing, or what an earlier move left behind
    the state                      the copy, marked as being here: read back and compared
    marked as moved there          the copy, marked as being here: for an instant only the move may write
    marked as moved there          the state

Whatever ends a move, at any line of this, the same command takes it up. A marked state is refused by everything else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from reconciler.errors import LockedError, MovedError, RefusedError, StateError
from reconciler.model.lists import Applied
from reconciler.protocols import LockInfo, StateWriter
from reconciler.state.state_store import Store


def move(here: Store, there: Store, holder: LockInfo, *, here_url: str, there_url: str) -> Applied:
    """Move the state of an environment; return it as it is there. Does nothing if that is done already.

    Raises as `lock` of either; MovedError if it has gone elsewhere, RefusedError if another state is there.
    """
    with here.open(holder) as left, _open_there(there, holder, there_url) as taken:
        state = left.applied
        here.check_owner(state)
        there.check_owner(taken.applied)
        if not state.moved_to:
            _check_room(there, taken.applied, state)
            state = _copy(there, taken, state, here_url)
            left.replace(replace(state, moved_to=there_url))
        elif state.moved_to != there_url:
            raise MovedError(f"{here}: the state of {state.environment} was moved to {state.moved_to} already")
        else:
            _check_arrived(here, there, taken.applied, state, here_url)
        if taken.applied.moved_to:
            taken.replace(replace(taken.applied, moved_to=""))
        return taken.applied


@contextmanager
def _open_there(there: Store, holder: LockInfo, url: str) -> Iterator[StateWriter]:
    """Hold the right to write there; if somebody has it, a note says how to break a lease that the manifest has not."""
    with ExitStack() as stack:
        try:
            writer = stack.enter_context(there.open(holder))
        except LockedError as error:
            if not there.paths:
                error.add_note(f"that lease is at another place: reconciler state unlock --at {url}")
            raise
        yield writer


def _check_room(there: Store, found: Applied, state: Applied) -> None:
    """Raise RefusedError unless there is no state, an empty one, or this one, moved away or half arrived."""
    given_up = found.moved_to and (state.lineage == found.lineage or not found.lists)
    if not (found.lineage or found.lists) or given_up:
        return
    raise RefusedError(
        f"{there}: another state of {state.environment} is there already: serial {found.serial} of lineage "
        f"{found.lineage}, {len(found.lists)} lists; the one to move is serial {state.serial} of lineage "
        f"{state.lineage or 'none'}, {len(state.lists)} lists. Nothing was changed. "
        + (
            f"It was moved to {found.moved_to}: that is where it must be brought back from, on the machine that has it"
            if found.moved_to
            else "Look at both; to give up the one there, move its files away"
        )
    )


def _check_arrived(here: Store, there: Store, found: Applied, state: Applied, here_url: str) -> None:
    """Let a move end if the copy is there as it was made, or is the state by now."""
    copied = found.moved_to == here_url and _is_same(found, state)
    if not copied and (found.moved_to or found.lineage != state.lineage):
        raise RefusedError(f"{there}: it does not hold the state that was moved there from {here}. Nothing was changed")


def _copy(there: Store, taken: StateWriter, state: Applied, here_url: str) -> Applied:
    """Write a copy there, marked as being here, and read it back."""
    taken.replace(replace(state, moved_to=here_url))
    copy = there.look()
    if not _is_same(copy, state if state.lineage else replace(state, lineage=copy.lineage)):
        raise StateError(f"{there}: what was written there is not what is read there. Nothing was moved")
    return copy


def _is_same(one: Applied, other: Applied) -> bool:
    """Tell whether two states say the same, wherever they are."""
    return replace(one, serial=0, moved_to="", manifest="") == replace(other, serial=0, moved_to="", manifest="")
